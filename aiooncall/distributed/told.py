"""What a worker tells of its chunk: outcomes, items that it gives back, and why it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import orjson

from aiooncall.bulk.models import FINISHED
from aiooncall.errors import ApiError, ClientClosed, ConnectError, Forbidden, OnCallError, PlanRefused, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from aiooncall.bulk.outcomes import Change

_FATAL: Final[Mapping[str, type[OnCallError]]] = {
    kind.__name__: kind for kind in (Unauthorized, Forbidden, ConnectError, ClientClosed, PlanRefused)
}
_STATUSES: Final = frozenset(map(str, FINISHED))


@attrs.frozen(kw_only=True)
class Told:
    """One message of a worker. A worker numbers its messages about a chunk, as one may arrive twice.

    Attributes:
        chunk: the number of the chunk.
        holder: the name of this delivery of the chunk to a worker.
        worker: the name of the worker.
        sequence: the number of the message, from 1.
        outcomes: the change of each item that has ended, by position.
        given_back: positions of items that were not sent, or were refused and have no effect.
        maybe_left: those of them that may have been sent by a try that was cancelled; they may be repeated.
        timeline: rows for the journal: what the worker's requests came to in each second.
        ended: whether the worker is done with the chunk.
        fatal: the error that ends the job: its class, its text and its details.
    """

    chunk: int
    holder: str
    worker: str
    sequence: int
    outcomes: Mapping[int, Change] = attrs.field(factory=dict[int, "Change"])
    given_back: tuple[int, ...] = ()
    maybe_left: tuple[int, ...] = ()
    timeline: tuple[tuple[Any, ...], ...] = ()
    ended: bool = False
    fatal: Mapping[str, Any] | None = None

    def to_json(self) -> bytes:
        """Return the message as text."""
        plain = attrs.asdict(self, recurse=False)
        return orjson.dumps({**plain, "outcomes": [[position, *change] for position, change in self.outcomes.items()]})

    @classmethod
    def from_json(cls, text: bytes) -> Self:
        """Return the message in a text.

        Raises:
            ValueError: it is no such message.
        """
        try:
            found: dict[str, Any] = orjson.loads(text)
            changes = {int(position): _change(*change) for position, *change in found.pop("outcomes")}
            found |= {name: tuple(found[name]) for name in ("given_back", "maybe_left")}
            found["timeline"] = tuple(tuple(row) for row in found["timeline"])
            return cls(outcomes=changes, **found)
        except (TypeError, KeyError, AttributeError) as problem:
            raise ValueError(f"what a worker told cannot be read ({type(problem).__name__})") from None


def _change(status: str, reason: str | None, error: str | None, at: float | None, left: bool) -> Change:
    if status not in _STATUSES or not isinstance(at, (int, float)):
        raise ValueError("what a worker told has an outcome that is none")
    return status, reason, error, float(at), bool(left)


def fatal_of(error: OnCallError) -> dict[str, Any]:
    """Return an error that ends a job as plain data; `error_of` returns the error again."""
    details: dict[str, Any] = {}
    if isinstance(error, ApiError):
        details = {name: getattr(error, name) for name in ("status", "errors", "method", "route", "attempts")}
    return {"kind": type(error).__name__, "text": str(error), "details": details}


def error_of(fatal: Mapping[str, Any], worker: str) -> OnCallError:
    """Return the error that a worker told.

    Args:
        fatal: what `fatal_of` returned.
        worker: the name of the worker, which the text gets in front.
    """
    kind = _FATAL.get(str(fatal.get("kind")), OnCallError)
    if issubclass(kind, ApiError):
        details: dict[str, Any] = {
            **fatal["details"],
            "errors": (*fatal["details"]["errors"], f"told by worker {worker}"),
        }
        return kind(**details)
    return kind(f"worker {worker}: {fatal.get('text')}")

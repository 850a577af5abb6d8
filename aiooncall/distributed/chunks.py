"""The chunk: some items of a job, and all that a worker has to know about them. It holds no credential."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import orjson

from aiooncall._text import shown
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self

    from aiooncall.bulk.running import Row

VERSION: Final = 1
_WANTED: Final = "a chunk of this version, as `Chunk.to_json` returns it"


def _rows(value: Iterable[Iterable[Any]]) -> tuple[Row, ...]:
    return tuple(_row(*row) for row in value)


def _row(position: object, item_id: object, left: object) -> Row:
    if not (isinstance(position, int) and isinstance(item_id, str) and item_id and left in {0, 1}):
        raise ValueError(shown((position, item_id, left)))
    return position, item_id, int(bool(left))


@attrs.frozen(kw_only=True)
class Chunk:
    """Some items of a job that a worker does the verb to.

    Attributes:
        job: the id of the job's journal.
        number: the number of the chunk in its job; no number is used twice.
        provider: `datadog` or `grafana`.
        account: the fingerprint of the account that the job was planned for; it tells no secret.
        verb: the name of the verb.
        duration: its duration in seconds, where it takes one.
        seconds: the time after which the worker gives back what it has not sent, in seconds.
        proven: whether an item of the job has ended well before, so that the credentials may do this.
        rows: position, id, and whether an earlier try may have been sent, of each item.
    """

    job: str
    number: int
    provider: str
    account: str
    verb: str
    duration: float | None
    seconds: float
    proven: bool
    rows: tuple[tuple[int, str, int], ...] = attrs.field(converter=_rows)

    def to_json(self) -> str:
        """Return the chunk as text, for a message."""
        return orjson.dumps({"version": VERSION, **attrs.asdict(self, recurse=False)}).decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return the chunk in a text.

        Args:
            text: what `to_json` returned.

        Raises:
            OptionsError: it is no chunk, or one of another version of this package.
        """
        try:
            found: dict[str, Any] = orjson.loads(text)
            version = found.pop("version")
            chunk = cls(**found)
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            raise OptionsError("chunk", text, f"{_WANTED} ({type(problem).__name__})") from None
        if version != VERSION:
            raise OptionsError("chunk", text, f"{_WANTED}: it has version {shown(version)}, and this one is {VERSION}")
        return chunk

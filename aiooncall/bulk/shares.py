"""The shares of workers in a job: who did how much of it, as facts of the journal."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import attrs
import orjson

from aiooncall._text import one_line
from aiooncall.bulk.models import DONE_HERE, Status, WorkerShare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Self

    from aiooncall.bulk.outcomes import Change

WORKER: Final = "worker "
"""The start of the name of these facts, before the name of the worker."""


class Shares:
    """The shares of all workers, which grow."""

    def __init__(self, shares: Iterable[WorkerShare] = ()) -> None:
        self._shares = {share.worker: share for share in shares}
        self._changed: set[str] = set()

    @classmethod
    def of(cls, facts: Mapping[str, str]) -> Self:
        """Return the shares that a journal has."""
        return cls(shares_in(facts))

    def add(self, worker: str, changes: Iterable[Change], timeline: Iterable[Sequence[Any]]) -> None:
        """Add what a worker has told.

        Args:
            worker: its name.
            changes: the changes of items.
            timeline: rows of the timeline, as `Journal.write` takes them.
        """
        name, statuses = one_line(worker), Counter(status for status, *_ in changes)
        share = self._shares.get(name) or WorkerShare(worker=name)
        self._shares[name] = attrs.evolve(
            share,
            succeeded=share.succeeded + sum(statuses[status] for status in _SUCCEEDED),
            failed=share.failed + statuses[Status.FAILED],
            ambiguous=share.ambiguous + statuses[Status.AMBIGUOUS],
            requests=share.requests + sum(row[_REQUESTS] for row in timeline),
        )
        self._changed.add(name)

    def changed(self) -> dict[str, str]:
        """Return the facts of the shares that have grown since the last call."""
        names, self._changed = self._changed, set()
        return {f"{WORKER}{name}": _text(self._shares[name]) for name in names}


_SUCCEEDED: Final = frozenset(map(str, DONE_HERE | {Status.ALREADY}))
_REQUESTS: Final = 3
"""The place of the requests in a row of the timeline."""


def shares_in(facts: Mapping[str, str]) -> list[WorkerShare]:
    """Return the shares in the facts of a job, the largest first."""
    found = [WorkerShare(**orjson.loads(text)) for name, text in facts.items() if name.startswith(WORKER)]
    return sorted(found, key=lambda share: (-share.succeeded, share.worker))


def _text(share: WorkerShare) -> str:
    return orjson.dumps(attrs.asdict(share)).decode()

"""Looking whether the server shows what it accepted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from aiooncall.bulk.models import Verification
from aiooncall.errors import ApiError, NotFound, OnCallError
from aiooncall.fanout import DEFAULT_CONCURRENCY, FanOut
from aiooncall.transport.retry import backoff_wait

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from aiooncall.bulk.journal import Journal
    from aiooncall.bulk.models import Item, Verb
    from aiooncall.bulk.targets import Target

BATCH: Final = 500
CHUNK: Final = 10_000
"""Items that are looked at in one go."""
GONE: Final = "gone"
"""What stands for the state of an item that is not there any more."""
_TO_SEE: Final = "status IN ('done', 'already', 'ambiguous')"


class Verifier:
    """Reads states back: in lists where that takes fewer requests, and one by one.

    Args:
        target: where.
        journal: which items, and where their states are written down.
        verb: what was done.
    """

    def __init__(self, target: Target, journal: Journal, verb: Verb) -> None:
        self._target = target
        self._journal = journal
        self._verb = verb
        self._clock = target.client.options.clock

    async def run(self, wait: float) -> Verification:
        """Look until all is as wanted, for up to `wait` seconds, and return what was seen."""
        until = self._clock.monotonic() + wait
        attempt = 0
        while self._verb.wanted:
            for chunk in self._journal.chunks(self._pending(), CHUNK):
                await self._look_at(chunk)
            attempt += 1
            pause = backoff_wait(attempt, base=0.5, cap=10.0)
            if not _count(self._journal, self._pending()) or self._clock.monotonic() + pause > until:
                break
            await self._clock.sleep(pause)
        self._journal.settle_doubts(self._verb.wanted)
        return verification(self._journal, self._verb.wanted)

    def _pending(self) -> str:
        return f"{_TO_SEE} AND NOT {_is_one_of(self._verb.wanted)} AND coalesce(seen, '') != '{GONE}'"

    async def _look_at(self, pending: list[Item]) -> None:
        """Look at items once, in lists if all say when they were created and that takes fewer requests."""
        left = {item.id for item in pending}
        times = [item.created_at for item in pending if item.created_at is not None]
        if len(times) == len(pending) > self._target.rows_in_request // 10:
            await self._sweep(left, min(times) - timedelta(seconds=1), max(times) + timedelta(seconds=1))
        await self._one_by_one(left)

    async def _sweep(self, left: set[str], since: datetime, until: datetime) -> None:
        """Take states from a list, and give up on it when it has taken as many requests as single looks would."""
        most = len(left) * self._target.rows_in_request
        found: list[Item] = []
        try:
            async for item in self._target.sweep(since, until):
                most -= 1
                if item.id in left:
                    left.discard(item.id)
                    found.append(item)
                if len(found) == BATCH:
                    self._see(found)
                if not left or most <= 0:
                    break
        except OnCallError:  # what the list does not tell is looked at one by one
            pass
        self._see(found)

    async def _one_by_one(self, left: Iterable[str]) -> None:
        found: list[tuple[str, float, str]] = []

        async def look(item_id: str) -> None:
            try:
                state = (await self._target.look(item_id)).state or ""
            except NotFound:
                state = GONE
            found.append((state, self._clock.time(), item_id))

        report = await FanOut(left, look, concurrency=DEFAULT_CONCURRENCY)
        self._journal.see(found)
        for outcome in report.outcomes:
            if isinstance(outcome.error, ApiError) and outcome.error.status in {401, 403}:
                raise outcome.error

    def _see(self, found: list[Item]) -> None:
        self._journal.see([(item.state or "", self._clock.time(), item.id) for item in found])
        found.clear()


def verification(journal: Journal, wanted: Collection[str]) -> Verification:
    """Return what is known by now.

    Args:
        journal: where the states that were seen are written down.
        wanted: the states that show that it is done.
    """
    counts = journal.counts()
    shown = _is_one_of(wanted)
    confirmed = _count(journal, f"{_TO_SEE} AND {shown}")
    unknown = _count(journal, f"({_TO_SEE} AND seen = '{GONE}') OR (status = 'ambiguous' AND NOT {shown})")
    return Verification(
        confirmed=confirmed,
        unknown=unknown,
        accepted=counts.succeeded + counts.ambiguous - confirmed - unknown,
        failed=counts.failed,
        unfinished=counts.unfinished,
    )


def _count(journal: Journal, where: str) -> int:
    return sum(journal.tally("status", where).values())


def _is_one_of(wanted: Collection[str]) -> str:
    states = ", ".join(f"'{state}'" for state in sorted(wanted))
    return f"coalesce(seen, '') IN ({states})"

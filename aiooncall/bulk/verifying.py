"""Verifying a job: reading the states back until the server shows what it accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.backoff import backoff_wait
from aiooncall.bulk.models import Verification
from aiooncall.bulk.reading_back import GONE, read_states

if TYPE_CHECKING:
    from collections.abc import Collection

    from aiooncall.bulk.journal import Journal
    from aiooncall.bulk.models import Verb
    from aiooncall.bulk.providers import Provider

CHUNK: Final = 10_000
"""The number of items that are read at a time."""
_TO_SEE: Final = "status IN ('done', 'found_done', 'already', 'ambiguous')"


class Verifier:
    """A reader of states, which repeats until all items have a wanted state.

    Args:
        provider: the provider.
        journal: the journal with the items; the states are written to it.
        verb: the verb of the job.
    """

    def __init__(self, provider: Provider, journal: Journal, verb: Verb) -> None:
        self._provider = provider
        self._journal = journal
        self._verb = verb
        self._clock = provider.core.options.clock

    async def run(self, wait: float) -> Verification:
        """Read until all items have a wanted state, for up to `wait` seconds, and return the result."""
        until = self._clock.monotonic() + wait
        attempt = 0
        while self._verb.wanted:
            for chunk in self._journal.chunks(self._pending(), CHUNK):
                states = await read_states(self._provider, chunk)
                now = self._clock.time()
                self._journal.see((state, now, item_id) for item_id, state in states.items())
            attempt += 1
            pause = backoff_wait(attempt, base=0.5, cap=10.0)
            if not _count(self._journal, self._pending()) or self._clock.monotonic() + pause > until:
                break
            await self._clock.sleep(pause)
        self._journal.resolve_ambiguous(self._verb.wanted)
        return verification(self._journal, self._verb.wanted)

    def _pending(self) -> str:
        return f"{_TO_SEE} AND NOT {_is_one_of(self._verb.wanted)} AND coalesce(seen, '') != '{GONE}'"


def verification(journal: Journal, wanted: Collection[str]) -> Verification:
    """Return the result from the states that the journal has.

    Args:
        journal: the journal of the job.
        wanted: the states that show that an item is done.
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

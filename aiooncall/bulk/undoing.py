"""Planning to take back what a job changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.bulk.database import damage_errors
from aiooncall.bulk.models import DONE_HERE
from aiooncall.bulk.planning import write_plan
from aiooncall.bulk.reading_back import read_states
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiooncall.bulk.journal import Journal
    from aiooncall.bulk.models import Item, PlanFacts
    from aiooncall.bulk.providers import Provider

BATCH: Final = 1000
MOST_SINGLE_LOOKS: Final = 100
"""Of so many items in a batch the state is read one by one, where no list tells it."""
_UNDONE_DURATION: Final = "undone_duration"
"""The fact that keeps for how long something was, when it is taken back: that can be taken back in turn."""


async def plan_undo(provider: Provider, journal: Journal, plan: PlanFacts, path: str | Path) -> Journal:
    """Write the plan that takes back what a job changed.

    Args:
        provider: where.
        journal: of that job.
        plan: what it did.
        path: the file of the new journal.

    Raises:
        NothingSelected: it changed nothing.
        OptionsError: the provider cannot take it back.
        Unauthorized, Forbidden: the credentials may not look.
    """
    undo = provider.verbs[plan.verb].undo
    if undo is None:
        raise OptionsError("verb", plan.verb, "a verb that can be taken back; this one cannot")
    found = journal.counts().found_done
    again = f" ({found} of it sent by a run that was cut off, and found done)" if found else ""
    return await write_plan(
        provider,
        undo,
        path,
        _done_here(provider, journal),
        described_as=f"what {journal.path.name} changed{again}",
        duration=_undone_duration(journal) if provider.verbs[undo].timed else None,
        most=None,
        facts={_UNDONE_DURATION: "" if plan.duration is None else repr(plan.duration)},
    )


async def _done_here(provider: Provider, journal: Journal) -> AsyncIterator[Item]:
    """Yield what a job has done, in the states in which it is now; what was not read has none."""
    statuses = ", ".join(f"'{status}'" for status in sorted(DONE_HERE))
    for chunk in journal.chunks(f"status IN ({statuses})", BATCH):
        states = await read_states(provider, chunk, most=MOST_SINGLE_LOOKS)
        for item in chunk:
            yield attrs.evolve(item, state=states.get(item.id))


def _undone_duration(journal: Journal) -> float | None:
    """Return for how long it was what an undo has taken back."""
    said = journal.facts().get(_UNDONE_DURATION)
    with damage_errors(journal.path):
        return float(said) if said else None

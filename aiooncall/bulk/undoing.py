"""The plan of an undo: the opposite action for the items that a job changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.bulk.database import damage_errors
from aiooncall.bulk.journal import BATCH
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

MOST_SINGLE_LOOKS: Final = 100
"""The most items of a batch whose states are read one by one, where no list has them."""
_UNDONE_DURATION: Final = "undone_duration"
"""The fact with the duration of what is taken back. An undo of the undo needs it: `silence` again, for as long."""


async def plan_undo(provider: Provider, journal: Journal, plan: PlanFacts, path: str | Path) -> Journal:
    """Write the plan of an undo to a new journal.

    Args:
        provider: the provider of the job.
        journal: the journal of the job.
        plan: the plan of the job.
        path: the file of the new journal.

    Raises:
        NothingSelected: the job changed nothing.
        OptionsError: the verb cannot be undone.
        Unauthorized, Forbidden: the credentials may not read the items.
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
    """Yield the items that a job changed, with their present states; a state that was not read is None."""
    statuses = ", ".join(f"'{status}'" for status in sorted(DONE_HERE))
    for chunk in journal.chunks(f"status IN ({statuses})", BATCH):
        states = await read_states(provider, chunk, most=MOST_SINGLE_LOOKS)
        for item in chunk:
            yield attrs.evolve(item, state=states.get(item.id))


def _undone_duration(journal: Journal) -> float | None:
    """Return the duration of what a job, itself an undo, has taken back."""
    duration = journal.facts().get(_UNDONE_DURATION)
    with damage_errors(journal.path):
        return float(duration) if duration else None

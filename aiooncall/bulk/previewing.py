"""The preview of a plan: counts, samples and warnings, read from the journal alone."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from aiooncall._base.clock import SYSTEM_CLOCK
from aiooncall._base.validation import count
from aiooncall.bulk.database import damage_errors
from aiooncall.bulk.journal import Journal
from aiooncall.bulk.models import Preview
from aiooncall.bulk.planning import current_hash, plan_facts
from aiooncall.bulk.providers import VERBS
from aiooncall.bulk.schema import item_row
from aiooncall.errors import PlanRefused

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aiooncall._base.clock import Clock
    from aiooncall.bulk.models import Verb

SAMPLES: Final = 5
_AGES: Final = (("under 1 hour", 3600), ("1 to 24 hours", 86_400), ("1 to 7 days", 7 * 86_400), ("over 7 days", None))


def preview(path: str | Path, *, samples: int = SAMPLES, clock: Clock = SYSTEM_CLOCK) -> Preview:
    """Read the preview of a plan from its journal, without a client: its counts, and the hash that `run` needs.

    Args:
        path: the file of the journal.
        samples: the number of items to show.
        clock: what time it is, for the ages.

    Raises:
        PlanRefused: the items are not those that were planned.
        JournalError: the file does not exist, is no journal of this version, or is damaged.
    """
    with closing(Journal.open(path)) as journal:
        facts = plan_facts(journal)
        with damage_errors(journal.path):
            verb = VERBS[facts.provider][facts.verb]
        return preview_of(journal, verb, clock.time(), count("samples", samples, least=0))


def preview_of(journal: Journal, verb: Verb, now: float, samples: int) -> Preview:
    """Return the preview of a plan.

    Args:
        journal: the journal with the plan.
        verb: its verb.
        now: the time in seconds since the epoch.
        samples: the number of items to show.

    Raises:
        PlanRefused: the items are not those that were planned.
    """
    plan = plan_facts(journal)
    if current_hash(journal) != plan.hash:
        raise PlanRefused(f"{journal.path}: the items are not those that were planned; plan again")
    step = max(1, plan.items // max(1, samples))
    return Preview(
        plan=plan,
        by_team=journal.tally("team"),
        by_urgency=journal.tally("urgency"),
        by_state=journal.tally("state"),
        by_age=_by_age(journal, now),
        samples=tuple(journal.items("(position - 1) % ? = 0", samples, step)),
        warnings=tuple(_warnings(journal, verb)),
    )


def preview_text(preview: Preview) -> str:
    """Return a preview as lines of text: what would be done to how many items, counts, samples and warnings.

    Args:
        preview: what `Job.preview` returned.
    """
    return "\n".join(_lines(preview))


def _lines(preview: Preview) -> Iterator[str]:
    plan = preview.plan
    again = f", {plan.duplicates} came twice and count once" if plan.duplicates else ""
    yield f"{plan.verb} {plan.items} items of {plan.provider} ({plan.selection}{again})"
    counts = {"state": preview.by_state, "team": preview.by_team, "urgency": preview.by_urgency, "age": preview.by_age}
    for title, found in counts.items():
        yield f"by {title}"
        width = max(map(len, found), default=0)
        yield from (f"  {name:<{width}}  {number:>8}" for name, number in found.items())
    for item in preview.samples:
        yield "  " + "  ".join(filter(None, item_row(item)))
    yield from (f"note: {warning}" for warning in preview.warnings)


def _by_age(journal: Journal, now: float) -> dict[str, int]:
    """Return the count of items of each age."""
    cases = " ".join(
        f"WHEN created_at > '{datetime.fromtimestamp(now - age, UTC):%Y-%m-%dT%H:%M:%S}' THEN '{name}'"
        for name, age in _AGES
        if age is not None
    )
    found = journal.tally(f"CASE WHEN created_at IS NULL THEN NULL {cases} ELSE '{_AGES[-1][0]}' END")
    return {name: found[name] for name in (*(name for name, _ in _AGES), "unknown") if name in found}


def _warnings(journal: Journal, verb: Verb) -> list[str]:
    already = sum(count for state, count in journal.tally("state").items() if state in verb.wanted)
    notes: list[str] = []
    if verb.undo is None:
        notes.append(f"{verb.name} cannot be undone")
    if not verb.repeatable:
        notes.append(f"{verb.name} is sent once to each item, and never again where its effect is in doubt")
    if already:
        notes.append(f"{already} items are so already")
    return notes

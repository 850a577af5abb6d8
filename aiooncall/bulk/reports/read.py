"""Reading what came of a job from its journal alone: while it runs or after it, and without a client."""

from __future__ import annotations

from bisect import bisect_left
from contextlib import closing
from datetime import UTC, datetime
from itertools import pairwise
from math import floor
from typing import TYPE_CHECKING, Any, Final

from aiooncall._base.datetimes import parse_datetime
from aiooncall.bulk.database import damage_errors
from aiooncall.bulk.journal import Journal
from aiooncall.bulk.planning import plan_facts
from aiooncall.bulk.providers import VERBS
from aiooncall.bulk.reports.data import Failure, JobReport, Run, SecondStats
from aiooncall.bulk.runs import RUN
from aiooncall.bulk.shares import shares_in
from aiooncall.bulk.verifying import verification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aiooncall.bulk.models import PlanFacts, Verb

_FAILURES: Final = (
    "SELECT status, coalesce(reason, 'unknown'), count(*), id, coalesce(error, ''), min(position) FROM items"
    " WHERE status IN ('failed', 'ambiguous') GROUP BY 1, 2 ORDER BY 3 DESC"
)
"""SQLite takes the columns that are not grouped from the row of the minimum (https://www.sqlite.org/lang_select.html)."""


def report(path: str | Path) -> JobReport:
    """Read the report of a job from its journal, at any time.

    Args:
        path: the file of the journal.

    Raises:
        JournalError: there is none, it is not one of this version, or it is damaged.
    """
    with closing(Journal.open(path)) as journal, damage_errors(journal.path):
        journal.rows("BEGIN")  # one transaction, so that all of it is from one moment while a run goes on writing
        return _read(journal, str(path))


def _read(journal: Journal, name: str) -> JobReport:
    plan, seconds = plan_facts(journal), journal.timeline()
    verb = _verb(plan)
    facts = journal.facts()
    seen_at = journal.rows("SELECT max(seen_at) FROM items")[0][0]
    return JobReport(
        journal=name,
        plan=plan,
        counts=journal.counts(),
        runs=tuple(_runs(facts, [row[0] for row in seconds])),
        failures=tuple(
            Failure(status=status, reason=reason, count=count, example_id=item_id, example_error=error)
            for status, reason, count, item_id, error, _ in journal.rows(_FAILURES)
        ),
        repeatable=verb.repeatable,
        verifiable=bool(verb.wanted),
        verification=None if seen_at is None else verification(journal, verb.wanted),
        verified_at=None if seen_at is None else _moment(seen_at),
        timeline=tuple(map(_second_stats, seconds)),
        workers=tuple(shares_in(facts)),
    )


def _verb(plan: PlanFacts) -> Verb:
    return VERBS[plan.provider][plan.verb]


def _runs(facts: Mapping[str, str], seconds: Sequence[int]) -> list[Run]:
    """Return the runs. A run that was killed ended after the last second of the timeline before the next run."""
    numbers = sorted(int(name.removeprefix(RUN)) for name in facts if name.startswith(RUN))
    spans = [facts[f"{RUN}{number}"].split("/") for number in numbers]
    found: list[Run] = []
    for (start, end), (following, _) in pairwise([*spans, ["", ""]]):
        started_at, ended_at = parse_datetime(start), parse_datetime(end) if end else None
        before = bisect_left(seconds, floor(parse_datetime(following).timestamp())) if following else len(seconds)
        last = _moment(seconds[before - 1] + 1) if before else started_at
        found.append(Run(started_at=started_at, ended_at=ended_at, alive_until=ended_at or max(started_at, last)))
    return found


def _second_stats(row: tuple[Any, ...]) -> SecondStats:
    second, done, failed, requests, refused, retried, allowed = row
    return SecondStats(
        at=_moment(second),
        done=int(done),
        failed=int(failed),
        requests=int(requests),
        refused=int(refused),
        retried=int(retried),
        allowed=allowed,
    )


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)

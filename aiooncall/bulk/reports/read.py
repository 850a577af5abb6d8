"""What came of a job, read from its journal alone: while it runs or after it, and without a client."""

from __future__ import annotations

from bisect import bisect_left
from contextlib import closing
from datetime import UTC, datetime
from enum import StrEnum
from itertools import pairwise
from math import floor
from typing import TYPE_CHECKING, Any, Final, cast

import attrs

from aiooncall._base.datetimes import format_datetime, parse_datetime
from aiooncall.bulk.database import read
from aiooncall.bulk.journal import Journal
from aiooncall.bulk.planning import plan_facts
from aiooncall.bulk.providers import DatadogProvider, GrafanaProvider
from aiooncall.bulk.reports.html import page
from aiooncall.bulk.reports.text import text
from aiooncall.bulk.runs import RUN
from aiooncall.bulk.verifying import verification

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from aiooncall.bulk.models import Counts, PlanFacts, Verb, Verification

FORMAT: Final = "aiooncall report 1"
_VERBS: Final = {target.provider: target.verbs for target in (DatadogProvider, GrafanaProvider)}
_FAILURES: Final = (
    "SELECT status, coalesce(reason, 'unknown'), count(*), id, coalesce(error, ''), min(position) FROM items"
    " WHERE status IN ('failed', 'ambiguous') GROUP BY 1, 2 ORDER BY 3 DESC"
)
"""SQLite takes the columns that are not grouped from the row of the minimum (https://www.sqlite.org/lang_select.html)."""
_COMPUTED: Final = (
    "state", "started_at", "ended_at", "active_seconds", "requests", "refused", "retried",
    "items_per_second", "requests_per_second", "allowed_per_second",
)  # fmt: skip


class State(StrEnum):
    """How far a job is: a run that was killed cannot tell, so it looks as if it went on."""

    PLANNED = "planned"
    RUNNING = "running_or_killed"
    STOPPED = "stopped"
    FINISHED = "finished"


@attrs.frozen(kw_only=True)
class Run:
    """One run of a job.

    Attributes:
        started_at: when it began.
        ended_at: when it ended; None if it goes on, or was killed.
        alive_until: when it ended, or else when it last wrote something down.
    """

    started_at: datetime
    ended_at: datetime | None
    alive_until: datetime


@attrs.frozen(kw_only=True)
class Failure:
    """Items that ended in the same way.

    Attributes:
        status: `failed`, or `ambiguous`: nobody knows whether it was done.
        reason: the name of the error; `Interrupted` if the process died while it was being sent.
        count: how many there are.
        example_id: one of them.
        example_error: what went wrong with that one.
    """

    status: str
    reason: str
    count: int
    example_id: str
    example_error: str


@attrs.frozen(kw_only=True)
class Tick:
    """What happened in one second.

    Attributes:
        at: when the second began.
        done: items that ended well.
        failed: items that failed, or whose outcome is in doubt.
        requests: requests that were sent.
        refused: how many of them were over the limit (429).
        retried: how many were to be sent again.
        allowed: requests in a second that the tightest known limit allowed; None if no limit was known.
    """

    at: datetime
    done: int
    failed: int
    requests: int
    refused: int
    retried: int
    allowed: float | None


@attrs.frozen(kw_only=True)
class JobReport:
    """What came of a job.

    Attributes:
        journal: the file it was read from.
        plan: what was to be done.
        counts: how many items are in which status.
        runs: from the first to the last.
        failures: what went wrong, the most frequent first.
        repeatable: whether an item can be sent twice without harm.
        verifiable: whether the server can show that it was done.
        verification: what the server showed; None if nobody looked.
        verified_at: when it was last looked at.
        timeline: the seconds in which anything happened, in order.
    """

    journal: str
    plan: PlanFacts
    counts: Counts
    runs: tuple[Run, ...]
    failures: tuple[Failure, ...]
    repeatable: bool
    verifiable: bool
    verification: Verification | None
    verified_at: datetime | None
    timeline: tuple[Tick, ...]

    @property
    def state(self) -> State:
        """How far it is."""
        if not self.runs:
            return State.PLANNED
        if not self.counts.unfinished:
            return State.FINISHED
        return State.RUNNING if self.runs[-1].ended_at is None else State.STOPPED

    @property
    def started_at(self) -> datetime | None:
        """When the first run began."""
        return self.runs[0].started_at if self.runs else None

    @property
    def ended_at(self) -> datetime | None:
        """When the last run ended; None if it goes on, or was killed."""
        return self.runs[-1].ended_at if self.runs else None

    @property
    def active_seconds(self) -> float:
        """How long its runs took, without the time between them."""
        return sum(max(0.0, (run.alive_until - run.started_at).total_seconds()) for run in self.runs)

    @property
    def requests(self) -> int:
        """How many requests were sent, to look at items as well, as far as that was during a run."""
        return sum(tick.requests for tick in self.timeline)

    @property
    def refused(self) -> int:
        """How many requests were over the limit (429)."""
        return sum(tick.refused for tick in self.timeline)

    @property
    def retried(self) -> int:
        """How many requests were sent again."""
        return sum(tick.retried for tick in self.timeline)

    @property
    def items_per_second(self) -> float | None:
        """How fast items ended while it ran."""
        return self._rate(sum(tick.done + tick.failed for tick in self.timeline))

    @property
    def requests_per_second(self) -> float | None:
        """How fast requests were sent while it ran."""
        return self._rate(self.requests)

    @property
    def allowed_per_second(self) -> float | None:
        """How many requests in a second the limit allowed, on average; None if no limit was known."""
        known = [tick.allowed for tick in self.timeline if tick.allowed is not None]
        return sum(known) / len(known) if known else None

    def to_text(self) -> str:
        """Return it as plain text of a few lines."""
        return text(self)

    def to_html(self) -> str:
        """Return it as one HTML page that needs nothing else."""
        return page(self)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data.

        Returns:
            The attributes and properties of this class under their own names, and those of the classes in it in the
            same way; times as texts in RFC 3339, in UTC; and `format`, which says what to expect.
        """
        computed = {name: _plain(None, None, getattr(self, name)) for name in _COMPUTED}
        return {"format": FORMAT, **attrs.asdict(self, value_serializer=_plain), **computed}

    def _rate(self, count: int) -> float | None:
        return count / self.active_seconds if self.active_seconds else None


def report(path: str | Path) -> JobReport:
    """Return what came of a job by now.

    Args:
        path: the file of its journal.

    Raises:
        JournalError: there is none, it is not one of this version, or it is damaged.
    """
    with closing(Journal.open(path)) as journal, read(journal.path):
        journal.rows("BEGIN")  # so that all is read as of one moment, while a run writes on
        return _read(journal, str(path))


def _read(journal: Journal, name: str) -> JobReport:
    plan, seconds = plan_facts(journal), journal.timeline()
    verb = _verb(plan)
    seen_at = journal.rows("SELECT max(seen_at) FROM items")[0][0]
    return JobReport(
        journal=name,
        plan=plan,
        counts=journal.counts(),
        runs=tuple(_runs(journal.facts(), [row[0] for row in seconds])),
        failures=tuple(
            Failure(status=status, reason=reason, count=count, example_id=item_id, example_error=error)
            for status, reason, count, item_id, error, _ in journal.rows(_FAILURES)
        ),
        repeatable=verb.repeatable,
        verifiable=bool(verb.wanted),
        verification=None if seen_at is None else verification(journal, verb.wanted),
        verified_at=None if seen_at is None else _moment(seen_at),
        timeline=tuple(map(_tick, seconds)),
    )


def _verb(plan: PlanFacts) -> Verb:
    return _VERBS[plan.provider][plan.verb]


def _runs(facts: Mapping[str, str], seconds: Sequence[int]) -> list[Run]:
    """Return the runs; what was the last second of one that was killed is told by when the next began."""
    numbers = sorted(int(name.removeprefix(RUN)) for name in facts if name.startswith(RUN))
    spans = [facts[f"{RUN}{number}"].split("/") for number in numbers]
    found: list[Run] = []
    for (start, end), (following, _) in pairwise([*spans, ["", ""]]):
        started_at, ended_at = parse_datetime(start), parse_datetime(end) if end else None
        before = bisect_left(seconds, floor(parse_datetime(following).timestamp())) if following else len(seconds)
        last = _moment(seconds[before - 1] + 1) if before else started_at
        found.append(Run(started_at=started_at, ended_at=ended_at, alive_until=ended_at or max(started_at, last)))
    return found


def _tick(row: tuple[Any, ...]) -> Tick:
    second, done, failed, requests, refused, retried, allowed = row
    return Tick(
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


def _plain(_instance: object, _field: object, value: Any) -> Any:  # noqa: ANN401 (whatever a field holds)
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC))
    if isinstance(value, tuple):
        return list(cast("tuple[object, ...]", value))
    return str(value) if isinstance(value, StrEnum) else value

"""The values of a report. They know neither the journal they come from, nor the text and page that show them."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, cast

import attrs

from aiooncall._base.datetimes import format_datetime

if TYPE_CHECKING:
    from aiooncall.bulk.models import Counts, PlanFacts, Verification, WorkerShare

FORMAT: Final = "aiooncall report 1"
_COMPUTED: Final = (
    "state", "started_at", "ended_at", "active_seconds", "requests", "refused", "retried",
    "items_per_second", "requests_per_second", "allowed_per_second",
)  # fmt: skip


class State(StrEnum):
    """The state of a job. A run that was killed leaves no note of its end, so it looks like one that goes on."""

    PLANNED = "planned"
    RUNNING = "running_or_killed"
    STOPPED = "stopped"
    FINISHED = "finished"


@attrs.frozen(kw_only=True)
class Run:
    """One run of a job.

    Attributes:
        started_at: the time of its begin.
        ended_at: the time of its end; None if it goes on, or was killed.
        alive_until: the time of its end, or else of its last write.
    """

    started_at: datetime
    ended_at: datetime | None
    alive_until: datetime


@attrs.frozen(kw_only=True)
class Failure:
    """A group of items that failed for the same reason.

    Attributes:
        status: `failed`; or `ambiguous` where nobody knows whether it was done.
        reason: the name of the error; `Interrupted` if the process died while the item was being sent.
        count: the number of items.
        example_id: the id of one of them.
        example_error: the error of that one.
    """

    status: str
    reason: str
    count: int
    example_id: str
    example_error: str


@attrs.frozen(kw_only=True)
class SecondStats:
    """The statistics of one second of a job.

    Attributes:
        at: the time at which the second began.
        done: items that ended well.
        failed: items that failed, or that are in doubt.
        requests: requests that were sent.
        refused: requests that were over the limit (429).
        retried: requests that were to be sent again.
        allowed: requests per second that the tightest known limit allowed; None if no limit was known.
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
    """The report of a job: its plan, its counts, its runs, its failures and its timeline.

    Attributes:
        journal: the file of the journal.
        plan: the facts of the plan.
        counts: the count of items in each status.
        runs: the runs, first to last.
        failures: the reasons of failure, the most frequent first.
        repeatable: whether an item can be sent twice without harm.
        verifiable: whether `verify` can confirm the verb.
        verification: the result of `verify`; None if it never ran.
        verified_at: the time of the last look at the items.
        timeline: the seconds in which anything happened, in order.
        workers: who did how much of a job that was run over workers, the largest share first.
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
    timeline: tuple[SecondStats, ...]
    workers: tuple[WorkerShare, ...] = ()

    @property
    def state(self) -> State:
        """The state of the job."""
        if not self.runs:
            return State.PLANNED
        if not self.counts.unfinished:
            return State.FINISHED
        return State.RUNNING if self.runs[-1].ended_at is None else State.STOPPED

    @property
    def started_at(self) -> datetime | None:
        """The time at which the first run began."""
        return self.runs[0].started_at if self.runs else None

    @property
    def ended_at(self) -> datetime | None:
        """The time at which the last run ended; None if it goes on, or was killed."""
        return self.runs[-1].ended_at if self.runs else None

    @property
    def active_seconds(self) -> float:
        """Seconds that the runs took, without the time between them."""
        return sum(max(0.0, (run.alive_until - run.started_at).total_seconds()) for run in self.runs)

    @property
    def requests(self) -> int:
        """Requests that were sent during the runs, those that look at items included."""
        return sum(second.requests for second in self.timeline)

    @property
    def refused(self) -> int:
        """Requests that were over the limit (429)."""
        return sum(second.refused for second in self.timeline)

    @property
    def retried(self) -> int:
        """Requests that were sent again."""
        return sum(second.retried for second in self.timeline)

    @property
    def items_per_second(self) -> float | None:
        """Items that ended, per second of the runs."""
        return self._rate(sum(second.done + second.failed for second in self.timeline))

    @property
    def requests_per_second(self) -> float | None:
        """Requests that were sent, per second of the runs."""
        return self._rate(self.requests)

    @property
    def allowed_per_second(self) -> float | None:
        """Requests per second that the limit allowed, on average; None if no limit was known."""
        known = [second.allowed for second in self.timeline if second.allowed is not None]
        return sum(known) / len(known) if known else None

    def to_json(self) -> dict[str, Any]:
        """Return the report as plain data.

        Returns:
            The attributes and properties of this class under their own names, the classes in it in the same way, times
            as texts in RFC 3339 and UTC, and `format`, the version of this form.
        """
        computed = {name: _plain(None, None, getattr(self, name)) for name in _COMPUTED}
        return {"format": FORMAT, **attrs.asdict(self, value_serializer=_plain), **computed}

    def _rate(self, count: int) -> float | None:
        return count / self.active_seconds if self.active_seconds else None


def _plain(_instance: object, _field: object, value: Any) -> Any:  # noqa: ANN401 (whatever a field holds)
    if isinstance(value, datetime):
        return format_datetime(value.astimezone(UTC))
    if isinstance(value, tuple):
        return list(cast("tuple[object, ...]", value))
    return str(value) if isinstance(value, StrEnum) else value

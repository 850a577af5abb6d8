"""Metrics of requests, calls, waits, jobs and budgets."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from opentelemetry.metrics import Observation

from aiooncall.instrumentation.conventions import (
    BUCKET,
    BUDGET_WAIT,
    CLIENT,
    ERROR_TYPE,
    LANE,
    OUTCOME,
    PROVIDER,
    SERVER_ADDRESS,
    answer_attributes,
    server_attributes,
)
from aiooncall.instrumentation.watched_budgets import GAUGES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.metrics import CallbackOptions, Histogram, Meter

    from aiooncall.events import (
        AttemptFinished,
        CallFinished,
        CallStarted,
        JobPaused,
        JobResumed,
        RetryScheduled,
        Throttled,
    )
    from aiooncall.instrumentation.conventions import Attributes
    from aiooncall.instrumentation.watched_budgets import BudgetPlace, Gauge, WatchedBudgets

REQUEST_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
"""Bounds of buckets, from https://opentelemetry.io/docs/specs/semconv/http/http-metrics/#metric-httpclientrequestduration."""
WAIT_SECONDS: Final = (*REQUEST_SECONDS, 30, 60, 120, 300, 900, 3600)
"""The same for what waits for a server's limit, of which windows of an hour are known."""


class CallMetrics:
    """Counts and measures what events tell, and shows budgets.

    Args:
        meter: makes the instruments.
        budgets: what is shown of them at each look.
    """

    def __init__(self, meter: Meter, budgets: WatchedBudgets) -> None:
        histogram, counter = partial(_histogram, meter), meter.create_counter
        self._requests = meter.create_histogram(
            "http.client.request.duration",
            "s",
            "Duration of HTTP client requests.",
            explicit_bucket_boundaries_advisory=REQUEST_SECONDS,
        )
        self._waits = histogram(BUDGET_WAIT, "Time that calls waited for a rate limit.")
        self._job_pauses = histogram("aiooncall.job.pause.duration", "Duration of pauses of bulk jobs, when they end.")
        self._refusals = counter("aiooncall.refusals", "{refusal}", "Requests refused for a rate limit.")
        self._retries = counter("aiooncall.retries", "{retry}", "Requests that were sent again.")
        self._failures = counter("aiooncall.call.failures", "{call}", "Calls that did not succeed.")
        self._doubts = counter(
            "aiooncall.call.in_doubt", "{call}", "Calls that may have had an effect that nobody knows of."
        )
        self._job_waits = counter("aiooncall.job.waits", "{wait}", "Waits of bulk jobs that could reach nothing.")
        self._budgets = budgets
        for gauge in GAUGES:
            meter.create_observable_gauge(
                f"aiooncall.budget.{gauge.name}", [partial(self._observe, gauge)], gauge.unit, gauge.meaning
            )

    def attempt_finished(self, attempt: AttemptFinished) -> None:
        """Take the time of a request."""
        self._requests.record(attempt.elapsed, {**server_attributes(attempt.call), **answer_attributes(attempt)})

    def throttled(self, refusal: Throttled) -> None:
        """Count a refusal."""
        if refusal.call is not None:
            self._refusals.add(1, _call_kind(refusal.call))

    def retry_scheduled(self, retry: RetryScheduled) -> None:
        """Count that a request goes again."""
        if retry.call is not None:
            self._retries.add(1, {**_call_kind(retry.call), OUTCOME: retry.outcome})

    def call_finished(self, call: CallFinished) -> None:
        """Take the time that a call waited, if it had to, and count it if it did not succeed, or is in doubt.

        Of a call that succeeded at once its request has told all there is: so it costs nothing more.
        """
        if call.error is not None:
            self._failures.add(1, {**_call_kind(call.call), OUTCOME: call.outcome, ERROR_TYPE: call.error})
        if call.waited:
            self._waits.record(call.waited, _call_kind(call.call))
        if call.in_doubt:
            self._doubts.add(1, _call_kind(call.call))

    def job_paused(self, _: JobPaused) -> None:
        """Count that a job waits."""
        self._job_waits.add(1)

    def job_resumed(self, resumed: JobResumed) -> None:
        """Take the time of a pause."""
        self._job_pauses.record(resumed.paused)

    def _observe(self, gauge: Gauge, _: CallbackOptions) -> Iterator[Observation]:
        """Yield what is known of each budget."""
        for place, shown in self._budgets.snapshots().items():
            if (value := getattr(shown, gauge.field)) is not None:
                yield Observation(value, _place_attributes(place))


def _histogram(meter: Meter, name: str, description: str) -> Histogram:
    return meter.create_histogram(name, "s", description, explicit_bucket_boundaries_advisory=WAIT_SECONDS)


def _call_kind(call: CallStarted) -> Attributes:
    """Return what calls are told apart by; the same for all calls of a route and a lane."""
    return {**server_attributes(call), PROVIDER: call.provider, LANE: call.lane}


def _place_attributes(place: BudgetPlace) -> Attributes:
    where: Attributes = {PROVIDER: place.provider, SERVER_ADDRESS: place.host, BUCKET: place.bucket}
    return {**where, CLIENT: place.client} if place.client else where

"""Metrics of calls, attempts, waits, pauses of jobs and rate budgets, for Prometheus.

Names and units follow https://prometheus.io/docs/practices/naming/. Labels hold routes such as `/pages/{page_id}` and
never ids, so that there are no more series than operations.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

try:
    from prometheus_client import REGISTRY, Counter, Histogram
    from prometheus_client.core import GaugeMetricFamily
    from prometheus_client.registry import Collector
except ModuleNotFoundError as missing:
    raise ImportError("PrometheusHook needs prometheus-client; in a clone: pip install '.[prometheus]'") from missing

from aiooncall._text import one_line
from aiooncall.errors import OptionsError
from aiooncall.events import (
    AttemptFinished,
    CallFinished,
    CallStarted,
    JobPaused,
    JobResumed,
    RetryScheduled,
    Throttled,
)
from aiooncall.instrumentation.watched_budgets import GAUGES, BudgetPlace, WatchedBudgets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from prometheus_client import CollectorRegistry, Metric

    from aiooncall.datadog.client import DatadogOnCall
    from aiooncall.events import Event
    from aiooncall.grafana.client import GrafanaOnCall

Labels = tuple[str, ...]

CALL: Final = ("provider", "host", "method", "route", "lane")
QUEUE: Final = ("provider", "host", "lane")
BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)
"""Upper bounds of the histograms, in seconds: from one quick answer to a long wait for a rate limit."""


class PrometheusHook(Collector):
    """A hook that counts and times calls as metrics of Prometheus. Give one to all clients of a registry.

    Args:
        registry: where the metrics are shown; the one of `prometheus_client` unless given.

    Raises:
        OptionsError: the registry shows such metrics already, as those of another hook.
        ImportError: the library `prometheus_client` is not there; the extra `prometheus` brings it.
    """

    def __init__(self, *, registry: CollectorRegistry = REGISTRY) -> None:
        self._collectors: list[Counter | Histogram | BudgetGauges] = []
        self._calls = self._counter("calls", "Calls that came to their end, by how.", *CALL, "outcome")
        self._in_doubt = self._counter("calls_in_doubt", "Calls that may have happened: somebody has to look.", *CALL)
        self._reconciled = self._counter("calls_reconciled", "Calls whose lost result was found by reading.", *CALL)
        self._call_time = self._histogram("call_duration", "Time of a whole call, waits included.", *CALL)
        self._wait_time = self._histogram("budget_wait", "Time that a call waited for its turn in the budget.", *QUEUE)
        self._attempts = self._counter("attempts", "Requests that were sent, by answer.", *CALL, "status", "outcome")
        self._attempt_time = self._histogram("attempt_duration", "Time from a request to its answer's end.", *CALL)
        self._refusals = self._counter("refusals", "Requests that were refused for a rate limit.", *CALL)
        self._retries = self._counter("retries", "Requests that go again, by what came of them.", *CALL, "outcome")
        self._pauses = self._counter("job_pauses", "Waits of bulk jobs as nothing can be reached, one for each try.")
        self._paused = self._counter("job_paused_seconds", "Time of pauses of bulk jobs that are over.")
        self._budgets = WatchedBudgets()
        self._collectors.append(BudgetGauges(self._budgets))
        try:
            registry.register(self)
        except ValueError:
            raise OptionsError("registry", registry, "one without these metrics: give all clients one hook") from None

    def __call__(self, event: Event, /) -> None:
        """Count an event."""
        match event:
            case CallStarted():
                self._show_zeros(_labels(event))
            case CallFinished():
                self._count_call(event, _labels(event.call))
            case AttemptFinished():
                self._count_attempt(event, _labels(event.call))
            case Throttled(call=CallStarted() as call):
                self._refusals(*_labels(call)).inc()
            case RetryScheduled(call=CallStarted() as call):
                self._retries(*_labels(call), event.outcome).inc()
            case JobPaused():
                self._pauses().inc()
            case JobResumed():
                self._paused().inc(event.paused)
            case _:
                pass

    def watch(self, client: DatadogOnCall | GrafanaOnCall, name: str = "") -> None:
        """Show the rate budgets of a client, as they are at each scrape, until it is closed.

        Args:
            client: the client.
            name: the label `client`, which tells clients of one provider apart.

        Raises:
            OptionsError: another client of this provider is watched by this name.
        """
        self._budgets.watch(client, name)

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics with their samples, as a registry asks for them."""
        for one in self._collectors:
            yield from one.collect()

    def describe(self) -> Iterator[Metric]:
        """Yield the metrics without samples, as a registry asks for their names."""
        for one in self._collectors:
            yield from one.describe()

    def _counter(self, name: str, about: str, *labels: str) -> Callable[..., Counter]:
        """Make a counter, and return what finds its part for values of its labels, quickly: each call asks for it."""
        counter = Counter(f"aiooncall_{name}", about, labels, registry=None)
        self._collectors.append(counter)
        return cache(counter.labels) if labels else lambda: counter

    def _histogram(self, name: str, about: str, *labels: str) -> Callable[..., Histogram]:
        histogram = Histogram(f"aiooncall_{name}_seconds", about, labels, buckets=BUCKETS, registry=None)
        self._collectors.append(histogram)
        return cache(histogram.labels)

    def _show_zeros(self, labels: Labels) -> None:
        """Show what alerts are for before it happens: Prometheus sees no increase in a series that begins with 1."""
        for counter in (self._in_doubt, self._reconciled, self._refusals):
            counter(*labels)

    def _count_call(self, done: CallFinished, labels: Labels) -> None:
        self._calls(*labels, done.outcome).inc()
        self._in_doubt(*labels).inc(done.in_doubt)
        self._reconciled(*labels).inc(done.reconciled)
        self._call_time(*labels).observe(done.elapsed)
        self._wait_time(done.call.provider, done.call.host, done.call.lane).observe(done.waited)

    def _count_attempt(self, sent: AttemptFinished, labels: Labels) -> None:
        self._attempts(*labels, sent.status or "none", sent.outcome).inc()
        self._attempt_time(*labels).observe(sent.elapsed)


class BudgetGauges(Collector):
    """A collector of the budgets of clients: what is known of them at each scrape.

    Args:
        watched: the budgets.
    """

    def __init__(self, watched: WatchedBudgets) -> None:
        self._watched = watched

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges with their samples."""
        budgets = self._watched.snapshots().items()
        for gauge, family in zip(GAUGES, self.describe(), strict=True):
            for place, shown in budgets:
                if (value := getattr(shown, gauge.field)) is not None:
                    family.add_metric([*map(one_line, place)], value)
            yield family

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Yield the gauges without samples."""
        for gauge in GAUGES:
            unit = "_seconds" if gauge.unit == "s" else ""
            yield GaugeMetricFamily(f"aiooncall_budget_{gauge.name}{unit}", gauge.meaning, labels=BudgetPlace._fields)


def _labels(call: CallStarted) -> Labels:
    return call.provider, call.host, call.method, call.route, call.lane

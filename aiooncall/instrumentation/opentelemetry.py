"""Traces and metrics for OpenTelemetry, by its API alone: which SDK takes them, and where they go, is the program's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

try:
    from opentelemetry.metrics import get_meter
    from opentelemetry.trace import get_tracer
except ModuleNotFoundError as missing:
    raise ImportError(
        "OpenTelemetryHook needs opentelemetry-api; in a clone: pip install '.[opentelemetry]'"
    ) from missing

from aiooncall._base.version import __version__
from aiooncall.events import (
    AttemptFinished,
    AttemptStarted,
    CallFinished,
    CallStarted,
    JobPaused,
    JobResumed,
    RetryScheduled,
    Throttled,
)
from aiooncall.instrumentation.call_metrics import CallMetrics
from aiooncall.instrumentation.call_spans import CallSpans
from aiooncall.instrumentation.conventions import SCHEMA_URL
from aiooncall.instrumentation.watched_budgets import WatchedBudgets

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.metrics import MeterProvider
    from opentelemetry.trace import TracerProvider

    from aiooncall.datadog.client import DatadogOnCall
    from aiooncall.events import Event
    from aiooncall.grafana.client import GrafanaOnCall

SCOPE: Final = "aiooncall"


class OpenTelemetryHook:
    """A hook that makes spans and metrics of calls. One is enough for all clients of a program.

    Each call is a span, with one below it for each request that was sent. Names are those of OpenTelemetry's HTTP
    conventions (https://opentelemetry.io/docs/specs/semconv/http/), and `aiooncall.*` for what they have no name for.
    Neither holds a credential, a body, a title or a key of de-duplication.

    Args:
        tracer_provider: makes the tracer; the global one unless given.
        meter_provider: makes the instruments; the global one unless given.
        propagate: whether requests carry the trace to the server, in the header `traceparent`
            (https://www.w3.org/TR/trace-context/).

    Raises:
        ImportError: on import, where `opentelemetry-api` is not there; the extra `opentelemetry` brings it.
    """

    def __init__(
        self,
        *,
        tracer_provider: TracerProvider | None = None,
        meter_provider: MeterProvider | None = None,
        propagate: bool = False,
    ) -> None:
        spans = self._spans = CallSpans(
            get_tracer(SCOPE, __version__, tracer_provider, SCHEMA_URL), propagate=propagate
        )
        self._budgets = WatchedBudgets()
        metrics = CallMetrics(get_meter(SCOPE, __version__, meter_provider, SCHEMA_URL), self._budgets)
        # What measures comes first: while the span is open, a measurement can refer to it.
        self._takers: dict[type, tuple[Callable[[Any], None], ...]] = {
            CallStarted: (spans.call_started,),
            AttemptStarted: (spans.attempt_started,),
            AttemptFinished: (metrics.attempt_finished, spans.attempt_finished),
            Throttled: (metrics.throttled, spans.throttled),
            RetryScheduled: (metrics.retry_scheduled, spans.retry_scheduled),
            CallFinished: (metrics.call_finished, spans.call_finished),
            JobPaused: (metrics.job_paused,),
            JobResumed: (metrics.job_resumed,),
        }

    def __call__(self, event: Event, /) -> None:
        """Take note of `event`."""
        for take in self._takers.get(type(event), ()):
            take(event)

    def watch(self, client: DatadogOnCall | GrafanaOnCall, name: str = "") -> None:
        """Show the rate budgets of a client as gauges, as they are whenever metrics are collected, until it is closed.

        Args:
            client: the client.
            name: tells clients of one provider apart, such as those of two accounts.

        Raises:
            OptionsError: another client of this provider is watched by this name.
        """
        self._budgets.watch(client, name)

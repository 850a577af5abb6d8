"""An OpenTelemetry SDK that keeps in memory what a hook tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

from aiooncall.instrumentation import OpenTelemetryHook

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span
    from opentelemetry.sdk.trace.sampling import Sampler
    from opentelemetry.trace import Span as AnySpan


class Telemetry(SpanProcessor):
    """A hook, and what it told.

    Args:
        propagate: as for the hook.
        sampler: which spans are kept; all unless given.

    Attributes:
        hook: the hook, on providers of its own.
        tracers: its provider of tracers.
        spans: in the order in which they began.
    """

    def __init__(self, *, propagate: bool = False, sampler: Sampler | None = None) -> None:
        self._reader = InMemoryMetricReader()
        self.tracers: TracerProvider = TracerProvider(sampler, shutdown_on_exit=False)
        self.tracers.add_span_processor(self)
        meters = MeterProvider([self._reader], shutdown_on_exit=False)
        self.hook: OpenTelemetryHook = OpenTelemetryHook(
            tracer_provider=self.tracers, meter_provider=meters, propagate=propagate
        )
        self.spans: list[Span] = []

    def on_start(self, span: Span, parent_context: object = None) -> None:
        """Keep a span that begins."""
        self.spans.append(span)

    @property
    def open(self) -> list[str]:
        """The names of the spans that have not ended."""
        return [span.name for span in self.spans if span.end_time is None]

    def below(self, parent: AnySpan | None) -> list[Span]:
        """Return the spans right below another one, or those that are below none."""
        wanted = None if parent is None else parent.get_span_context().span_id
        return [span for span in self.spans if (span.parent and span.parent.span_id) == wanted]

    def one_call(self) -> tuple[Span, list[Span]]:
        """Return the only call, and what is below it."""
        (call,) = self.below(None)
        return call, self.below(call)

    def metrics(self) -> dict[str, Any]:
        """Return the metrics by name."""
        data = self._reader.get_metrics_data()
        resources = [] if data is None else data.resource_metrics
        return {
            metric.name: metric
            for resource in resources
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }

    def points(self, name: str) -> list[Any]:
        """Return the points of a metric; none if nothing was measured."""
        metric = self.metrics().get(name)
        return [] if metric is None else list(metric.data.data_points)

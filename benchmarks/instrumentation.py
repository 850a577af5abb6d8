"""What do traces and metrics cost, in CPU time of a call?"""

from __future__ import annotations

import asyncio
import time
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from statistics import median
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind
from prometheus_client import CollectorRegistry

from aiooncall.instrumentation import OpenTelemetryHook, PrometheusHook
from benchmarks.contenders import PATH, ours
from benchmarks.harness import HAS_UVLOOP, Result, spread
from benchmarks.paired import CALLS, WORKERS, measure
from benchmarks.servers import acceptor, loop_factory, simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from opentelemetry.sdk.trace import ReadableSpan

    from aiooncall import Hook
    from benchmarks.contenders import Acknowledge, Contender
    from benchmarks.paired import Pairs

TARGET = 1.25
DELAY = 0.02
"""Seconds that an answer takes where the time is that of the clock."""
BY_HAND = "no hook, two spans by hand"
NAME = f"POST {PATH.format('{page_id}')}"


class Dropping(SpanExporter):
    """Takes spans and does nothing with them."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Drop `spans`."""
        del spans
        return SpanExportResult.SUCCESS


@contextmanager
def _tracers() -> Iterator[TracerProvider]:
    tracers = TracerProvider(shutdown_on_exit=False)
    tracers.add_span_processor(BatchSpanProcessor(Dropping()))
    try:
        yield tracers
    finally:
        tracers.shutdown()


@contextmanager
def _opentelemetry() -> Iterator[Hook]:
    meters = MeterProvider([InMemoryMetricReader()], shutdown_on_exit=False)
    with _tracers() as tracers:
        yield OpenTelemetryHook(tracer_provider=tracers, meter_provider=meters)


@contextmanager
def _prometheus() -> Iterator[Hook]:
    yield PrometheusHook(registry=CollectorRegistry())


def _with(*makers: Callable[[], AbstractContextManager[Hook]]) -> Contender:
    """Return aiooncall with a hook of each kind."""

    @asynccontextmanager
    async def hooked(url: str) -> AsyncIterator[Acknowledge]:
        with ExitStack() as stack:
            async with ours(url, hooks=[stack.enter_context(make()) for make in makers]) as acknowledge:
                yield acknowledge

    return hooked


@asynccontextmanager
async def _by_hand(url: str, *, told: bool = False) -> AsyncIterator[Acknowledge]:
    """Open aiooncall without a hook, each call in two spans; if `told`, the inner one has the required attributes."""
    with _tracers() as tracers:
        begin, parts = tracers.get_tracer("by hand").start_as_current_span, urlsplit(url)
        server: dict[str, Any] = {"server.address": parts.hostname, "server.port": parts.port}
        async with ours(url) as acknowledge:

            async def traced(page_id: str) -> None:
                about = (
                    {"http.request.method": "POST", **server, "url.full": url + PATH.format(page_id)} if told else {}
                )
                with begin(NAME), begin(NAME, kind=SpanKind.CLIENT, attributes=about) as request:
                    await acknowledge(page_id)
                    if told:
                        request.set_attribute("http.response.status_code", 202)

            yield traced


CONTROL: dict[str, Contender] = {"no hook again (control)": ours}
HOOKS: dict[str, Contender] = {
    "OpenTelemetry": _with(_opentelemetry),
    "Prometheus": _with(_prometheus),
    "both": _with(_opentelemetry, _prometheus),
}
CONTENDERS: dict[str, Contender] = {
    **CONTROL,
    "a hook that does nothing": partial(ours, hooks=[lambda _: None]),
    **HOOKS,
    BY_HAND: _by_hand,
    f"{BY_HAND}, with attributes": partial(_by_hand, told=True),
}


def run(*, quick: bool) -> Result:
    """Measure the CPU on each loop that is there, and the time by the clock where the server takes some."""
    rounds = 1 if quick else 10
    result = Result(
        name="instrumentation",
        question="what do traces and metrics cost?",
        method=(
            f"{WORKERS} workers, blocks of {CALLS} calls, {rounds} rounds; each block next to a block of the same call"
            " without hooks, in random order; the ratio is of the two,\nand the median is of the ratios (in brackets:"
            " 10th to 90th percentile). CPU time of the client's process; in the last part the time by the clock.\n"
            "Every call is sampled, and a batch processor takes the spans, whose exporter drops them. By hand: a span"
            " and one below it, with nothing but a name,\nor with the attributes that the conventions require. The"
            " server is another process."
        ),
        packages=("aiooncall", "aiohttp", "opentelemetry-api", "opentelemetry-sdk", "prometheus-client", "uvloop"),
        columns=("measured", "hooks", "us a call", "us more", "over no hook"),
    )
    with simulator(pages=CALLS) as server:
        for loop in ("asyncio", "uvloop") if HAS_UVLOOP else ("asyncio",):
            with asyncio.Runner(loop_factory=loop_factory(loop)) as runner:
                pairs = runner.run(measure(ours, CONTENDERS, server.url, server.ids, rounds))
            _report(result, f"CPU, {loop}", pairs)
        ids = server.ids
    with acceptor(delay=DELAY) as url:
        by_clock = measure(ours, CONTROL | HOOKS, url, ids, max(1, rounds // 3), timer=time.perf_counter)
        pairs = asyncio.run(by_clock)
        _report(result, f"clock, {DELAY * 1000:.0f} ms an answer", pairs)
    return result


def _report(result: Result, measured: str, pairs: Pairs) -> None:
    result.raw[measured] = pairs
    base = [before for each in pairs.values() for before, _ in each]
    result.rows.append((measured, "none", spread(base, 1), "", "1"))
    for name, each in pairs.items():
        ratios = [mine / before for before, mine in each]
        more = median(mine - before for before, mine in each)
        result.rows.append((measured, name, spread([mine for _, mine in each], 1), f"{more:.1f}", spread(ratios)))
        if name in {*HOOKS, BY_HAND}:
            result.aim(f"{name}, {measured}, over no hook", median(ratios), TARGET)

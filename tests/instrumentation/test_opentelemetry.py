"""What a call looks like in OpenTelemetry: its spans and its metrics, kept in memory by the SDK."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from aiooncall import AmbiguousOutcome, AttemptTimeout, CallRate, NotFound, OptionsError, RateLimited, RetryPolicy, bulk
from aiooncall.instrumentation import OpenTelemetryHook
from aiooncall.simulator import Fault, FaultKind, RateRule
from tests.support.bulk_world import add_pages, down, run_all
from tests.support.datadog_client import API_KEY, APP_KEY, PAGES, TEAM, client_on, datadog, scripted
from tests.support.grafana_client import API, TOKEN, grafana_world
from tests.support.telemetry import Telemetry

if TYPE_CHECKING:
    from pathlib import Path

    from opentelemetry.sdk.trace import Span

    from aiooncall.simulator import Simulator
    from tests.support.virtual_time import VirtualClock

ACKNOWLEDGE: Final = f"POST {PAGES}/{{page_id}}/acknowledge"
LOST: Final = Fault(FaultKind.DROP_AFTER)
SLOW: Final = Fault(FaultKind.SLOW, delay=600.0)
REFUSED: Final = Fault(FaultKind.THROTTLE, retry_after="7")
BAD_GATEWAY: Final = Fault(FaultKind.ERROR_BEFORE, status=502)


@pytest.fixture
def told() -> Telemetry:
    """Return a hook and what it tells."""
    return Telemetry()


def errors(spans: list[Span]) -> list[object]:
    """Return the error of each span, having seen that its status agrees: an error has no words but its type."""
    for span in spans:
        failed = "error.type" in (span.attributes or {})
        assert span.status.status_code is (StatusCode.ERROR if failed else StatusCode.UNSET)
        assert span.status.description is None
    return [(span.attributes or {}).get("error.type") for span in spans]


def values(spans: list[Span], name: str) -> list[object]:
    """Return the value that an attribute has on each of `spans`; None where it is not."""
    return [(span.attributes or {}).get(name) for span in spans]


async def test_call_with_its_request(sim: Simulator, clock: VirtualClock, told: Telemetry) -> None:
    """A call is an inner span, and its request a client's span below it, both with the names of the conventions."""
    page = sim.add_page(title="x")
    async with client_on(sim, clock=clock, hooks=[told.hook]) as dd:
        await dd.pages.acknowledge(page)
    call, (request,) = told.one_call()
    port = urlsplit(sim.datadog_url).port
    server = {
        "http.request.method": "POST",
        "url.template": f"{PAGES}/{{page_id}}/acknowledge",
        "server.address": "127.0.0.1",
        "server.port": port,
    }
    assert (call.name, call.kind) == (ACKNOWLEDGE, SpanKind.INTERNAL)
    assert call.attributes == server | {
        "aiooncall.provider": "datadog",
        "aiooncall.lane": "interactive",
        "aiooncall.page.id": page,
        "aiooncall.outcome": "success",
    }
    assert (request.name, request.kind) == (ACKNOWLEDGE, SpanKind.CLIENT)
    assert request.attributes == server | {
        "url.full": f"{sim.datadog_url}{PAGES}/{page}/acknowledge",
        "http.response.status_code": 202,
    }
    assert errors([call, request]) == [None, None]
    assert call.instrumentation_scope is not None
    assert call.instrumentation_scope.name == "aiooncall"


async def test_call_of_grafana(told: Telemetry) -> None:
    """A call of Grafana's says so, with the id of the alert group."""
    async with grafana_world(client={"hooks": [told.hook]}) as world:
        (group,) = world.groups(["x"])
        await world.client.alert_groups.get(group)
    call, (request,) = told.one_call()
    assert call.name == f"GET {API}/alert_groups/{{alert_group_id}}/"
    assert values([call], "aiooncall.provider") == ["grafana"]
    assert values([call], "aiooncall.alert_group.id") == [group]
    assert values([request], "http.response.status_code") == [200]


async def test_refusal(told: Telemetry) -> None:
    """A refusal is an error of its request and not of the call, which notes it, and how long it then waited."""
    async with datadog(scripted("POST", "*", REFUSED), hooks=[told.hook]) as (sim, dd):
        await dd.pages.acknowledge(sim.add_page(title="x"))
    call, requests = told.one_call()
    assert errors([call, *requests]) == [None, "429", None]
    assert values(requests, "http.request.resend_count") == [None, 1]
    assert [event.name for event in call.events] == ["aiooncall.throttled", "aiooncall.retry"]
    assert call.events[0].attributes == {"aiooncall.retry_after": 7.0}
    (wait,) = values([call], "aiooncall.budget.wait.duration")
    assert isinstance(wait, float)
    assert 7.0 <= wait < 8.0
    assert values([call], "aiooncall.backoff.duration") == [None]


async def test_retry(told: Telemetry) -> None:
    """A request that failed and goes again is told by its status, and the call has the time between."""
    async with datadog(scripted("POST", "*", BAD_GATEWAY, LOST), hooks=[told.hook]) as (sim, dd):
        await dd.pages.acknowledge(sim.add_page(title="x"))
    call, requests = told.one_call()
    assert errors([call, *requests]) == [None, "502", "ConnectionDropped", None]
    assert values(requests, "http.response.status_code") == [502, None, 202]
    assert values(requests, "http.request.resend_count") == [None, 1, 2]
    assert [event.name for event in call.events] == ["aiooncall.retry"] * 2
    delays = [event.attributes["aiooncall.backoff.duration"] for event in call.events if event.attributes]
    assert values([call], "aiooncall.backoff.duration") == [pytest.approx(sum(map(float, map(str, delays))))]


async def test_refused_for_good(told: Telemetry, sim: Simulator, clock: VirtualClock) -> None:
    """What the server refuses for good is an error of the request by its status, and of the call by its class."""
    async with client_on(sim, clock=clock, hooks=[told.hook]) as dd:
        with pytest.raises(NotFound):
            await dd.pages.acknowledge("11111111-1111-1111-1111-111111111111")
    call, requests = told.one_call()
    assert errors([call, *requests]) == ["NotFound", "404"]
    assert values([call], "aiooncall.outcome") == ["error"]


async def test_timeout(told: Telemetry) -> None:
    """A request that timed out has no status, and the class of its error; so has the call that gave up."""
    twice = RetryPolicy(max_attempts=2)
    async with datadog(scripted("POST", "*", SLOW, SLOW), hooks=[told.hook], retry=twice) as (sim, dd):
        with pytest.raises(AttemptTimeout):
            await dd.pages.acknowledge(sim.add_page(title="x"))
    call, requests = told.one_call()
    assert errors([call, *requests]) == ["AttemptTimeout"] * 3
    assert values(requests, "http.response.status_code") == [None, None]


async def test_call_in_doubt(told: Telemetry) -> None:
    """A call whose effect nobody knows is an error that says so."""
    async with datadog(scripted("POST", PAGES, LOST), hooks=[told.hook]) as (_, dd):
        with pytest.raises(AmbiguousOutcome):
            await dd.pages.create("Down", target=TEAM)
    call, requests = told.one_call()
    assert errors([call, *requests]) == ["AmbiguousOutcome", "ConnectionDropped"]
    assert values([call], "aiooncall.outcome") == ["in_doubt"]
    assert values([call], "aiooncall.in_doubt") == [True]
    (counted,) = told.points("aiooncall.call.in_doubt")
    assert counted.value == 1


async def test_call_that_is_reconciled(told: Telemetry) -> None:
    """A page that is found after a doubt is one call without an error; the look for it is a call below it."""
    async with datadog(scripted("POST", PAGES, LOST), hooks=[told.hook]) as (_, dd):
        page = await dd.pages.create("Down", target=TEAM, dedup_key="k-1")
    assert page.reconciled
    call, below = told.one_call()
    request, *looks = below
    assert errors([call, request]) == [None, "ConnectionDropped"]
    assert values([call], "aiooncall.reconciled") == [True]
    assert values([call], "aiooncall.in_doubt") == [None]
    assert looks
    assert {look.name for look in looks} == {f"GET {PAGES}"}
    assert {look.kind for look in looks} == {SpanKind.INTERNAL}
    assert [len(told.below(look)) for look in looks] == [1] * len(looks)


async def test_call_that_is_cancelled(told: Telemetry) -> None:
    """A call that is cancelled ends its span and that of the request on its way, both as cancelled."""
    async with datadog(scripted("POST", "*", SLOW), hooks=[told.hook]) as (sim, dd):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await dd.pages.escalate(sim.add_page(title="x"))
    call, requests = told.one_call()
    assert errors([call, *requests]) == ["CancelledError", "CancelledError"]
    assert values([call], "aiooncall.outcome") == ["cancelled"]
    assert values([call], "aiooncall.in_doubt") == [True]


async def test_fan_out_is_below_its_caller(told: Telemetry) -> None:
    """The calls of a fan-out, whose workers take turns, are below the span that it was begun in, and not each other."""
    async with datadog(hooks=[told.hook]) as (sim, dd):
        ids = add_pages(sim, 40)
        with told.tracers.get_tracer("caller").start_as_current_span("storm") as storm:
            assert (await dd.pages.acknowledge_many(ids, concurrency=8)).succeeded == 40
            assert trace.get_current_span() is storm
    assert told.below(None) == [storm]
    calls = told.below(storm)
    assert sorted(map(str, values(calls, "aiooncall.page.id"))) == sorted(ids)
    assert values(calls, "aiooncall.lane") == ["bulk"] * 40
    assert [len(told.below(call)) for call in calls] == [1] * 40


async def test_list_is_below_its_reader(told: Telemetry) -> None:
    """The calls of a list are below the span of whoever reads it, also those ahead of a reader who leaves early."""
    async with datadog(hooks=[told.hook]) as (sim, dd):
        add_pages(sim, 300)
        with told.tracers.get_tracer("reader").start_as_current_span("reader") as reader:
            async for page in dd.pages.list(page_size=100):
                assert trace.get_current_span() is reader
                await dd.pages.acknowledge(page.id)
                if len(told.below(reader)) > 150:
                    break
            assert trace.get_current_span() is reader
    assert told.below(None) == [reader]
    assert {call.name for call in told.below(reader)} == {f"GET {PAGES}", ACKNOWLEDGE}
    assert told.open == []


async def test_job(told: Telemetry, journal: Path) -> None:
    """The calls of a bulk job have spans as others; its pauses are counted, and their time is taken."""
    async with datadog(simulator={"slow": (0.1, 0.2)}, hooks=[told.hook]) as (sim, dd):
        with await bulk.plan(dd, "acknowledge", journal, add_pages(sim, 200)) as job:
            run = asyncio.create_task(run_all(job, concurrency=20))
            await asyncio.sleep(1.0)
            assert told.points("aiooncall.job.waits") == []
            await down(sim, 60.0)
            assert (await run).done == 200
    done = [call for call in told.below(None) if (call.attributes or {})["aiooncall.outcome"] == "success"]
    assert len({*values(done, "aiooncall.page.id")}) == 200
    assert set(values(done, "aiooncall.lane")) == {"bulk"}
    assert told.open == []
    (waits,) = told.points("aiooncall.job.waits")
    (pause,) = told.points("aiooncall.job.pause.duration")
    assert waits.value > 1
    assert (pause.count, 30 < pause.sum < 100) == (1, True)


@pytest.mark.parametrize("seed", range(3))
async def test_nothing_is_left_behind(told: Telemetry, seed: int) -> None:
    """After a storm of faults and cancelled calls every span has ended, and no call is the current span anywhere."""
    async with datadog(hooks=[told.hook], deadline=30.0) as (sim, dd):
        sim.faults.seed(seed=seed, rates={LOST: 0.2, SLOW: 0.1, BAD_GATEWAY: 0.1, REFUSED: 0.1})
        calls = [dd.pages.escalate(page) for page in add_pages(sim, 60)]
        tasks = [asyncio.create_task(call) for call in calls]
        await asyncio.sleep(0.05)
        for task in tasks[::5]:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert not trace.get_current_span().get_span_context().is_valid
    assert len(told.below(None)) == 60
    assert told.open == []
    assert told.hook._spans._open == {}


@pytest.mark.parametrize("propagate", [True, False])
async def test_trace_goes_along_if_wanted(propagate: bool) -> None:
    """Each request says which span of which trace it is, if that is wanted; if not, it says nothing."""
    told = Telemetry(propagate=propagate)
    async with datadog(scripted("POST", "*", BAD_GATEWAY), hooks=[told.hook]) as (sim, dd):
        await dd.pages.acknowledge(sim.add_page(title="x"))
        arrived = [request.traceparent for request in sim.ledger.requests]
    contexts = [request.get_span_context() for request in told.one_call()[1]]
    sent = [f"00-{one.trace_id:032x}-{one.span_id:016x}-{one.trace_flags:02x}" for one in contexts]
    assert arrived == (sent if propagate else [None, None])
    assert len(set(sent)) == 2


async def test_trace_goes_along_to_grafana() -> None:
    """Grafana gets it as well, also in what may not be repeated."""
    told = Telemetry(propagate=True)
    async with grafana_world(client={"hooks": [told.hook]}) as world:
        (group,) = world.groups(["x"])
        await world.client.alert_groups.resolve(group)
        assert all(request.traceparent for request in world.requests())


async def test_what_is_not_sampled() -> None:
    """Where the sampler drops a call no span is kept, the server is told so, and metrics are kept all the same."""
    told = Telemetry(propagate=True, sampler=ALWAYS_OFF)
    async with datadog(hooks=[told.hook]) as (sim, dd):
        await dd.pages.acknowledge(sim.add_page(title="x"))
        (request,) = sim.ledger.requests
    assert told.spans == []
    assert request.traceparent is not None
    assert not trace.TraceFlags(int(request.traceparent[-2:], 16)).sampled
    assert [point.count for point in told.points("http.client.request.duration")] == [1]


async def test_duration_of_requests(told: Telemetry) -> None:
    """Requests are measured as the conventions say: seconds, with their bounds, by route, status and error."""
    async with datadog(scripted("POST", "*", BAD_GATEWAY), hooks=[told.hook]) as (sim, dd):
        await dd.pages.acknowledge(sim.add_page(title="x"))
    metric = told.metrics()["http.client.request.duration"]
    assert metric.unit == "s"
    failed, succeeded = sorted(told.points(metric.name), key=lambda point: "error.type" not in point.attributes)
    assert failed.explicit_bounds == (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
    route = {
        "http.request.method": "POST",
        "url.template": f"{PAGES}/{{page_id}}/acknowledge",
        "server.address": "127.0.0.1",
        "server.port": urlsplit(sim.datadog_url).port,
    }
    assert failed.attributes == route | {"http.response.status_code": 502, "error.type": "502"}
    assert succeeded.attributes == route | {"http.response.status_code": 202}
    assert (failed.count, succeeded.count) == (1, 1)


async def test_metrics_of_calls(told: Telemetry) -> None:
    """What a call waited is measured, by route and lane, with its span as an example; refusals, retries are counted."""
    async with datadog(scripted("POST", "*", REFUSED, BAD_GATEWAY), hooks=[told.hook]) as (sim, dd):
        await dd.pages.acknowledge(sim.add_page(title="x"))
    (wait,) = told.points("aiooncall.budget.wait.duration")
    assert 7.0 <= wait.sum < 8.0
    assert set(wait.attributes) == {
        *("http.request.method", "url.template", "server.address", "server.port"),
        *("aiooncall.provider", "aiooncall.lane"),
    }
    assert [one.span_id for one in wait.exemplars] == [told.one_call()[0].get_span_context().span_id]
    (refusals,) = told.points("aiooncall.refusals")
    assert refusals.value == 1
    retries = {point.attributes["aiooncall.outcome"]: point.value for point in told.points("aiooncall.retries")}
    assert retries == {"throttled": 1, "transient": 1}
    assert told.points("aiooncall.call.failures") == []


async def test_failures_of_calls(told: Telemetry) -> None:
    """A call that failed is counted by outcome and error, also if not one request was sent for it."""
    rule = RateRule("oncall_paging", 1, 60.0)
    async with datadog(simulator={"rate_rules": [rule]}, hooks=[told.hook], deadline=5.0) as (sim, dd):
        page = sim.add_page(title="x")
        await dd.pages.acknowledge(page)
        with pytest.raises(RateLimited):
            await dd.pages.acknowledge(page)
        assert len(sim.ledger.requests) == 1
    (failures,) = told.points("aiooncall.call.failures")
    assert (failures.value, failures.attributes["aiooncall.outcome"]) == (1, "error")
    assert failures.attributes["error.type"] == "RateLimited"


async def test_budgets_of_watched_clients(told: Telemetry) -> None:
    """The budgets of a watched client are gauges, with what the server last said, until the client is closed."""
    rule = RateRule("oncall_paging", 50, 60.0)
    async with datadog(simulator={"rate_rules": [rule]}, hooks=[told.hook]) as (sim, dd):
        told.hook.watch(dd)
        assert told.points("aiooncall.budget.limit") == []
        await dd.pages.acknowledge(sim.add_page(title="x"))
        (limit,) = told.points("aiooncall.budget.limit")
        (remaining,) = told.points("aiooncall.budget.remaining")
        assert (limit.value, remaining.value) == (50, 49)
        assert remaining.attributes == {
            "aiooncall.provider": "datadog",
            "aiooncall.bucket.name": "oncall_paging",
            "server.address": "127.0.0.1",
        }
    assert told.points("aiooncall.budget.limit") == []


async def test_watched_clients_have_names(sim: Simulator, clock: VirtualClock, told: Telemetry) -> None:
    """Two open clients of a provider are watched under two names, else the second one is refused."""
    limit = CallRate(calls=300, per=60)
    async with client_on(sim, clock=clock) as first, client_on(sim, clock=clock, rate_limit=limit) as second:
        told.hook.watch(first, "eu")
        told.hook.watch(first.with_options(timeout=1.0), "eu")
        with pytest.raises(OptionsError, match="name"):
            told.hook.watch(second, "eu")
        told.hook.watch(second, "us")
        page = sim.add_page(title="x")
        await first.pages.acknowledge(page)
        await second.pages.acknowledge(page)
        names = [point.attributes["aiooncall.client.name"] for point in told.points("aiooncall.budget.in_flight")]
    assert names == ["eu", "us"]


async def test_nothing_secret_is_told(told: Telemetry) -> None:
    """Neither spans nor metrics have credentials, titles, keys or texts of the caller, nor what steers a terminal."""
    rule = RateRule("oncall\u202epaging", 50, 60.0)
    async with datadog(scripted("POST", PAGES, LOST), simulator={"rate_rules": [rule]}, hooks=[told.hook]) as (_, dd):
        told.hook.watch(dd)
        await dd.pages.create("Title-1", target=TEAM, dedup_key="key-1", description="Words-1", tags=("tag-1",))
        await dd.pages.find("key-1")
        metrics = repr(told.metrics())
    async with grafana_world(client={"hooks": [told.hook]}) as world:
        await world.client.paging.page(users=[world.sim.grafana.add_user("ada")], title="Title-2", message="Words-2")
    shown = "".join(span.to_json() for span in told.spans) + metrics
    assert "oncall paging" in shown
    for text in (API_KEY, APP_KEY, TOKEN, "Title", "key-1", "Words", "tag-1", "\u202e", "u202e"):
        assert text not in shown


async def test_without_an_sdk(sim: Simulator, clock: VirtualClock) -> None:
    """A hook without providers, in a program without an SDK, does nothing and disturbs nothing."""
    hook = OpenTelemetryHook(propagate=True)
    async with client_on(sim, clock=clock, hooks=[hook]) as dd:
        hook.watch(dd)
        await dd.pages.acknowledge(sim.add_page(title="x"))
        assert [request.traceparent for request in sim.ledger.requests] == [None]


@pytest.mark.parametrize("module", ["aiooncall.instrumentation", "aiooncall.instrumentation.opentelemetry"])
def test_without_the_extra(module: str) -> None:
    """Without the library the import says what to install."""
    code = f"import sys; sys.modules['opentelemetry'] = None\nfrom {module} import OpenTelemetryHook"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    said = done.stderr.splitlines()[-1]
    assert said == "ImportError: OpenTelemetryHook needs opentelemetry-api; in a clone: pip install '.[opentelemetry]'"


def test_nothing_is_imported_unasked() -> None:
    """Neither the package nor its instrumentation loads OpenTelemetry by itself."""
    code = "import sys, aiooncall, aiooncall.instrumentation; aiooncall.GrafanaOnCall; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "opentelemetry" not in done.stdout.split()

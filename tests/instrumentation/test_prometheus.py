"""What calls look like in Prometheus, read by its own parser."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import pytest
from prometheus_client import REGISTRY, CollectorRegistry, Counter

from aiooncall import (
    AmbiguousOutcome,
    CallRate,
    ClientOptions,
    DatadogOnCall,
    NotFound,
    OptionsError,
    RateLimited,
    RetryPolicy,
    bulk,
)
from aiooncall.instrumentation import PrometheusHook
from aiooncall.simulator import Fault, FaultKind, RateRule
from tests.support.bulk_world import add_groups, add_pages, down, run_all
from tests.support.datadog_client import API_KEY, APP_KEY, PAGES, TEAM, client_on, datadog, scripted
from tests.support.grafana_client import TOKEN, grafana_world
from tests.support.metrics import Watched

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall.simulator import Simulator
    from tests.support.virtual_time import VirtualClock

ACKNOWLEDGE: Final = f"{PAGES}/{{page_id}}/acknowledge"
CREATE: Final = {"method": "POST", "route": PAGES}
LOST: Final = Fault(FaultKind.DROP_AFTER)
REFUSED: Final = Fault(FaultKind.THROTTLE, retry_after="7")
BAD_GATEWAY: Final = Fault(FaultKind.ERROR_BEFORE, status=502)


@pytest.fixture
def watched() -> Watched:
    """Return a hook and its registry."""
    return Watched()


async def test_success(sim: Simulator, clock: VirtualClock, watched: Watched) -> None:
    """A call counts once, with its provider, host, method, route, lane and outcome, and so does its one request."""
    page = sim.add_page(title="x")
    async with client_on(sim, clock=clock, hooks=[watched.hook]) as dd:
        await dd.pages.acknowledge(page)
    shown = watched.scrape()
    call = {
        "provider": "datadog", "host": "127.0.0.1", "method": "POST", "route": ACKNOWLEDGE, "lane": "interactive",
    }  # fmt: skip
    (calls,) = shown.of("calls_total")
    assert (calls.labels, calls.value) == ({**call, "outcome": "success"}, 1)
    (attempts,) = shown.of("attempts_total")
    assert (attempts.labels, attempts.value) == ({**call, "status": "202", "outcome": "success"}, 1)
    for zero in ("calls_in_doubt_total", "calls_reconciled_total", "refusals_total"):
        assert [(one.labels, one.value) for one in shown.of(zero)] == [(call, 0)]
    assert shown.of("retries_total") == []
    for histogram in ("call_duration", "attempt_duration", "budget_wait"):
        assert shown.total(f"{histogram}_seconds_count") == 1


async def test_no_ids_in_labels(sim: Simulator, clock: VirtualClock, watched: Watched) -> None:
    """Many pages are no more series than one: no label has an id, a title, a key or a credential."""
    pages = add_pages(sim, 100)
    async with client_on(sim, clock=clock, hooks=[watched.hook]) as dd:
        await dd.pages.acknowledge(pages[0])
        series = len(watched.scrape().text.splitlines())
        await dd.pages.acknowledge_many(pages[1:])
        one = await dd.pages.create("Disk full", target=TEAM, dedup_key="deploy-4711")
    text = watched.scrape().text
    assert watched.scrape().total("calls_total", route=ACKNOWLEDGE) == 100
    assert len(text.splitlines()) < 4 * series
    for secret in (*pages, one.id, "Disk full", "deploy-4711", API_KEY, APP_KEY):
        assert secret not in text


async def test_refused_call(watched: Watched) -> None:
    """A refusal counts, the wait for it is a wait in the budget, and the call goes again."""
    async with datadog(scripted("POST", "*/acknowledge", REFUSED), hooks=[watched.hook]) as (sim, dd):
        await dd.pages.acknowledge(sim.add_page(title="x"))
    shown = watched.scrape()
    assert shown.values("attempts_total", "status") == {"429": 1, "202": 1}
    assert shown.values("retries_total", "outcome") == {"throttled": 1}
    assert (shown.total("refusals_total"), shown.total("calls_total", outcome="success")) == (1, 1)
    assert 7 <= shown.total("budget_wait_seconds_sum", lane="interactive") < 8
    assert shown.values("budget_wait_seconds_bucket", "le") == {
        le: float(le == "+Inf" or float(le) >= 10) for le in shown.values("budget_wait_seconds_bucket", "le")
    }


async def test_retried_call(watched: Watched) -> None:
    """An attempt that fails counts by its status or by having none, and what came of it is why the call goes again."""
    faults = scripted("POST", "*/acknowledge", BAD_GATEWAY, FaultKind.DROP_BEFORE)
    async with datadog(faults, hooks=[watched.hook]) as (sim, dd):
        await dd.pages.acknowledge(sim.add_page(title="x"))
    shown = watched.scrape()
    assert shown.values("attempts_total", "status") == {"502": 1, "none": 1, "202": 1}
    assert shown.values("retries_total", "outcome") == {"transient": 2}
    assert (shown.total("calls_total"), shown.total("refusals_total")) == (1, 0)
    assert shown.total("budget_wait_seconds_sum") < shown.total("call_duration_seconds_sum")


async def test_failed_call(watched: Watched) -> None:
    """A call that raises counts as an error."""
    async with datadog(hooks=[watched.hook]) as (_, dd):
        with pytest.raises(NotFound):
            await dd.pages.get("no-such-page")
    assert watched.scrape().values("calls_total", "outcome") == {"error": 1}


async def test_call_in_doubt(watched: Watched) -> None:
    """A call that may have happened is in doubt; the series was there before it, so that Prometheus sees it rise."""
    async with datadog(hooks=[watched.hook]) as (sim, dd):
        page = sim.add_page(title="x")
        sim.faults.script("POST", "*/escalate", Fault(FaultKind.SLOW, delay=5.0), LOST)
        first = asyncio.create_task(dd.pages.escalate(page))
        await asyncio.sleep(1.0)
        assert [one.value for one in watched.scrape().of("calls_in_doubt_total")] == [0]
        await first
        with pytest.raises(AmbiguousOutcome):
            await dd.pages.escalate(page)
    shown = watched.scrape()
    assert shown.values("calls_total", "outcome") == {"success": 1, "in_doubt": 1}
    assert [one.value for one in shown.of("calls_in_doubt_total")] == [1]


async def test_cancelled_call(watched: Watched) -> None:
    """A call that is cancelled on its way is cancelled and in doubt; one that has sent nothing is only cancelled."""
    async with datadog(hooks=[watched.hook]) as (sim, dd):
        sim.faults.script("POST", "*/escalate", Fault(FaultKind.SLOW, delay=600.0), REFUSED)
        for _ in range(2):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(dd.pages.escalate(sim.add_page(title="x")), 1.0)
    shown = watched.scrape()
    assert shown.values("calls_total", "outcome") == {"cancelled": 2}
    assert (shown.total("calls_in_doubt_total"), shown.total("refusals_total")) == (1, 1)


async def test_reconciled_call(watched: Watched) -> None:
    """A page whose answer is lost and that is found again is one call of success, reconciled; the looks are others."""
    async with datadog(scripted("POST", PAGES, LOST), hooks=[watched.hook]) as (_, dd):
        page = await dd.pages.create("Disk full", target=TEAM, dedup_key="k-1")
    assert page.reconciled
    shown = watched.scrape()
    assert shown.values("calls_total", "outcome", **CREATE) == {"success": 1}
    assert shown.total("calls_reconciled_total", **CREATE) == shown.total("calls_reconciled_total") == 1
    assert shown.total("calls_in_doubt_total") == 0
    assert shown.total("calls_total", method="GET") > 0


async def test_refused_for_good(watched: Watched) -> None:
    """A call that is refused too often is an error, and each refusal counts."""
    faults = scripted("POST", "*/acknowledge", REFUSED, REFUSED, REFUSED)
    async with datadog(faults, hooks=[watched.hook], retry=RetryPolicy(max_refusals=2)) as (sim, dd):
        with pytest.raises(RateLimited):
            await dd.pages.acknowledge(sim.add_page(title="x"))
    shown = watched.scrape()
    assert (shown.total("refusals_total"), shown.values("calls_total", "outcome")) == (3, {"error": 1})


async def test_job(watched: Watched, journal: Path) -> None:
    """The calls of a job are on the lane of jobs, apart from those of people, and its pauses count while it waits."""
    async with datadog(simulator={"slow": (0.1, 0.2)}, hooks=[watched.hook]) as (sim, dd):
        with await bulk.plan(dd, "acknowledge", journal, add_pages(sim, 100)) as job:
            run = asyncio.create_task(run_all(job, concurrency=10))
            await asyncio.sleep(1.0)
            outage = asyncio.create_task(down(sim, 60.0))
            await asyncio.sleep(30.0)
            assert watched.scrape().total("job_pauses_total") >= 3
            assert watched.scrape().total("job_paused_seconds_total") == 0
            counts = await run
            await outage
    shown = watched.scrape()
    assert counts == bulk.Counts(done=100)
    assert shown.total("calls_total", lane="bulk", route=ACKNOWLEDGE, outcome="success") == 100
    assert 30 < shown.total("job_paused_seconds_total") < 100


async def test_grafana(watched: Watched, journal: Path) -> None:
    """Grafana's calls are told apart from Datadog's, a job's from a person's."""
    async with grafana_world(client={"hooks": [watched.hook]}) as world:
        group, *many = add_groups(world.sim, 4)
        await world.client.alert_groups.acknowledge(group)
        with await bulk.plan(world.client, "resolve", journal, many) as job:
            await run_all(job)
    shown = watched.scrape()
    route = "/api/v1/alert_groups/{alert_group_id}"
    assert shown.total("calls_total", provider="grafana", route=f"{route}/acknowledge/", lane="interactive") == 1
    assert shown.total("calls_total", provider="grafana", route=f"{route}/resolve/", lane="bulk") == 3
    assert shown.of("calls_total", provider="datadog") == []
    assert TOKEN not in shown.text


async def test_budgets(watched: Watched) -> None:
    """A client that is watched shows what is left of its limits at each scrape, until it is closed."""
    rule = RateRule("oncall_paging", 100, 60.0)
    async with datadog(simulator={"rate_rules": (rule,)}, hooks=[watched.hook]) as (sim, dd):
        watched.hook.watch(dd, "main")
        page = sim.add_page(title="x")
        for used in (1, 2):
            await dd.pages.acknowledge(page)
            (left,) = watched.scrape().of("budget_remaining")
            assert left.value == 100 - used
        assert left.labels == {
            "provider": "datadog", "client": "main", "host": "127.0.0.1", "bucket": "oncall_paging",
        }  # fmt: skip
        shown = watched.scrape()
        assert (shown.total("budget_limit"), shown.total("budget_period_seconds")) == (100, 60)
        assert 59 < shown.total("budget_reset_seconds") < 61
        assert shown.of("budget_processes") == []
        assert [one.value for one in shown.of("budget_in_flight")] == [0]
    assert watched.scrape().of("budget_limit") == []


async def test_budgets_of_several_clients(sim: Simulator, clock: VirtualClock, watched: Watched) -> None:
    """Clients of one provider have names; a name is free again once its client is closed or gone."""
    async with grafana_world() as world, client_on(sim, clock=clock) as first, client_on(sim, clock=clock) as second:
        for client in (first, first.with_options(timeout=1), world.client):
            watched.hook.watch(client)
        with pytest.raises(OptionsError, match="name"):
            watched.hook.watch(second)
        watched.hook.watch(second, "second\n\x1b[31m")
        for client in (first, second):
            await client.teams.find("storage")
        shown = watched.scrape()
        assert set(shown.values("budget_waiting", "client", provider="datadog")) == {"", "second [31m"}
    async with client_on(sim, clock=clock) as third:
        watched.hook.watch(third)
    forgotten = client_on(sim, clock=clock)
    watched.hook.watch(forgotten)
    del forgotten, third
    gc.collect()
    watched.hook.watch(client_on(sim, clock=clock))


async def test_a_servers_name_of_a_bucket(watched: Watched) -> None:
    """What a server calls a bucket steers no terminal and breaks no format, and a credential in it is hidden."""
    rule = RateRule(f'a"b\\c{API_KEY}', 100, 60.0)
    async with datadog(simulator={"rate_rules": (rule,)}) as (sim, dd):
        watched.hook.watch(dd)
        await dd.pages.acknowledge(sim.add_page(title="x"))
        (limit,) = watched.scrape().of("budget_limit")
    assert limit.labels["bucket"] == 'a"b\\c***'


async def test_limit_of_ones_own(watched: Watched) -> None:
    """Waits for a limit of the user's own are waits in the budget."""
    async with datadog(hooks=[watched.hook], rate_limit=CallRate(calls=1, per=10)) as (sim, dd):
        for page in add_pages(sim, 3):
            await dd.pages.acknowledge(page)
    assert 15 < watched.scrape().total("budget_wait_seconds_sum") < 25


async def test_scraped_from_a_thread(sim: Simulator, watched: Watched) -> None:
    """A scrape may come from another thread, as those of `start_http_server` do, while calls are made."""
    begun, over, url = threading.Event(), threading.Event(), sim.datadog_url

    def scrape() -> int:
        scrapes = 0
        while not over.is_set():
            assert watched.scrape().of("budget_in_flight")
            scrapes += 1
            begun.set()
        return scrapes

    options = ClientOptions(hooks=[watched.hook])
    async with DatadogOnCall(API_KEY, APP_KEY, api_url=url, paging_url=url, options=options) as dd:
        watched.hook.watch(dd)
        await dd.pages.acknowledge(sim.add_page(title="x"))
        with ThreadPoolExecutor() as threads:
            scraping = threads.submit(scrape)
            begun.wait(10)
            await dd.pages.acknowledge_many(add_pages(sim, 100))
            over.set()
            assert scraping.result() > 1
    assert watched.scrape().total("calls_total", outcome="success") == 101


def test_one_hook_a_registry(watched: Watched) -> None:
    """A second hook on a registry is refused in words, and nothing of it stays; another registry takes one."""
    before = watched.scrape().text
    with pytest.raises(OptionsError, match=r"registry: .* give all clients one hook"):
        PrometheusHook(registry=watched.registry)
    assert watched.scrape().text == before
    PrometheusHook(registry=CollectorRegistry())


def test_a_name_that_is_taken() -> None:
    """A registry that has one of the names already is refused, and keeps none of the others."""
    registry = CollectorRegistry()
    taken = Counter("aiooncall_calls", "Somebody else's.", registry=registry)
    with pytest.raises(OptionsError, match="registry"):
        PrometheusHook(registry=registry)
    registry.unregister(taken)
    PrometheusHook(registry=registry)


def test_usual_registry() -> None:
    """Without a registry the metrics are shown by that of the library, and can be taken out of it again."""
    hook = PrometheusHook()
    assert REGISTRY.get_sample_value("aiooncall_job_pauses_total") == 0
    REGISTRY.unregister(hook)
    assert REGISTRY.get_sample_value("aiooncall_job_pauses_total") is None


def test_names() -> None:
    """Counters end in `_total`, times are in seconds, and every metric says what it is."""
    for family in Watched().registry.collect():
        assert family.documentation.endswith("."), family.name
        assert family.name.startswith("aiooncall_")
        if family.type == "histogram":
            assert family.name.endswith("_seconds")


@pytest.mark.slow
def test_without_the_library() -> None:
    """Without `prometheus_client` the hook says what to install, and the package itself does not mind."""
    code = """
import sys
sys.modules["prometheus_client"] = None
import aiooncall, aiooncall.instrumentation, aiooncall.cli.app
try:
    from aiooncall.instrumentation import PrometheusHook
except ImportError as missing:
    print(missing)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "PrometheusHook needs prometheus-client; in a clone: pip install '.[prometheus]'\n"


@pytest.mark.slow
def test_nothing_is_loaded_unasked() -> None:
    """Neither the package nor the command line loads `prometheus_client` before it is asked for."""
    code = "import sys, aiooncall.instrumentation, aiooncall.cli.app; print('prometheus_client' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"

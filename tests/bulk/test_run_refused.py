"""Credentials that may not act, and clients that are not open: the job ends and nothing is lost."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import ClientClosed, Forbidden, Unauthorized, bulk
from aiooncall.bulk import Counts
from aiooncall.bulk.running import FORBIDDEN_IN_A_ROW
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions
from tests.support.bulk_world import add_groups, add_pages, after, run_all, tally
from tests.support.datadog_client import API_KEY, APP_KEY, PAGES, client_on, datadog, scripted
from tests.support.grafana_client import TOKEN, grafana_world

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall import DatadogOnCall
    from aiooncall.bulk import VerbName
    from aiooncall.simulator import Simulator

UNKNOWN = Fault(FaultKind.ERROR_BEFORE, status=401)
FORBIDDEN = Fault(FaultKind.ERROR_BEFORE, status=403)


@pytest.mark.parametrize("verb", ["resolve", "escalate"])
@pytest.mark.parametrize(("fault", "kind"), [(UNKNOWN, Unauthorized), (FORBIDDEN, Forbidden)])
async def test_refused_at_once(verb: VerbName, fault: Fault, kind: type[Exception], journal: Path) -> None:
    """Credentials that are refused on the first page end the job after one request, and every page stays open."""
    async with datadog(scripted("POST", f"{PAGES}/*", fault)) as (sim, client):
        with await bulk.plan(client, verb, journal, add_pages(sim, 30)) as job:
            with pytest.raises(kind):
                await run_all(job)
            assert len(sim.ledger.requests) == 1
            assert job.counts == Counts(open=30)
            assert await job.resume() == Counts(done=30)
        assert sim.ledger.doubled() == []


async def test_service_account(journal: Path) -> None:
    """The same for a token of Grafana that may not act."""
    async with grafana_world(GrafanaOptions(powerless=frozenset({TOKEN}))) as world:
        job = await bulk.plan(world.client, "acknowledge", journal, add_groups(world.sim, 30))
        with pytest.raises(Forbidden):
            await run_all(job)
        assert len(world.requests()) == 1
        assert job.counts == Counts(open=30)


async def test_bad_token(journal: Path) -> None:
    """The same for a token that Grafana does not know, which is Unauthorized although the status is 403."""
    async with grafana_world(GrafanaOptions(tokens={"another": "admin"})) as world:
        job = await bulk.plan(world.client, "acknowledge", journal, add_groups(world.sim, 30))
        with pytest.raises(Unauthorized):
            await run_all(job)
        assert len(world.requests()) == 1
        assert job.counts == Counts(open=30)


async def test_one_forbidden_item_does_not_stop_the_others(journal: Path) -> None:
    """Once an item worked, one that is forbidden fails by itself."""
    async with datadog(scripted("POST", f"{PAGES}/*", None, FORBIDDEN)) as (sim, client):
        with await bulk.plan(client, "resolve", journal, add_pages(sim, 30)) as job:
            assert await run_all(job) == Counts(done=29, failed=1)


@pytest.mark.parametrize("verb", ["resolve", "escalate"])
async def test_unauthorized_in_the_middle(verb: VerbName, journal: Path) -> None:
    """A token that expires in the middle ends the job: what was refused stays open, and is done once it is resumed."""
    async with datadog(scripted("POST", f"{PAGES}/*", *[None] * 20, UNKNOWN)) as (sim, client):
        with await bulk.plan(client, verb, journal, add_pages(sim, 200)) as job:
            with pytest.raises(Unauthorized):
                await run_all(job, concurrency=10)
            assert tally(job.journal)["done"] < 40
            assert set(tally(job.journal)) == {"done", "open"}
            assert await job.resume() == Counts(done=200)
        assert sim.ledger.doubled() == []


async def test_token_revoked_in_the_middle(tmp_path: Path) -> None:
    """A Grafana token that is revoked in the middle ends the job with the rest open, also in the journal."""
    tokens = {TOKEN: "admin"}
    async with grafana_world(GrafanaOptions(tokens=tokens)) as world:
        with await bulk.plan(world.client, "acknowledge", tmp_path / "job.db", add_groups(world.sim, 200)) as job:
            with pytest.raises(Unauthorized):
                await run_all(job, concurrency=10, watch=after(50, tokens.clear))
            done = world.sim.ledger.count("acknowledge")
            assert tally(job.journal) == {"done": done, "open": 200 - done}
            assert 50 <= done <= len(world.requests("POST")) <= 70
            tokens[TOKEN] = "admin"
            assert await job.resume() == Counts(done=200)


async def test_keys_revoked_in_the_middle(journal: Path) -> None:
    """Datadog says Forbidden to revoked keys, as it may to a single page: many in a row end the job."""
    credentials = {API_KEY: APP_KEY}
    async with datadog(simulator={"credentials": credentials}) as (sim, client):
        with await bulk.plan(client, "resolve", journal, add_pages(sim, 200)) as job:
            with pytest.raises(Forbidden):
                await run_all(job, watch=after(50, credentials.clear))
            done = sim.ledger.count("resolve")
            assert (job.counts.done, job.counts.failed) == (done, FORBIDDEN_IN_A_ROW - 1)
            with pytest.raises(Forbidden):
                await job.resume()
            assert (job.counts.done, job.counts.failed) == (done, 2 * (FORBIDDEN_IN_A_ROW - 1))
            credentials[API_KEY] = APP_KEY
            assert await job.resume(retry_failed=True) == Counts(done=200)


async def test_one_forbidden_item_does_not_hold_up_a_resumed_job(
    sim: Simulator, dd: DatadogOnCall, journal: Path
) -> None:
    """Once something has worked, a first item that alone is forbidden fails, and the rest goes on."""
    pages = add_pages(sim, 30)
    with await bulk.plan(dd, "resolve", journal, pages) as job:
        await run_all(job, watch=after(5, job.stop), concurrency=1)
        next_one = pages[job.counts.done]
        sim.faults.script("POST", f"*{next_one}*", FORBIDDEN)
        assert await job.resume() == Counts(done=29, failed=1)


@pytest.mark.parametrize("verb", ["resolve", "escalate"])
async def test_client_that_is_not_open(sim: Simulator, dd: DatadogOnCall, verb: VerbName, journal: Path) -> None:
    """With a client that was not opened the job ends at once and every item stays open."""
    job = await bulk.plan(client_on(sim), verb, journal, add_pages(sim, 30))
    with pytest.raises(ClientClosed):
        await run_all(job)
    assert job.counts == Counts(open=30)
    job.close()
    with bulk.open_job(dd, journal) as again:
        assert await run_all(again) == Counts(done=30)


@pytest.mark.parametrize("verb", ["resolve", "escalate"])
async def test_client_closed_in_the_middle(verb: Any, journal: Path) -> None:
    """A client that is closed under a job ends it: what was not sent stays open."""
    async with datadog(scripted("POST", f"{PAGES}/*", *[None] * 20, *[Fault(FaultKind.SLOW)] * 10)) as (sim, client):
        ids = add_pages(sim, 200)
        async with client_on(sim) as closing:
            with await bulk.plan(closing, verb, journal, ids) as job:
                run = asyncio.ensure_future(run_all(job, concurrency=10))
                await asyncio.sleep(1.0)
                await closing.close()
                with pytest.raises(ClientClosed):
                    await run
                assert tally(job.journal)["open"] >= 170
        with bulk.open_job(client, journal) as again:
            counts = await again.resume()
            assert counts.unfinished == counts.failed == 0
            assert counts.ambiguous == (10 if verb == "escalate" else 0)
        assert all(sim.ledger.count(verb, page) == 1 for page in ids)

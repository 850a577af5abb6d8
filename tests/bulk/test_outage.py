"""Outages: while nothing can be reached a job waits, looks from time to time, and uses up no items."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import ConnectError, JobPaused, JobResumed, OptionsError, bulk
from aiooncall.simulator import Fault, FaultKind
from tests.support.bulk_world import acted_on, add_pages, after, down, run_all, tally
from tests.support.datadog_client import PAGES, client_on, datadog, scripted

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall import DatadogOnCall
    from aiooncall.events import Event
    from aiooncall.simulator import Simulator


@pytest.mark.parametrize("verb", ["acknowledge", "escalate"])
async def test_outage_uses_up_no_items(verb: Any, journal: Path) -> None:
    """A job that meets a minute without a server goes on afterwards: nothing has failed, and all was done once."""
    heard: list[Event] = []
    async with datadog(simulator={"slow": (0.1, 0.2)}, hooks=(heard.append,)) as (sim, client):
        ids = add_pages(sim, 400)
        with await bulk.plan(client, verb, journal, ids) as job:
            run = asyncio.create_task(run_all(job, concurrency=20))
            await asyncio.sleep(1.0)
            done = job.counts.done
            await down(sim, 60.0)
            counts = await run
        # What was on the wire when the server went away is in doubt where it must not be sent twice.
        doubtful = counts.ambiguous
        assert 0 < done < 300
        assert doubtful <= (20 if verb == "escalate" else 0)
        assert counts == bulk.Counts(done=400 - doubtful, ambiguous=doubtful)
        assert max(sim.ledger.count(verb, page) for page in ids) == 1
        tries = len([record for record in sim.ledger.requests if record.method == "POST"])
        assert tries <= 400 + 20
    paused = [event for event in heard if isinstance(event, JobPaused)]
    (resumed,) = [event for event in heard if isinstance(event, JobResumed)]
    assert [event.next_try for event in paused[:6]] == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0][: len(paused)]
    assert "Connect" in paused[0].reason
    assert 30 < resumed.paused < 100


async def test_patience(journal: Path) -> None:
    """An outage that lasts longer than is borne ends the job with its reason, and the rest is open."""
    async with datadog(simulator={"slow": (0.1, 0.2)}) as (sim, client):
        with await bulk.plan(client, "acknowledge", journal, add_pages(sim, 200)) as job:
            run = asyncio.create_task(run_all(job, concurrency=10, patience=20))
            await asyncio.sleep(1.0)
            outage = asyncio.create_task(down(sim, 300.0))
            with pytest.raises(ConnectError):
                await run
            assert not outage.done()
            assert set(tally(job.journal)) == {"done", "open"}
            await outage
            assert (await job.resume()).succeeded == 200


async def test_stop_in_an_outage(journal: Path) -> None:
    """Stopped while nothing can be reached, a job ends at once, with the rest open."""
    async with datadog(simulator={"slow": (0.1, 0.2)}) as (sim, client):
        with await bulk.plan(client, "acknowledge", journal, add_pages(sim, 200)) as job:
            run = asyncio.create_task(run_all(job, concurrency=10))
            await asyncio.sleep(1.0)
            outage = asyncio.create_task(down(sim, 300.0))
            await asyncio.sleep(100.0)
            job.stop()
            started = asyncio.get_running_loop().time()
            counts = await run
            assert asyncio.get_running_loop().time() - started < 1
            assert counts.total == counts.done + counts.open == 200
            await outage


async def test_nothing_to_reach_from_the_start(sim: Simulator, journal: Path) -> None:
    """A job whose very first call reaches nobody ends with the reason, as a wrong address would; all stays open."""
    client = client_on(sim)
    pages = add_pages(sim, 5)
    await sim._datadog.close()
    async with client:
        with await bulk.plan(client, "acknowledge", journal, pages) as job:
            with pytest.raises(ConnectError):
                await run_all(job)
            assert job.counts == bulk.Counts(open=5)


async def test_items_that_fail_while_others_get_through(journal: Path) -> None:
    """What cannot be sent while others can is no outage: it is tried again at once, and then is done."""
    heard: list[Event] = []
    faults = scripted("POST", f"{PAGES}/*", None)
    async with datadog(faults, hooks=(heard.append,)) as (sim, client):
        ids = add_pages(sim, 60)
        with await bulk.plan(client, "acknowledge", journal, ids) as job:
            act, left = job._provider.act, dict.fromkeys(ids[10:13], 2)

            async def flaky(verb: Any, item_id: str, duration: float | None) -> bool:
                if left.get(item_id, 0):
                    left[item_id] -= 1
                    raise ConnectError("no route to host")
                return await act(verb, item_id, duration)

            job._provider.act = flaky  # type: ignore[method-assign]
            assert await run_all(job, concurrency=4) == bulk.Counts(done=60)
    assert not [event for event in heard if isinstance(event, JobPaused)]
    assert sorted(acted_on(sim, "acknowledge")) == sorted(ids)


async def test_item_that_can_never_be_sent(sim: Simulator, dd: DatadogOnCall, journal: Path) -> None:
    """An item that cannot be sent however often others get through fails in the end, and does not hold up the job."""
    ids = add_pages(sim, 200)
    with await bulk.plan(dd, "acknowledge", journal, ids) as job:
        act = job._provider.act

        async def broken(verb: Any, item_id: str, duration: float | None) -> bool:
            if item_id == ids[20]:
                raise ConnectError("no route to host")
            return await act(verb, item_id, duration)

        job._provider.act = broken  # type: ignore[method-assign]
        assert await run_all(job, concurrency=4) == bulk.Counts(done=199, failed=1)


async def test_proxy_that_refuses_ends_the_job(sim: Simulator, dd: DatadogOnCall, journal: Path) -> None:
    """A proxy that wants other credentials is not asked again and again: that could lock an account."""
    ids = add_pages(sim, 50)
    with await bulk.plan(dd, "acknowledge", journal, ids) as job:
        sim.faults.script("POST", f"{PAGES}/*", *[None] * 20, *[Fault(FaultKind.ERROR_BEFORE, status=407)] * 50)
        with pytest.raises(ConnectError, match="407"):
            await run_all(job, concurrency=4, watch=after(100, job.stop))
        assert set(tally(job.journal)) == {"done", "open"}
        assert len(sim.ledger.requests) <= 20 + 4


@pytest.mark.parametrize("patience", [0, -1, "long"])
async def test_patience_that_is_none(sim: Simulator, dd: DatadogOnCall, patience: Any, journal: Path) -> None:
    """A bound that makes no sense is refused before anything is sent."""
    with await bulk.plan(dd, "acknowledge", journal, add_pages(sim, 2)) as job, pytest.raises(OptionsError):
        await run_all(job, patience=patience)
    assert sim.ledger.requests == []

"""Stopping: nothing is sent any more, what waits stays open, and the run ends when the wire is silent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import bulk
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions, RateRule
from tests.support.bulk_world import acted_on, add_groups, add_pages, after, run_all, tally
from tests.support.datadog_client import PAGES, datadog, scripted
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall import DatadogOnCall
    from aiooncall.simulator import Simulator


async def stopped(job: bulk.Job, seconds: float, **options: Any) -> tuple[bulk.Counts, float]:
    """Run a job, stop it after some seconds, and return its counts and how long it took to end."""
    loop = asyncio.get_running_loop()
    run = asyncio.create_task(run_all(job, **options))
    await asyncio.sleep(seconds)
    started = loop.time()
    job.stop()
    return await run, loop.time() - started


@pytest.mark.parametrize("verb", ["escalate", "resolve"])
async def test_who_waits_for_the_limit_is_let_go(verb: Any, journal: Path) -> None:
    """Stopped while the limit is used up, a job ends at once: what waited is open, and nothing more arrives."""
    async with datadog(simulator={"rate_rules": [RateRule("oncall_paging", limit=20, period=3600)]}) as (sim, client):
        with await bulk.plan(client, verb, journal, add_pages(sim, 90)) as job:
            counts, took = await stopped(job, 100.0)
            done = sim.ledger.count(verb)
            assert took < 1
            assert counts == bulk.Counts(done=done, open=90 - done)
            sent = len(sim.ledger.requests)
            await asyncio.sleep(7200)
            assert len(sim.ledger.requests) == sent
            assert (await job.resume()).done == 90
        assert sim.ledger.doubled() == []


async def test_hour_of_retry_after(journal: Path) -> None:
    """Told to wait for an hour, a job that is stopped ends within a second, with everything open."""
    hour = Fault(FaultKind.THROTTLE, retry_after="3600")
    async with datadog(scripted("POST", f"{PAGES}/*", *[hour] * 10)) as (sim, client):
        with await bulk.plan(client, "escalate", journal, add_pages(sim, 50)) as job:
            counts, took = await stopped(job, 60.0)
            assert took < 1
            assert counts == bulk.Counts(open=50)


@pytest.mark.parametrize("verb", ["escalate", "resolve"])
async def test_what_is_on_the_wire_comes_to_its_end(verb: Any, journal: Path) -> None:
    """What was sent is waited for and written down; nothing is in doubt for a stop."""
    async with datadog(simulator={"slow": (1.0, 3.0)}) as (sim, client):
        with await bulk.plan(client, verb, journal, add_pages(sim, 60)) as job:
            counts, took = await stopped(job, 5.0, concurrency=8)
            assert 0 < took < 3
            assert counts == bulk.Counts(done=sim.ledger.count(verb), open=60 - sim.ledger.count(verb))
            assert len(acted_on(sim, verb)) == counts.done
            assert (await job.resume()).done == 60
        assert sim.ledger.doubled() == []


async def test_no_second_try(journal: Path) -> None:
    """What fails on the wire after a stop is not tried again: it is open, and remembered as maybe sent."""
    slow, broken = Fault(FaultKind.SLOW, delay=2.0), Fault(FaultKind.ERROR_AFTER, status=500)
    async with datadog(scripted("POST", f"{PAGES}/*", slow, *[broken] * 200)) as (sim, client):
        with await bulk.plan(client, "resolve", journal, add_pages(sim, 8)) as job:
            counts, took = await stopped(job, 2.01, concurrency=8)
            assert took < 1
            assert counts.unfinished == counts.open == 7
            sent = len(sim.ledger.requests)
            await asyncio.sleep(60)
            assert len(sim.ledger.requests) == sent


async def test_stop_between_two_tries(journal: Path) -> None:
    """An item that waits for its second try goes back to open, marked as maybe sent, which a resumed run knows."""
    async with grafana_world() as world:
        ids = add_groups(world.sim, 3)
        world.fail("POST", "*", None, Fault(FaultKind.DROP_AFTER))
        world.fail("GET", "*", *[Fault(FaultKind.ERROR_BEFORE, status=500)] * 50)
        with await bulk.plan(world.client, "acknowledge", journal, ids) as job:
            counts, _ = await stopped(job, 0.2, concurrency=1)
            assert counts == bulk.Counts(done=1, open=2)
            world.sim.faults._scripts.clear()
            assert await job.resume() == bulk.Counts(done=2, found_done=1)
            with await job.undo(journal.with_name("undo.db")) as undo:
                assert undo.plan.items == 3
                assert "1 of it sent by a run that was cut off" in undo.plan.selection
                await run_all(undo)
        assert {world.sim.ledger.count("unacknowledge", group) for group in ids} == {1}


async def test_stop_before_it_begins(sim: Simulator, dd: DatadogOnCall, journal: Path) -> None:
    """Stopped while the journal is being checked, a run sends nothing."""
    with await bulk.plan(dd, "escalate", journal, add_pages(sim, 5)) as job:
        run = asyncio.create_task(job.run(job.plan.hash))
        await asyncio.sleep(0)
        job.stop()
        assert await run == bulk.Counts(open=5)
        assert sim.ledger.requests == []
        assert (await run_all(job)).done == 5


async def test_stop_by_the_callback(sim: Simulator, dd: DatadogOnCall, journal: Path) -> None:
    """Who stops a job from its own callback loses nothing: the item that was told of is written down."""
    with await bulk.plan(dd, "escalate", journal, add_pages(sim, 30)) as job:
        counts = await run_all(job, concurrency=1, watch=after(7, job.stop))
        assert counts == bulk.Counts(done=7, open=23)
        assert tally(job.journal) == {"done": 7, "open": 23}


async def test_second_stop_cancels(journal: Path) -> None:
    """Cancelled after a stop, what is on the wire is marked as such: to be looked at, or to be sent again."""
    slow: dict[str, Any] = {"slow": (5.0, 6.0)}
    async with datadog(simulator=slow) as (sim, client), grafana_world(GrafanaOptions(limit=None), **slow) as world:
        cases: list[tuple[Any, Any, list[str], dict[str, int]]] = [
            (client, "escalate", add_pages(sim, 9), {"sending": 3, "open": 6}),
            (world.client, "acknowledge", add_groups(world.sim, 9), {"open": 9}),
        ]
        for each, verb, ids, expected in cases:
            with await bulk.plan(each, verb, journal.with_name(f"{verb}.db"), ids) as job:
                # A job that has done something does not try its first item alone.
                run = asyncio.create_task(run_all(job, concurrency=3))
                await asyncio.sleep(7.0)
                job.stop()
                run.cancel()
                await asyncio.gather(run, return_exceptions=True)
                done = tally(job.journal).pop("done", 0)
                assert done == 1
                assert tally(job.journal) == {**expected, "open": expected["open"] - done, "done": done}

"""The simulator's ledger, and the simulator's own start and end."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from aiooncall.simulator import Effect, Fault, FaultKind, FaultPlan, Notification, RequestRecord, Simulator
from tests.support.datadog_http import PAGES, simulated
from tests.support.virtual_time import VirtualClock


async def test_ledger_tells_what_happened() -> None:
    """Requests, effects and notifications are entered in order, with their times."""
    async with simulated() as (sim, caller):
        page_id = await caller.create()
        await asyncio.sleep(2)
        await caller.act(page_id, "resolve")
        await caller.act("nobody", "resolve")
    ledger = sim.ledger
    start, end = ledger.effects[0].at, ledger.effects[1].at
    assert end - start == pytest.approx(2, abs=0.1)
    assert ledger.effects == [Effect(start, page_id, "create", "1"), Effect(end, page_id, "resolve", "1")]
    assert ledger.notifications == [Notification(start, page_id, "create")]
    assert ledger.requests[:2] == [
        RequestRecord(start, "POST", PAGES, 200),
        RequestRecord(end, "POST", f"{PAGES}/{page_id}/resolve", 202),
    ]
    assert ledger.statuses == {200: 1, 202: 1, 404: 1}
    assert (ledger.count("resolve"), ledger.count("resolve", page_id), ledger.count("resolve", "nobody")) == (1, 1, 0)


async def test_doubled_finds_what_happened_twice() -> None:
    """A page escalated twice is doubled, and so are two pages alike; the order of tags does not matter."""
    async with simulated() as (sim, caller):
        single = await caller.create("One")
        twice = await caller.create("Two")
        for page_id in (single, twice, twice):
            await caller.act(page_id, "escalate")
        twins = [await caller.create("Twin", tags=tags) for tags in (["a:1", "b:2"], ["b:2", "a:1"])]
        await caller.create("Twin", tags=["a:1"])
        await caller.create("Twin", tags=["a:1"], target={"type": "user_id", "identifier": "u"})
    assert sim.ledger.doubled() == [twice, *twins]


async def test_unfinished_lists_what_is_not_resolved() -> None:
    """Pages count as unfinished until they are resolved, those put in by hand too."""
    async with simulated() as (sim, caller):
        seeded = sim.add_page(title="Seeded")
        sim.add_page(title="Done", status="resolved")
        created = await caller.create("Created")
        assert sim.ledger.unfinished() == [seeded, created]
        await caller.act(seeded, "resolve")
    assert sim.ledger.unfinished() == [created]
    assert sim.ledger.pages_by_title("Seeded") == [seeded]
    assert sim.ledger.pages_by_title("nothing") == []


async def test_seeded_pages_are_no_effects() -> None:
    """A page put in by hand notifies nobody and is no twin of a created one."""
    async with simulated() as (sim, caller):
        sim.add_page(title="Down")
        sim.add_page(title="Down")
        await caller.create("Down")
    assert (sim.ledger.count("create"), len(sim.ledger.notifications), sim.ledger.doubled()) == (1, 1, [])


async def test_ledger_can_just_count() -> None:
    """For long runs the lists stay empty while counts and findings go on."""
    async with simulated(keep_requests=False) as (sim, caller):
        page_id = await caller.create()
        for _ in range(2):
            await caller.act(page_id, "escalate")
    ledger = sim.ledger
    assert [*ledger.requests, *ledger.effects, *ledger.notifications] == []
    assert (ledger.count("escalate", page_id), ledger.doubled(), ledger.unfinished()) == (2, [page_id], [page_id])
    assert ledger.statuses == {200: 1, 202: 2}


async def test_no_secret_is_kept() -> None:
    """Neither the ledger nor any repr shows a key."""
    async with simulated(credentials={"s3cret": "s3cret-app"}) as (sim, caller):
        await caller.send("GET", PAGES, key="s3cret")
        texts = [repr(sim), repr(vars(sim)), repr(vars(sim.ledger)), repr(sim._limiter), repr(sim._datadog)]
    assert not [text for text in texts if "s3cret" in text]


async def test_close_does_not_wait() -> None:
    """Closing hangs up on idle clients and on requests that a fault has put to sleep."""
    plan = FaultPlan()
    plan.script("GET", PAGES, None, Fault(FaultKind.SLOW, delay=1000))
    loop = asyncio.get_running_loop()
    async with simulated(faults=plan) as (sim, caller):
        await caller.send("GET", PAGES)
        sleeper = asyncio.create_task(caller.send("GET", PAGES))
        await asyncio.sleep(1)
        start = loop.time()
        await sim.close()
        with pytest.raises(aiohttp.ClientConnectionError):
            await sleeper
        assert loop.time() - start < 1
    assert sim.ledger.statuses == {200: 1, None: 1}


async def test_start_and_close_work_without_a_context() -> None:
    """A simulator can be started and closed by hand; closing twice is harmless, an early URL is an error."""
    sim = Simulator(clock=VirtualClock())
    with pytest.raises(RuntimeError, match="not been started"):
        _ = sim.datadog_url
    await sim.start()
    assert sim.datadog_url != sim.elsewhere_url
    await sim.close()
    await sim.close()


async def test_taken_port_leaves_nothing_open() -> None:
    """A simulator that finds its port taken says so and closes what it had opened."""
    async with simulated() as (sim, _):
        port = int(sim.datadog_url.rpartition(":")[2])
        with pytest.raises(OSError, match="address already in use"):
            await Simulator(port=port).start()


async def test_requests_are_listed_in_order_of_arrival() -> None:
    """A slow request stands before the quick one that came after it."""
    plan = FaultPlan()
    plan.script("GET", PAGES, Fault(FaultKind.SLOW, delay=10))
    async with simulated(faults=plan) as (sim, caller):
        slow = asyncio.create_task(caller.send("GET", PAGES))
        await asyncio.sleep(1)
        await caller.send("GET", f"{PAGES}/nobody")
        assert [record.status for record in sim.ledger.requests] == [None, 404]
        await slow
    assert [record.status for record in sim.ledger.requests] == [200, 404]

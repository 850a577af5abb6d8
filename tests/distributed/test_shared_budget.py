"""Several processes on one limit, over a real Redis: pools of their own in one process, on virtual time."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from aiooncall import BudgetLearned, CallRate, HeldBy, RateLimited
from aiooncall.limits.admission import LAST_QUARTER
from aiooncall.limits.probes import MOST_PROBES
from aiooncall.simulator import Fault, FaultKind, RateRule, Simulator
from tests.support.bulk_world import add_groups, add_pages
from tests.support.shared_pools import acknowledge, acknowledge_groups, grafana_replicas, refused, replicas, windows
from tests.support.virtual_time import VirtualClock

VAGUE = 1.2
"""Seconds that a cold start may cost once: `Reset` has whole seconds, so the first end is known to one of them only."""


def limited(limit: int, period: float, **more: Any) -> Simulator:
    """Return a simulator with one limit for everything."""
    return Simulator(clock=VirtualClock(), rate_rules=[RateRule("paging", limit, period, **more)], settle_delay=0)


async def at_start_of_window(period: float, share: float = 0.0) -> None:
    """Wait until a window is so far gone."""
    clock = VirtualClock()
    await clock.sleep((share * period - clock.time()) % period)


def theory(calls: int, limit: int, period: float, share: float) -> float:
    """Return how many seconds one client would take who knows everything, from where a window is so far gone."""
    return (1 - share) * period + (math.ceil(calls / limit) - 2) * period


@pytest.mark.no_cover
@pytest.mark.parametrize(("limit", "period", "most"), [(200, 2.0, 1.05), (300, 60.0, 1.02)])
@pytest.mark.parametrize("rounding", ["floor", "ceil"])
@pytest.mark.parametrize("share", [0.1, 0.6])
async def test_four_processes_use_the_whole_limit(
    redis_url: str, limit: int, period: float, most: float, rounding: Any, share: float
) -> None:
    """Four processes take hardly longer than one that knows everything, are not refused, and ask Redis little."""
    calls = 6 * limit - limit // 2
    async with limited(limit, period, rounding=rounding) as sim:
        ids = add_pages(sim, calls)
        async with replicas(sim, redis_url, 4) as crew:
            await at_start_of_window(period, share)
            taken = await acknowledge(crew, ids)
            assert taken <= most * theory(calls, limit, period, share) + VAGUE
            assert refused(sim) <= 0.01 * calls
            assert sum(replica.redis.commands for replica in crew) <= 0.3 * calls
            assert max(known.shared_by or 0 for replica in crew for known in replica.client.budgets()) == 4


async def test_lost_process_costs_its_turns_of_one_window(redis_url: str) -> None:
    """When one process vanishes, the others use every window from the next one on, whole."""
    async with limited(200, 10.0) as sim:
        ids = add_pages(sim, 2400)
        async with replicas(sim, redis_url, 4) as crew:
            await at_start_of_window(10.0)
            gone = asyncio.create_task(acknowledge(crew[:1], ids[2000:]))
            rest = asyncio.create_task(acknowledge(crew[1:], ids[:2000]))
            await VirtualClock().sleep(15.001)
            gone.cancel()
            crew[0].redis.down = True
            await rest
    used = windows(sim, 10.0)
    first = min(used)
    whole = [used[first + number] for number in range(3, 9)]
    assert min(whole) >= 200 - MOST_PROBES  # while the end is uncertain, a probe may go a moment after it
    assert sum(whole[3:]) >= 3 * 200 - MOST_PROBES
    assert refused(sim) <= 0.01 * sum(used.values())


async def test_unknown_limit_is_approached_by_all_together(redis_url: str) -> None:
    """Before the first answer not more than four calls are on their way, however many processes begin at once."""
    async with limited(20, 60.0) as sim:
        ids = add_pages(sim, 20)
        async with replicas(sim, redis_url, 5) as crew:
            await at_start_of_window(60.0)
            await acknowledge(crew, ids)
    assert refused(sim) == 0
    first = sim.ledger.requests[0].at
    assert sum(record.at <= first + 1e-3 for record in sim.ledger.requests) >= 4


async def test_one_refusal_closes_for_all(redis_url: str) -> None:
    """A process that was refused tells the others: none of them runs into the limit as well."""
    async with limited(10, 60.0, headers="on_429", retry_after=True) as sim:
        ids = add_pages(sim, 30)
        async with replicas(sim, redis_url, 3) as crew:
            await at_start_of_window(60.0, 0.5)
            for at in range(10):
                await crew[0].client.pages.acknowledge(ids[at])
            impatient = crew[0].client.with_options(deadline=5.0)
            with pytest.raises(RateLimited):
                await impatient.pages.acknowledge(ids[10])
            for replica in crew[1:]:
                with pytest.raises(RateLimited):
                    await replica.client.with_options(deadline=5.0).pages.acknowledge(ids[11])
            assert refused(sim) == 1


async def test_one_look_opens_for_all(redis_url: str) -> None:
    """When a wait turns out to be much too long, the one process that looks opens the bucket for the others as well."""
    async with limited(1000, 60.0) as sim:
        ids = add_pages(sim, 10)
        async with replicas(sim, redis_url, 2, deadline=None) as crew:
            for replica in crew:
                await replica.client.pages.acknowledge(ids.pop())
            sim.faults.script("POST", "*", Fault(FaultKind.THROTTLE, retry_after="7200"))
            began = VirtualClock().monotonic()
            refused_one = asyncio.create_task(crew[0].client.pages.acknowledge(ids.pop()))
            await VirtualClock().sleep(1.0)
            waiting = asyncio.create_task(crew[1].client.pages.acknowledge(ids.pop()))
            await refused_one
            assert VirtualClock().monotonic() - began == pytest.approx(900, abs=30)
            await waiting
            assert VirtualClock().monotonic() - began <= 1000


async def test_newcomer_knows_the_bucket_before_its_first_answer(redis_url: str) -> None:
    """A process that has just begun is told where its route is counted: its call waits instead of being refused."""
    async with limited(50, 60.0) as sim:
        ids = add_pages(sim, 60)
        async with replicas(sim, redis_url, 2) as crew:
            await at_start_of_window(60.0)
            await acknowledge(crew[:1], ids[:50])
            with pytest.raises(RateLimited) as told:
                await crew[1].client.with_options(deadline=5.0).pages.acknowledge(ids[50])
            assert told.value.retry_at is not None
            (known,) = crew[1].client.budgets()
            assert (known.limit, known.period, known.remaining) == (50, 60.0, 0)
            assert await acknowledge(crew[1:], ids[50:]) == pytest.approx(60, abs=1.1)
    assert refused(sim) == 0


async def test_person_is_not_held_up_by_a_job_elsewhere(redis_url: str) -> None:
    """While bulk work of one process takes what there is, calls of people in another one go at once."""
    async with limited(200, 60.0) as sim:
        ids = add_pages(sim, 1000)
        async with replicas(sim, redis_url, 2) as crew:
            await at_start_of_window(60.0)
            await crew[1].client.pages.acknowledge(ids[0])
            job = asyncio.create_task(acknowledge(crew[:1], ids[20:]))
            for at in range(1, 9):
                await VirtualClock().sleep(5.0)
                began = VirtualClock().monotonic()
                await crew[1].client.pages.acknowledge(ids[at])
                assert VirtualClock().monotonic() - began < 0.05
            job.cancel()
    assert refused(sim) == 0


@pytest.mark.no_cover
@pytest.mark.slow
@pytest.mark.parametrize("jobs", [1, 2])
async def test_caller_beside_jobs_waits_for_the_next_window_at_most(redis_url: str, jobs: int) -> None:
    """While jobs elsewhere use up window after window, 99 of 100 calls of a person wait for less than a second.

    One waits that comes while it is uncertain whether the window has ended, or just before.
    """
    limit, period, every = 300, 60.0, 5.3
    waits: list[float] = []
    async with limited(limit, period) as sim:
        ids = add_pages(sim, 13 * limit)
        async with replicas(sim, redis_url, jobs + 1) as crew:
            await at_start_of_window(period)

            async def call() -> None:
                began = VirtualClock().monotonic()
                await crew[-1].client.pages.acknowledge(add_pages(sim, 1)[0])
                waits.append(VirtualClock().monotonic() - began)

            calls = [asyncio.create_task(call())]
            running = asyncio.create_task(acknowledge(crew[:-1], ids))
            while not running.done():
                await VirtualClock().sleep(every)
                calls.append(asyncio.create_task(call()))
            await asyncio.gather(*calls)
            assert await running <= 1.02 * theory(len(ids) + len(calls), limit, period, 0.0)
    assert len(waits) >= 100
    assert sorted(waits)[math.ceil(0.95 * len(waits)) - 1] < 0.05
    assert sorted(waits)[math.ceil(0.99 * len(waits)) - 1] < 1.0
    assert max(waits) < LAST_QUARTER + VAGUE
    assert refused(sim) <= 0.01 * len(ids)


async def test_held_calls_say_why(redis_url: str) -> None:
    """What waits for a turn that is counted elsewhere is shown like any other wait, with its end."""
    async with limited(20, 60.0) as sim:
        ids = add_pages(sim, 40)
        async with replicas(sim, redis_url, 2) as crew:
            await at_start_of_window(60.0)
            job = asyncio.create_task(acknowledge(crew, ids))
            await VirtualClock().sleep(10.0)
            holds = [budget.hold for replica in crew for budget in replica.client.budgets() if budget.waiting]
            assert holds
            assert {hold.by for hold in holds if hold} <= {HeldBy.LIMIT, HeldBy.PROBE}
            assert all(hold and hold.at_most == pytest.approx(50, abs=2.1) for hold in holds)
            await job


async def test_events_tell_how_many_share(redis_url: str) -> None:
    """When another process joins, the events of the budget say so."""
    shared: list[int | None] = []

    def note(event: object) -> None:
        if isinstance(event, BudgetLearned):
            shared.append(event.budget.shared_by)

    async with limited(2000, 60.0) as sim:
        ids = add_pages(sim, 4)
        async with replicas(sim, redis_url, 2, hooks=(note,)) as crew:
            for at in range(4):
                await crew[at % 2].client.pages.acknowledge(ids[at])
    assert shared[0] == 1
    assert shared[-1] == 2


async def test_own_rate_holds_as_well(redis_url: str) -> None:
    """A rate of the user's own slows a process down, whatever turns the others leave it."""
    async with limited(1000, 60.0) as sim:
        ids = add_pages(sim, 40)
        async with replicas(sim, redis_url, 2, rate_limit=CallRate(calls=10, per=10)) as crew:
            assert await acknowledge(crew, ids) >= 18.0


async def test_grafana_users_window_is_shared(redis_url: str) -> None:
    """Four processes share what Grafana allows a user in any minute, and are not refused."""
    async with Simulator(clock=VirtualClock(), settle_delay=0) as sim:
        groups = add_groups(sim, 900)
        async with grafana_replicas(sim, redis_url, 4) as crew:
            taken = await acknowledge_groups(crew, groups)
            assert {known.shared_by for replica in crew for known in replica.client.budgets()} == {4}
            assert sum(replica.redis.commands for replica in crew) <= 0.3 * 900
    assert refused(sim) == 0
    assert taken <= 1.02 * 2 * 60.0


async def test_grafana_reserve_is_kept_across_processes(redis_url: str) -> None:
    """What bulk work of one process leaves to people, people of another one get at once."""
    async with Simulator(clock=VirtualClock(), settle_delay=0) as sim:
        groups = add_groups(sim, 400)
        async with grafana_replicas(sim, redis_url, 2, reserve=10) as crew:
            job = asyncio.create_task(acknowledge_groups(crew[:1], groups))
            await VirtualClock().sleep(30.0)
            for at in range(10):
                began = VirtualClock().monotonic()
                await crew[1].client.alert_groups.acknowledge(groups[-1 - at])
                assert VirtualClock().monotonic() - began < 0.05
            await job
    assert refused(sim) == 0

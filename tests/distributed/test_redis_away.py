"""When Redis is slow, away, or has lost its data: no call fails or is held up by it, and the limit is kept."""

from __future__ import annotations

import asyncio
import logging
import math
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from aiooncall.distributed.asking import MOST_PATIENT
from aiooncall.distributed.store import LONGEST_LOOK, PATIENCE
from aiooncall.simulator import RateRule, Simulator
from tests.support.bulk_world import add_groups, add_pages
from tests.support.shared_pools import acknowledge, acknowledge_groups, grafana_replicas, refused, replicas, windows
from tests.support.virtual_time import EPOCH, VirtualClock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiooncall import DatadogOnCall
    from tests.support.shared_pools import Replica

LIMIT, PERIOD = 200, 10.0


def limited(limit: int = LIMIT) -> Simulator:
    """Return a simulator with one limit for everything."""
    return Simulator(clock=VirtualClock(), rate_rules=[RateRule("paging", limit, PERIOD)], settle_delay=0)


def now() -> float:
    """Return virtual seconds."""
    return VirtualClock().monotonic()


async def until_window(number: int) -> None:
    """Wait until shortly after a window begins, counted from the one that the test began in."""
    begins = (math.floor(EPOCH / PERIOD) + number) * PERIOD - EPOCH
    await VirtualClock().sleep(begins - now() + 0.001)


def switch_off(crew: Sequence[Replica[DatadogOnCall]], *, down: bool = True) -> None:
    """Take Redis away from every process, or give it back."""
    for replica in crew:
        replica.redis.down = down


def refused_by_window(sim: Simulator) -> Counter[int]:
    """Return how many requests were refused in each window."""
    return Counter(math.floor((EPOCH + one.at) / PERIOD) for one in sim.ledger.requests if one.status == 429)


async def test_slow_redis_holds_no_person_up(redis_url: str) -> None:
    """However long Redis takes, a person waits for it for 50 ms at most, and not at all once it is known to be away."""
    async with limited() as sim, replicas(sim, redis_url, 1) as (one,):
        one.redis.delay = 0.3
        for page in add_pages(sim, 5):
            began = now()
            await one.client.pages.acknowledge(page)
            assert now() - began <= MOST_PATIENT + 0.01
            await VirtualClock().sleep(1.0)
        one.redis.delay = 1e6
        for page in add_pages(sim, 2):
            await one.client.pages.acknowledge(page)
            await VirtualClock().sleep(2 * PATIENCE)
        for page in add_pages(sim, 3):
            began = now()
            await one.client.pages.acknowledge(page)
            assert now() - began <= 0.01
        assert [budget.shared_by for budget in one.client.budgets()] == [None]


async def test_no_call_fails_without_redis(redis_url: str) -> None:
    """With no Redis at all, single calls and bulk work do what they do in one process."""
    async with limited() as sim, replicas(sim, redis_url, 1) as crew:
        switch_off(crew)
        pages = add_pages(sim, 450)
        await crew[0].client.pages.acknowledge(pages[0])
        taken = await acknowledge(crew, pages[1:])
        assert sim.ledger.count("acknowledge") == 450
        assert taken < 3 * PERIOD
        assert refused(sim) <= 2


@pytest.mark.parametrize("error", [ConnectionResetError(), RuntimeError("boom"), ValueError("redis://:s3cret@host")])
async def test_whatever_redis_raises_fails_no_call(
    redis_url: str, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """No error of a client of Redis reaches a call; it is logged once by its class, without its text."""
    caplog.set_level(logging.WARNING, "aiooncall")
    async with limited() as sim, replicas(sim, redis_url, 1) as (one,):
        one.redis.error = error
        for page in add_pages(sim, 3):
            await one.client.pages.acknowledge(page)
    assert [type(error).__name__ in record.getMessage() for record in caplog.records] == [True]
    assert "s3cret" not in caplog.text
    assert "boom" not in caplog.text


async def test_each_takes_its_part_while_redis_is_away(redis_url: str) -> None:
    """While Redis is away each process uses the limit over the number of processes; then they share again.

    When it is back it does not know what was sent without it: the window of that moment may have a wave of refusals.
    """
    async with limited() as sim, replicas(sim, redis_url, 4) as crew:
        await until_window(1)
        job = asyncio.create_task(acknowledge(crew, add_pages(sim, 9 * LIMIT)))
        await until_window(2)
        await VirtualClock().sleep(1.0)
        switch_off(crew)
        await until_window(5)
        await VirtualClock().sleep(1.0)
        assert [known.shared_by for replica in crew for known in replica.client.budgets()] == [None] * 4
        switch_off(crew, down=False)
        await VirtualClock().sleep(LONGEST_LOOK + 0.1)
        known_by = [known.shared_by for replica in crew for known in replica.client.budgets()]
        assert None not in known_by
        assert max(filter(None, known_by)) == 4
        await job
        used = windows(sim, PERIOD)
    refusals = refused_by_window(sim)
    assert refusals.pop(math.floor(EPOCH / PERIOD) + 5, 0) <= LIMIT
    assert refusals.total() <= 0.01 * 9 * LIMIT
    assert all(used[min(used) + number] >= 0.9 * LIMIT for number in range(7))


async def test_lost_data_cost_one_window_of_refusals(redis_url: str) -> None:
    """When Redis forgets everything, the windows after the next are used whole, and there are no more refusals."""
    async with limited() as sim, replicas(sim, redis_url, 4) as crew:
        await until_window(1)
        job = asyncio.create_task(acknowledge(crew, add_pages(sim, 7 * LIMIT)))
        await until_window(3)
        async with Redis.from_url(redis_url) as redis:
            await redis.flushall()
        await job
        used = windows(sim, PERIOD)
        refusals = refused_by_window(sim)
    assert len(refusals) <= 1
    assert refusals.total() <= LIMIT
    assert [used[min(used) + number] for number in range(4, 6)] == [LIMIT] * 2


async def test_grafana_user_goes_on_without_redis(redis_url: str) -> None:
    """While Redis is away each process uses its part of a sliding window, and shares again afterwards."""
    async with Simulator(clock=VirtualClock(), settle_delay=0) as sim, grafana_replicas(sim, redis_url, 3) as crew:
        groups = add_groups(sim, 700)
        for replica in crew * 2:
            await replica.client.alert_groups.acknowledge(groups.pop())
        for replica in crew:
            replica.redis.down = True
        assert await acknowledge_groups(crew, groups[:300]) < 65
        for replica in crew:
            replica.redis.down = False
        await VirtualClock().sleep(65.0)
        assert [known.shared_by for replica in crew for known in replica.client.budgets()] == [3] * 3
        assert await acknowledge_groups(crew[:1], groups[300:595]) < 5
    assert refused(sim) <= 3


async def test_closed_pool_leaves_nothing_behind(redis_url: str) -> None:
    """A pool that is closed while it asks, or looks for a Redis that is away, leaves no task and no connection."""
    async with limited() as sim:
        async with replicas(sim, redis_url, 2) as crew:
            await crew[0].client.pages.acknowledge(add_pages(sim, 1)[0])
            crew[0].redis.down = True
            crew[1].redis.delay = 1e6
            stuck = [asyncio.create_task(one.client.pages.acknowledge(add_pages(sim, 1)[0])) for one in crew]
            await VirtualClock().sleep(0.01)
        await asyncio.gather(*stuck, return_exceptions=True)
        assert [task for task in asyncio.all_tasks() if "distributed" in repr(task.get_coro())] == []

"""A Redis that Sentinel watches: it holds a budget through a failover, and no fences."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from redis import Redis
from redis.asyncio import Sentinel

from aiooncall import DatadogOnCall, OptionsError, SessionPool, bulk
from aiooncall.bulk import Counts
from aiooncall.distributed import RedisBudget
from aiooncall.simulator import RateRule, Simulator
from tests.support.bulk_world import add_pages
from tests.support.chunk_queue import world
from tests.support.datadog_client import API_KEY, APP_KEY
from tests.support.servers import HOST, RedisServer, SentinelServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

PATIENCE = 20.0
"""Seconds after which a failover is taken not to come; it takes two to five."""


class Watched(NamedTuple):
    """A Redis, its replica, and the Sentinel of both."""

    first: RedisServer
    second: RedisServer
    sentinel: SentinelServer


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    """Return a Redis whose replica has what it has, under a Sentinel that knows both."""
    folders = [tmp_path / name for name in ("first", "second", "sentinel")]
    for folder in folders:
        folder.mkdir()
    with ExitStack() as stack:
        first = stack.enter_context(RedisServer(folders[0], "--repl-diskless-sync-delay", "0"))
        second = stack.enter_context(RedisServer(folders[1], "--replicaof", HOST, str(first.port)))
        wait_for(second, lambda said: said["master_link_status"] == "up")
        sentinel = stack.enter_context(SentinelServer(folders[2], first))
        wait_for(sentinel, lambda said: said["master0"]["slaves"] == 1)
        yield Watched(first, second, sentinel)


def wait_for(server: RedisServer, condition: Callable[[dict[str, Any]], bool]) -> None:
    """Wait until a condition holds for what a server says of itself."""
    until = time.monotonic() + PATIENCE
    with Redis.from_url(server.url) as redis:
        while not condition(redis.info()):
            assert time.monotonic() < until, redis.info()
            time.sleep(0.02)


@asynccontextmanager
async def sharing(sim: Simulator, sentinel: SentinelServer, number: int) -> AsyncIterator[list[DatadogOnCall]]:
    """Yield clients that share a budget which Sentinel knows the place of, as the documentation has it."""
    asked = Sentinel([(HOST, sentinel.port)])  # type: ignore[no-untyped-call]
    async with AsyncExitStack() as stack:
        stack.push_async_callback(asked.sentinels[0].aclose)
        clients = []
        for _ in range(number):
            redis = await stack.enter_async_context(asked.master_for(sentinel.NAME))
            pool = await stack.enter_async_context(SessionPool(shared=RedisBudget(redis)))
            url = sim.datadog_url
            client = DatadogOnCall(API_KEY, APP_KEY, api_url=url, paging_url=url, pool=pool)
            clients.append(await stack.enter_async_context(client))
        yield clients


async def call_until(sim: Simulator, clients: list[DatadogOnCall], shared_by: int | None) -> int:
    """Make calls by all clients until all know that so many share the budget; return how many calls that took."""
    calls = 0
    async with asyncio.timeout(PATIENCE):
        while {known.shared_by for client in clients for known in client.budgets()} != {shared_by}:
            for client in clients:
                await client.pages.acknowledge(sim.add_page(title="Down"))
                calls += 1
            await asyncio.sleep(0.02)
    return calls


@pytest.mark.slow
def test_budget_outlives_a_failover(watched: Watched) -> None:
    """When its Redis ends no call fails, and the budget is shared again over the replica that takes its place."""

    async def run() -> None:
        rules = [RateRule("paging", 5000, 60.0)]
        async with Simulator(rate_rules=rules, settle_delay=0) as sim, sharing(sim, watched.sentinel, 2) as clients:
            calls = await call_until(sim, clients, 2)
            watched.first.end()
            calls += await call_until(sim, clients, None)
            calls += await call_until(sim, clients, 2)
            assert sim.ledger.statuses == {202: calls}

    asyncio.run(run())
    with Redis.from_url(watched.second.url) as redis:
        assert redis.role()[0] == b"master"
        assert len(list(redis.scan_iter("aiooncall:*"))) >= 2


def test_sentinel_holds_no_fences(watched: Watched, journal: Path) -> None:
    """A job that must not repeat its items does not begin on the URL of a Sentinel, which has no data."""

    async def run() -> None:
        async with world(watched.sentinel.url) as found:
            with await bulk.plan(found.client, "escalate", journal, add_pages(found.sim, 3)) as job:
                with pytest.raises(OptionsError, match="redis_url: got 'sentinel'; expected one server for escalate"):
                    await job.run(job.plan.hash, workers=found.queue)
                assert job.counts == Counts(open=3)

    asyncio.run(run())

"""How long does a person wait beside two jobs of other processes, when all share one budget over Redis?"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from math import ceil
from multiprocessing import get_context
from typing import TYPE_CHECKING

import attrs

from aiooncall import DatadogOnCall, SessionPool
from aiooncall.distributed import RedisBudget
from aiooncall.simulator import RateRule
from benchmarks.contenders import KEY
from benchmarks.servers import simulator
from benchmarks.window import CONCURRENCY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from concurrent.futures import Future

JOBS = 2


@attrs.frozen
class Beside:
    """What came of a caller beside jobs.

    Attributes:
        seconds: how long the jobs took.
        waits: how long each call of the person took, sorted, in seconds.
        refusals: how many requests of anybody were refused.
        failed: how many calls of the jobs failed.
    """

    seconds: float
    waits: list[float]
    refusals: int
    failed: int

    @property
    def p99(self) -> float:
        """How long all but one in a hundred calls of the person took at most, in seconds."""
        return self.waits[ceil(0.99 * len(self.waits)) - 1]


def beside_jobs(redis: str, calls: int, limit: int, period: float, every: float) -> Beside:
    """Run two jobs of so many calls together, and a caller for as long as they run.

    Args:
        redis: where the budget is; it is empty.
        calls: those of both jobs.
        limit: calls that the server allows in a window.
        period: the length of a window, in seconds.
        every: the time from one call of the person to the next, in seconds.
    """
    rule = RateRule("oncall_paging", limit, period, rounding="floor")
    with simulator(rule, pages=calls) as server, ProcessPoolExecutor(JOBS, mp_context=get_context("spawn")) as crew:
        began = time.perf_counter()
        jobs = [crew.submit(acknowledge, server.url, redis, server.ids[at::JOBS]) for at in range(JOBS)]
        waits = asyncio.run(_call_while(jobs, server.url, redis, server.ids[0], every))
        taken = time.perf_counter() - began
        statuses, _ = server.ask()
    return Beside(taken, sorted(waits), statuses.get(429, 0), sum(job.result() for job in jobs))


def acknowledge(url: str, redis: str, ids: list[str]) -> int:
    """Acknowledge pages as one process of several, and return how many calls failed."""

    async def work() -> int:
        async with opened(url, redis) as client:
            return (await client.pages.acknowledge_many(ids, concurrency=CONCURRENCY)).failed

    return asyncio.run(work())


@asynccontextmanager
async def opened(url: str, redis: str) -> AsyncIterator[DatadogOnCall]:
    """Open a client whose budget is shared over Redis."""
    async with (
        SessionPool(shared=RedisBudget(redis)) as pool,
        DatadogOnCall(KEY, KEY, api_url=url, paging_url=url, pool=pool) as client,
    ):
        yield client


async def _call_while(jobs: Sequence[Future[int]], url: str, redis: str, page: str, every: float) -> list[float]:
    async with opened(url, redis) as client:

        async def call() -> float:
            began = time.perf_counter()
            await client.pages.acknowledge(page)
            return time.perf_counter() - began

        calls = []
        while not all(job.done() for job in jobs):
            calls.append(asyncio.create_task(call()))
            await asyncio.sleep(every)
        return await asyncio.gather(*calls)

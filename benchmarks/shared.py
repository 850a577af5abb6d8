"""How close to the possible do four processes come at one rate limit, when they share one budget over Redis?"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import asynccontextmanager
from functools import partial
from math import inf
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from redis import Redis

from aiooncall import RateLimit
from aiooncall._base.clock import SYSTEM_CLOCK
from aiooncall.distributed import RedisBudget
from aiooncall.limits.budget import LocalBudget
from aiooncall.limits.lane import Lane
from benchmarks.caller import beside_jobs, opened
from benchmarks.contenders import KEY
from benchmarks.harness import Result
from benchmarks.processes import OURS, PROCESSES, Job, measure, opened_by
from benchmarks.window import CONCURRENCY, in_crew, limited
from tests.support.servers import RedisServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from benchmarks.processes import Run
    from benchmarks.window import Many

SHARED = "aiooncall, one budget over Redis"
TARGETS = {2.0: 1.05, 60.0: 1.02}
"""Of the time over theory, by the length of a window."""
TARGET_REFUSALS, TARGET_COMMANDS = 0.01, 0.3
TARGET_STOCK = 1.0
"""Microseconds that a turn may cost more which is counted elsewhere and is in stock."""
TURNS, ROUNDS = 20_000, 9
ROOMY = RateLimit("paging", 100_000_000, 99_999_999, 60.0, 30.0)
"""What a server says whose limit nobody reaches."""


@attrs.frozen
class Limit:
    """A limit, how many calls are made at it, and from which shares of a window on."""

    calls: int
    limit: int
    period: float
    phases: tuple[float, ...]


BUSY = Limit(5500, 1000, 60.0, (0.5,))
"""What two jobs do beside a caller, for so long that the slowest of a hundred calls is not the slowest of all."""
EVERY, TARGET_WAIT = 1.3, 1.0
"""Seconds from one call of the person to the next, who so stays within the reserve; and how long 99 of 100 may take."""
SHORT, LONG = Limit(1900, 200, 2.0, (0.1, 0.5)), Limit(750, 300, 60.0, (0.5,))
QUICK = Limit(300, 200, 2.0, (0.1,))


def run(*, quick: bool) -> Result:
    """Run aiooncall over Redis, and in full mode at both limits, with a lost process, and beside the rivals."""
    result = Result(
        name="shared",
        question=f"how close to the possible do {PROCESSES} processes come at one limit, with one budget over Redis?",
        method=(
            f"{PROCESSES} processes with one credential and a share of the ids each, which start at once; a real"
            " redis-server on the same machine, the\nsimulator in a further process. Theory and start are those of the"
            " question `processes`. Commands are what the server has counted.\nIn the row with a lost process one is"
            " killed in the second window, and the theory is that of the calls that were made.\nIn the last one two"
            " processes have a job each, and a further one makes a call from time to time, as a person would."
        ),
        packages=("aiooncall", "redis", "aiohttp", "aiolimiter"),
        columns=("job", "limit", "calls", "theory, s", "taken, s", "over theory", "429s a call", "commands a call"),
    )
    try:
        with tempfile.TemporaryDirectory() as folder, RedisServer(Path(folder)) as server:
            for limit in (QUICK,) if quick else (SHORT, LONG):
                _at_limit(result, server, limit, judged=not quick)
            if not quick:
                _with_a_loss(result, server)
            _beside_jobs(result, server, *((QUICK, 0.2) if quick else (BUSY, EVERY)), judged=not quick)
            _stock(result, server.url)
    except pytest.skip.Exception as missing:
        result.verdicts.append(str(missing))
    except pytest.fail.Exception as missing:
        result.failures.append(str(missing))
    return result


def _at_limit(result: Result, server: RedisServer, limit: Limit, *, judged: bool) -> None:
    jobs = [Job(OURS, limit.calls, phase, limit.limit, limit.period) for phase in limit.phases]
    runs = [_shared(server, job) for job in jobs]
    _report(result, SHARED, limit, runs)
    if any(run.failed or run.missing for run, _ in runs):
        result.failures.append(f"failed or got lost: {[(run.failed, run.missing) for run, _ in runs]}")
    if not judged:
        return
    what = f"{limit.limit} per {limit.period:g} s"
    result.aim(f"{what}: median over theory", median(run.ratio for run, _ in runs), TARGETS[limit.period])
    result.aim(f"{what}: 429s a call, median", median(run.refused for run, _ in runs), TARGET_REFUSALS)
    result.aim(f"{what}: commands a call, median", median(commands for _, commands in runs), TARGET_COMMANDS)
    _report(result, "aiooncall, headers only", limit, [(measure(job, opened_by(OURS)), None) for job in jobs])
    quarter = partial(_quarter, limit=limit.limit, period=limit.period)
    rival = [attrs.evolve(job, contender="aiolimiter", calls=min(limit.calls, 900)) for job in jobs[:1]]
    _report(result, "aiolimiter + aiohttp, a quarter each", limit, [(measure(job, quarter), None) for job in rival])


def _with_a_loss(result: Result, server: RedisServer) -> None:
    job = Job(OURS, SHORT.calls, 0.1, SHORT.limit, SHORT.period, killed=1)
    run, commands = _shared(server, job)
    _report(result, f"{SHARED}, a process killed", SHORT, [(run, commands)])
    result.aim("a process killed: over theory", run.ratio, TARGETS[SHORT.period])


def _beside_jobs(result: Result, server: RedisServer, limit: Limit, every: float, *, judged: bool) -> None:
    with Redis.from_url(server.url) as redis:
        redis.flushall()
    found = beside_jobs(server.url, limit.calls, limit.limit, limit.period, every)
    calls = limit.calls + len(found.waits)
    result.raw["two jobs and a caller"] = attrs.asdict(found)
    what = f"{limit.limit} per {limit.period:g} s", f"{calls:,}"
    taken = "", f"{found.seconds:.2f}", "", f"{found.refusals / calls:.3f}", ""
    result.rows.append((f"{SHARED}, two jobs and a caller", *what, *taken))
    if found.failed:
        result.failures.append(f"calls of two jobs beside a caller failed: {found.failed}")
    if judged:
        result.aim("a caller beside two jobs: p99 of a call, s", found.p99, TARGET_WAIT)


def _shared(server: RedisServer, job: Job) -> tuple[Run, float]:
    """Return a run over an empty Redis, and the commands a call that it took."""
    with Redis.from_url(server.url) as redis:
        redis.flushall()
        redis.config_resetstat()
        run = measure(job, partial(_over_redis, redis=server.url))
        stats: dict[str, Any] = redis.info("commandstats")
    commands = sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "eval", "ping"))
    return run, commands / run.calls


def _report(result: Result, name: str, limit: Limit, runs: Sequence[tuple[Run, float | None]]) -> None:
    result.raw[f"{name}, {limit.period:g} s"] = [{**attrs.asdict(run), "commands": commands} for run, commands in runs]
    columns = (
        f"{limit.limit} per {limit.period:g} s",
        f"{runs[0][0].calls:,}",
        " ".join(f"{run.theory:.2f}" for run, _ in runs),
        " ".join(f"{run.seconds:.2f}" for run, _ in runs),
        " ".join("gave up" if run.failed else f"{run.ratio:.3f}" for run, _ in runs),
        " ".join(f"{run.refused:.3f}" for run, _ in runs),
        " ".join("" if commands is None else f"{commands:.2f}" for _, commands in runs),
    )
    result.rows.append((name, *columns))


@asynccontextmanager
async def _over_redis(url: str, redis: str) -> AsyncIterator[Many]:
    """Open aiooncall with a budget that is shared over Redis."""
    async with opened(url, redis) as client:

        async def acknowledge_all(ids: list[str]) -> int:
            return (await client.pages.acknowledge_many(ids, concurrency=CONCURRENCY)).failed

        yield acknowledge_all


@asynccontextmanager
async def _quarter(url: str, *, limit: int, period: float) -> AsyncIterator[Many]:
    """Open a bare session behind an aiolimiter that has its part of the limit."""
    async with in_crew(partial(limited, limit=limit / PROCESSES, period=period))(url) as acknowledge_all:
        yield acknowledge_all


def _stock(result: Result, redis: str) -> None:
    """Measure what a turn costs that is in stock, over one that is counted in this process."""
    more = asyncio.run(_cost_of_stock(redis))
    result.raw["stock"] = more
    result.aim("a turn in stock over one of this process alone, median, microseconds", median(more), TARGET_STOCK)


async def _cost_of_stock(redis: str) -> list[float]:
    shared = RedisBudget(redis).open(SYSTEM_CLOCK)
    try:
        alone = LocalBudget(SYSTEM_CLOCK)
        together = LocalBudget(SYSTEM_CLOCK, shared=shared.limits_of(("host", KEY)))
        for budget in (alone, together):
            await _call(budget)
        return [await _round(together) - await _round(alone) for _ in range(ROUNDS)]
    finally:
        alone.close()
        together.close()
        await shared.close()


async def _call(budget: LocalBudget) -> None:
    permit = await budget.acquire("route", Lane.BULK, inf)
    budget.answered(permit, "route", ROOMY)


async def _round(budget: LocalBudget) -> float:
    """Return how long a call's part in the budget takes on average, in microseconds, once turns are in stock."""
    await _call(budget)
    started = time.process_time()
    for _ in range(TURNS):
        if (permit := budget.try_acquire("route", Lane.BULK)) is None:
            await _call(budget)  # once a second they are fetched anew
        else:
            budget.answered(permit, "route", ROOMY)
    return (time.process_time() - started) / TURNS * 1e6

"""How fast is a job over four workers, at a limit and without one?"""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import ExitStack, contextmanager
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aiooncall import bulk
from aiooncall.distributed import TaskiqWorkers
from aiooncall.simulator import RateRule
from benchmarks.harness import Result
from benchmarks.servers import acceptor, simulator
from tests.support.broker_servers import NatsServer
from tests.support.job_process import make_client
from tests.support.servers import RedisServer
from tests.support.worker_processes import running, worker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall import DatadogOnCall, GrafanaOnCall
    from aiooncall.bulk import Counts

WORKERS = 4
CONCURRENCY = 16
ANSWER = 0.02
PHASE = 0.5
"""Where in a window the job at a limit begins, as a share of it."""
TARGET_OVER_THEORY = 1.03
TARGET_SPEEDUP = 3.0
Places = tuple[str, str]


def run(*, quick: bool) -> Result:
    """Run the job at a limit, and the one without."""
    items, limit, period, free_items = (1000, 200, 2.0, 2000) if quick else (20_000, 500, 2.0, 20_000)
    result = Result(
        name="workers",
        question=f"how fast is a job over {WORKERS} workers, at {limit:,} calls per {period:g} s and without a limit?",
        method=(
            f"`acknowledge` through TaskiqWorkers on NATS JetStream and Redis, workers with {CONCURRENCY} requests at"
            " once, chunks of 250, after a job\nof 200 items that warms them up. The theory at a limit is one client"
            f" that knows the server's clock. Without a limit an answer takes\n{ANSWER * 1000:g} ms; the server does"
            " little else."
        ),
        packages=("aiooncall", "aiohttp", "redis", "taskiq", "taskiq-nats"),
        columns=("job", "items", "workers", "taken, s", "theory, s", "items/s"),
    )
    try:
        _at_a_limit(result, items, limit, period, judged=not quick)
        _without_a_limit(result, free_items, judged=not quick)
    except pytest.skip.Exception as missing:
        result.verdicts.append(str(missing))
    except pytest.fail.Exception as missing:
        result.failures.append(str(missing))
    return result


def _at_a_limit(result: Result, items: int, limit: int, period: float, *, judged: bool) -> None:
    rule = RateRule("oncall_paging", limit, period)
    with simulator(rule, pages=items + 200) as server, _crew(server.url, WORKERS) as places:
        taken, started = asyncio.run(_two_jobs(server.url, server.ids, places, period))
        statuses, acknowledged = server.ask()
    theory = period - started % period + (ceil(items / limit) - 2) * period
    _report(result, f"{limit:,} per {period:g} s", items, WORKERS, taken=taken, theory=f"{theory:.2f}")
    result.raw["limit"] = {"taken": taken, "theory": theory, "refusals": statuses.get(429, 0)}
    if acknowledged != items + 200:
        result.failures.append(f"{items + 200 - acknowledged} items got lost")
    if judged:
        result.aim("taken over theory at a limit", taken / theory, TARGET_OVER_THEORY)
        result.aim("429s an item at a limit", statuses.get(429, 0) / items, 0.01)


def _without_a_limit(result: Result, items: int, *, judged: bool) -> None:
    took: dict[int, float] = {}
    for workers in (1, WORKERS):
        with acceptor(delay=ANSWER) as url, _crew(url, workers) as places:
            ids = [f"page-{number}" for number in range(items + 200)]
            took[workers], _ = asyncio.run(_two_jobs(url, ids, places, None))
        theory = items * ANSWER / CONCURRENCY / workers
        _report(result, f"{ANSWER * 1000:g} ms an answer", items, workers, taken=took[workers], theory=f"{theory:.2f}")
    result.raw["free"] = {str(workers): taken for workers, taken in took.items()}
    if judged:
        result.aim("time of four workers over that of one", took[WORKERS] / took[1], 1 / TARGET_SPEEDUP)


def _report(result: Result, job: str, items: int, workers: int, *, taken: float, theory: str) -> None:
    result.rows.append((job, f"{items:,}", str(workers), f"{taken:.2f}", theory, f"{items / taken:,.0f}"))


@contextmanager
def _crew(url: str, number: int) -> Iterator[Places]:
    """Start a broker, a Redis and workers, and yield where broker and Redis are."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis, broker = stack.enter_context(RedisServer(folder)), stack.enter_context(NatsServer())
        programs = [worker(f"worker-{at}", broker.url, redis.url, url) for at in range(number)]
        for program in programs:
            program.env["AIOONCALL_CONCURRENCY"] = str(CONCURRENCY)
        stack.enter_context(running(*programs))
        yield broker.url, redis.url


async def _two_jobs(url: str, ids: list[str], places: Places, period: float | None) -> tuple[float, float]:
    """Do 200 items to warm up, and then the rest; return how long that took, and when it began."""
    with tempfile.TemporaryDirectory() as folder:
        async with make_client("datadog", url) as client:
            await _job(client, Path(folder, "warm.db"), ids[:200], places)
            await asyncio.sleep(1.0)
            if period is not None:
                await asyncio.sleep((PHASE * period - time.time()) % period)
            started = time.time()
            counts = await _job(client, Path(folder, "job.db"), ids[200:], places)
            taken = time.time() - started
    if counts.succeeded != counts.total:
        raise RuntimeError(f"not everything was done: {counts}")
    return taken, started


async def _job(client: DatadogOnCall | GrafanaOnCall, journal: Path, ids: list[str], places: Places) -> Counts:
    with await bulk.plan(client, "acknowledge", journal, ids) as job:
        return await job.run(job.plan.hash, workers=TaskiqWorkers(*places))

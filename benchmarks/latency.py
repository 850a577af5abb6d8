"""How much of the possible rate do calls reach when the server takes its time, and nothing else limits them?"""

from __future__ import annotations

import asyncio
import gc
import random
import time
from contextlib import AsyncExitStack
from itertools import cycle, islice
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.contenders import bare, ours
from benchmarks.harness import Result, spread
from benchmarks.servers import acceptor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmarks.contenders import Acknowledge

DELAY = 0.02
"""Seconds that the server takes for an answer."""
CONCURRENCIES = (16, 64, 256)
CALLS, WARM_UP = 25, 5
"""Calls of each worker in a block, and before the first."""
TARGET = 1.02
BASE, CONTROL, OURS = "aiohttp", "aiohttp again (control)", "aiooncall"
CONTENDERS = {BASE: bare, CONTROL: bare, OURS: ours}
IDS = [f"00000000-0000-4000-8000-{number:012d}" for number in range(400)]


def run(*, quick: bool) -> Result:
    """Measure with few and with many workers."""
    rounds = 1 if quick else 6
    result = Result(
        name="latency",
        question=f"how much of the possible rate do calls reach when each answer takes {DELAY * 1000:.0f} ms?",
        method=(
            f"A bare protocol in another process answers 202 after {DELAY * 1000:.0f} ms; no limit is ever reached, and"
            f" there is a connection for each\nworker. Blocks of {CALLS} calls for each worker, {rounds} rounds in"
            " random order. The possible is a client that takes no time. Ratios are\nof the time taken, in the same"
            " round (medians, in brackets: 10th to 90th percentile). With many workers the CPU is the limit."
        ),
        packages=("aiooncall", "aiohttp"),
        columns=("workers", "contender", "calls a second", "share of the possible", "time over aiohttp"),
    )
    with acceptor(delay=DELAY) as url:
        for workers in CONCURRENCIES[::2] if quick else CONCURRENCIES:
            _report(result, workers, asyncio.run(_rounds(url, workers, rounds)))
    return result


def _report(result: Result, workers: int, times: dict[str, list[float]]) -> None:
    result.raw[str(workers)] = times
    for name, taken in times.items():
        rates = [workers * CALLS / seconds for seconds in taken]
        ratios = [mine / base for mine, base in zip(taken, times[BASE], strict=True)]
        shares = [rate * DELAY / workers for rate in rates]
        over = "1" if name == BASE else spread(ratios)
        result.rows.append((f"{workers}", name, spread(rates, 0), spread(shares), over))
        if name == OURS:
            result.aim(f"time over aiohttp, {workers} workers", median(ratios), TARGET)


async def _rounds(url: str, workers: int, rounds: int) -> dict[str, list[float]]:
    """Return, by contender, the seconds that each block took."""
    times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    async with AsyncExitStack() as stack:
        calls = {name: await stack.enter_async_context(make(url, workers)) for name, make in CONTENDERS.items()}
        for call in calls.values():  # connections are made, caches filled
            await _block(call, workers, WARM_UP)
        for _ in range(rounds):
            for name in random.sample(list(calls), len(calls)):
                times[name].append(await _block(calls[name], workers, CALLS))
    return times


async def _block(call: Acknowledge, workers: int, calls: int) -> float:
    ids = islice(cycle(IDS), workers * calls)
    gc.collect()
    started = time.perf_counter()
    await asyncio.gather(*(_worker(call, ids) for _ in range(workers)))
    return time.perf_counter() - started


async def _worker(call: Acknowledge, ids: Iterator[str]) -> None:
    for page_id in ids:
        await call(page_id)

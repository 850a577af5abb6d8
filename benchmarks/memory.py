"""Does a job over very many ids stay flat in memory?"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import sys
import time
import tracemalloc
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import attrs

from aiooncall import DatadogOnCall
from benchmarks.contenders import KEY
from benchmarks.harness import Result
from benchmarks.servers import acceptor

if TYPE_CHECKING:
    from collections.abc import Iterator

CONCURRENCY = 64
TARGET_MB = 5.0


@attrs.frozen
class Sample:
    """Megabytes at one point of a job: of the process (None where the system does not tell), and traced."""

    ids: int
    resident: float | None
    traced: float | None


def run(*, quick: bool) -> Result:
    """Run the job twice: as it is, and with every allocation traced, which is slower."""
    total = 3_000 if quick else 100_000
    step = total // 10
    result = Result(
        name="memory",
        question=f"does acknowledge_many over a generator of {total:,} ids stay flat in memory?",
        method=(
            f"Concurrency {CONCURRENCY}, a bare protocol that answers 202 in another process, the client in its own."
            f"\nGrowth counts from id {step:,} on: resident memory without tracing, then again with tracemalloc."
        ),
        packages=("aiooncall", "aiohttp"),
        columns=("run", "calls", "CPU, us a call", f"MB at {step:,}", f"MB at {total:,}", "growth, MB", "highest, MB"),
    )
    for traced in (False, True):
        context = multiprocessing.get_context("spawn")
        with acceptor() as url, ProcessPoolExecutor(1, mp_context=context) as child:
            samples, failed, cost = child.submit(_job, url, total, step, traced=traced).result()
        _report(result, samples, cost, traced=traced)
        if failed:
            result.failures.append(f"{failed} calls failed")
    return result


def _report(result: Result, samples: list[Sample], cost: float, *, traced: bool) -> None:
    name = "traced" if traced else "resident"
    result.raw[name] = [attrs.asdict(sample) for sample in samples]
    sizes = [size for sample in samples if (size := sample.traced if traced else sample.resident) is not None]
    if not sizes:
        return
    growth = sizes[-1] - sizes[0]
    calls, micro = f"{samples[-1].ids:,}", f"{cost:.0f}"
    megabytes = (f"{value:.2f}" for value in (sizes[0], sizes[-1], growth, max(sizes)))
    result.rows.append((name, calls, micro, *megabytes))
    result.aim(f"growth in MB, {name}", growth, TARGET_MB)


def _job(url: str, total: int, step: int, *, traced: bool) -> tuple[list[Sample], int, float]:
    """Return the samples, how many calls failed, and the microseconds of CPU time a call."""
    if traced:
        tracemalloc.start()
    return asyncio.run(_acknowledge(url, total, step))


async def _acknowledge(url: str, total: int, step: int) -> tuple[list[Sample], int, float]:
    samples: list[Sample] = []
    async with DatadogOnCall(KEY, KEY, api_url=url, paging_url=url) as client:
        started = time.process_time()
        report = await client.pages.acknowledge_many(_ids(total, step, samples), concurrency=CONCURRENCY)
        cost = (time.process_time() - started) / total * 1e6
    return samples, total - report.succeeded, cost


def _ids(total: int, step: int, samples: list[Sample]) -> Iterator[str]:
    for number in range(1, total + 1):
        yield f"00000000-0000-4000-8000-{number:012d}"
        if number % step == 0:
            gc.collect()
            samples.append(Sample(number, resident(), _traced()))


def _traced() -> float | None:
    return tracemalloc.get_traced_memory()[0] / 1e6 if tracemalloc.is_tracing() else None


def resident() -> float | None:
    """Return the megabytes that this process takes, None where the system does not tell."""
    if sys.platform != "linux":
        return None
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

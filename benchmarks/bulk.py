"""What does the journal of a bulk job cost, does a job of a million items stay flat, and how soon does it go on?"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import random
import sqlite3
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import attrs

from aiooncall import DatadogOnCall
from aiooncall.bulk import plan
from aiooncall.bulk.job import Job
from aiooncall.bulk.journal import Journal
from aiooncall.bulk.models import Status
from aiooncall.bulk.providers import DatadogProvider
from aiooncall.fanout import FanOut
from benchmarks.contenders import KEY
from benchmarks.harness import Result, spread
from benchmarks.memory import resident
from benchmarks.servers import acceptor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall.bulk import VerbName
    from aiooncall.bulk.models import Verb

CONCURRENCY = 64
TARGET = 1.15
TARGET_MB = 5.0
TARGET_RESUME = 2.0
SAMPLES = 50
"""How often memory is looked at."""
NOWHERE = "http://127.0.0.1:1"
PLAIN, JOB, CAREFUL = "plain fan-out", "job with a journal", "the same, to escalate"
VERBS: dict[str, VerbName] = {JOB: "resolve", CAREFUL: "escalate"}


@attrs.frozen
class Cost:
    """What a run took: seconds by the clock, and of CPU time of all threads; and how many items succeeded."""

    wall: float
    cpu: float
    succeeded: int


Costs = dict[str, list[Cost]]
"""By the kind of run: each round's."""


@attrs.frozen
class Course:
    """What came of the long job.

    Attributes:
        plain: what it took the plain fan-out to do the same without a journal.
        plain_sizes: megabytes of the process meanwhile.
        planned: what it took to plan it.
        ran: what it took to run it.
        sizes: megabytes of the process as the run began, and from time to time; empty where the system does not tell.
        resumed: seconds from opening the finished journal, with one item open, to the sending of that item.
    """

    plain: Cost
    plain_sizes: list[float]
    planned: Cost
    ran: Cost
    sizes: list[float]
    resumed: float


def run(*, quick: bool) -> Result:
    """Run the short jobs and the long one, each in a process of its own."""
    items, calls, rounds = (20_000, 1_000, 1) if quick else (1_000_000, 10_000, 6)
    result = Result(
        name="bulk",
        question=f"what does a journal cost, and does a job of {items:,} items stay flat?",
        method=(
            f"Concurrency {CONCURRENCY}. Cost: {calls:,} items a run, {rounds} rounds in random order, a bare protocol"
            " that answers 202 in another process.\nCPU time is that of the client's process, the journal's thread"
            " included, planning left out; ratios are of the same round (medians, in\nbrackets: 10th to 90th"
            " percentile). The long job does nothing to its items, so that what is left is the job; its memory is"
            f" looked at\n{SAMPLES} times. It is resumed when all its items but the last are finished. Every journal is"
            " synchronous."
        ),
        packages=("aiooncall", "aiohttp"),
        columns=("run", "items", "items a second", "CPU, us an item", "CPU over plain", "growth, MB", "first send, s"),
    )
    context = multiprocessing.get_context("spawn")
    with TemporaryDirectory() as folder:
        with acceptor() as url, ProcessPoolExecutor(1, mp_context=context) as child:
            _report_costs(result, child.submit(_short_jobs, url, Path(folder), rounds, calls).result(), calls)
        with ProcessPoolExecutor(1, mp_context=context) as child:
            plain, plain_sizes = child.submit(_long_fan_out, items).result()
        with ProcessPoolExecutor(1, mp_context=context) as child:
            planned, ran, sizes, resumed = child.submit(_long_job, Path(folder, "long"), items).result()
    _report_course(result, Course(plain, plain_sizes, planned, ran, sizes, resumed), items)
    return result


def _report_costs(result: Result, costs: Costs, calls: int) -> None:
    result.raw["cost"] = {name: [attrs.asdict(one) for one in measured] for name, measured in costs.items()}
    for name, measured in costs.items():
        ratios = [mine.cpu / plain.cpu for mine, plain in zip(measured, costs[PLAIN], strict=True)]
        over = "1" if name == PLAIN else spread(ratios)
        speed, cpu = spread([calls / one.wall for one in measured], 0), spread([_micro(one) for one in measured], 1)
        result.rows.append((name, f"{calls:,}", speed, cpu, over, "", ""))
        if name == JOB:
            result.aim("CPU time of a job over the plain fan-out", median(ratios), TARGET)
        if lost := [one.succeeded for one in measured if one.succeeded != calls]:
            result.failures.append(f"{name}: succeeded: {lost} of {calls}")


def _report_course(result: Result, course: Course, items: int) -> None:
    result.raw["course"] = attrs.asdict(course)
    for name, cost, sizes in (
        ("a long fan-out", course.plain, course.plain_sizes),
        ("the long job, planned", course.planned, []),
        ("the long job, run", course.ran, course.sizes),
    ):
        growth = f"{_growth(sizes):.2f}" if sizes else ""
        if sizes:
            result.aim(f"growth in MB over the start, {name}", _growth(sizes), TARGET_MB)
        result.rows.append((name, f"{items:,}", f"{items / cost.wall:,.0f}", f"{_micro(cost):.1f}", "", growth, ""))
        if cost.succeeded != items:
            result.failures.append(f"{name}: succeeded: {cost.succeeded} of {items}")
    result.rows.append(("the long job, resumed", "1 open", "", "", "", "", f"{course.resumed:.2f}"))
    result.aim("seconds to the first send when it is resumed", course.resumed, TARGET_RESUME)


def _growth(sizes: list[float]) -> float:
    return max(sizes) - sizes[0]


def _micro(cost: Cost) -> float:
    return cost.cpu / cost.succeeded * 1e6 if cost.succeeded else 0.0


def _ids(first: int, items: int) -> Iterator[str]:
    return (f"00000000-0000-4000-8000-{number:012d}" for number in range(first, first + items))


def _short_jobs(url: str, folder: Path, rounds: int, calls: int) -> Costs:
    return asyncio.run(_in_turns(url, folder, rounds, calls))


async def _in_turns(url: str, folder: Path, rounds: int, calls: int) -> Costs:
    costs: Costs = {PLAIN: [], JOB: [], CAREFUL: []}
    async with DatadogOnCall(KEY, KEY, api_url=url, paging_url=url) as client:
        await _plainly(client, 0, calls)  # connections are made, caches filled
        for number in range(rounds):
            for name in random.sample(list(costs), len(costs)):
                if name == PLAIN:
                    costs[name].append(await _plainly(client, number * calls, calls))
                else:
                    path = folder / f"{VERBS[name]}-{number}"
                    costs[name].append(await _with_journal(client, path, VERBS[name], number * calls, calls))
    return costs


async def _plainly(client: DatadogOnCall, first: int, calls: int) -> Cost:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    report = await client.pages.resolve_many(_ids(first, calls), concurrency=CONCURRENCY)
    return Cost(time.perf_counter() - wall, time.process_time() - cpu, report.succeeded)


async def _with_journal(client: DatadogOnCall, path: Path, verb: VerbName, first: int, calls: int) -> Cost:
    with await plan(client, verb, path, _ids(first, calls)) as job:
        return await _ran(job)


async def _ran(job: Job, sampler: Sampler | None = None) -> Cost:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    counts = await job.run(job.plan.hash, concurrency=CONCURRENCY, watch=sampler)
    return Cost(time.perf_counter() - wall, time.process_time() - cpu, counts.done)


def _long_fan_out(items: int) -> tuple[Cost, list[float]]:
    return asyncio.run(_fan_out(items))


async def _fan_out(items: int) -> tuple[Cost, list[float]]:
    sampler = Sampler(max(items // SAMPLES, 1))

    async def act(_: str) -> None:
        sampler(Status.DONE)

    wall, cpu = time.perf_counter(), time.process_time()
    report = await FanOut(_ids(0, items), act, concurrency=CONCURRENCY)
    return Cost(time.perf_counter() - wall, time.process_time() - cpu, report.succeeded), sampler.sizes


def _long_job(path: Path, items: int) -> tuple[Cost, Cost, list[float], float]:
    return asyncio.run(_plan_run_resume(path, items))


async def _plan_run_resume(path: Path, items: int) -> tuple[Cost, Cost, list[float], float]:
    async with DatadogOnCall(KEY, KEY, api_url=NOWHERE, paging_url=NOWHERE) as client:
        wall, cpu = time.perf_counter(), time.process_time()
        with await plan(client, "resolve", path, _ids(0, items)) as job:
            planned = Cost(time.perf_counter() - wall, time.process_time() - cpu, job.plan.items)
        sampler = Sampler(max(items // SAMPLES, 1))
        with Job(Instant(client), Journal.open(path)) as job:
            ran = await _ran(job, sampler)
        return planned, ran, sampler.sizes, await _resumed(client, path)


async def _resumed(client: DatadogOnCall, path: Path) -> float:
    with closing(sqlite3.connect(path)) as journal, journal:
        journal.execute(
            "UPDATE planned SET status = 'open', finished_at = NULL WHERE position = (SELECT max(position) FROM items)"
        )
    provider, started = Instant(client), time.perf_counter()
    with Job(provider, Journal.open(path)) as job:
        await job.resume()
    return provider.sent_at - started


class Instant(DatadogProvider):
    """Does nothing to an item, and notes when it last did it."""

    sent_at = 0.0

    async def act(self, verb: Verb, item_id: str, duration: float | None) -> bool:  # noqa: ARG002 (the protocol's)
        """Return at once."""
        self.sent_at = time.perf_counter()
        return True


class Sampler:
    """Notes how large the process is: as the run begins, and after every so many items."""

    def __init__(self, step: int) -> None:
        self._step = step
        self._ended = 0
        self.sizes: list[float] = []
        gc.collect()
        self._look()

    def __call__(self, _: Status, /) -> None:
        """Count an item that ended."""
        self._ended += 1
        if self._ended % self._step == 0:
            self._look()

    def _look(self) -> None:
        if (size := resident()) is not None:
            self.sizes.append(size)

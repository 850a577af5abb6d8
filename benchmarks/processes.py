"""How close to the possible do four processes come at one rate limit, when none of them knows of the others?"""

from __future__ import annotations

import asyncio
import multiprocessing
import time
from contextlib import contextmanager
from functools import partial
from math import ceil
from statistics import median
from typing import TYPE_CHECKING

import attrs

from aiooncall.simulator import RateRule
from benchmarks.contenders import vendor
from benchmarks.harness import Result
from benchmarks.servers import simulator
from benchmarks.window import LIMIT, PERIOD, in_bulk, in_crew, limited

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

    from benchmarks.servers import Server
    from benchmarks.window import Many, Opener

PROCESSES = 4
TARGET = 1.06
TARGET_REFUSALS = 0.2
PHASES = (0.1, 0.5)
"""Where in a window jobs start, as shares of it; those of the rivals only at the first."""
ALLOWANCE = 0.2
"""Seconds from telling the processes when to start until they do."""
OURS = "aiooncall"
RIVALS: dict[str, Opener] = {
    "aiolimiter + aiohttp, a quarter each": in_crew(partial(limited, limit=LIMIT / PROCESSES)),
    "datadog-api-client async with retries": in_crew(vendor),
}
OPENERS: dict[str, Opener] = {OURS: in_bulk, **RIVALS}


def opened_by(name: str) -> Opener:
    """Return a contender's opener in a form that can be sent to another process."""
    return partial(_open, name)


def _open(name: str, url: str) -> AbstractAsyncContextManager[Many]:
    return OPENERS[name](url)


@attrs.frozen
class Job:
    """What processes do together: `calls` at a limit, from a window's share `phase` on; `killed` of them vanish."""

    contender: str
    calls: int
    phase: float
    limit: int = LIMIT
    period: float = PERIOD
    killed: int = 0

    def theory(self, calls: int, started: float) -> float:
        """Return in how many seconds a perfect client makes so many calls from `started` on."""
        return self.period - started % self.period + (ceil(calls / self.limit) - 2) * self.period


@attrs.frozen
class Run:
    """What one job came to, all processes together."""

    calls: int
    seconds: float
    theory: float
    refusals: int
    failed: int
    missing: int

    @property
    def ratio(self) -> float:
        """Time taken over the time that a perfect client needs."""
        return self.seconds / self.theory

    @property
    def refused(self) -> float:
        """Refusals for each call."""
        return self.refusals / self.calls


def run(*, quick: bool) -> Result:
    """Run aiooncall, and in full mode the rivals, who take fewer calls."""
    calls, phases = (400, PHASES[:1]) if quick else (2000, PHASES)
    shares = " and ".join(f"{phase:.0%}" for phase in phases)
    result = Result(
        name="processes",
        question=f"how close to the possible do {PROCESSES} processes come at {LIMIT} calls per {PERIOD:g} s?",
        method=(
            f"{PROCESSES} processes with one credential and a share of the ids each, which start at once and know"
            " nothing of each other; the\nsimulator in a further one. The theory is one client that knows the server's"
            f" clock, as for the question `window`. The jobs start\nat {shares} of a window, which is the order in"
            " which the runs are shown; each lasts until the last process is done.\nFor the rivals `Reset` is rounded"
            " up: rounded down to 0, it makes the vendor's client give up."
        ),
        packages=("aiooncall", "aiohttp", "aiolimiter", "datadog-api-client", "aiosonic"),
        columns=("job", "calls", "theory, s", "taken, s", "over theory", "429s a call", "failed calls"),
    )
    _report(result, OURS, [measure(Job(OURS, calls, phase), opened_by(OURS)) for phase in phases], judged=not quick)
    for rival in () if quick else RIVALS:
        _report(result, rival, [measure(Job(rival, 600, PHASES[0]), opened_by(rival))])
    return result


def _report(result: Result, contender: str, runs: list[Run], *, judged: bool = False) -> None:
    result.raw[contender] = [attrs.asdict(one) for one in runs]
    columns = (
        " ".join(f"{one.theory:.2f}" for one in runs),
        " ".join(f"{one.seconds:.2f}" for one in runs),
        " ".join("gave up" if one.failed else f"{one.ratio:.3f}" for one in runs),
        " ".join(f"{one.refused:.2f}" for one in runs),
        " ".join(str(one.failed) for one in runs),
    )
    result.rows.append((contender, f"{runs[0].calls:,}", *columns))
    if judged:
        result.aim("median over theory", median(one.ratio for one in runs), TARGET)
        result.aim("429s a call, median", median(one.refused for one in runs), TARGET_REFUSALS)
    if contender == OURS and any(one.failed or one.missing for one in runs):
        result.failures.append(f"failed or got lost: {[(one.failed, one.missing) for one in runs]}")


def measure(job: Job, opened: Opener) -> Run:
    """Carry out a job in processes of its own.

    Args:
        job: which.
        opened: opens the client in each process; it has to be picklable.
    """
    rule = RateRule("oncall_paging", job.limit, job.period, rounding="floor" if job.contender == OURS else "ceil")
    with simulator(rule, pages=job.calls) as server, _crew(opened, server) as (lines, children):
        for line in lines:
            line.recv()
        started = _moment(job)
        for line in lines:
            line.send(started)
        if job.killed:
            time.sleep(started + 1.25 * job.period - time.time())
            for child in children[: job.killed]:
                child.kill()
        ended, failed = zip(*(line.recv() for line in lines[job.killed :]), strict=True)
        statuses, acknowledged = server.ask()
    missing = 0 if job.killed else job.calls - acknowledged
    theory = job.theory(acknowledged, started)
    return Run(acknowledged, max(ended) - started, theory, statuses.get(429, 0), sum(failed), missing)


def _moment(job: Job) -> float:
    """Return when a window's share `job.phase` is over the next time, on the clock that all processes read."""
    soonest = time.time() + ALLOWANCE
    return soonest + (job.phase * job.period - soonest) % job.period


@contextmanager
def _crew(opened: Opener, server: Server) -> Iterator[tuple[list[Connection], list[BaseProcess]]]:
    """Start the processes; yield a line to each, and the processes."""
    context = multiprocessing.get_context("spawn")
    lines: list[Connection] = []
    children: list[BaseProcess] = []
    for number in range(PROCESSES):
        ours, theirs = context.Pipe()
        arguments = (theirs, opened, server.url, server.ids[number::PROCESSES])
        children.append(context.Process(target=_child, args=arguments, daemon=True))
        children[-1].start()
        theirs.close()
        lines.append(ours)
    try:
        yield lines, children
    finally:
        for child in children:
            child.join(5)
            child.terminate()


def _child(line: Connection, opened: Opener, url: str, ids: list[str]) -> None:
    asyncio.run(_work(line, opened, url, ids))


async def _work(line: Connection, opened: Opener, url: str, ids: list[str]) -> None:
    async with opened(url) as acknowledge_all:
        line.send("ready")
        started = await asyncio.to_thread(line.recv)
        await asyncio.sleep(started - time.time())
        failed = await acknowledge_all(ids)
        line.send((time.time(), failed))

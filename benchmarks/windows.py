"""How close to the possible do jobs of any size come in windows of any length? Virtual time makes the numbers exact."""

from __future__ import annotations

import asyncio
import random
from concurrent.futures import ProcessPoolExecutor
from math import ceil
from multiprocessing import get_context
from typing import TYPE_CHECKING, Literal

import attrs
from aiolimiter import AsyncLimiter

from aiooncall import ClientOptions, DatadogOnCall
from aiooncall.simulator import RateRule, Simulator
from benchmarks.contenders import KEY, bare
from benchmarks.harness import Result
from tests.support.virtual_time import VirtualClock, VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    Doer = Callable[[str, list[str], "Job"], Coroutine[Any, Any, None]]

Kind = Literal["bulk", "interactive", "four clients", "aiolimiter"]
LIMIT = 100
PERIODS = (2.0, 10.0, 60.0, 3600.0)
EXACT = (1, 2, 5, 10)
"""Half of the jobs are of exactly so many windows, the other half of any size up to six."""
SKEW = 0.7
"""By so many seconds every second server's clock is ahead."""
CONCURRENCY = 64
TARGETS = {2.0: 1.05, 10.0: 1.02, 60.0: 1.02, 3600.0: 1.02}
LOST = {2.0: 0.05, 10.0: 0.02, 60.0: 0.02, 3600.0: 0.02}
"""How much of a period a job may lose for each window that it used."""
MOST_LATE = 0.05
"""Seconds that a job which fits in one window may take."""
SHARED_TARGET, SHARED_429S = 1.06, 0.05


@attrs.frozen
class Job:
    """One job: how many calls, from which moment of a window, at which server, by how many clients."""

    kind: Kind
    period: float
    calls: int
    phase: float
    rounds_up: bool
    skew: float

    @property
    def windows(self) -> int:
        """How many windows it needs at least."""
        return ceil(self.calls / LIMIT)

    @property
    def theory(self) -> float:
        """Seconds that a client needs which knows the server's clock."""
        return max(0.0, (self.windows - 1) * self.period - self.phase)


@attrs.frozen
class Run:
    """What a job came to: seconds, refusals, and calls that failed or got lost."""

    job: Job
    seconds: float
    refusals: int
    missing: int


def run(*, quick: bool) -> Result:
    """Run all jobs."""
    number = 2 if quick else 200
    result = Result(
        name="windows",
        question=f"how close to the possible do jobs come at {LIMIT} calls a window, whatever its length?",
        method=(
            f"Client and simulator on virtual time. {number} seeded jobs of each kind and period, from any moment of a"
            " window, half of random size up to six\nwindows and half of exactly 1, 2, 5 or 10; every second server"
            f" rounds `Reset` up, every second clock is {SKEW:g} s ahead. Over theory: the sum of\nthe times over that"
            " of the theory, without jobs that fit in one window; of those the latest is shown. Lost: the most of a"
            " period that a job\nlost for each window it used. `aiolimiter` is told the server's numbers."
        ),
        packages=("aiooncall", "aiohttp", "aiolimiter"),
        columns=("who", "period, s", "over theory", "lost, of a period", "fits: latest, s", "429s a call", "missing"),
    )
    chosen: list[tuple[Kind, float]] = [("bulk", period) for period in PERIODS]
    chosen += [("interactive", period) for period in PERIODS]
    chosen += [("four clients", 10.0), ("four clients", 60.0), ("aiolimiter", 10.0), ("aiolimiter", 60.0)]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as crew:
        for (kind, period), runs in zip(
            chosen, crew.map(_all_of, *zip(*chosen, strict=True), [number] * len(chosen)), strict=True
        ):
            _report(result, kind, period, runs)
    return result


def _all_of(kind: Kind, period: float, number: int) -> list[Run]:
    chosen = jobs(kind, period, number if kind in {"bulk", "interactive"} else max(2, number // 10))
    return [asyncio.Runner(loop_factory=VirtualTimeLoop).run(measured(job)) for job in chosen]


def jobs(kind: Kind, period: float, number: int) -> list[Job]:
    """Return so many seeded jobs of a kind, at servers with windows of so many seconds."""
    dice = random.Random(f"{kind} {period}")
    return [
        Job(
            kind=kind,
            period=period,
            calls=LIMIT * dice.choice(EXACT) if at % 2 else dice.randint(1, 6 * LIMIT),
            phase=dice.uniform(0.0, period - 0.05),
            rounds_up=at // 2 % 2 == 1,
            skew=SKEW * (at // 4 % 2),
        )
        for at in range(number)
    ]


def _report(result: Result, kind: str, period: float, runs: list[Run]) -> None:
    long = [one for one in runs if one.job.theory > 0]
    over = sum(one.seconds for one in long) / sum(one.job.theory for one in long)
    lost = max((one.seconds - one.job.theory) / period / one.job.windows for one in long)
    late = max((one.seconds for one in runs if one.job.windows == 1), default=0.0)
    refused = sum(one.refusals for one in runs) / sum(one.job.calls for one in runs)
    missing = sum(one.missing for one in runs)
    result.raw[f"{kind} {period:g}"] = [attrs.asdict(one) for one in runs]
    result.rows.append(
        (kind, f"{period:g}", f"{over:.4f}", f"{lost:.3f}", f"{late:.2f}", f"{refused:.4f}", str(missing))
    )
    if missing and kind != "aiolimiter":
        result.failures.append(f"{kind}, {period:g} s: {missing} calls failed or got lost")
    if kind in {"bulk", "interactive"}:
        result.aim(f"{kind}, {period:g} s: over theory", over, TARGETS[period])
        result.aim(f"{kind}, {period:g} s: most lost, of a period for each window", lost, LOST[period])
        result.aim(f"{kind}, {period:g} s: a job that fits, seconds", late, MOST_LATE)
        result.aim(f"{kind}, {period:g} s: 429s", refused, 0)
    elif kind == "four clients":
        result.aim(f"{kind}, {period:g} s: over theory", over, SHARED_TARGET)
        result.aim(f"{kind}, {period:g} s: 429s a call", refused, SHARED_429S)


async def measured(job: Job, do: Doer | None = None, **server: Any) -> Run:  # noqa: ANN401 (they differ)
    """Return what a job comes to.

    Args:
        job: which.
        do: does it, instead of what its kind says.
        server: options of the simulator.
    """
    clock = VirtualClock()
    rule = RateRule("oncall_paging", LIMIT, job.period, rounding="ceil" if job.rounds_up else "floor")
    async with Simulator(clock=clock, clock_skew=job.skew, rate_rules=[rule], keep_requests=False, **server) as sim:
        ids = [sim.add_page(title="Disk full") for _ in range(job.calls)]
        await asyncio.sleep((job.phase - clock.time() - job.skew) % job.period)
        started = clock.monotonic()
        await (do or DOERS[job.kind])(sim.datadog_url, ids, job)
        seconds = clock.monotonic() - started
        return Run(job, seconds, sim.ledger.statuses[429], job.calls - sim.ledger.statuses[202])


def opened(url: str) -> DatadogOnCall:
    """Return a client on virtual time, not yet open."""
    return DatadogOnCall(
        KEY, KEY, api_url=url, paging_url=url, options=ClientOptions(clock=VirtualClock(), deadline=None)
    )


async def _in_bulk(url: str, ids: list[str], job: Job) -> None:
    del job
    async with opened(url) as client:
        await client.pages.resolve_many(ids, concurrency=CONCURRENCY)


async def _interactively(url: str, ids: list[str], job: Job) -> None:
    del job
    async with opened(url) as client:
        await asyncio.gather(*map(client.pages.resolve, ids))


async def _by_four(url: str, ids: list[str], job: Job) -> None:
    await asyncio.gather(*(_in_bulk(url, ids[number::4], job) for number in range(4)))


async def _limited(url: str, ids: list[str], job: Job) -> None:
    """Acknowledge by a bare session behind an aiolimiter that is told the server's numbers."""
    limiter = AsyncLimiter(LIMIT, job.period)
    async with bare(url) as call:

        async def acknowledge(page_id: str) -> None:
            async with limiter:
                await call(page_id)

        await asyncio.gather(*map(acknowledge, ids), return_exceptions=True)


DOERS: dict[str, Doer] = {
    "bulk": _in_bulk,
    "interactive": _interactively,
    "four clients": _by_four,
    "aiolimiter": _limited,
}

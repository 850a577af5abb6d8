"""How close to the possible does a job come at a rate limit, and does it run into it?"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from math import ceil
from statistics import median
from typing import TYPE_CHECKING, Literal

import attrs
from aiolimiter import AsyncLimiter

from aiooncall import DatadogOnCall
from aiooncall.simulator import RateRule
from benchmarks.contenders import KEY, bare, threaded, vendor
from benchmarks.harness import Result
from benchmarks.servers import simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from benchmarks.contenders import Acknowledge, Contender
    from benchmarks.servers import Server

LIMIT, PERIOD = 200, 2.0
CONCURRENCY = 64
WARM_UP = 250
TARGET = 1.02
PHASES = (0.1, 0.5)
"""Where in a window cold jobs start, as shares of it."""

Many = Callable[[list[str]], Awaitable[int]]
"""Acknowledges pages and returns how many calls failed."""
Opener = Callable[[str], AbstractAsyncContextManager[Many]]


@attrs.frozen
class Case:
    """One kind of job: `warm_up` calls first, then `calls` from `phase` of a window on."""

    name: str
    calls: int
    skew: float = 0.0
    warm_up: int = 0
    rounding: Literal["floor", "ceil"] = "floor"


@attrs.frozen
class Run:
    """What one job came to."""

    seconds: float
    theory: float
    refusals: int
    refusals_before: int
    failed: int
    missing: int

    @property
    def ratio(self) -> float:
        """Time taken over the time that a perfect client needs."""
        return self.seconds / self.theory


def run(*, quick: bool) -> Result:
    """Run every case, and in full mode the rivals."""
    result = Result(
        name="window",
        question=f"how close to the possible does a job come at {LIMIT} calls per {PERIOD:g} s, and is it refused?",
        method=(
            f"Concurrency {CONCURRENCY}, the simulator in another process. The theory is a client that knows the"
            " server's clock: it uses up\nevery window from its start to the last one, whose calls take no time at all."
            f" A cold job starts at {' or '.join(f'{phase:.0%}' for phase in PHASES)}\nof a window and knows nothing;"
            f" a warm one starts with a window, after {WARM_UP} calls of the same client.\n`Reset` is rounded down, so"
            " that it can be 0, unless it says otherwise. Every run is shown, fastest first."
        ),
        packages=("aiooncall", "aiohttp", "aiolimiter", "datadog-api-client", "aiosonic"),
        columns=("job", "theory, s", "taken, s", "over theory", "429s", "429s in warm-up", "failed calls"),
    )
    phases, calls = (PHASES[:1], 400) if quick else (PHASES, 2000)
    for case in _cases(calls)[1:3] if quick else _cases(calls):
        runs = [_measure(case, phase) for phase in (phases[:1] if case.warm_up else phases)]
        _report(result, case, runs, judged=not quick)
    if not quick:
        _rivals(result)
    return result


def _cases(calls: int) -> list[Case]:
    return [
        Case(f"aiooncall, {kind}, {calls}{apart}", calls, skew, warm_up)
        for skew, apart in ((0.0, ""), (0.7, ", server's clock 0.7 s ahead"))
        for kind, warm_up in (("cold", 0), ("warm", WARM_UP))
    ]


def _rivals(result: Result) -> None:
    rivals = (
        (Case("aiohttp alone, cold, 600", 600), bare),
        (Case("aiolimiter + aiohttp, cold, 600", 600), limited),
        (Case("datadog-api-client async with retries, cold, 600", 600), vendor),
        (Case("the same, Reset rounded up", 600, rounding="ceil"), vendor),
        (Case("datadog-api-client threaded, the same", 600, rounding="ceil"), threaded),
    )
    for case, contender in rivals:
        _report(result, case, [_measure(case, phase, in_crew(contender)) for phase in PHASES], rival=True)


def _report(result: Result, case: Case, runs: list[Run], *, judged: bool = False, rival: bool = False) -> None:
    result.raw[case.name] = [attrs.asdict(one) for one in runs]
    runs = sorted(runs, key=lambda one: one.ratio)
    columns = [
        " ".join(f"{one.theory:.2f}" for one in runs),
        " ".join(f"{one.seconds:.2f}" for one in runs),
        " ".join("gave up" if one.failed else f"{one.ratio:.3f}" for one in runs),
        " ".join(str(one.refusals) for one in runs),
        " ".join(str(one.refusals_before) for one in runs) if case.warm_up else "",
        " ".join(str(one.failed) for one in runs),
    ]
    result.rows.append((case.name, *columns))
    if judged:
        result.aim(f"{case.name}: median over theory", median(one.ratio for one in runs), TARGET)
        result.aim(f"{case.name}: most 429s", max(one.refusals for one in runs), 0)
    if not rival and any(one.failed or one.missing for one in runs):
        result.failures.append(f"{case.name}: failed or got lost: {[(one.failed, one.missing) for one in runs]}")


def _measure(case: Case, phase: float, opened: Opener | None = None) -> Run:
    rule = RateRule("oncall_paging", LIMIT, PERIOD, rounding=case.rounding)
    with simulator(rule, pages=case.warm_up + case.calls, skew=case.skew) as server:
        return asyncio.run(_run(case, server, phase, opened or in_bulk))


async def _run(case: Case, server: Server, phase: float, opened: Opener) -> Run:
    async with opened(server.url) as acknowledge_all:
        failed = await acknowledge_all(server.ids[: case.warm_up])
        before = server.ask()[0].get(429, 0)
        await _phase(0.0 if case.warm_up else phase, case.skew)
        wall, started = time.time() + case.skew, time.perf_counter()
        failed += await acknowledge_all(server.ids[case.warm_up :])
        seconds = time.perf_counter() - started
    statuses, acknowledged = server.ask()
    theory = PERIOD - wall % PERIOD + (ceil(case.calls / LIMIT) - 2) * PERIOD
    return Run(seconds, theory, statuses.get(429, 0) - before, before, failed, len(server.ids) - acknowledged)


async def _phase(share: float, skew: float) -> None:
    """Return when `share` of the server's window is over, a little later rather than earlier."""
    await asyncio.sleep((share * PERIOD - (time.time() + skew)) % PERIOD + 0.002)


@asynccontextmanager
async def in_bulk(url: str) -> AsyncIterator[Many]:
    """Open aiooncall, with its own fan-out."""
    async with DatadogOnCall(KEY, KEY, api_url=url, paging_url=url) as client:

        async def acknowledge_all(ids: list[str]) -> int:
            return (await client.pages.acknowledge_many(ids, concurrency=CONCURRENCY)).failed

        yield acknowledge_all


def in_crew(contender: Contender) -> Opener:
    """Return a rival with workers around it; whatever it raises is one failed call."""

    @asynccontextmanager
    async def opened(url: str) -> AsyncIterator[Many]:
        async with contender(url) as acknowledge:

            async def worker(ids: Iterator[str]) -> int:
                failed = 0
                for page_id in ids:
                    try:
                        await acknowledge(page_id)
                    except Exception:  # noqa: BLE001 (it is counted)
                        failed += 1
                return failed

            async def acknowledge_all(ids: list[str]) -> int:
                shared = iter(ids)
                return sum(await asyncio.gather(*(worker(shared) for _ in range(CONCURRENCY))))

            yield acknowledge_all

    return opened


@asynccontextmanager
async def limited(url: str, limit: float = LIMIT, period: float = PERIOD) -> AsyncIterator[Acknowledge]:
    """Open a bare session behind an aiolimiter that is told the server's numbers, or a share of its limit."""
    limiter = AsyncLimiter(limit, period)
    async with bare(url) as call:

        async def acknowledge(page_id: str) -> None:
            async with limiter:
                await call(page_id)

        yield acknowledge

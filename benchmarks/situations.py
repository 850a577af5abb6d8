"""Situations in which users meet a rate limit: the time that each takes, and the refusals that it costs.

`python -m benchmarks.situations` prints them as lines of JSON. Fixed windows are simulated as events where nothing but
the admission matters, which takes a hundredth of the time; the rest is the real client at the simulator on virtual
time. So all numbers are exact.
"""

from __future__ import annotations

import asyncio
import json
import random
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import attrs

from aiooncall import OnCallError
from aiooncall.limits.admission import Admission
from aiooncall.limits.lane import Lane
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions
from aiooncall.simulator.http.faults import FaultPlan
from benchmarks.windows import CONCURRENCY, LIMIT, Job, jobs, measured, opened
from tests.support.grafana_client import TOKEN, grafana_client, grafana_world
from tests.support.virtual_time import VirtualClock, VirtualTimeLoop
from tests.support.window_server import Client, FixedWindowServer, run_together

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable

    from aiooncall import GrafanaOnCall
    from benchmarks.windows import Kind, Run

PERIOD: Final = 10.0
NEAR: Final = 0.001
FAR: Final = 0.3
"""Seconds that a call takes to a server and back, each at most."""
OUTAGE: Final = 150.0
"""Seconds that an outage takes."""
FOR_EVER: Final = 1e6
"""Virtual seconds after which something waits for ever."""


class Score(NamedTuple):
    """What a situation came to.

    Attributes:
        seconds: what it took.
        least: what it takes at least.
        lost: the most of a period that one job lost for each window that it used.
        refusals: how many calls were refused, of all.
        calls: how many there were.
    """

    seconds: float
    least: float
    lost: float
    refusals: int
    calls: int


def _sum(scores: Iterable[Score]) -> Score:
    seconds, least, lost, refusals, calls = zip(*scores, strict=True)
    return Score(sum(seconds), sum(least), max(lost), sum(refusals), sum(calls))


def at_limit(
    kind: Kind = "bulk",
    number: int = 80,
    *,
    period: float = PERIOD,
    clients: int = 1,
    latency: float = NEAR,
    drift: float = 0.0,
    used: bool = False,
    tells_all: bool = True,
) -> Score:
    """Run jobs of the benchmark of windows as events.

    Args:
        kind: what kind of jobs.
        number: how many.
        period: how long a window is, in seconds.
        clients: how many share each job and know nothing of each other.
        latency: seconds to the server at most, and back.
        drift: by how many seconds a second the server's clock is faster.
        used: whether somebody else has used up the first window.
        tells_all: whether a job tells its size.
    """
    return _sum(
        _at_limit(job, clients, latency, drift=drift, used=used, tells_all=tells_all)
        for job in jobs(kind, period, number)
    )


def _at_limit(job: Job, clients: int, latency: float, *, drift: float, used: bool, tells_all: bool) -> Score:
    server = FixedWindowServer(limit=LIMIT, period=job.period, phase=job.phase, rounds_up=job.rounds_up, drift=drift)
    if used:
        server.passed[0] = LIMIT - 3
    lane = Lane.INTERACTIVE if job.kind == "interactive" else Lane.BULK
    crew = [
        Client(
            admission=Admission(100), server=server, total=len(range(number, job.calls, clients)),
            concurrency=CONCURRENCY if lane is Lane.BULK else job.calls, latency=latency,
            random=random.Random(number), lane=lane, tells_all=tells_all,
        )
        for number in range(min(clients, job.calls))
    ]  # fmt: skip
    run_together(crew, FOR_EVER)
    seconds, least = max(client.now for client in crew), server.soonest(job.calls)
    return Score(seconds, least, (seconds - least) / job.period / job.windows, sum(c.refused for c in crew), job.calls)


def _score(run: Run, more: float = 0.0) -> Score:
    """Return what a job came to, of which `more` seconds could not be helped."""
    least = run.job.theory + more
    return Score(
        run.seconds, least, (run.seconds - least) / run.job.period / run.job.windows, run.refusals, run.job.calls
    )


async def people_beside_bulk() -> Score:
    """Let a person call every few seconds beside bulk jobs; what counts is how long each call waits, of a minute."""
    waits: list[float] = []
    dice = random.Random("people")

    async def do(url: str, ids: list[str], _job: Job) -> None:
        async with opened(url) as client:
            bulk = asyncio.ensure_future(client.pages.resolve_many(ids, concurrency=CONCURRENCY))
            while not bulk.done():
                await asyncio.sleep(dice.uniform(2.0, 10.0))
                waits.append(await _timed(client.pages.resolve(ids[0])))
            await bulk

    runs = [await measured(attrs.evolve(job, calls=6 * LIMIT), do) for job in jobs("bulk", 60.0, 3)]
    return Score(60.0 + sum(waits) / len(waits), 60.0, 0.0, sum(run.refusals for run in runs), len(waits))


async def people_too_many() -> Score:
    """Let a few people more call at once than a window has room for; what counts is how long all of them wait."""
    waits: list[float] = []

    async def do(url: str, ids: list[str], _job: Job) -> None:
        async with opened(url) as client:
            waits.extend(await asyncio.gather(*(_timed(client.pages.resolve(page_id)) for page_id in ids)))

    job = Job(kind="interactive", period=60.0, calls=LIMIT + 4, phase=20.0, rounds_up=False, skew=0.0)
    run = await measured(job, do)
    return Score(sum(waits), 4 * job.theory, 0.0, run.refusals, job.calls)


async def _timed(call: Awaitable[object]) -> float:
    started = VirtualClock().monotonic()
    await call
    return VirtualClock().monotonic() - started


async def bulk_after_person() -> Score:
    """Let a person call once, right before bulk jobs."""

    async def do(url: str, ids: list[str], _job: Job) -> None:
        async with opened(url) as client:
            await client.pages.resolve(ids[0])
            await asyncio.sleep(1.0)
            await client.pages.resolve_many(ids[1:], concurrency=CONCURRENCY)

    return _sum([_score(await measured(job, do)) for job in jobs("bulk", PERIOD, 5)])


class Outage(FaultPlan):
    """Refuses everything for two minutes and a half, from soon on.

    Args:
        tells: whether a refusal says when it ends.
    """

    def __init__(self, *, tells: bool) -> None:
        super().__init__()
        self._begins = VirtualClock().monotonic() + 0.5
        self._tells = tells

    def draw(self, method: str, path: str) -> Fault | None:
        """Refuse the request at hand while the outage lasts."""
        age = VirtualClock().monotonic() - self._begins
        if not 0 <= age < OUTAGE:
            return super().draw(method, path)
        told = str(ceil(OUTAGE - age))
        return Fault(FaultKind.THROTTLE, retry_after=told) if self._tells else Fault(FaultKind.THROTTLE_BARE)


async def outage(*, tells: bool) -> Score:
    """Refuse everything for a while, at a server far away."""
    runs = [await measured(job, faults=Outage(tells=tells), slow=(0.0, 2 * FAR)) for job in jobs("bulk", PERIOD, 4)]
    return _sum([_score(run, OUTAGE) for run in runs])


async def with_faults(fault: Fault, share: float = 0.03, *, number: int = 3, limit: int | None = None) -> Score:
    """Run bulk jobs some of whose calls have a fault."""
    scores = []
    for seed, job in enumerate(jobs("bulk", PERIOD, number)):
        plan = FaultPlan()
        plan.seed(seed=seed, rates={fault: share}, limit=limit)
        scores.append(_score(await measured(job, faults=plan)))
    return _sum(scores)


async def _look(client: GrafanaOnCall, times: int) -> None:
    async def look() -> None:
        async for _ in client.users.list():
            return

    await asyncio.gather(*(look() for _ in range(times)))


async def grafana(limit: int, period: float, times: int, *, used: int = 0, age: float = 0.0) -> Score:
    """Call Grafana OnCall.

    Args:
        limit: how many calls it allows.
        period: in so many seconds.
        times: how many are made at once.
        used: how many another program has made before.
        age: how many seconds ago.
    """
    async with grafana_world(GrafanaOptions(limit=limit, period=period), client={"deadline": None}) as world:
        if used:
            async with grafana_client(world.sim.grafana_url, TOKEN, clock=VirtualClock()) as other:
                await _look(other, used)
            await asyncio.sleep(age)
        started = VirtualClock().monotonic()
        await _look(world.client, times)
        seconds = VirtualClock().monotonic() - started
        least = period * ((times + used - 1) // limit) - age * bool(used)
        return Score(seconds, least, (seconds - least) / period, world.sim.ledger.statuses[429], times)


async def grafana_far() -> Score:
    """Acknowledge groups at a Grafana OnCall far away, from the second minute on."""
    async with grafana_world(slow=(0.0, 2 * FAR)) as world:
        await _look(world.client, 1)
        await asyncio.sleep(61.0)
        started = VirtualClock().monotonic()
        await world.client.alert_groups.acknowledge_many(world.groups(map(str, range(700))), concurrency=CONCURRENCY)
        seconds = VirtualClock().monotonic() - started
        return Score(seconds, 120.0, (seconds - 120.0) / 60.0 / 3, world.sim.ledger.statuses[429], 700)


SITUATIONS: Final[dict[str, Callable[[], Score | Coroutine[Any, Any, Score]]]] = {
    "bulk": at_limit,
    "interactive": partial(at_limit, "interactive"),
    "four clients": partial(at_limit, "four clients", 20, clients=4),
    "bulk, 60 s": partial(at_limit, period=60.0),
    "four clients, 60 s": partial(at_limit, "four clients", 20, period=60.0, clients=4),
    "an hour, clocks drift": partial(at_limit, number=10, period=3600.0, drift=-1e-4),
    "size not told": partial(at_limit, tells_all=False),
    "far": partial(at_limit, latency=FAR),
    "interactive, far": partial(at_limit, "interactive", latency=FAR),
    "four clients, far": partial(at_limit, "four clients", 20, clients=4, latency=FAR),
    "into a used window": partial(at_limit, used=True),
    "people beside bulk": people_beside_bulk,
    "a few people too many": people_too_many,
    "bulk after a person": bulk_after_person,
    "told outage": partial(outage, tells=True),
    "silent outage": partial(outage, tells=False),
    "answers lost": partial(with_faults, Fault(FaultKind.DROP_AFTER)),
    "absurd headers": partial(with_faults, Fault(FaultKind.GARBAGE_HEADERS)),
    "told to wait a day": partial(with_faults, Fault(FaultKind.THROTTLE, retry_after="86400"), number=3, limit=1),
    "Grafana, 10 in 15 s": partial(grafana, 10, 15.0, 60),
    "Grafana, 40 in 60 s": partial(grafana, 40, 60.0, 200),
    "Grafana beside another": partial(grafana, 300, 60.0, 150, used=200, age=45.0),
    "Grafana after another": partial(grafana, 300, 60.0, 1500, used=250, age=45.0),
    "Grafana, used": partial(grafana, 300, 60.0, 400, used=299, age=5.0),
    "Grafana, far": grafana_far,
}


async def _come_to(situation: Callable[[], Score | Coroutine[Any, Any, Score]]) -> Score:
    async with asyncio.timeout(FOR_EVER):
        score = situation()
        return score if isinstance(score, Score) else await score


def main() -> None:
    """Print what each situation comes to, or why to nothing."""
    for name, situation in SITUATIONS.items():
        print(json.dumps([name, "never ends"]), flush=True)
        with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
            try:
                score: Score | str = runner.run(_come_to(situation))
            except (AssertionError, OnCallError, TimeoutError) as error:
                score = f"{type(error).__name__}: {error}"[:60]
        print(json.dumps([name, score]), flush=True)


if __name__ == "__main__":
    main()

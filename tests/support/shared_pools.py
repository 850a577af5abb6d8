"""Several pools in one process that share a real Redis on virtual time: each stands for a process of its own."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import attrs
from redis.asyncio import Redis

from aiooncall import ClientOptions, DatadogOnCall, GrafanaOnCall, SessionPool
from aiooncall.distributed import RedisBudget
from tests.support.datadog_client import client_on
from tests.support.virtual_time import EPOCH, VirtualClock, VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
    from contextlib import AbstractAsyncContextManager

    from aiooncall import FanOut
    from aiooncall.simulator import Simulator

C = TypeVar("C", DatadogOnCall, GrafanaOnCall)


class StillRedis:
    """A client of Redis while whose commands run virtual time stands still; `delay` makes them take virtual time.

    Args:
        url: where Redis is.

    Attributes:
        commands: how many were run.
        delay: virtual seconds that each takes on top.
        down: whether none is answered: each fails as if nobody listened.
        error: raised by each, if there is one.
    """

    def __init__(self, url: str) -> None:
        self._redis = Redis.from_url(url)
        self.commands = 0
        self.delay = 0.0
        self.down = False
        self.error: Exception | None = None

    async def evalsha(self, sha: str, numkeys: int, *rest: Any) -> Any:
        """Run a script by its hash."""
        return await self._run(lambda: self._redis.evalsha(sha, numkeys, *rest))

    async def eval(self, script: str, numkeys: int, *rest: Any) -> Any:
        """Run a script."""
        return await self._run(lambda: self._redis.eval(script, numkeys, *rest))

    async def ping(self) -> Any:
        """Ask whether the server is there."""
        return await self._run(lambda: cast("Awaitable[Any]", self._redis.ping()))

    async def aclose(self) -> None:
        """Close all connections."""
        await self._redis.aclose()

    async def _run(self, command: Callable[[], Awaitable[Any]]) -> Any:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, VirtualTimeLoop)
        self.commands += 1
        if self.delay:
            await asyncio.sleep(self.delay)
        if self.down or self.error is not None:
            raise self.error or ConnectionRefusedError
        loop._in_threads += 1
        try:
            return await command()
        finally:
            loop._in_threads -= 1


@attrs.define
class Replica(Generic[C]):
    """One process of several: its client, and its way to Redis."""

    client: C
    redis: StillRedis


@asynccontextmanager
async def replicas_of(make: Callable[[SessionPool], C], url: str, number: int) -> AsyncIterator[list[Replica[C]]]:
    """Yield `number` clients that share their budget, each on a pool of its own."""
    clock = VirtualClock()
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(number):
            redis = StillRedis(url)
            stack.push_async_callback(redis.aclose)
            budget = RedisBudget(cast("Redis", redis), clock=clock)
            pool = await stack.enter_async_context(SessionPool(shared=budget, clock=clock))
            made.append(Replica(await stack.enter_async_context(make(pool)), redis))
        yield made


def replicas(
    sim: Simulator, url: str, number: int, **options: Any
) -> AbstractAsyncContextManager[list[Replica[DatadogOnCall]]]:
    """Return a context with `number` clients of one Datadog account that share their budget."""
    return replicas_of(lambda pool: client_on(sim, pool=pool, **options), url, number)


def grafana_replicas(
    sim: Simulator, url: str, number: int, *, reserve: int = 0
) -> AbstractAsyncContextManager[list[Replica[GrafanaOnCall]]]:
    """Return a context with `number` clients of one Grafana user that share their budget."""
    options = ClientOptions(clock=VirtualClock())
    return replicas_of(
        lambda pool: GrafanaOnCall(sim.grafana_url, "token", reserve=reserve, options=options, pool=pool), url, number
    )


async def acknowledge(crew: Sequence[Replica[DatadogOnCall]], ids: Sequence[str]) -> float:
    """Acknowledge pages, shared out evenly; return how many seconds it took."""
    return await all_of(one.client.pages.acknowledge_many(ids[at :: len(crew)]) for at, one in enumerate(crew))


async def acknowledge_groups(crew: Sequence[Replica[GrafanaOnCall]], ids: Sequence[str]) -> float:
    """Acknowledge alert groups, shared out evenly; return how many seconds it took."""
    return await all_of(one.client.alert_groups.acknowledge_many(ids[at :: len(crew)]) for at, one in enumerate(crew))


async def all_of(parts: Iterable[FanOut]) -> float:
    """Carry out all parts at once, of which none may fail; return how many seconds it took."""
    began = VirtualClock().monotonic()
    for report in await asyncio.gather(*parts):
        report.raise_for_failures()
    return VirtualClock().monotonic() - began


def windows(sim: Simulator, period: float) -> Counter[int]:
    """Return how many requests each window has let through, by its number since the epoch."""
    return Counter(math.floor((EPOCH + record.at) / period) for record in sim.ledger.requests if record.status != 429)


def refused(sim: Simulator) -> int:
    """Return how many requests were refused."""
    return sim.ledger.statuses[429]

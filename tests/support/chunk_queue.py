"""A queue in memory and workers beside it, for tests of jobs over workers; Redis and the simulator are real."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any

import attrs

from aiooncall import ClientOptions, DatadogOnCall, RetryPolicy
from aiooncall.distributed import Chunk, QueueWorkers, work_chunk
from aiooncall.simulator import Simulator
from tests.support.datadog_client import API_KEY, APP_KEY

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiooncall.distributed import ChunkResult
    from tests.support.servers import RedisServer

SOON = ClientOptions(retry=RetryPolicy(max_attempts=5, base=0.01, cap=0.05))


class MemoryQueue(QueueWorkers):
    """A queue in this process. Every message is kept, so that a test can deliver it again.

    Args:
        redis_url: the Redis of the jobs.
        options: those of any queue.
    """

    def __init__(self, redis_url: str, **options: Any) -> None:
        super().__init__(redis_url, **{"chunk_size": 10, "redelivery": 30, **options})
        self.messages: asyncio.Queue[str] = asyncio.Queue()
        self.sent: list[str] = []

    async def send(self, chunk: Chunk) -> None:
        """Take a message."""
        self.sent.append(chunk.to_json())
        self.messages.put_nowait(self.sent[-1])


@attrs.define
class World:
    """A simulator, a client on it, and a queue."""

    sim: Simulator
    client: DatadogOnCall
    queue: MemoryQueue
    workers: list[asyncio.Task[None]] = attrs.field(factory=list)

    def work(self, name: str, **options: Any) -> asyncio.Task[None]:
        """Start a worker, which works on chunks until it is cancelled."""
        self.workers.append(asyncio.create_task(self._work(name, options)))
        return self.workers[-1]

    async def work_once(self, client: DatadogOnCall | None = None, **options: Any) -> ChunkResult:
        """Work on the next chunk."""
        chunk = Chunk.from_json(await self.queue.messages.get())
        return await work_chunk(client or self.client, chunk, redis_url=self.queue.redis_url, **options)

    async def _work(self, name: str, options: dict[str, Any]) -> None:
        async with client_of(self.sim) as client:
            while True:
                await self.work_once(client, worker=name, **options)


def client_of(sim: Simulator, api_key: str = API_KEY) -> DatadogOnCall:
    """Return a client in real time."""
    return DatadogOnCall(api_key, APP_KEY, api_url=sim.datadog_url, paging_url=sim.datadog_url, options=SOON)


@asynccontextmanager
async def world(redis_url: str, *, faults: Any = None, **options: Any) -> AsyncIterator[World]:
    """Yield a world in real time; its workers end with it."""
    async with Simulator(faults=faults) as sim, client_of(sim) as client:
        found = World(sim, client, MemoryQueue(redis_url, **options))
        try:
            yield found
        finally:
            for worker in found.workers:
                worker.cancel()
            await asyncio.gather(*found.workers, return_exceptions=True)


@contextmanager
def paused(server: RedisServer) -> Iterator[None]:
    """Keep a server from answering while the context is open; it forgets nothing."""
    assert server._process is not None
    server._process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server._process.send_signal(signal.SIGCONT)


async def until(condition: Any, timeout: float = 20.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(timeout):
        while not condition():
            await asyncio.sleep(0.01)

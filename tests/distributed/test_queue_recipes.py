"""The recipes for other queues in the documentation, as they stand there: each does a job with the queue it is for."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest
from celery import Celery  # type: ignore[import-untyped]
from celery.contrib.testing.worker import start_worker  # type: ignore[import-untyped]
from saq import Queue, Worker
from saq.types import Context

from aiooncall import DatadogOnCall, SessionPool, bulk
from aiooncall.bulk import Counts
from aiooncall.distributed import Chunk, QueueWorkers, RedisBudget, work_chunk
from tests.support.bulk_world import acted_on, add_pages
from tests.support.datadog_client import API_KEY, APP_KEY
from tests.support.examples import ROOT
from tests.support.published_client import simulator_in_a_thread

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiooncall.simulator import Simulator

PAGE: Final = (ROOT / "docs" / "workers.md").read_text(encoding="utf-8")


def recipe(name: str, sim: Simulator, redis: str, **given: object) -> dict[str, Any]:
    """Run the recipe for a queue, and return what it defines.

    Args:
        name: the name of the queue, with which the recipe is introduced.
        sim: whose Datadog the environment of the workers leads to.
        redis: the URL of the job's Redis.
        given: what else the recipe takes for given.
    """

    class OnSimulator(DatadogOnCall):
        @classmethod
        def from_env(cls, *_: object, pool: SessionPool | None = None, **__: object) -> DatadogOnCall:  # type: ignore[override]
            url = sim.datadog_url
            return DatadogOnCall(API_KEY, APP_KEY, api_url=url, paging_url=url, pool=pool)

    (code,) = re.findall(rf"\b{name}, [^\n]*:\n\n```{{code-block}} python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    known = (AsyncExitStack, Chunk, Context, QueueWorkers, RedisBudget, SessionPool)
    found = {one.__name__: one for one in known} | {"DatadogOnCall": OnSimulator, "REDIS": redis}
    found |= {"asyncio": asyncio, "work_chunk": work_chunk, **given}
    exec(code, found)
    return found


async def carry_out(sim: Simulator, workers: QueueWorkers, journal: Path) -> None:
    """Do a job of three chunks, which must not repeat an item, and ask the ledger what came of it."""
    ids, url = add_pages(sim, 60), sim.datadog_url
    async with DatadogOnCall(API_KEY, APP_KEY, api_url=url, paging_url=url) as client:
        with await bulk.plan(client, "escalate", journal, ids) as job:
            async with asyncio.timeout(30):
                assert await job.run(job.plan.hash, workers=workers) == Counts(done=60)
    assert sorted(acted_on(sim, "escalate")) == sorted(ids)


@pytest.mark.slow
def test_celery(redis_url: str, journal: Path) -> None:
    """A worker of Celery does a job by the recipe."""
    app = Celery("on_call", broker="memory://", broker_transport_options={"polling_interval": 0.02})
    with simulator_in_a_thread() as sim:
        found = recipe("Celery", sim, redis_url, app=app)
        with start_worker(app, pool="solo", perform_ping_check=False):
            asyncio.run(carry_out(sim, found["workers"], journal))


@pytest.mark.slow
def test_saq(redis_url: str, journal: Path) -> None:
    """A worker of SAQ does a job by the recipe."""

    @asynccontextmanager
    async def working(queue: Queue, found: dict[str, Any]) -> AsyncIterator[None]:
        hooks = {"startup": found["startup"], "shutdown": found["shutdown"]}
        worker: Any = Worker(queue, functions=[found["work"]], concurrency=1, **hooks)
        running = asyncio.create_task(worker.start())
        try:
            yield
        finally:
            await worker.stop()
            await running
            await queue.disconnect()

    async def run(sim: Simulator) -> None:
        queue = Queue.from_url(redis_url)
        found = recipe("SAQ", sim, redis_url, queue=queue)
        async with working(queue, found):
            await carry_out(sim, found["workers"], journal)

    with simulator_in_a_thread() as sim:
        asyncio.run(run(sim))

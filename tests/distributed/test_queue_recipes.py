"""The recipes for other queues in the documentation, as they stand there: each does a job with the queue it is for."""

from __future__ import annotations

import asyncio
import logging
import os
import re
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

import pytest
from celery import Celery  # type: ignore[import-untyped]
from celery.contrib.testing.worker import start_worker  # type: ignore[import-untyped]
from celery.signals import setup_logging  # type: ignore[import-untyped]
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
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from aiooncall.simulator import Simulator

PAGE: Final = (ROOT / "docs" / "workers.md").read_text(encoding="utf-8")


@pytest.fixture
def sim(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Return a simulator that the environment of workers and coordinator leads to."""
    with simulator_in_a_thread() as running:
        env = {"AIOONCALL_DATADOG_URL": running.datadog_url, "DD_API_KEY": API_KEY, "DD_APP_KEY": APP_KEY}
        for variable, value in env.items():
            monkeypatch.setenv(variable, value)
        yield running


def recipe(name: str, redis: str, **given: object) -> dict[str, Any]:
    """Run the recipe for a queue, and return what it defines.

    Args:
        name: the name of the queue, with which the recipe is introduced.
        redis: the URL of the job's Redis.
        given: what else the recipe takes for given.
    """
    (code,) = re.findall(rf"\b{name}, [^\n]*:\n\n```{{code-block}} python\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    known = (AsyncExitStack, Chunk, Context, DatadogOnCall, QueueWorkers, RedisBudget, SessionPool, asyncio, work_chunk)
    found: dict[str, Any] = {one.__name__: one for one in known} | {"REDIS": redis, **given}
    exec(code, found)
    return found


async def carry_out(sim: Simulator, workers: QueueWorkers, journal: Path) -> None:
    """Do a job of three chunks, which must not repeat an item, and ask the ledger what came of it."""
    ids = add_pages(sim, 60)
    async with DatadogOnCall.from_env() as client:
        with await bulk.plan(client, "escalate", journal, ids) as job:
            async with asyncio.timeout(30):
                assert await job.run(job.plan.hash, workers=workers) == Counts(done=60)
    assert sorted(acted_on(sim, "escalate")) == sorted(ids)


@contextmanager
def process_left_alone() -> Iterator[None]:
    """Keep Celery from setting up logging, streams and environment of this process, as it would for a worker's own."""

    def handled(**_: object) -> None:
        pass

    setup_logging.connect(handled)
    try:
        with patch.dict(os.environ):
            yield
    finally:
        setup_logging.disconnect(handled)
        logging.captureWarnings(capture=False)


@pytest.mark.slow
def test_celery(sim: Simulator, redis_url: str, journal: Path) -> None:
    """A worker of Celery does a job by the recipe."""
    app = Celery("on_call", broker="memory://", broker_transport_options={"polling_interval": 0.02})
    found = recipe("Celery", redis_url, app=app)
    with process_left_alone(), start_worker(app, pool="solo", perform_ping_check=False):
        asyncio.run(carry_out(sim, found["workers"], journal))


@pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")  # SAQ 0.26 with redis-py 8
@pytest.mark.slow
def test_saq(sim: Simulator, redis_url: str, journal: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A worker of SAQ does a job by the recipe, and has nothing to complain of."""

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

    async def run() -> None:
        queue = Queue.from_url(redis_url)
        found = recipe("SAQ", redis_url, queue=queue)
        async with working(queue, found):
            await carry_out(sim, found["workers"], journal)

    asyncio.run(run())
    assert [record.message for record in caplog.records if record.levelno >= logging.ERROR] == []

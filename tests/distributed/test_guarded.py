"""While the guard of a test run is on, no budget and no job reaches a Redis or a broker on another machine."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import OptionsError, SessionPool, bulk
from aiooncall.distributed import Chunk, RedisBudget, TaskiqWorkers, work_chunk
from aiooncall.pytest_plugin.guarding import guarded
from tests.support.bulk_world import add_pages
from tests.support.job_process import make_client
from tests.support.published_client import simulator_in_a_thread

if TYPE_CHECKING:
    from pathlib import Path

HERE = "redis://127.0.0.1:1"
ELSEWHERE = "redis://me:very-secret@cache.example.com:6379/3"


async def test_budget() -> None:
    """A pool whose budget is on another machine does not open, and shows no password; one on this machine does."""
    with guarded():
        with pytest.raises(OptionsError, match="a host on this machine") as refused:
            async with SessionPool(shared=RedisBudget(ELSEWHERE)):
                pass
        assert (refused.value.field, refused.value.value) == ("redis", "'redis://cache.example.com:6379'")
        for url in (HERE, "redis://localhost", "unix:///run/redis.sock"):
            async with SessionPool(shared=RedisBudget(url)):
                pass


@pytest.mark.parametrize("field", ["redis_url", "broker"])
def test_job_over_workers(field: str, redis_url: str, journal: Path) -> None:
    """A job whose Redis or broker is on another machine does not begin; all its items stay open."""

    async def run() -> None:
        with simulator_in_a_thread() as sim, guarded():
            async with make_client("datadog", sim.datadog_url) as client:
                with await bulk.plan(client, "escalate", journal, add_pages(sim, 2)) as job:
                    broker = "amqp://me:very-secret@queue.example.com" if field == "broker" else "amqp://127.0.0.1:1"
                    workers = TaskiqWorkers(broker, redis_url if field == "broker" else ELSEWHERE)
                    with pytest.raises(OptionsError, match=rf"^{field}: got .*\.example\.com") as refused:
                        await job.run(job.plan.hash, workers=workers)
                    assert "very-secret" not in str(refused.value)
                    assert job.counts.open == 2
            assert sim.ledger.requests == []

    asyncio.run(run())


def test_chunk() -> None:
    """A worker does not look for the job of a chunk on another machine."""

    async def run() -> None:
        with simulator_in_a_thread() as sim, guarded():
            async with make_client("datadog", sim.datadog_url) as client:
                facts: dict[str, Any] = {"job": "job", "number": 1, "provider": "datadog", "account": "account"}
                facts |= {"verb": "escalate", "duration": None, "seconds": 1.0, "proven": True}
                chunk = Chunk(**facts, rows=((1, "page", 0),))
                with pytest.raises(OptionsError, match="redis_url"):
                    await work_chunk(client, chunk, redis_url=ELSEWHERE)

    asyncio.run(run())

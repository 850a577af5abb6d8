"""Real processes on a real clock that share a budget, and lose one of them, and Redis."""

from __future__ import annotations

import asyncio
import math
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from aiooncall.simulator import RateRule, Simulator
from tests.support import shared_process
from tests.support.bulk_world import add_pages
from tests.support.servers import RedisServer

if TYPE_CHECKING:
    from pathlib import Path


LIMIT = 50
"""Calls in a second."""
PAGES = 300


def start(sim: Simulator, redis: RedisServer, ids: list[str]) -> subprocess.Popen[str]:
    """Start a process that acknowledges pages."""
    command = [sys.executable, shared_process.__file__, sim.datadog_url, redis.url]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write("\n".join(ids))
    process.stdin.close()
    return process


async def until_done(sim: Simulator, number: int) -> None:
    """Wait until so many pages are acknowledged."""
    async with asyncio.timeout(60):
        while sim.ledger.count("acknowledge") < number:
            await asyncio.sleep(0.01)


async def lose_things(sim: Simulator, redis: RedisServer) -> list[str]:
    """Let three processes work, kill one and then Redis, which comes back empty; return what the others print."""
    ids = add_pages(sim, PAGES)
    with ExitStack() as stack:
        crew = [stack.enter_context(start(sim, redis, ids[at::3])) for at in range(3)]
        for process in crew:
            stack.callback(process.kill)
        await until_done(sim, 2 * LIMIT)
        crew[0].kill()
        await until_done(sim, 3 * LIMIT)
        redis.kill()
        await asyncio.sleep(1.0)
        await asyncio.to_thread(redis.start)
        said = [await asyncio.to_thread(process.stdout.read) for process in crew[1:] if process.stdout]
    done = {effect.page_id for effect in sim.ledger.effects if effect.action == "acknowledge"}
    assert done >= {*ids[1::3], *ids[2::3]}
    return said


@pytest.mark.slow
def test_processes_go_on_whatever_is_lost(tmp_path: Path) -> None:
    """When a process is killed, and Redis with its data, no call of the others fails, and the limit is kept."""

    async def story() -> tuple[list[str], Simulator]:
        async with Simulator(rate_rules=[RateRule("paging", LIMIT, 1.0)], settle_delay=0) as sim:
            return await lose_things(sim, redis), sim

    with RedisServer(tmp_path) as redis:
        said, sim = asyncio.run(story())
    assert said == ["0\n", "0\n"]
    assert sim.ledger.statuses[429] <= 3 * LIMIT
    used = Counter(math.floor(record.at) for record in sim.ledger.requests if record.status != 429)
    assert max(used.values()) <= 2 * LIMIT

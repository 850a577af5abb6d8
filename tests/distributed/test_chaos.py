"""Jobs over real workers, whose processes and servers are killed at random moments: the simulator's ledger judges.

In short an escalation on NATS, where each of them is killed once; `nox -s chaos` does it on both brokers, with more of
everything.
"""

from __future__ import annotations

import asyncio
import os
import random
import sys
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import attrs
import pytest

from aiooncall import bulk
from aiooncall.simulator import Fault, FaultKind, FaultPlan
from tests.support.broker_servers import NatsServer, RabbitServer
from tests.support.bulk_world import acted_on, add_pages, statuses, tally, with_status
from tests.support.job_process import make_client
from tests.support.published_client import simulator_in_a_thread
from tests.support.servers import RedisServer
from tests.support.worker_processes import CONCURRENCY, coordinator, running, worker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from aiooncall.bulk import VerbName
    from aiooncall.simulator import Simulator
    from tests.support.broker_servers import Broker
    from tests.support.worker_processes import Program

CHAOS = int(os.environ.get("CHAOS", "0"))
"""The number of seeds for each case; 0 for the short form."""
VICTIMS = ("worker", "coordinator", "broker", "redis")
KILLS = 8 if CHAOS else len(VICTIMS)
ITEMS = 800 if CHAOS else 240
WORKERS = 2
ANSWER = 0.04
CASES = [
    (verb, broker, keeps, seed)
    for seed in range(CHAOS or 1)
    for broker in ((NatsServer, RabbitServer) if CHAOS else (NatsServer,))
    for verb, keeps in (("escalate", True), *((("acknowledge", False), ("escalate", False)) if CHAOS else ()))
]

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")]


@attrs.define
class Stage:
    """A job with all who take part in it, and what was done to them.

    Attributes:
        forgotten: items that were handed out when Redis was killed.
        killed: the number of workers that were killed.
    """

    sim: Simulator
    journal: Path
    ids: list[str]
    broker: Broker
    redis: RedisServer
    workers: list[Program]
    coordinator: Program
    dice: random.Random
    forgotten: set[str] = attrs.field(factory=set)
    killed: int = 0

    def strike(self, victim: str) -> None:
        """Kill somebody, and start them again a moment later."""
        others: dict[str, Program | Broker | RedisServer] = {
            "worker": self.dice.choice(self.workers),
            "coordinator": self.coordinator,
            "broker": self.broker,
            "redis": self.redis,
        }
        self.killed += victim == "worker"
        one = others[victim]
        one.kill()
        time.sleep(self.dice.uniform(0, 0.5))
        if victim == "redis":
            self.forgotten |= with_status(self.journal, "sending")
        one.start()

    def requests(self) -> int:
        """Return how many requests have arrived."""
        return len(self.sim.ledger.requests)

    def wait(self, requests: float, timeout: float = 120.0) -> None:
        """Wait until so many requests have arrived, or the job is done."""
        until = time.monotonic() + timeout
        while self.requests() < requests and self.coordinator.code is None:
            assert time.monotonic() < until, f"only {self.requests()} requests: {tally(self.journal)}"
            time.sleep(0.005)


@pytest.fixture
def stage(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Stage]:
    """Return a job that is about to begin."""
    verb, broker_kind, keeps, seed = request.param
    plan = FaultPlan()
    plan.script("POST", f"*/{verb}", *[Fault(FaultKind.SLOW, delay=ANSWER)] * 10 * ITEMS)
    options = ("--appendonly", "yes") if keeps else ()
    with ExitStack() as stack:
        redis = stack.enter_context(RedisServer(tmp_path, *options))
        broker = stack.enter_context(broker_kind())
        sim = stack.enter_context(simulator_in_a_thread(faults=plan))
        ids = add_pages(sim, ITEMS)
        journal = tmp_path / "job.db"
        asyncio.run(planned(sim.datadog_url, verb, journal, ids))
        places = broker.url, redis.url, sim.datadog_url
        workers = [worker(f"worker-{at}", *places) for at in range(WORKERS)]
        runner = coordinator(*places, str(journal))
        stack.enter_context(running(runner, *workers))
        yield Stage(sim, journal, ids, broker, redis, workers, runner, random.Random(f"{seed}-{verb}"))


async def planned(url: str, verb: VerbName, journal: Path, ids: list[str]) -> None:
    """Plan a job."""
    async with make_client("datadog", url) as client:
        (await bulk.plan(client, verb, journal, ids)).close()


@pytest.mark.parametrize("stage", CASES, indirect=True, ids=str)
def test_chaos(stage: Stage, request: pytest.FixtureRequest) -> None:
    """Whoever is killed, and whenever: nothing goes twice that may not, nothing is lost, and all of it is told.

    In doubt is what a killed worker may have had on the wire, and what was handed out when Redis was killed.
    """
    verb = request.node.callspec.params["stage"][0]
    victims = [stage.dice.choice(VICTIMS) for _ in range(KILLS)] if CHAOS else VICTIMS
    step = ITEMS / (KILLS + 2)
    for victim in victims:
        stage.wait(stage.requests() + stage.dice.uniform(0.5, 1.5) * step)
        stage.strike(victim)
    stage.wait(10**9)
    assert stage.coordinator.code == 0
    judge(stage, verb)


def judge(stage: Stage, verb: str) -> None:
    """Compare the journal with what has arrived."""
    acted, found = acted_on(stage.sim, verb), statuses(stage.journal)
    assert sum(tally(stage.journal).values()) == len(stage.ids) == len(found)
    if verb == "acknowledge":
        assert set(found.values()) <= {"done", "found_done"}
        assert set(acted) == set(stage.ids)
        return
    assert len(set(acted)) == len(acted)
    assert set(found.values()) <= {"done", "ambiguous"}
    assert {item for item, status in found.items() if status == "done"} <= set(acted)
    doubted = with_status(stage.journal, "ambiguous")
    assert len(doubted - stage.forgotten) <= stage.killed * CONCURRENCY

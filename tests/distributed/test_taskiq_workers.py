"""Workers behind taskiq on real brokers, and brokers that are refused."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING, Any

import pytest
from nats.js.api import ConsumerConfig
from taskiq import InMemoryBroker
from taskiq_nats import NatsBroker, PullBasedJetStreamBroker

from aiooncall import ConnectError, GrafanaOnCall, OptionsError, bulk
from aiooncall.distributed import TaskiqWorkers, broker_from_url
from aiooncall.distributed.taskiq_workers import redelivery_of
from aiooncall.distributed.worker import broker_of, client_of
from aiooncall.simulator import Fault, FaultKind, FaultPlan
from tests.support.broker_servers import NatsServer, RabbitServer
from tests.support.bulk_world import acted_on, add_pages, tally
from tests.support.job_process import make_client
from tests.support.published_client import simulator_in_a_thread
from tests.support.worker_processes import running, worker

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall.simulator import Simulator
    from tests.support.worker_processes import Program

KEYS = {"DD_API_KEY": "api-key", "DD_APP_KEY": "app-key"}
PLACES = {"AIOONCALL_BROKER_URL": "amqp://127.0.0.1", "AIOONCALL_REDIS_URL": "redis://127.0.0.1"}


async def until(condition: Any) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.sleep(0.01)


async def last_chunk(sim: Simulator, journal: Path, workers: list[Program], others: TaskiqWorkers) -> float:
    """Kill the worker that holds the last chunk of a job; return how long the job took to end from then on."""
    ids = add_pages(sim, 9)
    async with make_client("datadog", sim.datadog_url) as client:
        with await bulk.plan(client, "escalate", journal, ids) as job:
            ending = asyncio.create_task(job.run(job.plan.hash, workers=others))
            await until(lambda: len(sim.ledger.requests) > 4)
            first, second = workers
            await asyncio.to_thread(second.start)
            await asyncio.sleep(2)  # it is idle by now: the other one has the only chunk
            await asyncio.to_thread(first.kill)
            killed = time.monotonic()
            counts = await asyncio.wait_for(ending, 60)
            assert counts.done + counts.ambiguous == 9
            assert len(acted_on(sim, "escalate")) == len(set(acted_on(sim, "escalate")))
            assert {share.worker for share in bulk.report(journal).workers} == {"first", "second"}
            return time.monotonic() - killed


@pytest.mark.slow
@pytest.mark.parametrize("kind", [RabbitServer, *([NatsServer] if "CHAOS" in os.environ else [])])
def test_last_chunk_on_an_idle_queue(kind: type[NatsServer | RabbitServer], redis_url: str, journal: Path) -> None:
    """The last chunk in the hand of a worker that is killed ends within 15 s, on a queue that is otherwise idle."""
    plan = FaultPlan()
    plan.script(
        "POST",
        "*/escalate",
        *[None] * 3,
        *[Fault(FaultKind.SLOW, delay=2.5)] * 2,
        *[Fault(FaultKind.SLOW, delay=2.5)] * 2,
    )
    with kind() as broker, simulator_in_a_thread(faults=plan) as sim:
        places = broker.url, redis_url, sim.datadog_url
        first, second = worker("first", *places), worker("second", *places)
        with running(first):
            try:
                took = asyncio.run(last_chunk(sim, journal, [first, second], TaskiqWorkers(broker.url, redis_url)))
            finally:
                second.kill()
        assert took < 15
        assert tally(journal)["ambiguous"] <= 4


def test_refused_brokers() -> None:
    """A broker that may lose the chunk of a dead worker is refused, with the reason."""
    redis = "redis://127.0.0.1"

    class RedisStreamBroker(InMemoryBroker):
        __module__ = "taskiq_redis.redis_broker"

    class Unknown(InMemoryBroker):
        __module__ = "somebody"

    with pytest.raises(OptionsError, match="only when a further message comes"):
        TaskiqWorkers(RedisStreamBroker(), redis)
    with pytest.raises(OptionsError, match="keeps no message of a worker that dies"):
        TaskiqWorkers(InMemoryBroker(), redis)
    with pytest.raises(OptionsError, match="keeps no message of a worker that dies"):
        TaskiqWorkers(NatsBroker("nats://127.0.0.1"), redis)
    with pytest.raises(OptionsError, match="RabbitMQ"):
        TaskiqWorkers(3, redis)  # type: ignore[arg-type]
    with pytest.raises(OptionsError, match="redelivery: got None"):
        TaskiqWorkers(Unknown(), redis)
    assert TaskiqWorkers(Unknown(), redis, redelivery=60).hold == 20


def test_hold() -> None:
    """A worker holds a chunk for a third of the time after which its broker gives it to another, at most a minute."""
    redis = "redis://127.0.0.1"
    assert TaskiqWorkers("amqp://127.0.0.1", redis).hold == 60
    assert TaskiqWorkers("nats://127.0.0.1", redis).hold == 10
    own = PullBasedJetStreamBroker("nats://127.0.0.1", consumer_config=ConsumerConfig(ack_wait=6))
    assert redelivery_of(own) == 6


def test_broker_urls() -> None:
    """A URL of something else is refused, without its password."""
    with pytest.raises(OptionsError, match=r"amqp://.*nats://") as error:
        broker_from_url("kafka://me:very-secret@127.0.0.1")
    assert "very-secret" not in str(error.value)


def test_broker_away(redis_url: str, journal: Path) -> None:
    """A job whose broker cannot be reached does not begin, and shows no password."""

    async def run() -> None:
        with simulator_in_a_thread() as sim:
            async with make_client("datadog", sim.datadog_url) as client:
                with await bulk.plan(client, "escalate", journal, add_pages(sim, 2)) as job:
                    with pytest.raises(ConnectError, match="the broker cannot be reached") as error:
                        await job.run(
                            job.plan.hash, workers=TaskiqWorkers("amqp://me:very-secret@127.0.0.1:1", redis_url)
                        )
                    assert "very-secret" not in str(error.value)
                    assert job.counts.open == 2

    asyncio.run(run())


@pytest.mark.parametrize("missing", [*PLACES, *KEYS])
def test_worker_without_a_variable(missing: str) -> None:
    """A worker process says which variable is missing, before it starts."""
    env = {**PLACES, **KEYS, missing: ""}
    with pytest.raises(OptionsError, match=missing):
        broker_of(env)


def test_worker_variables() -> None:
    """The environment says whose on-call a worker works for, and at which address."""
    with pytest.raises(OptionsError, match="AIOONCALL_PROVIDER"):
        client_of({"AIOONCALL_PROVIDER": "pagerduty"})
    with pytest.raises(OptionsError, match="AIOONCALL_CONCURRENCY"):
        broker_of({**PLACES, **KEYS, "AIOONCALL_CONCURRENCY": "many"})
    grafana = {"GRAFANA_ONCALL_URL": "http://127.0.0.1:8080", "GRAFANA_ONCALL_ACCESS_TOKEN": "token"}
    assert isinstance(client_of({"AIOONCALL_PROVIDER": "grafana", **grafana}), GrafanaOnCall)
    assert "127.0.0.1:9" in repr(client_of({**KEYS, "AIOONCALL_DATADOG_URL": "http://127.0.0.1:9"}))
    assert "datadoghq.com" in repr(client_of(KEYS))

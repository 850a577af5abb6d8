"""The worker process, configured by the environment: `taskiq worker aiooncall.distributed.worker:broker`.

`AIOONCALL_BROKER_URL` and `AIOONCALL_REDIS_URL` say where the broker and Redis are. `AIOONCALL_PROVIDER` (`datadog` or
`grafana`) and the provider's own variables say what the worker calls, and as whom: see `from_env` of both clients.
`AIOONCALL_QUEUE`, `AIOONCALL_WORKER` and `AIOONCALL_CONCURRENCY` are the queue's name, the worker's name and its
requests at once.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from aiooncall.datadog.client import DatadogOnCall
from aiooncall.distributed.redis_budget import RedisBudget
from aiooncall.distributed.taskiq_workers import QUEUE, add_work, broker_from_url
from aiooncall.distributed.working import CONCURRENCY, REDIS_URL
from aiooncall.errors import OptionsError
from aiooncall.grafana.client import GrafanaOnCall
from aiooncall.transport.session_pool import SessionPool

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from taskiq import AsyncBroker

    broker: AsyncBroker

_made: list[AsyncBroker] = []


def __getattr__(name: str) -> AsyncBroker:
    if name != "broker":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if not _made:
        _made.append(broker_of(os.environ))
    return _made[0]


def broker_of(env: Mapping[str, str]) -> AsyncBroker:
    """Return the broker of a worker process.

    Args:
        env: the variables that configure it.

    Raises:
        OptionsError: a variable is missing or wrong.
    """
    broker = broker_from_url(_needed(env, "AIOONCALL_BROKER_URL"), queue=env.get("AIOONCALL_QUEUE") or QUEUE)
    concurrency = env.get("AIOONCALL_CONCURRENCY") or str(CONCURRENCY)
    if not concurrency.isdecimal():
        raise OptionsError("AIOONCALL_CONCURRENCY", concurrency, "a whole number")
    redis_url = _needed(env, REDIS_URL)
    client_of(env)  # what is wrong is told before anything starts
    add_work(
        broker,
        lambda: open_client(env, redis_url),
        redis_url,
        worker=env.get("AIOONCALL_WORKER"),
        concurrency=int(concurrency),
    )
    return broker


@asynccontextmanager
async def open_client(env: Mapping[str, str], redis_url: str) -> AsyncGenerator[DatadogOnCall | GrafanaOnCall]:
    """Yield the open client of a worker, whose rate budget is shared with all others at the same Redis.

    Args:
        env: the variables that configure it.
        redis_url: the Redis.
    """
    async with SessionPool(shared=RedisBudget(redis_url)) as pool, client_of(env, pool) as client:
        yield client


def client_of(env: Mapping[str, str], pool: SessionPool | None = None) -> DatadogOnCall | GrafanaOnCall:
    """Return the client of a worker, not open.

    Args:
        env: the variables that configure it.
        pool: its connections.

    Raises:
        OptionsError: a variable is missing or wrong.
    """
    provider = env.get("AIOONCALL_PROVIDER") or "datadog"
    if provider == "grafana":
        return GrafanaOnCall.from_env(env, pool=pool)
    if provider == "datadog":
        return DatadogOnCall.from_env(env, pool=pool)
    raise OptionsError("AIOONCALL_PROVIDER", provider, "datadog or grafana")


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name)
    if not value:
        raise OptionsError(name, None, "set in the environment of the worker")
    return value

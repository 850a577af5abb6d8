"""What makes situations in which the library says something: each returns a function that provokes it.

Such a function takes the request of a test, for its fixtures, and returns the text of the error.
"""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import ClientOptions, DatadogOnCall, OnCallError, PoolOptions, RetryPolicy, bulk
from aiooncall.simulator import GrafanaOptions
from tests.support.datadog_client import datadog
from tests.support.grafana_client import STACK, grafana_client
from tests.support.raw_server import RawServer, always, answer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from aiooncall import GrafanaOnCall
    from aiooncall.simulator import Fault

    Situation = Callable[[pytest.FixtureRequest], Awaitable[str]]

ONCE: Final = RetryPolicy(max_attempts=1)
KINDS: Final = (OnCallError, IndexError, ImportError)


async def said(failing: Awaitable[object]) -> str:
    """Return the text of the error that something ends with."""
    with pytest.raises(KINDS) as told:
        await failing
    return str(told.value)


def refused(make: Callable[[], object]) -> Situation:
    """Return the situation of a call that ends with an error at once."""

    async def provoke(request: pytest.FixtureRequest) -> str:
        with pytest.raises(KINDS) as told:
            make()
        return str(told.value)

    return provoke


def without(module: str, make: Callable[[], object]) -> Situation:
    """Return the situation of a call that needs a library which is not there."""

    async def provoke(request: pytest.FixtureRequest) -> str:
        request.getfixturevalue("monkeypatch").setitem(sys.modules, module, None)
        return await refused(make)(request)

    return provoke


@asynccontextmanager
async def client_of(url: str, **options: Any) -> AsyncIterator[DatadogOnCall]:
    """Yield a client on a URL that tries once."""
    chosen = ClientOptions(retry=ONCE, **options)
    async with DatadogOnCall("api-key", "app-key", api_url=url, paging_url=url, options=chosen) as client:
        yield client


def on(url: str, **pool: Any) -> Situation:
    """Return the situation of a read from a URL, with options of the pool."""

    async def provoke(request: pytest.FixtureRequest) -> str:
        async with client_of(url, pool=PoolOptions(**pool)) as client:
            return await said(client.pages.get("p-1"))

    return provoke


def answered(reply: bytes) -> Situation:
    """Return the situation of a read that gets an answer."""

    async def provoke(request: pytest.FixtureRequest) -> str:
        async with RawServer(always(reply)) as server, client_of(server.url) as client:
            return await said(client.pages.get("p-1"))

    return provoke


def through_proxy(target: str) -> Situation:
    """Return the situation of a read through a proxy that refuses it."""

    async def provoke(request: pytest.FixtureRequest) -> str:
        async with RawServer(always(answer(407))) as proxy:
            return await on(target, proxy=proxy.url)(request)

    return provoke


def grafana(act: Callable[[GrafanaOnCall], Awaitable[object]], token: str) -> Situation:
    """Return the situation of a call of Grafana with a token that it does not know."""

    async def provoke(request: pytest.FixtureRequest) -> str:
        options = GrafanaOptions(tokens={"another-token": "ann"}, stack_url=STACK)
        async with (
            datadog(simulator={"grafana": options}) as (sim, _),
            grafana_client(sim.grafana_url, token, stack_url=STACK) as client,
        ):
            return await said(act(client))

    return provoke


def with_faults(
    act: Callable[[DatadogOnCall], Awaitable[object]], *faults: Fault, simulator: Any = None, **options: Any
) -> Situation:
    """Return the situation of a call that meets faults."""

    async def provoke(request: pytest.FixtureRequest) -> str:
        async with datadog(simulator=simulator, **{"retry": ONCE, **options}) as (sim, client):
            for method in ("GET", "POST", "PATCH"):
                sim.faults.script(method, "*", *faults)
            return await said(act(client))

    return provoke


def on_a_job(act: Callable[[bulk.Job, DatadogOnCall], Awaitable[object]]) -> Situation:
    """Return the situation of a job of three escalations that goes wrong."""

    async def provoke(request: pytest.FixtureRequest) -> str:
        journal = request.getfixturevalue("tmp_path_factory").mktemp("job") / "night.db"
        async with datadog() as (sim, client):
            ids = [sim.add_page(title=f"Disk full on db-{number}") for number in range(3)]
            with await bulk.plan(client, "escalate", journal, ids) as job:
                return await said(act(job, client))

    return provoke

"""What is compared: ways to acknowledge a page, and to list alert groups. Each yields a function, which can raise."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import UUID

import aiohttp
import orjson
from yarl import URL

from aiooncall import CallRate, ClientOptions, DatadogOnCall, PoolOptions
from aiooncall.grafana import GrafanaOnCall

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from aiooncall import Hook

Acknowledge = Callable[[str], Awaitable[object]]
Contender = Callable[[str], AbstractAsyncContextManager[Acknowledge]]
Listing = Callable[[Callable[[Any], object]], Awaitable[None]]
"""Lists all alert groups and passes each to a function."""
Lister = Callable[[str], AbstractAsyncContextManager[Listing]]

KEY = "benchmark-key"
HEADERS = {"DD-API-KEY": KEY, "DD-APPLICATION-KEY": KEY, "Accept": "application/json"}
GROUPS_PATH = "/api/v1/alert_groups/"
PER_PAGE = 100
THREADS = 64
PATH = "/api/v2/on-call/pages/{}/acknowledge"


@asynccontextmanager
async def bare(url: str, connections: int = 100) -> AsyncIterator[Acknowledge]:
    """Open a `ClientSession` as it comes, used as its documentation shows."""
    template = url + PATH
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=connections)) as session:

        async def acknowledge(page_id: str) -> None:
            async with session.post(template.format(page_id), headers=HEADERS) as response:
                await response.read()
                response.raise_for_status()

        yield acknowledge


@asynccontextmanager
async def tuned(url: str) -> AsyncIterator[Acknowledge]:
    """Open a `ClientSession` with all that can be left out left out: no timeout, no cookies, no URL parsing."""
    head, _, tail = (url + PATH).partition("{}")
    jar, timeout = aiohttp.DummyCookieJar(), aiohttp.ClientTimeout(total=None)
    async with aiohttp.ClientSession(headers=HEADERS, cookie_jar=jar, timeout=timeout) as session:

        async def acknowledge(page_id: str) -> None:
            response = await session.post(URL(head + page_id + tail, encoded=True), allow_redirects=False)
            if response.status != 202:
                raise RuntimeError(f"status {response.status}")
            response.release()

        yield acknowledge


@asynccontextmanager
async def ours(url: str, connections: int = 100, hooks: Iterable[Hook] = ()) -> AsyncIterator[Acknowledge]:
    """Open aiooncall, with everything on, and a limit of its own, as servers have one for each key."""
    pool = PoolOptions(max_connections=connections, max_connections_per_host=connections)
    options = ClientOptions(pool=pool, hooks=hooks)
    async with DatadogOnCall(f"{KEY}-ours", KEY, api_url=url, paging_url=url, options=options) as client:
        yield client.pages.acknowledge


@asynccontextmanager
async def ours_fresh(url: str) -> AsyncIterator[Acknowledge]:
    """Open aiooncall for what may not be repeated, which gets a connection of its own each time."""
    async with DatadogOnCall(f"{KEY}-fresh", KEY, api_url=url, paging_url=url) as client:
        yield client.pages.escalate


@asynccontextmanager
async def vendor(url: str) -> AsyncIterator[Acknowledge]:
    """Open Datadog's own client, asynchronous, with its retries on."""
    package, paging, configuration = _vendor(url)
    async with package.AsyncApiClient(configuration) as client:
        acknowledge = paging(client).acknowledge_on_call_page
        yield lambda page_id: acknowledge(UUID(page_id))


@asynccontextmanager
async def threaded(url: str) -> AsyncIterator[Acknowledge]:
    """Open Datadog's own client in threads, one for each caller, with its retries on."""
    package, paging, configuration = _vendor(url)
    configuration.connection_pool_maxsize = THREADS
    loop = asyncio.get_running_loop()
    with package.ApiClient(configuration) as client, ThreadPoolExecutor(THREADS) as threads:
        acknowledge = paging(client).acknowledge_on_call_page
        yield lambda page_id: loop.run_in_executor(threads, acknowledge, UUID(page_id))


def _vendor(url: str) -> tuple[Any, Any, Any]:
    """Return the package of Datadog's own client, its class for paging, and its configuration."""
    # Imported here because it is slow; by name because its types do not know that it can be asynchronous.
    package: Any = import_module("datadog_api_client")
    paging: Any = import_module("datadog_api_client.v2.api.on_call_paging_api")
    configuration = package.Configuration(host=url, enable_retry=True)
    configuration.api_key.update(apiKeyAuth=KEY, appKeyAuth=KEY)
    return package, paging.OnCallPagingApi, configuration


@asynccontextmanager
async def bare_listing(url: str) -> AsyncIterator[Listing]:
    """Open a `ClientSession` as it comes, whose pages are parsed and no more."""
    async with aiohttp.ClientSession(headers={"Authorization": KEY}) as session:

        async def listing(take: Callable[[Any], object]) -> None:
            number, more = 0, True
            while more:
                number += 1
                async with session.get(url + GROUPS_PATH, params={"page": number, "perpage": PER_PAGE}) as response:
                    response.raise_for_status()
                    page = orjson.loads(await response.read())
                for group in page["results"]:
                    take(group)
                more = page["next"] is not None

        yield listing


@asynccontextmanager
async def our_listing(url: str) -> AsyncIterator[Listing]:
    """Open aiooncall, with everything on and a limit that nobody reaches."""
    options = ClientOptions(rate_limit=CallRate(calls=10**6, per=60))
    async with GrafanaOnCall(url, KEY, options=options) as client:

        async def listing(take: Callable[[Any], object]) -> None:
            async for group in client.alert_groups.list():
                take(group)

        yield listing

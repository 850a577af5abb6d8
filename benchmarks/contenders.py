"""The ways to acknowledge a page that are compared. Each yields a function that does one call, or raises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any
from uuid import UUID

import aiohttp
from yarl import URL

from aiooncall import DatadogOnCall

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Acknowledge = Callable[[str], Awaitable[object]]
Contender = Callable[[str], AbstractAsyncContextManager[Acknowledge]]

KEY = "benchmark-key"
HEADERS = {"DD-API-KEY": KEY, "DD-APPLICATION-KEY": KEY, "Accept": "application/json"}
PATH = "/api/v2/on-call/pages/{}/acknowledge"


@asynccontextmanager
async def bare(url: str) -> AsyncIterator[Acknowledge]:
    """Open a `ClientSession` as it comes, used as its documentation shows."""
    template = url + PATH
    async with aiohttp.ClientSession() as session:

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
async def ours(url: str) -> AsyncIterator[Acknowledge]:
    """Open aiooncall, with everything on."""
    async with DatadogOnCall(KEY, KEY, api_url=url, paging_url=url) as client:
        yield client.pages.acknowledge


@asynccontextmanager
async def vendor(url: str) -> AsyncIterator[Acknowledge]:
    """Open Datadog's own client, asynchronous, with its retries on."""
    # Imported here because it is slow; by name because its types do not know that it is asynchronous.
    package: Any = import_module("datadog_api_client")
    paging: Any = import_module("datadog_api_client.v2.api.on_call_paging_api")
    configuration = package.Configuration(host=url, enable_retry=True)
    configuration.api_key.update(apiKeyAuth=KEY, appKeyAuth=KEY)
    async with package.AsyncApiClient(configuration) as client:
        api = paging.OnCallPagingApi(client)
        yield lambda page_id: api.acknowledge_on_call_page(UUID(page_id))

"""A bare HTTP client on a simulator, both on virtual time."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp
import orjson
from virtual_time import VirtualClock

from aiooncall.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

PAGES = "/api/v2/on-call/pages"


class Reply(NamedTuple):
    """An answer read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """Return the decoded body."""
        return orjson.loads(self.body)


def page_body(title: str = "Down", **attributes: Any) -> dict[str, Any]:
    """Return the body of a create request; None leaves an attribute out."""
    target = {"type": "team_handle", "identifier": "my-team"}
    merged = {"title": title, "target": target, "urgency": "high", **attributes}
    return {"data": {"type": "pages", "attributes": {k: v for k, v in merged.items() if v is not None}}}


class Caller:
    """Calls a simulator and reads the answers."""

    def __init__(self, session: aiohttp.ClientSession, sim: Simulator) -> None:
        self.session = session
        self.sim = sim

    async def send(
        self, method: str, path: str, *, key: str = "api-key", headers: Mapping[str, str] | None = None, **options: Any
    ) -> Reply:
        """Send a request, with a pair of keys unless headers are given."""
        if headers is None:
            headers = {"DD-API-KEY": key, "DD-APPLICATION-KEY": f"{key}-app"}
        url = self.sim.datadog_url + path
        async with self.session.request(method, url, headers=headers, allow_redirects=False, **options) as response:
            return Reply(response.status, response.headers, await response.read())

    async def create(self, title: str = "Down", **attributes: Any) -> str:
        """Create a page and return its id."""
        reply = await self.send("POST", PAGES, json=page_body(title, **attributes))
        assert reply.status == 200, reply
        return str(reply.json["data"]["id"])

    async def act(self, page_id: str, action: str, **options: Any) -> Reply:
        """Post an action."""
        return await self.send("POST", f"{PAGES}/{page_id}/{action}", **options)

    async def status(self, page_id: str) -> str:
        """Return a page's visible status."""
        reply = await self.send("GET", f"{PAGES}/{page_id}")
        return str(reply.json["data"]["attributes"]["status"])

    async def found(self, query: str = "", **params: str) -> list[str]:
        """Return the titles that a search finds."""
        reply = await self.send("GET", PAGES, params={"filter[query]": query, **params})
        assert reply.status == 200, reply
        return [page["attributes"]["title"] for page in reply.json["data"]]


@asynccontextmanager
async def simulated(**options: Any) -> AsyncIterator[tuple[Simulator, Caller]]:
    """Run a simulator on virtual time, and a client for it."""
    async with Simulator(clock=VirtualClock(), **options) as sim, aiohttp.ClientSession() as session:
        yield sim, Caller(session, sim)

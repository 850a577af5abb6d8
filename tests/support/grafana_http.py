"""A bare HTTP client on the fake Grafana OnCall, both on virtual time."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp

from aiooncall.simulator import Simulator
from tests.support.datadog_http import Reply
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiooncall.simulator import GrafanaOptions

API = "/api/v1"
TOKEN = "meowmeowmeow"
NOTHING = "X00000000000"
"""An id that nothing has."""
STACK = "https://example.grafana.net"


class GrafanaCaller:
    """Calls the fake Grafana OnCall and reads the answers."""

    def __init__(self, session: aiohttp.ClientSession, sim: Simulator) -> None:
        self.session = session
        self.sim = sim

    async def send(
        self, method: str, path: str, *, token: str = TOKEN, headers: Mapping[str, str] | None = None, **options: Any
    ) -> Reply:
        """Send a request to a path below the API's root, with a raw token unless headers are given."""
        if headers is None:
            headers = {"Authorization": token}
        url = f"{self.sim.grafana_url}{API}/{path}"
        async with self.session.request(method, url, headers=headers, allow_redirects=False, **options) as response:
            return Reply(response.status, response.headers, await response.read())

    async def ask(
        self, method: str, path: str, body: Any = None, *, status: int | None = None, query: Any = None, **options: Any
    ) -> Any:
        """Send a request that must end in a status, and return the decoded answer, None without one.

        Without a status it is 201 for a POST to a list and 200 for the rest.
        """
        sent = {} if body is None else {"json": body}
        reply = await self.send(method, path, params=query, **sent, **options)
        expected = status or (201 if method == "POST" and path.count("/") == 1 else 200)
        assert reply.status == expected, reply
        return reply.json if reply.body else None

    async def make(self, kind: str, **body: Any) -> str:
        """Create an object and return its id."""
        return str((await self.ask("POST", f"{kind}/", body))["id"])

    async def get(self, kind: str, object_id: str, **query: str) -> Any:
        """Return an object."""
        return await self.ask("GET", f"{kind}/{object_id}/", query=query)

    async def listed(self, kind: str, **query: Any) -> list[Any]:
        """Return the items of a list's first page."""
        page = await self.ask("GET", f"{kind}/", query=query)
        return list(page["results"])

    async def refusal(self, method: str, path: str, body: Any = None, *, status: int = 400, **options: Any) -> Any:
        """Send a request that must be refused, and return what the answer says."""
        return await self.ask(method, path, body, status=status, **options)


@asynccontextmanager
async def grafana(
    rules: GrafanaOptions | None = None, **options: Any
) -> AsyncIterator[tuple[Simulator, GrafanaCaller]]:
    """Run a simulator on virtual time, and a client for its Grafana half."""
    async with Simulator(clock=VirtualClock(), grafana=rules, **options) as sim, aiohttp.ClientSession() as session:
        yield sim, GrafanaCaller(session, sim)

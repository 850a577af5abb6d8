"""A bare HTTP client on a simulator, both on virtual time."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import aiohttp
import orjson

from aiooncall.simulator import Simulator
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

PAGES = "/api/v2/on-call/pages"
ON_CALL = "/api/v2/on-call"
POLICIES = f"{ON_CALL}/escalation-policies"
SCHEDULES = f"{ON_CALL}/schedules"
NOBODY = "00000000-0000-4000-8000-000000000000"
"""An id that nothing has."""


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


def data_body(kind: str, attributes: dict[str, Any], *teams: str, **members: Any) -> dict[str, Any]:
    """Return the body of a request about one resource, which belongs to teams if any are named."""
    data = {"type": kind, "attributes": attributes, **members}
    if teams:
        data["relationships"] = {"teams": {"data": [{"id": team, "type": "teams"} for team in teams]}}
    return {"data": data}


def schedule_body(
    *users: str | None, name: str = "Primary", teams: tuple[str, ...] = (), **layer: Any
) -> dict[str, Any]:
    """Return the body of a request for a schedule with one layer, whose members change daily; None is an empty slot."""
    merged = {
        "name": "Days",
        "effective_date": "2027-01-01T00:00:00Z",
        "rotation_start": "2027-01-01T00:00:00Z",
        "interval": {"days": 1},
        "members": [{} if user is None else {"user": {"id": user}} for user in users],
        **layer,
    }
    return data_body("schedules", {"name": name, "time_zone": "Etc/UTC", "layers": [merged]}, *teams)


def policy_body(*steps: list[dict[str, Any]], name: str = "Checkout", teams: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the body of a request for a policy; each step is the list of its targets."""
    return data_body("policies", {"name": name, "steps": [{"targets": targets} for targets in steps]}, *teams)


def override_body(user: str, start: str = "2031-01-01T22:00:00Z", end: str = "2031-01-02T06:00:00Z") -> dict[str, Any]:
    """Return the body of a request for one override."""
    people = {"user": {"data": {"type": "users", "id": user}}}
    row = {"type": "overrides", "attributes": {"start": start, "end": end}, "relationships": people}
    return {"data": [row]}


def anybody(sim: Simulator) -> list[dict[str, Any]]:
    """Return the targets of a step that tells a new user."""
    return [{"type": "users", "id": sim.add_user()}]


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

    async def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int = 200,
        include: str | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a request that must end in a status, and return the decoded answer, None without one."""
        params = {**(query or {}), **({} if include is None else {"include": include})}
        reply = await self.send(method, path, params=params, **({} if body is None else {"json": body}))
        assert reply.status == status, reply
        return reply.json if reply.body else None

    async def refusal(self, method: str, path: str, body: Any = None, *, status: int = 400, **options: Any) -> str:
        """Send a request that must be refused with an error object, and return its detail."""
        (error,) = (await self.ask(method, path, body, status=status, **options))["errors"]
        assert error["title"]
        return str(error["detail"])

    async def make(self, path: str, body: Any) -> str:
        """Create a resource and return its id."""
        return str((await self.ask("POST", path, body, status=201))["data"]["id"])

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

"""A small On-Call world for the end-to-end tests: people, teams, a schedule, policies and rules, and a client on it.

It is made by bare HTTP requests, so that it does not depend on what the tests are about.
"""

from __future__ import annotations

import copy
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import attrs
import orjson
from aiohttp import web

from aiooncall import ClientOptions, DatadogOnCall, Resource, ResourceRef
from aiooncall.jsonapi import relations
from aiooncall.simulator.http.server import HttpServer
from tests.support.datadog_client import datadog
from tests.support.datadog_http import ON_CALL, POLICIES, SCHEDULES, Caller, data_body, policy_body
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Sequence

    from aiooncall.simulator import Simulator

Json = dict[str, Any]

PAGERDUTY: Final = "/api/v1/integration/pagerduty/configuration/services"
HOURS: Final = {
    "time_zone": "Europe/Paris",
    "restrictions": [
        {"start_day": "monday", "start_time": "09:00:00", "end_day": "friday", "end_time": "17:00:00"},
        {"start_day": "saturday", "start_time": "22:00:00", "end_day": "sunday", "end_time": "24:00:00"},
    ],
}
MANNERS: Final[list[Json]] = [{}, {"drift": True}, {"bare_included": True}, {"hide_empty_slots": False}]
"""The ways in which the simulator's answers can be odd."""


@attrs.frozen
class World:
    """What the tests start from. Everything but `sim`, `client` and `caller` is an id.

    The client's type is not told: what type checkers make of it is in typing_api.py, and here each step into a graph
    would have to be narrowed.

    On the schedule, Ann, nobody and Bob take turns by the day; now it is Bob's day. Checkout tells Ann and the
    schedule, then whoever was on it before or Bob, then the storage team. Storage tells Cy, then Bob.
    """

    sim: Simulator
    client: Any
    caller: Caller
    ann: str
    bob: str
    cy: str
    payments: str
    storage: str
    schedule: str
    policy: str
    backup: str

    def sent(self) -> list[str]:
        """Return method and path of each request since the world was made, or since it was asked last."""
        requests = [f"{request.method} {request.path}" for request in self.sim.ledger.requests]
        self.sim.ledger.requests.clear()
        return requests


@asynccontextmanager
async def world(simulator: Json | None = None, **options: Any) -> AsyncIterator[World]:
    """Yield a world on virtual time; the requests that made it are not in the ledger."""
    async with datadog(simulator=simulator, **options) as (sim, client), aiohttp.ClientSession() as session:
        made = await _build(sim, client, Caller(session, sim))
        sim.ledger.requests.clear()
        yield made


async def _build(sim: Simulator, client: DatadogOnCall, caller: Caller) -> World:
    ann, bob, cy = sim.add_user("Ann Lee", "ann@example.com"), sim.add_user("Bob Roy"), sim.add_user("Cy")
    payments, storage = sim.add_team("payments", "Payments"), sim.add_team("storage", "Storage")
    schedule = await caller.make(SCHEDULES, primary_body(ann, bob, cy, payments))
    policy = await caller.make(POLICIES, checkout_body(ann, bob, schedule, payments, storage))
    backup = await caller.make(POLICIES, policy_body([target("users", cy)], [target("users", bob)], name="Backup"))
    await caller.ask("PUT", routing_path(payments), payments_rules(policy))
    await caller.ask("PUT", routing_path(storage), data_body("team_routing_rules", {"rules": [{"policy_id": backup}]}))
    return World(sim, client, caller, ann, bob, cy, payments, storage, schedule, policy, backup)


def routing_path(team: str) -> str:
    """Return where a team's routing rules are."""
    return f"{ON_CALL}/teams/{team}/routing-rules"


def target(kind: str, target_id: str, position: str | None = None) -> Json:
    """Return a step's target as a request has it."""
    config = {} if position is None else {"config": {"schedule": {"position": position}}}
    return {"type": kind, "id": target_id, **config}


def primary_body(ann: str, bob: str, cy: str, team: str) -> Json:
    """Return the request for the schedule: every field of a layer is in one of its layers."""
    days = {
        "name": "Days",
        "effective_date": "2027-01-01T00:00:00Z",
        "rotation_start": "2027-01-01T00:00:00.250001Z",
        "interval": {"days": 1},
        "members": [{"user": {"id": ann}}, {}, {"user": {"id": bob}}],
    }
    nights = {
        "name": "Nights",
        "effective_date": "2027-01-01T00:00:00Z",
        "end_date": "2028-01-01T00:00:00Z",
        "rotation_start": "2027-01-01T00:00:00Z",
        "interval": {"days": 2, "seconds": 43_200},
        "time_zone": "America/New_York",
        "restrictions": HOURS["restrictions"][1:],
        "members": [{"user": {"id": cy}}],
    }
    attributes = {"name": "Primary", "time_zone": "Europe/Paris", "layers": [days, nights]}
    return data_body("schedules", attributes, team)


def checkout_body(ann: str, bob: str, schedule: str, owner: str, other: str) -> Json:
    """Return the request for the policy: it has every kind of target."""
    body = policy_body(
        [target("users", ann), target("schedules", schedule)],
        [target("schedules", schedule, "previous"), target("users", bob)],
        [target("teams", other)],
        teams=(owner,),
    )
    attributes = body["data"]["attributes"]
    attributes |= {"retries": 2, "resolve_page_on_policy_end": True}
    attributes["steps"][0]["escalate_after_seconds"] = 300
    attributes["steps"][1] |= {"escalate_after_seconds": 600, "assignment": "round-robin"}
    return body


def payments_rules(policy: str) -> Json:
    """Return the request for routing rules that page the old way, by an action among others, not, and for all else."""
    paging = {
        "type": "escalation_policy",
        "policy_id": policy,
        "urgency": "dynamic",
        "ack_timeout_minutes": 45,
        "support_hours": HOURS,
    }
    others = [
        {"type": "send_slack_message", "workspace": "W1", "channel": "C1"},
        {"type": "send_teams_message", "tenant": "T1", "team": "T2", "channel": "C2"},
        {"type": "workflow", "handle": "clean-up"},
    ]
    rules: list[Json] = [
        {"query": "service:checkout", "policy_id": policy, "urgency": "high", "time_restriction": HOURS},
        {"query": "service:ledger", "actions": [*others, paging]},
        {"query": "service:chat", "actions": others[:1]},
        {"query": "", "actions": [{"type": "escalation_policy", "policy_id": policy, "urgency": "high"}]},
    ]
    return data_body("team_routing_rules", {"rules": rules})


def subsets(values: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """Yield every choice of some of `values`, none and all included."""
    chosen: list[tuple[str, ...]] = [()]
    for value in values:
        chosen += [(*before, str(value)) for before in chosen]
    yield from chosen


def on_the_way(paths: Iterable[str]) -> set[str]:
    """Return paths, and what lies on the way to them."""
    parts = [path.split(".") for path in paths]
    return {".".join(names[:length]) for names in parts for length in range(1, len(names) + 1)}


def at_path(resource: Resource, path: str) -> list[Any]:
    """Return what a path of relationships leads to; what is only a reference leads no further."""
    reached: list[Any] = [resource]
    for name in path.split("."):
        near = [getattr(one, name) for one in reached if isinstance(one, Resource) and name in names_of(one)]
        reached = [one for value in near for one in (value if isinstance(value, (tuple, list)) else [value]) if one]
    return reached


def names_of(resource: Resource) -> set[str]:
    """Return the names of a resource's relationships."""
    return {field.name for field in relations(type(resource))}


def linked_paths(resource: Resource, paths: Iterable[str]) -> set[str]:
    """Return which of `paths` lead to objects, and check that all others lead to references."""
    found = {str(path): at_path(resource, path) for path in paths}
    for path, reached in found.items():
        kinds = {isinstance(one, ResourceRef) for one in reached}
        assert len(kinds) <= 1, f"{path} leads to objects and to references"
    return {path for path, reached in found.items() if reached and not isinstance(reached[0], ResourceRef)}


def without_ids(value: Any) -> Any:
    """Return JSON without any `id` but those of a reference: an object of a type and an id."""
    if isinstance(value, list):
        return [without_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    refers = {"type", "id"} <= value.keys() <= {"type", "id", "config"} or value.keys() == {"id"}
    return {name: without_ids(item) for name, item in value.items() if refers or name != "id"}


def but(document: Json, *path: str | int, value: Any) -> Json:
    """Return a copy of `document` with another value at one place."""
    changed: Any = copy.deepcopy(document)
    place = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return changed  # type: ignore[no-any-return]  # of any JSON


@attrs.frozen
class Recorder:
    """A server that says what it is told to, whatever is asked, and keeps what it was asked.

    Attributes:
        answers: status and body for each request; the last is for all that follow.
        bodies: the JSON of each request, None for one without a body.
    """

    answers: Sequence[tuple[int, bytes]]
    bodies: list[Any] = attrs.field(factory=list[Any])

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        body = await request.read()
        status, answer = self.answers[min(len(self.bodies), len(self.answers) - 1)]
        self.bodies.append(orjson.loads(body) if body else None)
        return web.Response(status=status, body=answer, content_type="application/vnd.api+json")


@asynccontextmanager
async def answering(*answers: Any, status: int = 200, **options: Any) -> AsyncIterator[tuple[Recorder, Any]]:
    """Yield a client of a server that gives these answers: bytes, or anything that is JSON."""
    raw = [answer if isinstance(answer, bytes) else orjson.dumps(answer) for answer in answers]
    recorder = Recorder([(status, body) for body in raw])
    origin = HttpServer(recorder.handle)
    await origin.start("127.0.0.1", 0)
    try:
        chosen = ClientOptions(**{"clock": VirtualClock(), **options})
        async with DatadogOnCall("api-key", "app-key", api_url=origin.url, options=chosen) as client:
            yield recorder, client
    finally:
        await origin.close()


async def everything(rows: AsyncIterator[Any]) -> list[Any]:
    """Return all that an iterator yields."""
    return [row async for row in rows]

"""The routing rules of teams: read, and replaced as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.datadog.config_routes import ON_CALL
from aiooncall.simulator.datadog.envelope import read_include
from aiooncall.simulator.datadog.reading import check_type
from aiooncall.simulator.datadog.routing_json import routing_resources
from aiooncall.simulator.datadog.routing_requests import read_routing

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.json_api import Json
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.routing import Answer, Call, Router

_INCLUDES: Final = ("rules", "rules.policy")


class RoutingRoutes:
    """Shows and sets the rules of a team."""

    def __init__(self, world: World, envelope: Envelope) -> None:
        self._world = world
        self._envelope = envelope

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("GET", f"{ON_CALL}/teams/{{id}}/routing-rules", self._get)
        router.add("PUT", f"{ON_CALL}/teams/{{id}}/routing-rules", self._set)

    def _get(self, call: Call) -> Answer:
        include = read_include(call.query, _INCLUDES)
        return self._answer(self._world.routing(call.ids[0]), include)

    def _set(self, call: Call) -> Answer:
        include = read_include(call.query, _INCLUDES)
        old = self._world.routing(call.ids[0])
        data = self._envelope.data(call)
        check_type(data, "team_routing_rules")
        return self._answer(self._world.set_routing(read_routing(data, self._world, old)), include)

    def _answer(self, record: Json, include: list[str]) -> Answer:
        resource, *rules = routing_resources(record)
        return self._envelope.answer(200, resource, include, parts=rules)

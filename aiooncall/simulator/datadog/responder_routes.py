"""Who is on call for a schedule or a team."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from aiooncall.simulator.datadog.config_routes import ON_CALL, SCHEDULES
from aiooncall.simulator.datadog.envelope import read_include
from aiooncall.simulator.datadog.json_api import bad_request, refused
from aiooncall.simulator.datadog.policy_requests import POSITIONS
from aiooncall.simulator.datadog.responders import responders_at, shifts_at, team_responders_at
from aiooncall.simulator.http.times import read_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.routing import Answer, Call, Moment, Router

_RESPONDER_INCLUDES: Final = ("schedule", "responders", "responders.shifts", "responders.shifts.user")
_TEAM_INCLUDES: Final = ("responders", "escalations", "escalations.responders")


class ResponderRoutes:
    """Shows who is on call."""

    def __init__(self, world: World, envelope: Envelope) -> None:
        self._world = world
        self._envelope = envelope

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("GET", f"{SCHEDULES}/{{id}}/on-call", self._on_call)
        router.add("GET", f"{SCHEDULES}/{{id}}/responders", self._responders)
        router.add("GET", f"{ON_CALL}/teams/{{id}}/on-call", self._team)

    def _on_call(self, call: Call) -> Answer:
        include = read_include(call.query, ("user",))
        schedule = self._world.rota(call.ids[0])
        shifts = shifts_at(self._world, schedule, "current", _read_at(call.query, call.now))
        if not shifts:
            raise refused(404, f"nobody is on call for schedule[{schedule['id']}]")
        return self._envelope.answer(200, shifts[0], include)

    def _responders(self, call: Call) -> Answer:
        include = read_include(call.query, _RESPONDER_INCLUDES)
        schedule = self._world.rota(call.ids[0])
        positions = _read_positions(call.query)
        record, *parts = responders_at(self._world, schedule, positions, _read_at(call.query, call.now))
        return self._envelope.answer(200, record, include, parts=parts)

    def _team(self, call: Call) -> Answer:
        include = read_include(call.query, _TEAM_INCLUDES)
        team = self._world.teams.get(call.ids[0])
        record, *escalations = team_responders_at(self._world, team["id"], _instant(call.now))
        return self._envelope.answer(200, record, include, parts=escalations)


def _read_positions(query: Mapping[str, str]) -> list[str]:
    """Return the positions asked for, each once."""
    positions = query.get("filter[position]", "current").split(",")
    for position in positions:
        if position not in POSITIONS:
            raise bad_request(f"filter[position]: {position!r} is not one of {', '.join(POSITIONS)}")
    return list(dict.fromkeys(positions))


def _read_at(query: Mapping[str, str], now: Moment) -> datetime:
    text = query.get("filter[at_ts]")
    at = _instant(now) if text is None else read_instant(text)
    if at is None:
        raise bad_request(f"filter[at_ts]: {text!r} is no RFC 3339 date and time")
    return at


def _instant(now: Moment) -> datetime:
    return datetime.fromtimestamp(now.wall, UTC)

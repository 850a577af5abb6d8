"""Responders: the people who are on call for a schedule, by position, or for a team, by its policy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.simulator.datadog.crud import ON_CALL
from aiooncall.simulator.datadog.envelope import read_include
from aiooncall.simulator.datadog.json_api import bad_request, linkage, refused
from aiooncall.simulator.datadog.policies import POSITIONS, target_position
from aiooncall.simulator.datadog.rotation import find_shifts
from aiooncall.simulator.datadog.routing_rules import escalated_policy
from aiooncall.simulator.datadog.schedules import SCHEDULES
from aiooncall.simulator.http.times import read_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.rotation import Shift
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Moment, Router

_RESPONDER_INCLUDES: Final = ("schedule", "responders", "responders.shifts", "responders.shifts.user")
_TEAM_INCLUDES: Final = ("responders", "escalations", "escalations.responders")


def shifts_at(world: World, schedule: Json, position: str, at: datetime) -> list[Json]:
    """Return the shifts at a position of a stored schedule, seen from an instant."""
    made = datetime.fromtimestamp(world.schedules.made_at(schedule["id"]), UTC)
    return [_shift(_cut(found, made, at)) for found in find_shifts(schedule["attributes"], position, at)]


def _cut(found: Shift, made: datetime, at: datetime) -> Shift:
    """Return a shift without what was before its schedule was made, which recordings leave out."""
    if found.start < made < found.end and made <= at:
        return found._replace(start=made.astimezone(found.start.tzinfo))
    return found


def responders_at(world: World, schedule: Json, positions: Iterable[str], at: datetime) -> list[Json]:
    """Return who is asked for by position and, after that, the responders and their shifts."""
    record_id = f"{schedule['id']}-{int(at.timestamp())}"
    shifts = {position: shifts_at(world, schedule, position, at) for position in positions}
    responders = [_responder(f"{record_id}-{position}", position, found) for position, found in shifts.items()]
    record = {
        "id": record_id,
        "type": "schedule_oncall_responders",
        "attributes": {"scheduled_at": f"{at:%Y-%m-%dT%H:%M:%S.%f}000Z"},
        "relationships": {
            "responders": linkage("schedule_oncall_responder", (responder["id"] for responder in responders)),
            "schedule": {"data": {"id": schedule["id"], "type": "schedules"}},
        },
    }
    return [record, *responders, *(shift for found in shifts.values() for shift in found)]


def team_responders_at(world: World, team_id: str, at: datetime) -> list[Json]:
    """Return who is on call for a team and, after that, the later steps that reach anybody, as was recorded."""
    steps = _policy_steps(world, team_id)
    first, *later = [_step_users(world, step, at, {team_id}) for step in steps] or [[]]
    escalations: list[Json] = [
        {"id": step["id"], "type": "escalation_policy_steps", "relationships": {"responders": linkage("users", users)}}
        for step, users in zip(steps[1:], later, strict=True)
        if users
    ]
    record = {
        "id": f"{team_id}-{int(at.timestamp())}",
        "type": "team_oncall_responders",
        "relationships": {
            "responders": linkage("users", first),
            "escalations": linkage("escalation_policy_steps", (step["id"] for step in escalations)),
        },
    }
    return [record, *escalations]


def _shift(found: Shift) -> Json:
    start, end = (at.isoformat(timespec="seconds") for at in (found.start, found.end))
    return {
        "id": f"{found.user_id}-{start}-{end}",
        "type": "shifts",
        "attributes": {"start": found.start.isoformat(), "end": end},
        "relationships": {"user": {"data": {"id": found.user_id, "type": "users"}}},
    }


def _responder(responder_id: str, position: str, shifts: list[Json]) -> Json:
    return {
        "id": responder_id,
        "type": "schedule_oncall_responder",
        "attributes": {"position": position},
        "relationships": {"shifts": linkage("shifts", (shift["id"] for shift in shifts))},
    }


def _policy_steps(world: World, team_id: str) -> list[Json]:
    """Return the steps of the policy that the first of a team's rules with one leads to."""
    policies = map(escalated_policy, world.routing(team_id)["attributes"]["rules"])
    policy_id = next((one for one in policies if one is not None), None)
    steps: list[Json] = world.policies.get(policy_id)["attributes"]["steps"] if policy_id else []
    return steps


def _step_users(world: World, step: Json, at: datetime, teams: set[str]) -> list[str]:
    """Return whom a step reaches, each user once; a team on the way that was passed already reaches nobody."""
    found = (user for target in step["targets"] for user in _target_users(world, target, at, teams))
    return list(dict.fromkeys(found))


def _target_users(world: World, target: Json, at: datetime, teams: set[str]) -> list[str]:
    target_id: str = target["id"]
    match target["type"]:
        case "users":
            return [target_id]
        case "schedules":
            schedule = world.rota(target_id)["attributes"]
            return [shift.user_id for shift in find_shifts(schedule, target_position(target) or "current", at)]
        case _:
            steps = [] if target_id in teams else _policy_steps(world, target_id)[:1]
            return [user for step in steps for user in _step_users(world, step, at, teams | {target_id})]


@attrs.frozen
class ResponderRoutes:
    """The routes that tell who is on call."""

    _world: World
    _envelope: Envelope

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
        record, *escalations = team_responders_at(self._world, team["id"], call.now.utc)
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
    at = now.utc if text is None else read_instant(text)
    if at is None:
        raise bad_request(f"filter[at_ts]: {text!r} is no RFC 3339 date and time")
    return at

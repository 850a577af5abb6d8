"""The overrides of schedules: created, listed and deleted.

https://docs.datadoghq.com/api/latest/on-call/list-on-call-schedule-overrides/
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.simulator.datadog.envelope import read_include
from aiooncall.simulator.datadog.json_api import bad_request
from aiooncall.simulator.datadog.pagination import read_slice
from aiooncall.simulator.datadog.reading import check_type, read_at
from aiooncall.simulator.datadog.schedules import SCHEDULES
from aiooncall.simulator.http.routing import Answer
from aiooncall.simulator.http.times import read_instant, write_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.fields import Fields
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call, Moment, Router

_OVERRIDES: Final = f"{SCHEDULES}/{{id}}/overrides"
_INCLUDES: Final = ("user", "overridden_user", "user.color")
_PEOPLE: Final = ("user", "overridden_user")
_LONGEST: Final = timedelta(days=45)
_MAX_SIZE: Final = 50


@attrs.frozen
class OverrideRoutes:
    """The routes of the overrides of schedules."""

    _world: World
    _envelope: Envelope

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("POST", _OVERRIDES, self._create)
        router.add("GET", _OVERRIDES, self._list)
        router.add("DELETE", f"{_OVERRIDES}/{{id}}", self._delete)

    def _create(self, call: Call) -> Answer:
        include = read_include(call.query, _INCLUDES)
        table = self._world.overrides(call.ids[0])
        rows = self._envelope.rows(call)
        read = [_read(row, self._world, call.ids[0]) for row in rows]
        made = [table.put({"id": self._world.new_id(), **override}) for override in read]
        return self._envelope.answer(200, [_shown(override, call.now) for override in made], include)

    def _list(self, call: Call) -> Answer:
        """Show what overlaps the time that is asked for; which slice it is no answer was seen to tell."""
        include = read_include(call.query, _INCLUDES)
        table = self._world.overrides(call.ids[0])
        start, end = _read_range(call.query)
        part = read_slice(call.query, _MAX_SIZE)
        found = sorted(
            (one for one in table if _time(one, "start") < end and _time(one, "end") > start),
            key=lambda one: _time(one, "start"),
        )
        return self._envelope.answer(200, [_shown(one, call.now) for one in part.of(found)], include)

    def _delete(self, call: Call) -> Answer:
        schedule_id, override_id = call.ids
        table = self._world.overrides(schedule_id)
        table.remove(table.get(override_id)["id"])
        return Answer(204)


def _read(data: Fields, world: World, schedule_id: str) -> Json:
    check_type(data, "overrides")
    attributes = data.child("attributes")
    start, end = (read_at(attributes, name) for name in ("start", "end"))
    if end <= start:
        raise attributes.refusal("end", "must be after the start")
    relationships = data.optional_child("relationships")
    people = _read_people(relationships, world) if relationships else {}
    schedule = {"data": {"id": schedule_id, "type": "schedules"}}
    return {
        "type": "overrides",
        "attributes": {"start": write_instant(start), "end": write_instant(end)},
        "relationships": {**people, "schedule": schedule},
    }


def _read_people(relationships: Fields, world: World) -> Json:
    given = {name: relationships.optional_child(name) for name in _PEOPLE}
    people = {name: one.child("data") for name, one in given.items() if one is not None}
    return {
        name: {"data": {"id": world.users.named(one, "id"), "type": one.choice("type", ("users",))}}
        for name, one in people.items()
    }


def _read_range(query: Mapping[str, str]) -> tuple[datetime, datetime]:
    start, end = (_moment(query, name) for name in ("filter[start]", "filter[end]"))
    if not timedelta() < end - start <= _LONGEST:
        raise bad_request(f"filter[end]: must be after filter[start], and at most {_LONGEST.days} days after it")
    return start, end


def _moment(query: Mapping[str, str], name: str) -> datetime:
    at = read_instant(query.get(name, ""))
    if at is None:
        raise bad_request(f"{name}: must be an RFC 3339 date and time")
    return at


def _time(override: Json, name: str) -> datetime:
    return datetime.fromisoformat(override["attributes"][name])


def _shown(override: Json, now: Moment) -> Json:
    """Return an override as it is now: over, or not."""
    inactive = _time(override, "end") <= now.utc
    return {**override, "attributes": {**override["attributes"], "inactive": inactive}}

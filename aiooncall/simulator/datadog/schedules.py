"""Schedules: read from requests, shown in JSON:API, and searched.

https://docs.datadoghq.com/api/latest/on-call/create-on-call-schedule/
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final, NamedTuple

import attrs

from aiooncall.simulator.datadog.crud import ON_CALL, CrudRoutes
from aiooncall.simulator.datadog.envelope import read_include
from aiooncall.simulator.datadog.json_api import linkage, linked
from aiooncall.simulator.datadog.pagination import meta_page, read_slice
from aiooncall.simulator.datadog.reading import part_ids, read_at, read_relationships, read_windows, read_zone
from aiooncall.simulator.http.json_values import without
from aiooncall.simulator.http.times import write_instant

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.fields import Fields
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Router

SCHEDULES: Final = f"{ON_CALL}/schedules"
_INCLUDES: Final = ("teams", "layers", "layers.members", "layers.members.user")
_MAX_DAYS: Final = 400
_MAX_SECONDS: Final = 2_592_000
_MIN_SECONDS: Final = 3_600
_DAY: Final = 86_400
_MAX_SIZE: Final = 100
_FACET: Final = re.compile(r"\b(?P<facet>team\.id|user\.id):(?:\((?P<many>[^)]*)\)|(?P<one>\S+))")


def read_schedule(data: Fields, world: World, old: Json | None) -> Json:
    """Return the schedule that a request describes, which keeps the ids of the layers of the old one."""
    attributes = data.child("attributes")
    layers = attributes.children("layers")
    if not layers:
        raise attributes.refusal("layers", "must hold a layer")
    ids = part_ids(layers, [layer["id"] for layer in old["attributes"]["layers"]] if old else [], world)
    _check_names(layers)
    known = attributes.with_known(
        name=attributes.text("name"),
        tags=attributes.texts("tags") or (old["attributes"]["tags"] if old else []),  # nothing in a request clears them
        time_zone=read_zone(attributes),
        layers=[_read_layer(layer, layer_id, world) for layer, layer_id in zip(layers, ids, strict=True)],
    )
    return data.with_known(attributes=known, relationships=read_relationships(data, world, "layers"))


def _check_names(layers: list[Fields]) -> None:
    names = [layer.text("name") for layer in layers]
    for at, layer in enumerate(layers):
        if names[at] in names[:at]:
            raise layer.refusal("name", f"{names[at]!r} is the name of another layer")


def _read_layer(layer: Fields, layer_id: str, world: World) -> Json:
    members = layer.children("members")
    if not members:
        raise layer.refusal("members", "must hold a member or an empty slot")
    return layer.with_known(
        id=layer_id,
        applied_rotation_start=None,
        effective_date=write_instant(read_at(layer, "effective_date")),
        end_date=write_instant(read_at(layer, "end_date")) if layer.has("end_date") else None,
        interval=_read_interval(layer.child("interval")),
        members=[_read_member(member, world) for member in members],
        restrictions=read_windows(layer) or None,
        rotation_start=write_instant(read_at(layer, "rotation_start")),
        time_zone=read_zone(layer) if layer.optional_text("time_zone") else None,
    )


def _read_interval(interval: Fields) -> Json:
    days = interval.integer("days", 0, _MAX_DAYS) or None
    seconds = interval.integer("seconds", 0, _MAX_SECONDS) or None
    if (days or 0) * _DAY + (seconds or 0) < _MIN_SECONDS:
        raise interval.refusal("days", "days and seconds must be an hour together")
    return interval.with_known(days=days, seconds=seconds)


def _read_member(member: Fields, world: World) -> Json:
    """Return a member; its id follows from its place, and one without a user is an empty slot."""
    user = member.optional_child("user")
    if user is None or not user.optional_text("id"):
        return member.with_known(id=None, user=None)
    return member.with_known(id=None, user=user.with_known(id=world.users.named(user, "id")))


def schedule_resources(schedule: Json, *, hide_empty_slots: bool = False) -> list[Json]:
    """Return the schedule and, after it, what belongs to it alone.

    Args:
        schedule: The schedule as stored.
        hide_empty_slots: Whether empty slots are referred to but not among the resources.
    """
    layers: list[Json] = schedule["attributes"]["layers"]
    row = schedule_row(schedule)
    relationships = {**row["relationships"], "layers": linkage("layers", (layer["id"] for layer in layers))}
    members = [member for layer in layers for member in _members(layer)]
    shown = [member for member in members if member["relationships"] or not hide_empty_slots]
    return [{**row, "relationships": relationships}, *map(_layer, layers), *shown]


def schedule_row(schedule: Json) -> Json:
    """Return the schedule as a list shows it."""
    return {**schedule, "attributes": without(schedule["attributes"], "layers")}


def _layer(layer: Json) -> Json:
    """Return a layer, with what the server was recorded to make of it."""
    made: Json = {"applied_rotation_start": layer["rotation_start"], "restrictions": []}
    return {
        "id": layer["id"],
        "type": "layers",
        "attributes": {**made, **without(layer, "id", "members")},
        "relationships": {"members": linkage("members", (member["id"] for member in _members(layer)))},
    }


def _members(layer: Json) -> list[Json]:
    return [_member(f"{layer['id']}-member-{number}", member) for number, member in enumerate(layer["members"], 1)]


def _member(member_id: str, member: Json) -> Json:
    attributes = without(member, "user")
    user = member.get("user")
    return {
        "id": member_id,
        "type": "members",
        **({"attributes": attributes} if attributes else {}),
        "relationships": {"user": {"data": {**user, "type": "users"}}} if user else {},
    }


def schedule_routes(world: World, envelope: Envelope, *, hide_empty_slots: bool) -> CrudRoutes:
    """Return the routes of single schedules."""
    return CrudRoutes(
        world,
        envelope,
        path=SCHEDULES,
        table=world.schedules,
        includes=_INCLUDES,
        read=read_schedule,
        resources=lambda schedule: schedule_resources(schedule, hide_empty_slots=hide_empty_slots),
        users=world.users_of_schedule,
    )


class Query(NamedTuple):
    """The conditions of a search: a pattern of names, and for each facet the ids of which one must fit."""

    name: str
    facets: list[tuple[str, frozenset[str]]]

    def matches(self, schedule: Json) -> bool:
        """Tell whether a schedule fulfils every condition."""
        name = schedule["attributes"]["name"].lower()
        pattern = self.name if "*" in self.name else f"*{self.name}*"
        return fnmatchcase(name, _literal(pattern)) and all(
            wanted & _FACETS[facet](schedule) for facet, wanted in self.facets
        )


def parse_query(text: str) -> Query:
    """Split a query into a name and facets that must all fit."""
    facets = [(found["facet"], _ids(found["many"] or found["one"] or "")) for found in _FACET.finditer(text)]
    name = re.sub(r"\bAND\b", " ", _FACET.sub(" ", text))
    return Query(" ".join(name.lower().split()), facets)


@attrs.frozen
class ScheduleList:
    """The route of the list of schedules, which shows the oldest first."""

    _world: World
    _envelope: Envelope

    def register(self, router: Router) -> None:
        """Add the route to a router."""
        router.add("GET", SCHEDULES, self._list)

    def _list(self, call: Call) -> Answer:
        include = read_include(call.query, ("teams",))
        part = read_slice(call.query, _MAX_SIZE)
        query = parse_query(call.query.get("filter[query]", ""))
        found = [schedule for schedule in self._world.schedules if query.matches(schedule)]
        rows = list(map(schedule_row, part.of(found)))
        return self._envelope.answer(200, rows, include, meta={"page": meta_page(len(found), *part)})


def _ids(text: str) -> frozenset[str]:
    return frozenset(text.split()) - {"OR"}


def _literal(pattern: str) -> str:
    """Leave `*` the only character of a pattern with a meaning."""
    return re.sub(r"[?\[]", r"[\g<0>]", pattern)


def _team_ids(schedule: Json) -> frozenset[str]:
    return frozenset(team["id"] for team in linked(schedule, "teams"))


def _user_ids(schedule: Json) -> frozenset[str]:
    members = (member for layer in schedule["attributes"]["layers"] for member in layer["members"])
    return frozenset(member["user"]["id"] for member in members if "user" in member)


_FACETS: Final = {"team.id": _team_ids, "user.id": _user_ids}

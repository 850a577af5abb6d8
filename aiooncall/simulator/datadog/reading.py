"""Parts that requests of several kinds have in common: identity, teams, parts with ids, times, weekly windows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.simulator.datadog.json_api import linkage
from aiooncall.simulator.datadog.rotation import DAYS
from aiooncall.simulator.http.times import is_time_zone, read_instant, read_time_of_day

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from aiooncall.simulator.datadog.fields import Fields
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.json_values import Json


def check_type(data: Fields, kind: str) -> None:
    """Refuse a request that is not about resources of a type."""
    data.choice("type", (kind,))


def check_id(data: Fields, resource_id: str) -> None:
    """Refuse a request whose id is not the path's."""
    if data.text("id") != resource_id:
        raise data.refusal("id", f"must be {resource_id}, as in the path")


def read_relationships(data: Fields, world: World, *computed: str) -> Json:
    """Return the relationships of a request, without those that the server computes; teams must exist."""
    relationships = data.optional_child("relationships")
    if relationships is None:
        return {"teams": linkage("teams", ())}
    teams = relationships.optional_child("teams")
    known = _read_teams(teams, world) if teams else linkage("teams", ())
    return relationships.with_known(teams=known, **dict.fromkeys(computed))


def _read_teams(teams: Fields, world: World) -> Json:
    found = [
        team.with_known(type=team.choice("type", ("teams",)), id=world.teams.named(team, "id"))
        for team in teams.optional_children("data")
    ]
    return teams.with_known(data=found)


def part_ids(parts: Sequence[Fields], known: Collection[str], world: World) -> list[str]:
    """Return an id for each part of a resource: the one it names, or a new one.

    Args:
        parts: The parts that a request brings.
        known: The ids that the resource's parts have so far; naming another one is refused, naming one twice as well.
        world: Gives new ids.
    """
    ids: list[str] = []
    for part in parts:
        named = part.optional_text("id")
        if named and (named not in known or named in ids):
            raise part.refusal("id", f"{named} is twice here" if named in known else f"{named} not found")
        ids.append(named or world.new_id())
    return ids


def read_zone(fields: Fields) -> str:
    """Return the time zone that an object must name."""
    name = fields.text("time_zone")
    if not is_time_zone(name):
        raise fields.refusal("time_zone", f"{name!r} is no time zone")
    return name


def read_windows(fields: Fields) -> list[Json]:
    """Return the weekly windows of an object, none if it names none."""
    return [
        window.with_known(
            start_day=window.choice("start_day", DAYS),
            start_time=_time_of_day(window, "start_time"),
            end_day=window.choice("end_day", DAYS),
            end_time=_time_of_day(window, "end_time"),
        )
        for window in fields.optional_children("restrictions")
    ]


def read_hours(hours: Fields | None) -> Json | None:
    """Return weekly windows with their zone; a zone can be empty, as in the vendor's own example.

    https://docs.datadoghq.com/api/latest/on-call/get-on-call-team-routing-rules/
    """
    if hours is None:
        return None
    zone = "" if hours.optional_text("time_zone") == "" else read_zone(hours)
    windows = read_windows(hours)
    if not windows:
        raise hours.refusal("restrictions", "must hold a window")
    return hours.with_known(time_zone=zone, restrictions=windows)


def read_at(fields: Fields, name: str) -> datetime:
    """Return the instant that an object must name."""
    at = read_instant(fields.text(name))
    if at is None:
        raise fields.refusal(name, "must be an RFC 3339 date and time")
    return at


def _time_of_day(window: Fields, name: str) -> str:
    text = read_time_of_day(window.text(name))
    if text is None:
        raise window.refusal(name, "must be a time of day such as 09:00:00")
    return text

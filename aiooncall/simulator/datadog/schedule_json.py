"""Schedules in JSON:API: the schedule, its layers and their members."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.simulator.datadog.json_api import linkage, without

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.json_api import Json


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

"""An API that grew since the client was written: fields, resource types and enum values nobody knew.

What is added to answers is taken out of requests again, as a real server ignores what is read-only.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, cast

from aiooncall.simulator.http.drift import grown

if TYPE_CHECKING:
    from aiooncall.simulator.http.json_values import Json

_ROBOT: Final = {"id": "robot-7", "type": "robots"}
_MARKS: Final = frozenset({"robot", "robot_score"})
_ACTION: Final = {"type": "call_robot", "mood": "calm"}
_UNKNOWN: Final = {
    ("pages", "status", "triggered"): "snoozed_by_robot",
    ("users", "status", "active"): "recharged_by_robot",
    ("steps", "assignment", "round-robin"): "chosen-by-robot",
    ("schedule_target", "position", "next"): "next_robot",
    ("schedule_oncall_responder", "position", "next"): "next_robot",
    ("team_routing_rules", "urgency", "dynamic"): "judged_by_robot",
    ("notification_rules", "category", "low_urgency"): "robot_urgency",
}
"""Unknown values, by kind, attribute and the known value that they stand in for."""
_PARTS: Final = frozenset({"steps", "schedule_target", "layers", "members", "team_routing_rules"})
"""Kinds that requests hold as parts of something else: there is no place in them for relationships of their own."""
_KNOWN: Final = {unknown: known for (_, _, known), unknown in _UNKNOWN.items()}


def with_drift(document: Json) -> Json:
    """Return a document with unknown things added to every resource."""
    data: Json | list[Json] = document["data"]
    resources = [_drifted(one) for one in data] if isinstance(data, list) else _drifted(data)
    included = [*map(_drifted, document.get("included", ())), {**_ROBOT, "attributes": {"mood": "calm"}}]
    return {**document, "data": resources, "included": included, "jsonapi": {"version": "1.1"}}


def without_drift(value: object) -> object:
    """Return what a client sent without what `with_drift` had added."""
    match value:
        case dict():
            members = cast("dict[str, object]", value).items()
            return {name: without_drift(member) for name, member in members if name not in _MARKS}
        case list():
            return [without_drift(item) for item in cast("list[object]", value) if not _is_added(item)]
        case str():
            return _KNOWN.get(value, value)
        case _:
            return value


def _drifted(resource: Json) -> Json:
    kind: str = resource["type"]
    attributes = {
        name: grown(value, partial(_renamed, kind), {"robot": True}, name=name)
        for name, value in resource.get("attributes", {}).items()
    }
    if kind == "team_routing_rules" and "actions" in attributes:
        attributes["actions"] = [*(attributes["actions"] or ()), _ACTION]
    drifted = {**resource, "attributes": {**attributes, "robot_score": 0.5}, "robot": True}
    if kind not in _PARTS:
        drifted["relationships"] = {**resource.get("relationships", {}), "robot": {"data": _ROBOT}}
    return drifted


def _renamed(kind: str, name: str, text: str) -> str:
    return _UNKNOWN.get((kind, name, text), text)


def _is_added(item: object) -> bool:
    return isinstance(item, dict) and cast("Json", item).get("type") in (_ROBOT["type"], _ACTION["type"])

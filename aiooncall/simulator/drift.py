"""An API that grew since the client was written: fields, resource types and enum values nobody knew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aiooncall.simulator.page_json import Json

UNKNOWN_STATUS: Final = "snoozed_by_robot"
_ROBOT: Final = {"id": "robot-7", "type": "robots"}


def with_drift(document: Json) -> Json:
    """Return a document with unknown things added; triggered pages get an unknown status."""
    data: Json | list[Json] = document["data"]
    pages = list(map(_drifted_page, data)) if isinstance(data, list) else _drifted_page(data)
    included = [*map(_bare_user, document.get("included", ())), {**_ROBOT, "attributes": {"mood": "calm"}}]
    return {**document, "data": pages, "included": included, "jsonapi": {"version": "1.1"}}


def _drifted_page(page: Json) -> Json:
    attributes = {**page.get("attributes", {}), "robot_score": 0.5}
    if attributes.get("status") == "triggered":
        attributes["status"] = UNKNOWN_STATUS
    relationships = {**page.get("relationships", {}), "robot": {"data": _ROBOT}}
    return {**page, "attributes": attributes, "relationships": relationships, "robot": True}


def _bare_user(resource: Json) -> Json:
    """Strip a user's attributes, as some documented answers do."""
    if resource["type"] != "users":
        return resource
    return {"id": resource["id"], "type": "users"}

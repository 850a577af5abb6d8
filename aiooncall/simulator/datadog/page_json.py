"""Pages in JSON:API, shaped as the vendor documents them."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from aiooncall.simulator.datadog.json_api import meta_page, ref

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.simulator.datadog.json_api import Json
    from aiooncall.simulator.datadog.page_requests import ListOptions
    from aiooncall.simulator.datadog.page_store import Snapshot, Target

_NAMESPACE = uuid.UUID("5ca1ab1e-0000-4000-8000-000000000000")
_ESCALATE_AFTER = 300.0
_DIGITS = (0, 6, 9)


def page_document(snapshot: Snapshot) -> Json:
    """Return the document that holds one page."""
    return {"data": _page(snapshot), "included": _included([snapshot])}


def list_document(chosen: list[Snapshot], total: int, options: ListOptions) -> Json:
    """Return the document that holds one slice of a list of `total` pages."""
    meta = {"page": meta_page(total, options.number, options.size)}
    return {"data": [_page(snapshot) for snapshot in chosen], "included": _included(chosen), "meta": meta}


def timestamp(wall: float, digits: int) -> str:
    """Return a wall time in RFC 3339 with a fraction of so many digits."""
    whole = math.floor(wall)
    text = datetime.fromtimestamp(whole, UTC).isoformat().removesuffix("+00:00")
    if not digits:
        return f"{text}Z"
    return f"{text}.{int((wall - whole) * 1e9):09d}"[: len(text) + 1 + digits] + "Z"


def _page(snapshot: Snapshot) -> Json:
    return {
        "id": snapshot.page.id,
        "type": "pages",
        "attributes": _attributes(snapshot),
        "relationships": _relationships(snapshot),
    }


def _attributes(snapshot: Snapshot) -> Json:
    page, version = snapshot
    digits = _DIGITS[page.number % len(_DIGITS)]
    times = {
        "acknowledged_at": version.acknowledged_at,
        "closed_at": version.closed_at,
        "created_at": page.created_at,
        "modified_at": version.modified_at,
        "responders_added_at": page.created_at,
    }
    return {
        "comment_count": 0,
        "description": page.content.description,
        "escalation_policy_uuid": _invented("policy", version.target.identifier),
        "key": str(page.number),
        "status": version.status,
        "tags": page.content.tags,
        "title": page.content.title,
        "urgency": page.content.urgency,
        **{name: timestamp(wall, digits) for name, wall in times.items() if wall is not None},
    }


def _relationships(snapshot: Snapshot) -> Json:
    page, version = snapshot
    relationships: Json = {
        "author": {"data": ref(_user("author"))},
        "links": {"data": []},
        "responders": {"data": [ref(_responder(version.target))]},
        "target": {"data": ref(_target(version.target))},
    }
    if version.status == "resolved":
        relationships["closed_by"] = {"data": ref(_user("author"))}
    else:
        relationships["scheduled_action"] = {"data": {"id": page.id, "type": "scheduled_actions"}}
    return relationships


def _included(snapshots: Iterable[Snapshot]) -> list[Json]:
    resources: dict[tuple[str, str], Json] = {}
    for snapshot in snapshots:
        target = snapshot.version.target
        for resource in (_user("author"), _responder(target), _target(target), _scheduled_action(snapshot)):
            resources[resource["type"], resource["id"]] = resource
    return list(resources.values())


def _scheduled_action(snapshot: Snapshot) -> Json:
    """Return the next action, whose id is the page's, or the author again when nothing is due."""
    page, version = snapshot
    if version.status == "resolved":
        return _user("author")
    return {
        "id": page.id,
        "type": "scheduled_actions",
        "attributes": {"at": timestamp(version.modified_at + _ESCALATE_AFTER, 6), "type": "escalate"},
        "relationships": {"schedules": {"data": []}, "users": {"data": [ref(_responder(version.target))]}},
    }


@lru_cache(maxsize=1024)
def _invented(kind: str, name: str) -> str:
    """Return the id that an invented object always has."""
    return str(uuid.uuid5(_NAMESPACE, f"{kind}:{name}"))


def _responder(target: Target) -> Json:
    if target.type == "user_id":
        return _target(target)
    return _user(f"responder.{target.identifier}")


@lru_cache(maxsize=1024)
def _target(target: Target) -> Json:
    if target.type == "user_id":
        return _user_resource(target.identifier, f"user-{target.identifier[:8]}")
    handle, team_id = target.identifier, target.identifier
    if target.type == "team_handle":
        team_id = _invented("team", handle)
    attributes = {"avatar": "", "description": "", "handle": handle, "name": handle.replace("-", " ").title()}
    return {"id": team_id, "type": "teams", "attributes": attributes}


@lru_cache(maxsize=1024)
def _user(name: str) -> Json:
    return _user_resource(_invented("user", name), name)


def _user_resource(user_id: str, handle: str) -> Json:
    email = f"{handle}@example.com"
    return {"id": user_id, "type": "users", "attributes": {"email": email, "name": "", "status": "active"}}

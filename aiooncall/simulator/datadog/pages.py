"""Pages: read from requests, searched, and shown in JSON:API; the API host and the paging host answer alike."""

from __future__ import annotations

import math
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, TypeAlias

from aiooncall.simulator.datadog.fields import Fields
from aiooncall.simulator.datadog.json_api import JSON_API, plain_bad_request, ref
from aiooncall.simulator.datadog.page_search import parse_query
from aiooncall.simulator.datadog.page_store import NewPage, Target
from aiooncall.simulator.datadog.pagination import meta_page, read_slice
from aiooncall.simulator.datadog.tags import normalise_tag
from aiooncall.simulator.http.routing import JSON_TYPE, Answer, Refusal, error_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.page_store import Page, PageStore, Snapshot
    from aiooncall.simulator.datadog.pagination import Slice
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call, Moment, Router

SearchMode: TypeAlias = Literal["normal", "empty_body", "ignores_tags"]

_PAGES: Final = "/api/v2/on-call/pages"
_TARGET_TYPES: Final = ("team_id", "team_handle", "user_id")
_URGENCIES: Final = ("low", "high")
_SORT_FIELDS: Final = frozenset({"created_at", "modified_at", "status", "priority"})
_DEFAULT_SIZE: Final = 100
_MAX_SIZE: Final = 1000
_MAX_OFFSET: Final = 50_000
_NAMESPACE: Final = uuid.UUID("5ca1ab1e-0000-4000-8000-000000000000")
_ESCALATE_AFTER: Final = 300.0
_DIGITS: Final = (0, 6, 9)


class ListOptions(NamedTuple):
    """The parameters of a request for the list."""

    query: str
    part: Slice
    sort: str


def read_new_page(body: bytes) -> NewPage:
    """Return the page that a create request asks for."""
    data = Fields.parse(body, plain_bad_request).child("data")
    data.choice("type", ("pages",))
    attributes = data.child("attributes")
    return NewPage(
        attributes.text("title"),
        _read_target(attributes.child("target")),
        attributes.choice("urgency", _URGENCIES),
        attributes.optional_text("description") or "",
        tuple(map(normalise_tag, attributes.texts("tags"))),
    )


def read_new_target(body: bytes) -> Target:
    """Return the target that a reroute request asks for."""
    data = Fields.parse(body, plain_bad_request).child("data")
    data.text("type")  # its value is not documented
    return _read_target(data.child("attributes").child("target"))


def read_list_options(query: Mapping[str, str]) -> ListOptions:
    """Return what a list request asks for, defaults filled in; oldest first is unverified."""
    part = read_slice(query, _MAX_SIZE, _DEFAULT_SIZE, plain_bad_request)
    sort = query.get("sort", "created_at")
    if part.start >= _MAX_OFFSET:
        raise plain_bad_request(f"page[number] times page[size] must be below {_MAX_OFFSET}")
    if sort.removeprefix("-") not in _SORT_FIELDS:
        raise plain_bad_request(f"sort: unknown field {sort!r}")
    return ListOptions(query.get("filter[query]", ""), part, sort)


def _read_target(target: Fields) -> Target:
    return Target(target.choice("type", _TARGET_TYPES), target.text("identifier"))


def page_document(snapshot: Snapshot) -> Json:
    """Return the document that holds one page."""
    return {"data": _page(snapshot), "included": _included([snapshot])}


def list_document(found: list[Snapshot], part: Slice) -> Json:
    """Return the document that holds one slice of a list of pages."""
    chosen, meta = part.of(found), {"page": meta_page(len(found), *part)}
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


class PageRoutes:
    """The routes of pages."""

    def __init__(self, store: PageStore, envelope: Envelope, *, search_lag: float, search_mode: SearchMode) -> None:
        self._store = store
        self._envelope = envelope
        self._search_lag = search_lag
        self._search_mode = search_mode

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("POST", _PAGES, self._create)
        router.add("GET", _PAGES, self._list)
        router.add("GET", f"{_PAGES}/{{id}}", self._get)
        router.add("POST", f"{_PAGES}/{{id}}/acknowledge", self._action(self._store.acknowledge))
        router.add("POST", f"{_PAGES}/{{id}}/escalate", self._action(self._store.escalate))
        router.add("POST", f"{_PAGES}/{{id}}/resolve", self._action(self._store.resolve))
        router.add("POST", f"{_PAGES}/{{id}}/reroute", self._reroute)

    def _create(self, call: Call) -> Answer:
        page = self._store.create(read_new_page(call.body), call.now)
        return self._envelope.send(200, {"data": {"id": page.id, "type": "pages"}}, JSON_TYPE)

    def _action(self, change: Callable[[Page, Moment], None]) -> Callable[[Call], Answer]:
        def handle(call: Call) -> Answer:
            change(self._page(call), call.now)
            return Answer(202)

        return handle

    def _reroute(self, call: Call) -> Answer:
        self._store.reroute(self._page(call), read_new_target(call.body), call.now)
        return Answer(202)

    def _get(self, call: Call) -> Answer:
        return self._envelope.send(200, page_document(self._page(call).seen(call.now.monotonic)))

    def _list(self, call: Call) -> Answer:
        options = read_list_options(call.query)
        if self._search_mode == "empty_body":
            return Answer(200, content_type=JSON_API)
        found = self._find(options, call.now.monotonic - self._search_lag)
        return self._envelope.send(200, list_document(found, options.part))

    def _find(self, options: ListOptions, at: float) -> list[Snapshot]:
        """Search the index, which is the store as it was one lag ago."""
        terms = parse_query(options.query)
        if self._search_mode == "ignores_tags" and any(term.facet == "tag" for term in terms):
            return []
        seen = (page.seen(at) for page in self._store if page.exists(at))
        found = [page for page in seen if all(term.matches(page) for term in terms)]
        field = options.sort.removeprefix("-")
        return sorted(found, key=_SORT_KEYS[field], reverse=options.sort.startswith("-"))

    def _page(self, call: Call) -> Page:
        page = self._store.get(call.ids[0])
        if page is None:
            error = {"title": "Not Found", "detail": f"no page has the id {call.ids[0]}"}
            raise Refusal(error_answer(404, error))
        return page


# A page has no priority here, so sorting by it goes by urgency.
_SORT_KEYS: dict[str, Callable[[Snapshot], tuple[Any, int]]] = {
    "created_at": lambda seen: (seen.page.created_at, seen.page.number),
    "modified_at": lambda seen: (seen.version.modified_at, seen.page.number),
    "status": lambda seen: (seen.version.status, seen.page.number),
    "priority": lambda seen: (seen.urgency, seen.page.number),
}

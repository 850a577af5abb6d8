"""Reads what clients send about pages, as strictly as the vendor documents it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

import orjson

from aiooncall.simulator.page_store import NewPage, Target
from aiooncall.simulator.routing import Refusal, error_answer
from aiooncall.simulator.tags import normalise_tag

if TYPE_CHECKING:
    from collections.abc import Mapping

TARGET_TYPES: Final = frozenset({"team_id", "team_handle", "user_id"})
URGENCIES: Final = frozenset({"low", "high"})
SORT_FIELDS: Final = frozenset({"created_at", "modified_at", "status", "priority"})
DEFAULT_SIZE: Final = 100
MAX_SIZE: Final = 1000
MAX_OFFSET: Final = 50_000


class ListOptions(NamedTuple):
    """What a list request asks for."""

    query: str
    number: int
    size: int
    sort: str


def read_new_page(body: bytes) -> NewPage:
    """Return the page that a create request asks for."""
    data = _data(body)
    if data.get("type") != "pages":
        raise _refused("data.type: must be pages")
    attributes = _object(data, "attributes")
    urgency = _text(attributes, "urgency")
    if urgency not in URGENCIES:
        raise _refused("urgency: must be low or high")
    description = attributes.get("description", "")
    if not isinstance(description, str):
        raise _refused("description: must be text")
    return NewPage(_text(attributes, "title"), _target(attributes), urgency, description, _tags(attributes))


def read_new_target(body: bytes) -> Target:
    """Return the target that a reroute request asks for."""
    data = _data(body)
    _text(data, "type")  # its value is not documented
    return _target(_object(data, "attributes"))


def read_list_options(query: Mapping[str, str]) -> ListOptions:
    """Return what a list request asks for, defaults filled in; oldest first is unverified."""
    number = _integer(query, "page[number]", 0)
    size = _integer(query, "page[size]", DEFAULT_SIZE)
    sort = query.get("sort", "created_at")
    if number < 0 or not 1 <= size <= MAX_SIZE:
        raise _refused(f"page[number] starts at 0, page[size] is 1 to {MAX_SIZE}")
    if number * size >= MAX_OFFSET:
        raise _refused(f"page[number] times page[size] must be below {MAX_OFFSET}")
    if sort.removeprefix("-") not in SORT_FIELDS:
        raise _refused(f"sort: unknown field {sort!r}")
    return ListOptions(query.get("filter[query]", ""), number, size, sort)


def _data(body: bytes) -> Mapping[str, object]:
    try:
        document: object = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise _refused("the body is not JSON") from None
    return _object({"document": document}, "document", "data")


def _object(holder: Mapping[str, object], *fields: str) -> Mapping[str, object]:
    for field in fields:
        value = holder.get(field)
        if not isinstance(value, dict):
            raise _refused(f"{field}: must be an object")
        holder = cast("Mapping[str, object]", value)
    return holder


def _text(holder: Mapping[str, object], field: str) -> str:
    value = holder.get(field)
    if not isinstance(value, str) or not value:
        raise _refused(f"{field}: must be text and not empty")
    return value


def _target(attributes: Mapping[str, object]) -> Target:
    target = _object(attributes, "target")
    kind = _text(target, "type")
    if kind not in TARGET_TYPES:
        raise _refused(f"target.type: unknown kind {kind!r}")
    return Target(kind, _text(target, "identifier"))


def _tags(attributes: Mapping[str, object]) -> tuple[str, ...]:
    tags = attributes.get("tags", [])
    if not isinstance(tags, list):
        raise _refused("tags: must be a list")
    texts = cast("list[object]", tags)
    if not all(isinstance(tag, str) for tag in texts):
        raise _refused("tags: must hold text only")
    return tuple(normalise_tag(str(tag)) for tag in texts)


def _integer(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError:
        raise _refused(f"{name}: must be a whole number") from None


def _refused(error: str) -> Refusal:
    return Refusal(error_answer(400, error))

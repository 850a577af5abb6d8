"""Reads what clients send about pages, as strictly as the vendor documents it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from aiooncall.simulator.datadog.fields import Fields
from aiooncall.simulator.datadog.page_store import NewPage, Target
from aiooncall.simulator.datadog.tags import normalise_tag
from aiooncall.simulator.http.routing import Refusal, error_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

TARGET_TYPES: Final = ("team_id", "team_handle", "user_id")
URGENCIES: Final = ("low", "high")
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
    data = Fields.parse(body, _refused).child("data")
    data.choice("type", ("pages",))
    attributes = data.child("attributes")
    return NewPage(
        attributes.text("title"),
        _target(attributes.child("target")),
        attributes.choice("urgency", URGENCIES),
        attributes.optional_text("description") or "",
        tuple(map(normalise_tag, attributes.texts("tags"))),
    )


def read_new_target(body: bytes) -> Target:
    """Return the target that a reroute request asks for."""
    data = Fields.parse(body, _refused).child("data")
    data.text("type")  # its value is not documented
    return _target(data.child("attributes").child("target"))


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


def _target(target: Fields) -> Target:
    return Target(target.choice("type", TARGET_TYPES), target.text("identifier"))


def _integer(query: Mapping[str, str], name: str, default: int) -> int:
    try:
        return int(query.get(name, default))
    except ValueError:
        raise _refused(f"{name}: must be a whole number") from None


def _refused(error: str) -> Refusal:
    return Refusal(error_answer(400, error))

"""One style of JSON for all commands: flat objects with the server's names, what is inside them inside, times in UTC.

A resource of Datadog is one object with its `id`, its `type`, its attributes and, by their names, the things that it
refers to: as objects of the same kind if their content is known, else as `type` and `id`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import attrs

from aiooncall._base.datetimes import format_datetime
from aiooncall._base.json import as_object
from aiooncall._base.unset import UNSET
from aiooncall.codec import unstructure, wire_name
from aiooncall.codec.model import Model
from aiooncall.jsonapi import Resource, ResourceRef, UnknownResource
from aiooncall.jsonapi.resources import relations

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def plain(value: object, inside: frozenset[str] = frozenset()) -> Any:  # noqa: ANN401 (any JSON)
    """Return a model, or facts of this package, as plain JSON.

    Args:
        value: what is told.
        inside: the resources that it stands in, which are not told again.
    """
    match value:
        case datetime():
            return format_datetime(value if value.tzinfo is None else value.astimezone(UTC))
        case Resource() | ResourceRef() | Model():
            return _thing(value, inside)
        case dict():
            named = cast("dict[str, Any]", value)
            return {name: plain(one, inside) for name, one in named.items()}
        case list() | tuple():
            listed = cast("Sequence[Any]", value)
            return [plain(one, inside) for one in listed]
        case _:
            kind: Any = type(value)
            fields = attrs.fields(kind) if attrs.has(kind) else ()
            return {field.name: plain(getattr(value, field.name), inside) for field in fields} if fields else value


def _thing(value: Resource | ResourceRef | Model, inside: frozenset[str]) -> dict[str, Any]:
    match value:
        case ResourceRef():
            return {"id": value.id, "type": value.type}
        case Resource():
            return _resource(value, inside)
        case _:
            return {**unstructure(value), **_deep(value, inside)}


def _resource(found: Resource, inside: frozenset[str]) -> dict[str, Any]:
    ref = found.ref
    name = f"{ref.type}/{ref.id}"
    head = {"id": ref.id, "type": ref.type}
    if name in inside:
        return head
    within = inside | {name}
    if isinstance(found, UnknownResource):
        return {**head, **_mapping(found.attributes), **_mapping(found.relationships)}
    related = {wire_name(field): getattr(found, field.name) for field in relations(type(found))}
    links = {name: plain(value, within) for name, value in related.items() if value is not UNSET}
    kept = {name: value for name, value in found.extra.items() if name not in {"attributes", "relationships"}}
    more = _mapping(found.extra.get("attributes"))
    return {**head, **more, **unstructure(found), **_deep(found, within), **links, **kept}


def _deep(value: object, inside: frozenset[str]) -> dict[str, Any]:
    """Return the times of a model, in UTC, and what has more times in it, as the server names them."""
    links = _link_names(value)
    found: dict[str, Any] = {}
    kind: Any = type(value)
    for field in attrs.fields(kind):
        held = getattr(value, field.name, UNSET)
        if field.name not in links and _holds_times(held):
            found[wire_name(field)] = plain(held, inside)
    return found


def _link_names(value: object) -> set[str]:
    """Return the names of the fields that refer to others."""
    return {field.name for field in relations(type(value))} if isinstance(value, Resource) else set()


def _holds_times(value: Any) -> bool:  # noqa: ANN401 (whatever a model can hold)
    if isinstance(value, (list, tuple)):
        listed = cast("Sequence[object]", value)
        return bool(listed) and all(isinstance(one, Model) for one in listed)
    return isinstance(value, Model) or (isinstance(value, datetime) and value.tzinfo is not None)


def _mapping(value: object) -> Mapping[str, Any]:
    return as_object(value) or {}

"""From objects that hold each other back to the document that they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiooncall._base.json import as_object
from aiooncall._base.unset import UNSET
from aiooncall.codec import unstructure, wire_name
from aiooncall.jsonapi.document import Document
from aiooncall.jsonapi.resources import ResourceRef, UnknownResource, reachable, relations

if TYPE_CHECKING:
    from aiooncall.jsonapi.document import Graph, Json
    from aiooncall.jsonapi.resources import Resource


def unlink(graph: Graph[Any]) -> Document:
    """Return the document of a graph: what was included stays so, and what was added to the graph is included too.

    Raises:
        LinkError: a resource has no id yet.
    """
    data: list[Resource] = graph.data
    primary = {id(resource) for resource in data}
    known = [*(graph.included or ()), *(found for found in reachable(data) if id(found) not in primary)]
    included = list({id(resource): resource for resource in known}.values())
    return Document(
        data=[to_json(resource) for resource in data],
        single=graph.single,
        included=None if graph.included is None and not included else [to_json(resource) for resource in included],
        extra=graph.extra,
    )


def to_json(resource: Resource) -> Json:
    """Return one resource as JSON:API, with references to others."""
    ref = resource.ref
    rest = dict(resource.extra)
    kept = rest.pop("attributes", UNSET), rest.pop("relationships", UNSET)
    attributes, links = _attributes(resource, kept[0]), _links(resource, kept[1])
    found = {"attributes": attributes, "relationships": links}
    return {"type": ref.type, "id": ref.id, **{name: said for name, said in found.items() if said is not UNSET}, **rest}


def _attributes(resource: Resource, kept: Any) -> Any:  # noqa: ANN401 (any JSON, or UNSET)
    if isinstance(resource, UnknownResource):
        return resource.attributes
    own: Json = unstructure(resource)
    return {**(as_object(kept) or {}), **own} if own else kept


def _links(resource: Resource, kept: Any) -> Any:  # noqa: ANN401 (any JSON, or UNSET)
    if isinstance(resource, UnknownResource):
        return resource.relationships
    links: Json = dict(kept or {})
    for field in relations(type(resource)):
        value, name = getattr(resource, field.name), wire_name(field)
        if value is not UNSET:
            links[name] = _relationship(value, links.get(name, {}))
    return links or kept


def _relationship(value: Any, kept: Json) -> Json:  # noqa: ANN401 (whatever a relationship can hold)
    if isinstance(value, (tuple, list)):
        listed: list[Any] = [identifier(resource) for resource in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType] (of resources)
        return {**kept, "data": listed} if listed else {"data": [], **kept}
    return {**kept, "data": None if value is None else identifier(value)}


def identifier(resource: Resource | ResourceRef) -> Json:
    """Return a resource's type and id as JSON:API wants to refer to it.

    Raises:
        LinkError: it has no id yet.
    """
    ref = resource if isinstance(resource, ResourceRef) else resource.ref
    return {"type": ref.type, "id": ref.id}

"""JSON:API documents: what is in them, and references between resources.

The shape is https://jsonapi.org/format/; Datadog sends it as `application/vnd.api+json`.
"""

from __future__ import annotations

from typing import Any

import attrs

from aiooncall._json import as_array, as_object
from aiooncall.codec import loads
from aiooncall.errors import CodecError


@attrs.frozen
class ResourceRef:
    """A reference to a resource: what kind it is and its id."""

    type: str
    id: str


@attrs.define(slots=True)
class Document:
    """A parsed document: primary resources, those included with them, and the rest."""

    data: list[dict[str, Any]]
    included: list[dict[str, Any]]
    meta: dict[str, Any]
    single: bool


def parse_document(body: bytes) -> Document:
    """Return the JSON:API document in `body`.

    Raises:
        CodecError: it is not JSON, or not a JSON:API document with data.
    """
    document = as_object(loads(body))
    if document is None or "data" not in document:
        raise CodecError("expected a JSON:API document with `data`")
    listed = as_array(document["data"])
    resources = [document["data"]] if listed is None else listed
    for index, item in enumerate(resources):
        resource = as_object(item)
        if resource is None or not isinstance(resource.get("type"), str):
            path = "$.data" if listed is None else f"$.data[{index}]"
            raise CodecError("expected a resource object with a `type`", path=path)
    included, meta = as_array(document.get("included")), as_object(document.get("meta"))
    return Document(resources, included or [], meta or {}, single=listed is None)


def flatten(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource's id, attributes and relationships as one flat object; a relationship becomes its data."""
    flat: dict[str, Any] = {}
    for name, relationship in (as_object(resource.get("relationships")) or {}).items():
        flat[name] = (as_object(relationship) or {}).get("data")
    flat.update(as_object(resource.get("attributes")) or {})
    if "id" in resource:
        flat["id"] = resource["id"]
    return flat

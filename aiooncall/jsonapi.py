"""JSON:API documents: what is in them, and references between resources.

The shape is https://jsonapi.org/format/; Datadog sends it as `application/vnd.api+json`.
"""

from __future__ import annotations

from typing import Any

import attrs

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
    document = loads(body)
    if not isinstance(document, dict) or "data" not in document:
        raise CodecError("expected a JSON:API document with `data`")
    data = document["data"]
    resources = data if isinstance(data, list) else [data]
    for index, resource in enumerate(resources):
        path = f"$.data[{index}]" if isinstance(data, list) else "$.data"
        if not isinstance(resource, dict) or not isinstance(resource.get("type"), str):
            raise CodecError("expected a resource object with a `type`", path=path)
    included, meta = document.get("included"), document.get("meta")
    return Document(
        resources,
        included if isinstance(included, list) else [],
        meta if isinstance(meta, dict) else {},
        single=not isinstance(data, list),
    )


def flatten(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource's id, attributes and relationships as one flat object; a relationship becomes its data."""
    flat: dict[str, Any] = {}
    for name, relationship in (resource.get("relationships") or {}).items():
        flat[name] = relationship.get("data") if isinstance(relationship, dict) else None
    flat.update(resource.get("attributes") or {})
    if "id" in resource:
        flat["id"] = resource["id"]
    return flat

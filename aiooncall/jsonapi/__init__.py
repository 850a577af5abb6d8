"""JSON:API documents, and the resolver that links what is in them.

The shape is https://jsonapi.org/format/; Datadog sends it as `application/vnd.api+json`. A document has primary
resources (`data`) and others that came along (`included`); they refer to each other by type and id. `link` turns a
document into objects that hold each other, `unlink` turns them back into the same document.
"""

from aiooncall.jsonapi.document import Document, Graph, parse_document
from aiooncall.jsonapi.linking import link
from aiooncall.jsonapi.merging import merge, missing_references
from aiooncall.jsonapi.resources import (
    TO_MANY,
    Resource,
    ResourceRef,
    UnknownResource,
    Unread,
    each,
    has_content,
    plain,
    reachable,
    related,
    relations,
    to_many,
    to_one,
)
from aiooncall.jsonapi.unlinking import identifier, unlink

__all__ = [
    "TO_MANY",
    "Document",
    "Graph",
    "Resource",
    "ResourceRef",
    "UnknownResource",
    "Unread",
    "each",
    "has_content",
    "identifier",
    "link",
    "merge",
    "missing_references",
    "parse_document",
    "plain",
    "reachable",
    "related",
    "relations",
    "to_many",
    "to_one",
    "unlink",
]

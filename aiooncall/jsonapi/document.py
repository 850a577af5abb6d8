"""What a document consists of, before and after linking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import attrs

from aiooncall._base.json import as_array, as_object
from aiooncall.codec import loads
from aiooncall.errors import CodecError
from aiooncall.jsonapi.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = dict[str, Any]
R = TypeVar("R", bound=Resource)


@attrs.define(kw_only=True)
class Document:
    """A parsed document.

    Attributes:
        data: the primary resources.
        single: whether `data` was one resource rather than a list.
        included: what came along; None if the document does not say.
        extra: whatever else the document has, such as `meta`.
    """

    data: list[Json]
    single: bool
    included: list[Json] | None = None
    extra: Json = attrs.field(factory=dict[str, Any])

    def resources(self) -> Iterator[tuple[str, Json]]:
        """Yield each resource with its JSON path."""
        for index, resource in enumerate(self.data):
            yield ("$.data" if self.single else f"$.data[{index}]"), resource
        for index, resource in enumerate(self.included or ()):
            yield f"$.included[{index}]", resource


@attrs.define(kw_only=True)
class Graph(Generic[R]):
    """A document's resources as objects that hold each other; the fields are those of a Document."""

    data: list[R]
    single: bool
    included: list[Resource] | None = None
    extra: Json = attrs.field(factory=dict[str, Any])

    @property
    def meta(self) -> Json:
        """The document's own facts, such as how many pages a list has."""
        return as_object(self.extra.get("meta")) or {}


def parse_document(body: bytes) -> Document:
    """Return the JSON:API document in `body`. Its resources are looked at when they are linked.

    Raises:
        CodecError: it is not JSON, or not a JSON:API document with data.
    """
    document = as_object(loads(body))
    if document is None or document.get("data") is None:
        raise CodecError("expected a JSON:API document with `data`")
    listed = as_array(document["data"])
    included = as_array(document.get("included"))
    if included is None and document.get("included") is not None:
        raise CodecError("expected a list of resources", path="$.included")
    return Document(
        data=[document["data"]] if listed is None else listed,
        single=listed is None,
        included=included,
        extra={name: value for name, value in document.items() if name not in {"data", "included"}},
    )

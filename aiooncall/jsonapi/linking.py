"""From a document to objects that hold each other, in time that grows with the document's size and no faster.

None of these is an error: a resource that is included twice (the first that has a member wins), that has no attributes,
is of an unknown kind, or that nothing refers to; a reference to what is not there (it stays a `ResourceRef`); a cycle.
"""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

import attrs

from aiooncall._base.unset import UNSET
from aiooncall.codec import structure_hook, wire_name
from aiooncall.codec.fields import member_names, required_names
from aiooncall.jsonapi.diagnose import NotAResource, diagnose
from aiooncall.jsonapi.document import Graph
from aiooncall.jsonapi.resources import ONE, RELATION, Resource, ResourceRef, UnknownResource, relations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiooncall.jsonapi.document import Document, Json

    Setter = Callable[[object, object], None]

R = TypeVar("R", bound=Resource)
Index = dict[tuple[str, str], Resource]

_MEMBERS: Final = frozenset({"type", "id", "attributes", "relationships"})
_OBJECT: Final = (dict, NoneType)


class ResourceReader(Generic[R]):
    """What it takes to read the resources of one class.

    Attributes:
        kind: the class.
        read: the codec's function that makes one of its attributes, and is told the class.
        known: the names of the attributes that the class has a field for.
        required: the names of those that an answer must have.
        relations: by its name on the wire, how to set a relationship, and whether it leads to one resource.
    """

    __slots__ = ("kind", "known", "read", "relations", "required")

    def __init__(self, kind: type[R]) -> None:
        self.kind: type[R] = kind
        self.read: Callable[[Any, type[R]], R] = structure_hook(kind)
        self.known: frozenset[str] = member_names(kind)
        self.required: frozenset[str] = required_names(kind)
        self.relations: dict[str, tuple[Setter, bool]] = {
            wire_name(field): (_setter(kind, field), field.metadata[RELATION] == ONE) for field in relations(kind)
        }


def _setter(kind: type, field: attrs.Attribute[Any]) -> Setter:
    """Return what sets a field past the class's own `__setattr__`: that converts what people set."""
    return cast("Setter", getattr(kind, field.name).__set__)


_set_id: Final = _setter(Resource, attrs.fields(Resource).id)
_readers: dict[type[Resource], ResourceReader[Any]] = {}


def reader_of(kind: type[R]) -> ResourceReader[R]:
    """Return what reads resources of `kind`; made once."""
    found = _readers.get(kind)
    if found is None:
        found = _readers[kind] = ResourceReader(kind)
    return found


def link(document: Document, kind: type[R], kinds: Mapping[str, type[Resource]]) -> Graph[R]:
    """Return the resources of `document` as objects that hold each other.

    Args:
        document: a parsed document.
        kind: the class of its primary resources.
        kinds: the class by type of what is included.

    Raises:
        CodecError: a resource is not what its class promises; the error has the path and the resource.
    """
    try:
        return _link(document, kind, kinds)
    except Exception as error:  # noqa: BLE001 (a hook may raise anything)
        problem = error
    # Raised here and not above: an error that is raised there carries the first one, which shows the answer.
    raise diagnose(document, kind, kinds) or problem


def _link(document: Document, kind: type[R], kinds: Mapping[str, type[Resource]]) -> Graph[R]:
    """Make every resource, then connect them: time grows with the size, and memory holds no more than the result."""
    # Two passes, as references go forwards, backwards and in circles. The first makes each resource of its attributes
    # alone and puts it into the index. In the second all of them are there, so that each reference is one look into the
    # index, whatever the order of the document, and a circle is nothing special: nobody waits for anybody to be whole.
    raws = document.included or []
    readers = {name: reader_of(kinds[name]) for name in {raw["type"] for raw in raws} if name in kinds}
    index: Index = {}
    included: list[Resource] = []
    for raw in raws:
        reader = readers.get(raw["type"])
        made = index[raw["type"], raw["id"]] = _make_unknown(raw) if reader is None else _make(raw, reader)
        included.append(made)
    # If the index has fewer resources than were made, some are in the document twice. That is rare, so it is cheaper to
    # begin again then than to ask for each resource whether it is new.
    if len(index) < len(raws):
        return _link(attrs.evolve(document, included=_distinct(raws)), kind, kinds)
    primary = reader_of(kind)
    data = [_make_primary(raw, primary) for raw in document.data]
    if kinds.get(kind.type) is kind:  # one type can mean one thing as primary and another as included
        index.update({(kind.type, resource.id): resource for resource in data})
    for raw, resource in zip(raws, included, strict=True):
        if "relationships" in raw and raw["type"] in readers:
            _connect(resource, raw, readers[raw["type"]], index)
    for raw, resource in zip(document.data, data, strict=True):
        _connect(resource, raw, primary, index)
    known = None if document.included is None else included
    return Graph(data=data, single=document.single, included=known, extra=document.extra)


def _distinct(resources: list[Json]) -> list[Json]:
    """Return each resource once; of one that stands there twice, the first mention of each member counts."""
    found: dict[tuple[str, str], Json] = {}
    for raw in resources:
        known = found.setdefault((raw["type"], raw["id"]), {})
        for name, said in raw.items():
            known.setdefault(name, said)
    return list(found.values())


def _make_primary(raw: Json, reader: ResourceReader[R]) -> R:
    if raw["type"] != reader.kind.type or (reader.required and raw.get("attributes") is None):
        raise NotAResource
    return _make(raw, reader)


def _make(raw: Json, reader: ResourceReader[R]) -> R:
    """Return a resource with what it says of itself."""
    # The codec is given `attributes` as if they were the whole object: what stands beside them is a field of the class,
    # too, but none of its members. No attributes and an empty object of them are written back as what they were.
    identifier, attributes, known = raw["id"], raw.get("attributes"), reader.known
    if type(identifier) is not str:
        raise NotAResource
    if attributes is None:
        made = reader.kind()
    else:
        made = reader.read(attributes, reader.kind)
        if not attributes or not known.issuperset(attributes):
            _keep(made, "attributes", {name: said for name, said in attributes.items() if name not in known})
    _set_id(made, identifier)
    if not _MEMBERS.issuperset(raw):
        made.extra = {**made.extra, **_beyond_members(raw)}
    return made


def _keep(resource: Resource, member: str, unknown: Json) -> None:
    resource.extra = {**resource.extra, member: unknown}


def _make_unknown(raw: Json) -> UnknownResource:
    texts, objects = (raw["type"], raw["id"]), (raw.get("attributes"), raw.get("relationships"))
    if not all(isinstance(said, str) for said in texts) or not all(isinstance(said, _OBJECT) for said in objects):
        raise NotAResource
    return UnknownResource(
        kind=raw["type"],
        id=raw["id"],
        attributes=raw.get("attributes", UNSET),
        relationships=raw.get("relationships", UNSET),
        extra=_beyond_members(raw),
    )


def _beyond_members(raw: Json) -> Json:
    return {name: value for name, value in raw.items() if name not in _MEMBERS}


def _connect(resource: Resource, raw: Json, reader: ResourceReader[Any], index: Index) -> None:
    """Set the relationships of a resource to what they refer to; what the class does not know is kept as it is."""
    relationships = raw.get("relationships")
    if relationships is None:
        return
    # A relationship can say more than its field holds: links beside the data, or null where a list belongs. That is
    # kept under its name without what the field holds, and `unlink` puts the two together again.
    kept: Json = {}
    known = reader.relations
    for name, relationship in relationships.items():
        if name not in known or "data" not in relationship:
            kept[name] = relationship if name not in known else _object(relationship)
            continue
        put, is_one = known[name]
        data = relationship["data"]
        if not is_one:
            put(resource, tuple([_find(identifier, index) for identifier in data or _nothing(data)]))
        else:
            put(resource, None if data is None else _find(data, index))
        if len(relationship) > 1 or (data is None and not is_one):
            kept[name] = {other: said for other, said in relationship.items() if other != "data" or not data}
    if kept or not relationships:
        _keep(resource, "relationships", kept)


def _object(relationship: object) -> object:
    if type(relationship) is not dict:
        raise NotAResource
    return relationship  # pyright: ignore[reportUnknownVariableType] (any JSON object)


def _nothing(data: object) -> tuple[()]:
    """Return no identifiers, for an empty list and for null, which the server can send instead."""
    if data is not None and type(data) is not list:
        raise NotAResource
    return ()


def _find(identifier: Json, index: Index) -> Resource | ResourceRef:
    kind, name = identifier["type"], identifier["id"]
    found = index.get((kind, name))
    if found is not None:
        return found
    if type(kind) is not str or type(name) is not str:
        raise NotAResource
    return ResourceRef(kind, name)

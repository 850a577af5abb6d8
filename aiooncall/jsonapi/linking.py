"""From a document to objects that hold each other, in time that grows with the document's size and no faster.

None of these is an error: a resource that is included twice (the first that has a member wins), that has no attributes,
is of an unknown kind, or that nothing refers to; a reference to what is not there (it stays a `ResourceRef`); a cycle.
"""

from __future__ import annotations

from types import NoneType
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

import attrs

from aiooncall._base.unset import UNSET
from aiooncall.codec import field_reader, wire_name
from aiooncall.codec.fields import is_member, required_names
from aiooncall.jsonapi.diagnose import NotAResource, find_fault
from aiooncall.jsonapi.document import Graph
from aiooncall.jsonapi.resources import ONE, RELATION, Resource, ResourceRef, UnknownResource, relations

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiooncall.jsonapi.document import Document, Json

    Setter = Callable[[object, object], None]

R = TypeVar("R", bound=Resource)
Index = dict[str, dict[str, Resource]]

_MEMBERS: Final = frozenset({"type", "id", "attributes", "relationships"})
_OBJECT: Final = (dict, NoneType)


class Plan(Generic[R]):
    """How resources of one class are read: field by field of what is there, since most answers say little of much.

    Attributes:
        attributes: by its name on the wire, how to set an attribute, how to read it, and as what.
        required: the attributes that an answer must have.
        relations: by its name on the wire, how to set a relationship, and whether it leads to one resource.
    """

    __slots__ = ("attributes", "kind", "relations", "required")

    def __init__(self, kind: type[R]) -> None:
        fields = [field for field in attrs.fields(attrs.resolve_types(kind)) if is_member(field)]
        self.kind: type[R] = kind
        self.attributes: dict[str, tuple[Setter, Callable[[Any, Any], Any], Any]] = {
            wire_name(field): (_setter(kind, field), *field_reader(field)) for field in fields
        }
        self.required: frozenset[str] = required_names(kind)
        self.relations: dict[str, tuple[Setter, bool]] = {
            wire_name(field): (_setter(kind, field), field.metadata[RELATION] == ONE) for field in relations(kind)
        }


def _setter(kind: type, field: attrs.Attribute[Any]) -> Callable[[object, object], None]:
    """Return what sets a field without the conversion that is meant for people."""
    return cast("Callable[[object, object], None]", getattr(kind, field.name).__set__)


_plans: dict[type[Resource], Plan[Any]] = {}


def plan_of(kind: type[R]) -> Plan[R]:
    """Return how resources of `kind` are read; found out once."""
    plan = _plans.get(kind)
    if plan is None:
        plan = _plans[kind] = Plan(kind)
    return plan


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
    # Looked for here and not above: an error that is raised there holds the first one, which shows the answer.
    raise find_fault(document, kind, kinds) or problem


def _link(document: Document, kind: type[R], kinds: Mapping[str, type[Resource]]) -> Graph[R]:
    """Make every resource, then connect them: time grows with the size, and memory holds no more than the result."""
    plans = {name: plan_of(known) for name, known in kinds.items()}
    raws = document.included or []
    index: Index = {}
    included = [_make_included(raw, plans, index) for raw in raws]
    if sum(map(len, index.values())) < len(raws):
        return _link(attrs.evolve(document, included=_distinct(raws)), kind, kinds)
    primary = plan_of(kind)
    data = [_make_primary(raw, primary) for raw in document.data]
    if kinds.get(kind.type) is kind:  # one type can mean one thing as primary and another as included
        index.setdefault(kind.type, {}).update({resource.id: resource for resource in data})
    for raw, resource in zip(raws, included, strict=True):
        if "relationships" in raw and raw["type"] in plans:
            _connect(resource, raw, plans[raw["type"]], index)
    for raw, resource in zip(document.data, data, strict=True):
        _connect(resource, raw, primary, index)
    known = None if document.included is None else included
    return Graph(data=data, single=document.single, included=known, extra=document.extra)


def _distinct(resources: list[Json]) -> list[Json]:
    """Return each resource once; of one that stands there twice, the first mention of each member counts."""
    found: dict[tuple[str, str], Json] = {}
    for raw in resources:
        key = raw["type"], raw["id"]
        found[key] = {**raw, **found[key]} if key in found else raw
    return list(found.values())


def _make_included(raw: Json, plans: Mapping[str, Plan[Any]], index: Index) -> Resource:
    kind, identifier = raw["type"], raw["id"]
    plan = plans.get(kind)
    made: Resource = _make_unknown(raw) if plan is None else _make(raw, plan)
    if kind in index:
        index[kind][identifier] = made
    else:
        index[kind] = {identifier: made}
    return made


def _make_primary(raw: Json, plan: Plan[R]) -> R:
    if raw["type"] != plan.kind.type or (plan.required and raw.get("attributes") is None):
        raise NotAResource
    return _make(raw, plan)


def _make(raw: Json, plan: Plan[R]) -> R:
    """Return a resource with what it says of itself."""
    identifier = raw["id"]
    if type(identifier) is not str:
        raise NotAResource
    made = plan.kind(id=identifier)
    attributes = raw.get("attributes")
    if attributes is not None:
        _set_attributes(made, attributes, plan)
    if not _MEMBERS.issuperset(raw):
        made.extra = {**made.extra, **_beyond_members(raw)}
    return made


def _set_attributes(made: Resource, attributes: Json, plan: Plan[Any]) -> None:
    known = plan.attributes
    unknown: Json | None = None
    if plan.required and not plan.required <= attributes.keys():
        raise NotAResource
    for name, value in attributes.items():
        if name in known:
            put, read, kind = known[name]
            put(made, read(value, kind))
        elif unknown is None:
            unknown = {name: value}
        else:
            unknown[name] = value
    if unknown or not attributes:
        _keep(made, "attributes", unknown or {})


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


def _connect(resource: Resource, raw: Json, plan: Plan[Any], index: Index) -> None:
    """Put what the relationships of `raw` refer to in their place; what has none is kept as it is."""
    relationships = raw.get("relationships")
    if relationships is None:
        return
    kept: Json = {}
    for name, relationship in relationships.items():
        if name not in plan.relations or "data" not in relationship:
            kept[name] = relationship if name not in plan.relations else _object(relationship)
            continue
        put, is_one = plan.relations[name]
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
    """Return no identifiers: where the server means an empty list, it can say null."""
    if data is not None and type(data) is not list:
        raise NotAResource
    return ()


def _find(identifier: Json, index: Index) -> Resource | ResourceRef:
    kind, name = identifier["type"], identifier["id"]
    found = index[kind].get(name) if kind in index else None
    if found is not None:
        return found
    if type(kind) is not str or type(name) is not str:
        raise NotAResource
    return ResourceRef(kind, name)

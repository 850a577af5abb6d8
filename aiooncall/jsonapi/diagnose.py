"""What is wrong with a document that could not be linked, and where. Slow, and only called after a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiooncall._base.json import as_array, as_object
from aiooncall.codec import explain, wire_name
from aiooncall.codec.fields import required_names
from aiooncall.errors import CodecError
from aiooncall.jsonapi.resources import ONE, RELATION, relations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall.jsonapi.document import Document, Json
    from aiooncall.jsonapi.resources import Resource


class NotAResource(Exception):
    """Something that is not a resource of its kind."""


def diagnose(document: Document, kind: type[Resource], kinds: Mapping[str, type[Resource]]) -> CodecError | None:
    """Return the first thing in `document` that is not as it should be, with its path; None if all is well."""
    for number, (path, raw) in enumerate(document.resources()):
        try:
            _check_identity(raw, path)
            if number < len(document.data):
                _check_primary(raw, kind, path)
                _check(raw, kind, path)
            elif raw["type"] in kinds:
                _check(raw, kinds[raw["type"]], path)
            else:
                _check_members(raw, path)
        except CodecError as fault:
            return fault
    return None


def _check_identity(raw: Any, path: str, owner: str | None = None) -> None:  # noqa: ANN401 (any JSON)
    identifier = as_object(raw)
    if identifier is None:
        raise CodecError("expected an object with `type` and `id`", path=path, resource=owner)
    for name in ("type", "id"):
        if not isinstance(identifier.get(name), str):
            raise CodecError("required field missing or not text", path=f"{path}.{name}", resource=owner)


def _name(raw: Json) -> str:
    return f"{raw['type']}/{raw['id']}"


def _check_primary(raw: Json, kind: type[Resource], path: str) -> None:
    if raw["type"] != kind.type:
        raise CodecError(f"expected a resource of type {kind.type!r}", path=f"{path}.type", resource=_name(raw))
    if required_names(kind) and raw.get("attributes") is None:
        raise CodecError("required field missing", path=f"{path}.attributes", resource=_name(raw))


def _check_members(raw: Json, path: str) -> None:
    for name in ("attributes", "relationships"):
        if raw.get(name) is not None and as_object(raw[name]) is None:
            raise CodecError("expected an object", path=f"{path}.{name}", resource=_name(raw))


def _check(raw: Json, kind: type[Resource], path: str) -> None:
    _check_members(raw, path)
    if raw.get("attributes") is not None:
        fault = explain(raw["attributes"], kind, f"{path}.attributes")
        if fault is not None:
            raise CodecError(str(fault).removeprefix(f"{fault.path}: "), path=fault.path, resource=_name(raw))
    relationships = as_object(raw.get("relationships")) or {}
    for field in relations(kind):
        if wire_name(field) in relationships:
            where = f"{path}.relationships.{wire_name(field)}"
            _check_relationship(relationships[wire_name(field)], where, _name(raw), one=field.metadata[RELATION] == ONE)


def _check_relationship(relationship: object, path: str, resource: str, *, one: bool) -> None:
    found = as_object(relationship)
    if found is None:
        raise CodecError("expected an object", path=path, resource=resource)
    data = found.get("data")
    if data is None:
        return
    listed = as_array(data)
    if listed is None and not one:
        raise CodecError("expected a list of resources", path=f"{path}.data", resource=resource)
    for number, identifier in enumerate([data] if one else listed or ()):
        _check_identity(identifier, f"{path}.data" if one else f"{path}.data[{number}]", resource)

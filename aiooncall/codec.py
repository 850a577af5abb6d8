"""JSON to attrs classes and back, by cattrs.

Three rules hold for every model:

- Open enums: a field typed `SomeEnum | str` takes a value it does not know as the plain text it is.
- Lossless: what a class does not know is kept in its `extra` and goes back with a write.
- Strict: a wrong type or a missing field is a `CodecError` with its JSON path, never a silent default.
"""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache, partial
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, TypeVar, Union, cast, get_args, get_origin

import attrs
import cattrs
import orjson
from cattrs.gen import make_dict_structure_fn, override

from aiooncall._json import as_object
from aiooncall.errors import CodecError

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
WIRE: Final = "wire"
"""Key in a field's metadata: the field's name on the wire, where it differs."""
EXTRA: Final = "extra"
"""The field that keeps what a class does not know."""


def wire_name(field: attrs.Attribute[Any]) -> str:
    """Return the name of `field` on the wire."""
    return str(field.metadata.get(WIRE, field.name))


def parse_datetime(value: object) -> datetime:
    """Return the aware datetime that `value` spells in RFC 3339, whatever its offset and digits of a second.

    A time without an offset is taken as UTC. Digits beyond microseconds are cut off.
    """
    if not isinstance(value, str):
        raise TypeError(f"expected an RFC 3339 time, got {type(value).__name__}")
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _strict(kind: type) -> Callable[[object, Any], Any]:
    def structure(value: object, _: Any) -> Any:  # noqa: ANN401 (cattrs' own signature)
        if type(value) is not kind:
            raise TypeError(f"expected {kind.__name__}, got {type(value).__name__}")
        return value

    return structure


def _open_enum_of(kind: Any) -> type[StrEnum] | None:  # noqa: ANN401 (any type annotation)
    if get_origin(kind) not in {Union, UnionType}:
        return None
    members = set(get_args(kind)) - {str, NoneType}
    enum = members.pop() if len(members) == 1 and str in get_args(kind) else None
    return enum if isinstance(enum, type) and issubclass(enum, StrEnum) else None


def _open_enum_hook(kind: Any) -> Callable[[object, Any], StrEnum | str | None]:  # noqa: ANN401 (any type annotation)
    enum = _open_enum_of(kind)
    assert enum is not None  # noqa: S101 (narrowing: the predicate let only these through)
    members = {member.value: member for member in enum}
    optional = NoneType in get_args(kind)

    def structure(value: object, _: Any) -> StrEnum | str | None:  # noqa: ANN401 (cattrs' own signature)
        if value is None and optional:
            return None
        if not isinstance(value, str):
            raise TypeError(f"expected text, got {type(value).__name__}")
        return members.get(value, value)

    return structure


def _class_hook(converter: cattrs.Converter, kind: type) -> Callable[[Any, Any], object]:
    fields = attrs.fields(kind)
    renames = {f.name: override(rename=wire_name(f)) for f in fields if WIRE in f.metadata}
    keeps_extra = any(f.name == EXTRA for f in fields)
    if keeps_extra:
        renames[EXTRA] = override(omit=True)
    plain = cast(
        "Callable[[object, Any], object]",
        make_dict_structure_fn(kind, converter, **renames),  # type: ignore[arg-type]
    )
    known = frozenset(wire_name(f) for f in fields if f.name != EXTRA)

    def structure(value: object, _: Any) -> object:  # noqa: ANN401 (cattrs' own signature)
        fields = as_object(value)
        if fields is None:
            raise TypeError(f"expected an object, got {type(value).__name__}")
        made: object = plain(fields, kind)
        if keeps_extra and not known.issuperset(fields):
            setattr(made, EXTRA, {key: item for key, item in fields.items() if key not in known})
        return made

    return structure


def make_converter(*, detailed: bool) -> cattrs.Converter:
    """Return a converter for the rules above; `detailed` makes it slower and its errors precise."""
    converter = cattrs.Converter(detailed_validation=detailed)
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _strict(kind))
    converter.register_structure_hook(datetime, lambda value, _: parse_datetime(value))
    converter.register_structure_hook_factory(lambda kind: _open_enum_of(kind) is not None, _open_enum_hook)
    converter.register_structure_hook_factory(attrs.has, partial(_class_hook, converter))
    return converter


@lru_cache(maxsize=2)
def _converter(*, detailed: bool) -> cattrs.Converter:
    return make_converter(detailed=detailed)


def structure(value: object, kind: type[T], *, path: str = "$") -> T:
    """Return `value` (plain JSON) as an instance of `kind`.

    Args:
        value: parsed JSON.
        kind: an attrs class.
        path: where `value` stands in its document, for the error.

    Raises:
        CodecError: it does not fit; the error has the JSON path.
    """
    try:
        return _converter(detailed=False).structure(value, kind)
    except Exception as problem:  # noqa: BLE001 (cattrs lets through whatever a hook raised)
        raise _explain(value, kind, path, problem) from None


def _explain(value: object, kind: type, path: str, problem: Exception) -> CodecError:
    """Do it again, slowly, to learn where it went wrong."""
    try:
        _converter(detailed=True).structure(value, kind)
    except Exception as group:  # noqa: BLE001 (as above)
        first = cattrs.transform_error(group, path=path)[0]
        said, _, where = first.rpartition(" @ ")
        return CodecError(said or first, path=where or path)
    return CodecError(str(problem), path=path)


def loads(body: bytes) -> Any:  # noqa: ANN401 (any JSON)
    """Return the JSON in `body`, or raise CodecError."""
    if not body:
        raise CodecError("the answer is empty where JSON was promised")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as problem:
        raise CodecError(f"the answer is not JSON: {problem}") from None


def dumps(value: object) -> bytes:
    """Return `value` as JSON."""
    return orjson.dumps(value)

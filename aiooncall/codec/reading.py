"""From JSON to classes: the hooks that cattrs is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from functools import partial
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, Union, cast, get_args, get_origin

import attrs
from cattrs.errors import AttributeValidationNote, ClassValidationError
from cattrs.gen import make_dict_structure_fn, override

from aiooncall._base.datetimes import parse_datetime, parse_local, parse_time
from aiooncall._base.json import as_object
from aiooncall.codec.compiled import compile_reader
from aiooncall.codec.fields import (
    EXTRA,
    LOCAL,
    UNIT,
    WIRE,
    choices,
    has_extra,
    is_member,
    may_be_unset,
    member_names,
    open_enum,
    required_names,
    tag_of,
    tagged_classes,
    wire_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from enum import StrEnum

    from cattrs import Converter

    Structure = Callable[[Any, Any], Any]

_NAMES: Final[dict[type, str]] = {
    str: "text", int: "a whole number", float: "a number", bool: "true or false", list: "a list", dict: "an object",
    NoneType: "null",
}  # fmt: skip


def add_reading(converter: Converter) -> None:
    """Teach `converter` to read models."""
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _strict(kind))
    converter.register_structure_hook(float, lambda value, _: _number(value))
    converter.register_structure_hook(datetime, lambda value, _: parse_datetime(value))
    factories: list[tuple[Callable[[Any], Any], Callable[[Converter, Any], Structure]]] = [
        (attrs.has, _read_class),
        (_is_tuple, _read_tuple),
        (may_be_unset, _read_set),
        (_is_optional, _read_optional),
        (lambda kind: set(choices(kind)) == {str, NoneType}, lambda _, __: _optional_text),
        (lambda kind: set(choices(kind)) - {NoneType} == {time, str}, lambda _, __: _optional_time),
        (open_enum, lambda _, kind: _read_enum(kind)),
        (tagged_classes, _read_tagged),
    ]
    for applies, make in factories:
        converter.register_structure_hook_factory(partial(_holds, applies), partial(make, converter))


def _holds(applies: Callable[[Any], Any], kind: Any) -> bool:  # noqa: ANN401 (any annotation)
    return bool(applies(kind))


def mismatch(value: object, kind: type) -> TypeError:
    """Return the error for a value that is not of its kind."""
    return TypeError(f"expected {_NAMES[kind]}, got {_NAMES.get(type(value), type(value).__name__)}")


def _strict(kind: type) -> Structure:
    def structure(value: object, _: object) -> object:
        if type(value) is not kind:
            raise mismatch(value, kind)
        return value

    return structure


def _number(value: object) -> float:
    if type(value) is int or type(value) is float:
        return value
    raise mismatch(value, float)


def _optional_text(value: object, _: object) -> object:
    if type(value) is not str and value is not None:
        raise mismatch(value, str)
    return value


def _optional_time(value: object, _: object) -> time | str | None:
    return None if value is None else parse_time(value)


def _read_set(converter: Converter, kind: Any) -> Structure:  # noqa: ANN401 (any annotation)
    """Read what may be UNSET: once it is on the wire, the rest of the union decides."""
    rest: Any = Union[choices(kind)]  # noqa: UP007 (of a tuple of types)
    return _bound(converter.get_structure_hook(rest), rest)


def _bound(structure: Structure, kind: Any) -> Structure:  # noqa: ANN401 (any annotation)
    """Return a hook that is always told `kind`: some of cattrs' own look at it."""
    return lambda value, _: structure(value, kind)


def _is_optional(kind: Any) -> bool:  # noqa: ANN401 (any annotation)
    return NoneType in choices(kind) and len(choices(kind)) == 2  # noqa: PLR2004 (None and the other)


def _read_optional(converter: Converter, kind: Any) -> Structure:  # noqa: ANN401 (any annotation)
    (inner,) = set(choices(kind)) - {NoneType}
    read = converter.get_structure_hook(inner)
    return lambda value, _: None if value is None else read(value, inner)


def _read_enum(kind: Any) -> Structure:  # noqa: ANN401 (any annotation)
    enum = open_enum(kind)
    assert enum is not None  # noqa: S101 (narrowing: the predicate let only these through)
    known: dict[str, StrEnum] = {member.value: member for member in enum}
    optional = NoneType in choices(kind)

    def structure(value: object, _: object) -> StrEnum | str | None:
        if isinstance(value, str):
            return known.get(value, value)
        if value is None and optional:
            return None
        raise mismatch(value, str)

    return structure


def _is_tuple(kind: Any) -> bool:  # noqa: ANN401 (any annotation)
    return get_origin(kind) in {tuple, Sequence}


def _read_tuple(converter: Converter, kind: Any) -> Structure:  # noqa: ANN401 (any annotation)
    listed: Any = list[get_args(kind)[0]]  # type: ignore[misc]
    read_list = converter.get_structure_hook(listed)

    def structure(value: object, _: object) -> tuple[Any, ...]:
        if type(value) is not list:
            raise mismatch(value, list)
        return tuple(read_list(value, listed))

    return structure


def _read_tagged(converter: Converter, kind: Any) -> Structure:  # noqa: ANN401 (any annotation)
    classes = tagged_classes(kind)
    readers = {tag_of(choice): _lazy(converter, choice) for choice in classes}
    other = readers[tag_of(classes[-1])]
    optional = NoneType in choices(kind)

    def structure(value: object, _: object) -> object:
        if value is None and optional:
            return None
        fields = as_object(value)
        if fields is None:
            raise mismatch(value, dict)
        return readers.get(fields.get("type"), other)(fields)

    return structure


def _lazy(converter: Converter, kind: type) -> Callable[[object], object]:
    def structure(value: object) -> object:
        return cast("object", converter.structure(value, kind))

    return structure


def _read_class(converter: Converter, kind: type) -> Structure:
    fields = attrs.fields(kind)
    renames = {field.name: wire_name(field) for field in fields if WIRE in field.metadata}
    plain = cast(
        "Structure",
        make_dict_structure_fn(kind, converter, **{f.name: _override(f) for f in fields}),
    )
    known, required, keeps_extra = member_names(kind), required_names(kind), has_extra(kind)

    def structure(value: object, _: object) -> object:
        found = as_object(value)
        if found is None:
            raise mismatch(value, dict)
        if not required <= found.keys():
            raise _missing(kind, min(required - found.keys()))
        made: object = plain(found, kind)
        if keeps_extra and not known.issuperset(found):
            setattr(made, EXTRA, {key: item for key, item in found.items() if key not in known})
        return made

    if converter.detailed_validation:
        return _with_wire_names(structure, renames)
    hook_of = converter.get_structure_hook
    return compile_reader(kind, lambda field, part: _special_reader(field) or hook_of(part), structure)


def _override(field: attrs.Attribute[Any]) -> Any:  # noqa: ANN401 (cattrs' own class)
    if not is_member(field):
        return override(omit=True)
    return override(rename=field.metadata.get(WIRE), struct_hook=_special_reader(field))


def _special_reader(field: attrs.Attribute[Any]) -> Structure | None:
    if UNIT in field.metadata:
        return duration_reader(field.metadata[UNIT])
    return (lambda value, _: parse_local(value)) if LOCAL in field.metadata else None


def duration_reader(unit: int) -> Structure:
    """Return what reads a number of units, each so many seconds long, as seconds."""

    def structure(value: object, _: object) -> float | None:
        return None if value is None else _number(value) * unit

    return structure


# What follows is for errors only.


def _missing(kind: type, name: str) -> ClassValidationError:
    problem = KeyError(name)
    problem.__notes__ = [_note(name, kind)]
    make: Any = ClassValidationError  # what it takes besides a group's arguments is not in its type
    error: ClassValidationError = make(f"While structuring {kind.__name__}", [problem], kind)
    return error


def _note(name: str, kind: object) -> AttributeValidationNote:
    make: Any = AttributeValidationNote  # its own way to be made is not in its type
    note: AttributeValidationNote = make(f"Structuring @ attribute {name}", name, kind)
    return note


def _with_wire_names(structure: Structure, renames: dict[str, str]) -> Structure:
    """Let errors name fields as the wire does."""

    def explained(value: object, kind: object) -> object:
        try:
            return structure(value, kind)
        except ClassValidationError as group:
            for problem in group.exceptions:
                problem.__notes__ = [_renamed(note, renames) for note in getattr(problem, "__notes__", ())]
            raise

    return explained


def _renamed(note: str, renames: dict[str, str]) -> str:
    if not isinstance(note, AttributeValidationNote) or note.name not in renames:
        return note
    return _note(renames[note.name], note.type)


def describe(problem: BaseException, _: object) -> str:
    """Return in a few words what is wrong with a value."""
    return "required field missing" if isinstance(problem, KeyError) else str(problem)

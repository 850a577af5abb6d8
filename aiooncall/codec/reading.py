"""From JSON to classes: the hooks that cattrs is given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time
from types import NoneType
from typing import TYPE_CHECKING, Any, Final, Union, get_args, get_origin

import attrs
from cattrs import gen

from aiooncall._base.datetimes import parse_datetime, parse_local, parse_time
from aiooncall._base.json import as_object
from aiooncall.codec.fields import (
    EXTRA,
    LOCAL,
    UNIT,
    choices,
    has_extra,
    member_names,
    members,
    open_enum,
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
    for kind in _PLAIN:
        converter.register_structure_hook(kind, _plain(kind))
    factories: list[tuple[Callable[[Any], Any], Any]] = [  # cattrs gives the converter to those that take one
        (attrs.has, _read_class),
        (_is_tuple, _read_tuple),
        (open_enum, _read_enum),
        (tagged_classes, _read_tagged),
        (_PARSERS.__contains__, _read_parsed),
        (_is_optional, _read_optional),
    ]
    for applies, make in factories:
        converter.register_structure_hook_factory(applies, make)


def mismatch(value: object, kind: type) -> TypeError:
    """Return the error for a value that is not of its kind."""
    return TypeError(f"expected {_NAMES[kind]}, got {_NAMES.get(type(value), type(value).__name__)}")


def _number(value: object) -> float:
    if type(value) is int or type(value) is float:
        return value
    raise mismatch(value, float)


_PLAIN: Final = (str, int, bool)
"""Types whose values are the same in JSON and in Python."""
_PARSERS: Final[dict[Any, Callable[[Any], Any]]] = {
    float: _number,
    datetime: parse_datetime,
    Union[time, str]: parse_time,  # noqa: UP007 (an annotation can spell it either way, and in any order)
}
"""Functions that make a value of a type from one value of JSON."""


def _plain(kind: type) -> Structure:
    def structure(value: object, _: object) -> object:
        if type(value) is not kind:
            raise mismatch(value, kind)
        return value

    return structure


def _plain_or_null(kind: type) -> Structure:
    def structure(value: object, _: object) -> object:
        if type(value) is not kind and value is not None:
            raise mismatch(value, kind)
        return value

    return structure


def _parsed(parse: Callable[[Any], Any]) -> Structure:
    return lambda value, _: parse(value)


def _read_parsed(kind: Any) -> Structure:  # noqa: ANN401 (any annotation)
    return _parsed(_PARSERS[kind])


def _parsed_or_null(parse: Callable[[Any], Any]) -> Structure:
    return lambda value, _: None if value is None else parse(value)


def _is_optional(kind: Any) -> bool:  # noqa: ANN401 (any annotation)
    return NoneType in choices(kind)


def _read_optional(kind: Any, converter: Converter) -> Structure:  # noqa: ANN401 (any annotation)
    inner: Any = Union[tuple(choice for choice in choices(kind) if choice is not NoneType)]  # noqa: UP007 (of a tuple)
    if inner in _PLAIN:
        return _plain_or_null(inner)
    if inner in _PARSERS:
        return _parsed_or_null(_PARSERS[inner])
    read = converter.get_structure_hook(inner)
    return lambda value, _: None if value is None else read(value, inner)


def _read_enum(kind: Any) -> Structure:  # noqa: ANN401 (any annotation)
    enum = open_enum(kind)
    assert enum is not None  # noqa: S101 (narrowing: the predicate let only these through)
    known: dict[str, StrEnum] = {member.value: member for member in enum}

    def structure(value: object, _: object) -> StrEnum | str:
        if type(value) is not str:
            raise mismatch(value, str)
        return known.get(value, value)

    return structure


def _is_tuple(kind: Any) -> bool:  # noqa: ANN401 (any annotation)
    return get_origin(kind) in {tuple, Sequence}


def _read_tuple(kind: Any, converter: Converter) -> Structure:  # noqa: ANN401 (any annotation)
    listed: Any = list[get_args(kind)[0]]  # type: ignore[misc]
    read_list = converter.get_structure_hook(listed)

    def structure(value: object, _: object) -> tuple[Any, ...]:
        if type(value) is not list:
            raise mismatch(value, list)
        return tuple(read_list(value, listed))

    return structure


def _read_tagged(kind: Any, converter: Converter) -> Structure:  # noqa: ANN401 (any annotation)
    classes = tagged_classes(kind)
    readers = {tag_of(choice): (converter.get_structure_hook(choice), choice) for choice in classes}
    other = readers[tag_of(classes[-1])]

    def structure(value: object, _: object) -> object:
        found = as_object(value)
        if found is None:
            raise mismatch(value, dict)
        read, choice = readers.get(found.get("type"), other)
        return read(found, choice)

    return structure


def _read_class(kind: type, converter: Converter) -> Structure:
    explains = converter.detailed_validation
    filled = kind if explains else _without_conversion(kind)
    fields = _explained(kind) if explains else _set_later(kind, filled)
    read = read_exact = _generate(filled, fields, converter)
    # Most objects have exactly the members of their class. cattrs writes a second function for those, which takes each
    # member without asking whether it is there. If the object has as many members as that, and none of them is missing
    # (which is a KeyError), it has no unknown one. Asking for missing and unknown members is a fifth of the time that a
    # page of alert groups takes.
    if has_extra(kind):
        read = read_exact = _keep_extra(read, kind)
        if not explains:
            read_exact = _generate(filled, [field.evolve(default=attrs.NOTHING) for field in fields], converter)
    size, becomes_other = len(fields), filled is not kind

    def structure(value: dict[str, Any], _: object) -> object:
        if type(value) is not dict:
            raise mismatch(value, dict)
        try:
            made = (read_exact if len(value) == size else read)(value, kind)
        except KeyError:
            made = read(value, kind)
        if becomes_other:
            made.__class__ = kind
        return made

    return structure


def _keep_extra(read: Structure, kind: type) -> Structure:
    known = member_names(kind)

    def structure(value: dict[str, Any], _: object) -> object:
        made = read(value, kind)
        if not known.issuperset(value):
            setattr(made, EXTRA, {name: item for name, item in value.items() if name not in known})
        return made

    return structure


def _without_conversion(kind: type) -> type:
    """Return a class that converts nothing, and whose instances can become instances of `kind`."""
    # A class that converts what people set (`schedule.tags = [...]` keeps a tuple) has a `__setattr__` in Python, which
    # slows down every attribute of every instance. What the hooks return needs no conversion. So cattrs fills an
    # instance of a subclass without converters, and then its class is changed to `kind`, which Python allows because
    # the subclass adds no slots. For a class that is frozen or has validators the subclass would be no faster.
    if _sets_plainly(kind):
        return kind
    subclass = type(kind.__name__, (kind,), {})
    without = attrs.define(eq=False, repr=False, field_transformer=_unconverted)(subclass)
    return without if _sets_plainly(without) else kind


def _unconverted(_: type, fields: list[attrs.Attribute[Any]]) -> list[attrs.Attribute[Any]]:
    return [field.evolve(converter=None) for field in fields]


def _sets_plainly(kind: type) -> bool:
    set_attribute: object = kind.__setattr__
    return set_attribute is object.__setattr__


def _set_later(kind: type, filled: type) -> list[attrs.Attribute[Any]]:
    """Return the members of a class for the fast function: it sets what may be absent once the object is made."""
    # To cattrs such a field is no argument of `__init__`: gathering keywords in a dict takes twice as long.
    if not _sets_plainly(filled):
        return members(kind)
    needed = {field.name for field in attrs.fields(kind) if field.default is attrs.NOTHING}
    return [field.evolve(init=field.name in needed) for field in members(kind)]


def _explained(kind: type) -> list[attrs.Attribute[Any]]:
    """Return the members of a class for the function that explains: by their names on the wire, needed ones first."""
    # cattrs puts a field's name into its notes, of which the error's path is made.
    fields = (field.evolve(name=wire_name(field), alias=field.alias) for field in members(kind))
    return sorted(fields, key=_place)


def _place(field: attrs.Attribute[Any]) -> tuple[bool, str]:
    """Return what sorts what must be there to the front, by name."""
    return (False, field.name) if field.default is attrs.NOTHING else (True, "")


def _generate(kind: type, fields: list[attrs.Attribute[Any]], converter: Converter) -> Structure:
    """Let cattrs write the function that reads these fields into an instance of a class."""
    overrides = {
        field.name: gen.override(rename=wire_name(field), struct_hook=_special_reader(field)) for field in fields
    }
    make: Any = gen.make_dict_structure_fn_from_attrs  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType] (it takes bare Attributes)
    read: Structure = make(fields, kind, converter, _cattrs_include_init_false=True, **overrides)
    return read


def _special_reader(field: attrs.Attribute[Any]) -> Structure | None:
    if UNIT in field.metadata:
        unit: int = field.metadata[UNIT]
        return _parsed_or_null(lambda value: _number(value) * unit)
    return _parsed(parse_local) if LOCAL in field.metadata else None


def describe(problem: BaseException, _: object) -> str:
    """Return in a few words what is wrong with a value."""
    return "required field missing" if isinstance(problem, KeyError) else str(problem)

"""What the fields of a model say about the wire: names in their metadata, and what their annotations allow."""

from __future__ import annotations

from enum import StrEnum
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Final, TypeVar, Union, cast, get_args, get_origin

import attrs

from aiooncall._base.unset import UNSET, UnsetType

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

T = TypeVar("T")

WIRE: Final = "wire"
"""The field's name on the wire, where it differs."""
UNIT: Final = "unit"
"""How many seconds one unit on the wire has; the field itself is in seconds."""
REQUIRED: Final = "required"
"""The field may be UNSET in Python, but not in an answer."""
APART: Final = "apart"
"""The field is not a member of the object; whoever reads the object sets it."""
READ_ONLY: Final = "read_only"
"""The server makes the field: a write leaves it out."""
LOCAL: Final = "local"
"""The field is a time without a zone: what zone it is in stands elsewhere."""
ANY_ORDER: Final = "any order"
"""A function that takes a model and returns whether the order of the field's values means nothing."""
SPELLING: Final = "spelling"
"""A function that returns the field's value in the one spelling in which it is compared."""
BARE: Final = "bare"
"""The field is an instant that travels in UTC and without a zone."""
EXTRA: Final = "extra"
"""The field that keeps what a class does not know."""


def as_tuple(values: Iterable[Any] | UnsetType | None) -> tuple[Any, ...] | UnsetType:
    """Return `values` as a tuple, unless there is nothing. A single text stays as it is; later checks refuse it."""
    if values is UNSET or values is None or isinstance(values, str):
        return cast("UnsetType", values)
    return tuple(values)


def listed(default: Any = UNSET, metadata: dict[str, Any] | None = None) -> Any:  # noqa: ANN401 (as attrs.field)
    """Declare a field that takes any iterable and keeps a tuple."""
    return attrs.field(default=default, converter=as_tuple, metadata=metadata)  # pyright: ignore[reportUnknownVariableType] (on purpose)


def extra_members() -> Any:  # noqa: ANN401 (as attrs.field)
    """Declare the field that keeps what a class does not know."""
    # `dict[str, Any]` would please type checkers by itself, but takes five times as long to make an empty one.
    return attrs.field(factory=cast("Callable[[], dict[str, Any]]", dict), repr=False)


def local_time() -> Any:  # noqa: ANN401 (as attrs.field)
    """Declare a field that is a datetime without a zone on the wire."""
    return attrs.field(default=UNSET, metadata={LOCAL: True})


def spelt(spelling: Callable[[Any], Any]) -> Any:  # noqa: ANN401 (as attrs.field)
    """Declare a field whose values have several spellings; `spelling` returns the one in which they are compared."""
    return attrs.field(default=UNSET, eq=spelling, metadata={SPELLING: spelling})


def bare_instant() -> Any:  # noqa: ANN401 (as attrs.field)
    """Declare a field that is an instant, and on the wire a datetime in UTC that does not say so."""
    return attrs.field(default=UNSET, metadata={BARE: True})


def required() -> Any:  # noqa: ANN401 (as attrs.field)
    """Declare a field that an answer must have, although an object can be made without it."""
    return attrs.field(default=UNSET, metadata={REQUIRED: True})


def read_only(*, required: bool = False, several: bool = False, shown: bool = True) -> Any:  # noqa: ANN401 (as attrs.field)
    """Declare a field that the server makes.

    Args:
        required: whether an answer must have it.
        several: whether it takes any iterable, and keeps a tuple.
        shown: whether it is in the repr of its model.
    """
    converter = as_tuple if several else None
    return attrs.field(default=UNSET, converter=converter, repr=shown, metadata={READ_ONLY: True, REQUIRED: required})  # pyright: ignore[reportUnknownVariableType] (on purpose)


def read_only_names(kind: type) -> frozenset[str]:
    """Return the names on the wire of what a write leaves out."""
    return frozenset(wire_name(field) for field in attrs.fields(kind) if field.metadata.get(READ_ONLY, False))


def wire_name(field: attrs.Attribute[Any]) -> str:
    """Return the name of `field` on the wire."""
    return str(field.metadata.get(WIRE, field.name))


def meant(field: attrs.Attribute[Any], model: object) -> Any:  # noqa: ANN401 (any field's value)
    """Return the value of `field` in the spelling in which it is compared."""
    value, spelling = getattr(model, field.name), field.metadata.get(SPELLING)
    return value if spelling is None else spelling(value)


def or_unset(value: T) -> T | UnsetType:
    """Return `value`, or UNSET for what is empty: for fields in which an empty text says no more than none."""
    return value or UNSET


def is_member(field: attrs.Attribute[Any]) -> bool:
    """Return whether `field` is a member of its object on the wire."""
    return field.name != EXTRA and not field.metadata.get(APART, False)


def members(kind: type) -> list[attrs.Attribute[Any]]:
    """Return the fields of an attrs class that are on the wire, as an answer has them.

    There a field is never UNSET, and one that must be there has no default.
    """
    return [_in_answers(field) for field in attrs.fields(attrs.resolve_types(kind)) if is_member(field)]


def _in_answers(field: attrs.Attribute[Any]) -> attrs.Attribute[Any]:
    default = attrs.NOTHING if field.metadata.get(REQUIRED, False) else field.default
    return field.evolve(type=without_unset(field.type), default=default)


def member_names(kind: type) -> frozenset[str]:
    """Return the names on the wire of all that an attrs class knows."""
    tag = frozenset({"type"}) if tag_of(kind) else frozenset[str]()
    return tag.union(map(wire_name, members(kind)))


def required_names(kind: type) -> frozenset[str]:
    """Return the names on the wire of what has to be in an answer."""
    return frozenset(wire_name(field) for field in members(kind) if field.default is attrs.NOTHING)


def has_extra(kind: type) -> bool:
    """Return whether a class keeps what it does not know, by itself."""
    return any(field.name == EXTRA and not field.metadata.get(APART, False) for field in attrs.fields(kind))


def tag_of(kind: type) -> str | None:
    """Return the `type` by which objects of a class are told from others, if it is a member of theirs."""
    tag = vars(kind).get("type")
    is_apart = any(field.metadata.get(APART, False) for field in attrs.fields(kind))
    return tag if isinstance(tag, str) and not is_apart else None


def choices(kind: Any) -> tuple[Any, ...]:  # noqa: ANN401 (any annotation)
    """Return the types that a union is of, without UNSET, which never is on the wire; none if it is not a union."""
    if get_origin(kind) not in {Union, UnionType}:
        return ()
    return tuple(choice for choice in get_args(kind) if choice is not UnsetType)


def without_unset(kind: Any) -> Any:  # noqa: ANN401 (any annotation)
    """Return an annotation without UNSET, and everything else that it allows."""
    return Union[choices(kind)] if choices(kind) else kind  # noqa: UP007 (of a tuple of types)


def open_enum(kind: Any) -> type[StrEnum] | None:  # noqa: ANN401 (any annotation)
    """Return the enum of `SomeEnum | str`, whatever else may be unset or None."""
    rest = set(choices(kind)) - {str, NoneType}
    enum = rest.pop() if len(rest) == 1 and str in choices(kind) else None
    return enum if isinstance(enum, type) and issubclass(enum, StrEnum) else None


def tagged_classes(kind: Any) -> tuple[type, ...]:  # noqa: ANN401 (any annotation)
    """Return the classes of a union that is told apart by `type`, in the order of their declaration."""
    found = tuple(choice for choice in choices(kind) if choice is not NoneType)
    return found if len(found) > 1 and all(map(attrs.has, found)) else ()

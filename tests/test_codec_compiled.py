"""The fast reader and the one that explains: they make the same of everything."""

from __future__ import annotations

from collections.abc import Sequence  # noqa: TC003 (cattrs reads the annotations at run time)
from datetime import datetime  # noqa: TC003 (cattrs reads the annotations at run time)
from enum import StrEnum
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aiooncall._base.unset import UNSET, Omittable  # noqa: TC001 (cattrs reads the annotations at run time)
from aiooncall.codec import make_converter, structure, structure_each
from aiooncall.codec.fields import UNIT, WIRE, extra_members, listed, local_time, required
from aiooncall.errors import CodecError


class Mood(StrEnum):
    """Something with two known values."""

    GOOD = "good"
    BAD = "bad"


@attrs.define(kw_only=True)
class Part:
    """A small object."""

    name: str = required()
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Tagged:
    """An object that is told by its type, which keeps nothing else."""

    type: ClassVar[str] = "tagged"
    size: Omittable[int] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Whole:
    """An object with a field of every sort."""

    id: str
    number: int = required()
    title: Omittable[str] = UNSET
    is_on: Omittable[bool] = UNSET
    share: Omittable[float] = UNSET
    mood: Omittable[Mood | str] = UNSET
    at: Omittable[datetime] = UNSET
    local: Omittable[datetime] = local_time()  # noqa: RUF009 (it declares a field)
    length: Omittable[float] = attrs.field(default=UNSET, metadata={UNIT: 60, WIRE: "minutes"})
    parts: Omittable[Sequence[Part]] = listed()  # noqa: RUF009 (it declares a field)
    tagged: Omittable[Tagged] = UNSET
    payload: Any = UNSET
    note: str = "none"
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


THOROUGH = make_converter(detailed=True)
USUAL: dict[str, Any] = {
    "id": "A1", "number": 3, "title": "t", "is_on": True, "share": 0.5, "mood": "good", "minutes": 2, "note": "n",
    "at": "2025-01-02T03:04:05.678901Z", "local": "2025-01-02T03:04:05", "parts": [{"name": "n"}],
    "tagged": {"type": "tagged", "size": 1}, "payload": {"any": ["thing"]},
}  # fmt: skip
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-9, 9),
    st.floats(allow_nan=False),
    st.sampled_from(["", "good", "2025-01-02"]),
)
OBJECTS = st.dictionaries(st.sampled_from(["type", "size", "name", "x"]), SCALARS, max_size=3)
ODD = st.one_of(SCALARS, OBJECTS, st.lists(st.one_of(SCALARS, OBJECTS), max_size=2))
CHANGES = st.dictionaries(st.sampled_from([*USUAL, "length", "unknown", "extra"]), ODD, max_size=3)


def outcome(value: object) -> object:
    """Return what becomes of `value`: an object, or the class of the error."""
    try:
        return structure(value, Whole)
    except CodecError:
        return CodecError


def thorough(value: object) -> object:
    """Return what the reader that explains makes of `value`."""
    try:
        return THOROUGH.structure(value, Whole)
    except Exception:  # noqa: BLE001 (whatever it raises, it refuses)
        return CodecError


@given(changes=CHANGES, without=st.sets(st.sampled_from(list(USUAL)), max_size=3))
@example(changes={"unknown": 1}, without={"title"})
@example(changes={"tagged": {"size": 1, "x": 2}}, without=set())
@example(changes={}, without={"number"})
def test_same_as_thorough(changes: dict[str, Any], without: set[str]) -> None:
    """Whatever is added, changed or left out: it is the same object, with the same `extra`, or refused by both."""
    value = {name: item for name, item in {**USUAL, **changes}.items() if name not in without}
    assert outcome(value) == thorough(value)


@given(value=ODD)
def test_same_for_what_is_no_object(value: object) -> None:
    """A value that is not the object that was promised is the same to both, too."""
    assert outcome(value) == thorough(value)


def test_read_object_converts_what_is_set() -> None:
    """What was read is an instance of the very class: it converts what is set on it, as one made by hand does."""
    made = structure(USUAL, Whole)
    assert type(made) is Whole
    other: Any = [Part(name="other")]
    made.parts = other
    assert made.parts == tuple(other)


def test_same_number_of_members() -> None:
    """An object with as many members as its class, but not the same ones, keeps what the class does not know."""
    assert structure({**USUAL["parts"][0], "x": 1}, Part) == Part(name="n", extra={"x": 1})
    assert structure({"x": 1}, Tagged) == Tagged(extra={"x": 1})
    with pytest.raises(CodecError, match="required field missing"):
        structure({"x": 1}, Part)


def _check_positive(_: object, field: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"{field.name} has to be positive")


@attrs.define
class Pair:
    """An object whose fields have an order, and of which one is converted."""

    first: int
    rest: Sequence[int] = listed(default=())


def test_class_with_positional_fields() -> None:
    """Fields that `__init__` takes by position are read as well."""
    assert structure({"first": 1, "rest": [2]}, Pair) == Pair(1, [2])
    assert structure({"first": 1}, Pair) == Pair(1)


@attrs.define(kw_only=True)
class Guarded:
    """An object that minds what is in it."""

    size: int = attrs.field(default=1, validator=_check_positive)
    extra: dict[str, Any] = extra_members()  # noqa: RUF009 (it declares a field)


@attrs.frozen(kw_only=True)
class Fixed:
    """An object that nobody can change, and that takes any iterable."""

    sizes: Sequence[int] = attrs.field(default=(), converter=tuple[int, ...])


def test_validators_and_frozen_classes_hold() -> None:
    """What is read passes the validators of its class, and is frozen where the class is."""
    assert structure({"size": 2}, Guarded) == Guarded(size=2)
    assert structure({"size": 2, "x": 1}, Guarded) == Guarded(size=2, extra={"x": 1})
    with pytest.raises(CodecError):
        structure({"size": 0}, Guarded)
    made = structure({"sizes": [1]}, Fixed)
    assert (type(made), made.sizes) == (Fixed, (1,))
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        made.sizes = ()  # type: ignore[misc]


@attrs.define(kw_only=True)
class Branch:
    """An object with others of its class in it."""

    name: str
    inner: Sequence[Branch] = ()
    extra: dict[str, Any] = extra_members()  # noqa: RUF009 (it declares a field)


def test_class_may_contain_itself() -> None:
    """Objects of a class that contains itself are read as deep as they go, and errors have their place."""
    twigs = {"name": "b", "inner": [{"name": "c", "x": 1}]}
    expected = Branch(name="a", inner=(Branch(name="b", inner=(Branch(name="c", extra={"x": 1}),)),))
    assert structure({"name": "a", "inner": [twigs]}, Branch) == expected
    with pytest.raises(CodecError) as caught:
        structure({"name": "a", "inner": [twigs, {"name": "d", "inner": [{}]}]}, Branch)
    assert caught.value.path == "$.inner[1].inner[0].name"


def test_missing_is_told_first() -> None:
    """Of several faults in an object the first of what must be there is told, by its name on the wire."""
    with pytest.raises(CodecError) as caught:
        structure({"title": 5, "minutes": "1"}, Whole)
    assert (caught.value.path, str(caught.value)) == ("$.id", "$.id: required field missing")


def test_each_is_made_when_it_is_wanted() -> None:
    """What stands before a bad value is made; the error has the place of the bad one."""
    parts = structure_each([{"name": "a"}, {"name": 1}], Part, path="$.results")
    assert next(parts) == Part(name="a")
    with pytest.raises(CodecError) as caught:
        next(parts)
    assert caught.value.path == "$.results[1].name"

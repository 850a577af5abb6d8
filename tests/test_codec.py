"""JSON to classes and back: open enums, unknown fields, and errors that say where."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 (cattrs reads the annotations at run time)
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import CodecError
from aiooncall.codec import dumps, loads, structure, wire_name
from aiooncall.codec.fields import WIRE

if TYPE_CHECKING:
    from collections.abc import Callable


class Colour(StrEnum):
    """A vocabulary that grows."""

    RED = "red"
    BLUE = "blue"


@attrs.define(kw_only=True)
class Leaf:
    """Something nested that keeps what it doesn't know."""

    name: str
    size: int = 0
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Tree:
    """Something with every kind of field."""

    id: str
    colour: Colour | str
    tint: Colour | str | None = None
    planted_at: datetime | None = None
    is_old: bool = False
    height: float | None = None
    tags: tuple[str, ...] = ()
    leaves: list[Leaf] = attrs.field(factory=list[Leaf])
    kind: str | None = attrs.field(default=None, metadata={WIRE: "type"})
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define
class Plain:
    """Something that has no room for more."""

    name: str


def tree(**fields: Any) -> Tree:
    """Return a tree from JSON with `fields`."""
    return structure({"id": "1", "colour": "red", **fields}, Tree)


def error(value: object, kind: type = Tree, **options: Any) -> CodecError:
    """Return the error that `value` gives."""
    with pytest.raises(CodecError) as caught:
        structure(value, kind, **options)
    return caught.value


def problem_of(work: Callable[[], object]) -> CodecError | None:
    """Return the CodecError that `work` ends in, if any."""
    try:
        work()
    except CodecError as problem:
        return problem
    return None


@pytest.mark.parametrize(("text", "expected"), [("red", Colour.RED), ("blue", Colour.BLUE)])
def test_known_value_is_a_member(text: str, expected: Colour) -> None:
    """A known value of an open enum becomes its member."""
    assert tree(colour=text).colour is expected
    assert tree(tint=text).tint is expected


@given(text=st.text().filter(lambda text: text not in {"red", "blue"}))
def test_unknown_value_stays_text(text: str) -> None:
    """An unknown value stays the text that the server sent, compares as text and goes back unchanged."""
    colour = tree(colour=text).colour
    assert (colour, type(colour)) == (text, str)
    assert loads(dumps({"colour": colour})) == {"colour": text}


def test_member_goes_back_as_text() -> None:
    """A member compares, prints and is written as the server's text."""
    assert (tree().colour, str(tree().colour), dumps(tree().colour)) == ("red", "red", b'"red"')


@pytest.mark.parametrize("value", [1, True, ["red"], {}, 1.5])
def test_open_enum_is_text(value: object) -> None:
    """An open enum takes any text, and nothing but text."""
    assert error({"id": "1", "colour": value}).path == "$.colour"
    assert error({"id": "1", "colour": "red", "tint": value}).path == "$.tint"


def test_null_only_where_it_is_foreseen() -> None:
    """An optional open enum may be null, another may not."""
    assert tree(tint=None).tint is None
    assert error({"id": "1", "colour": None}).path == "$.colour"


@pytest.mark.parametrize(
    "value", ["", "soon", "2027-13-01T00:00:00Z", "2027-01-15T25:00:00Z", 1800000000, True, [], {}]
)
def test_what_is_no_time_is_refused(value: object) -> None:
    """A field for a time takes only text that spells one."""
    assert error({"id": "1", "colour": "red", "planted_at": value}).path == "$.planted_at"


@given(text=st.text())
def test_any_text_is_a_time_or_a_codec_error(text: str) -> None:
    """No text for a time can raise anything but CodecError."""
    problem = problem_of(lambda: tree(planted_at=text))
    assert problem is None or problem.path == "$.planted_at"


def test_unknown_fields_are_kept() -> None:
    """What a class doesn't know is in its `extra`, on every level, and what it knows is not."""
    found = tree(leaves=[{"name": "a", "shape": {"points": 5}}, {"name": "b"}], type="oak", species=None)
    assert found.extra == {"species": None}
    assert [leaf.extra for leaf in found.leaves] == [{"shape": {"points": 5}}, {}]
    assert found.kind == "oak"
    assert (wire_name(attrs.fields(Tree).kind), wire_name(attrs.fields(Tree).id)) == ("type", "id")


def test_extra_belongs_to_one_object() -> None:
    """Two objects never share their unknown fields."""
    first, second = tree(), tree()
    first.extra["x"] = 1
    assert second.extra == {}


def test_a_field_called_extra_is_kept_as_well() -> None:
    """A server's own field called `extra` is an unknown field like any other."""
    assert tree(extra={"a": 1}).extra == {"extra": {"a": 1}}


def test_class_without_extra_ignores_the_unknown() -> None:
    """A class that has no `extra` takes what it knows."""
    assert structure({"name": "a", "more": 1}, Plain) == Plain("a")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"id": 7}, "$.id"),
        ({"id": None}, "$.id"),
        ({"is_old": "yes"}, "$.is_old"),
        ({"is_old": 1}, "$.is_old"),
        ({"tags": [1]}, "$.tags[0]"),
        ({"leaves": [{"name": "a"}, {"name": 5}]}, "$.leaves[1].name"),
        ({"leaves": [{"name": "a", "size": "5"}]}, "$.leaves[0].size"),
        ({"leaves": [{"name": "a", "size": True}]}, "$.leaves[0].size"),
        ({"leaves": [{"name": "a", "size": 1.0}]}, "$.leaves[0].size"),
        ({"leaves": [{"name": "a"}, {}]}, "$.leaves[1].name"),
        ({"leaves": ["a"]}, "$.leaves[0]"),
        ({"leaves": 5}, "$.leaves"),
        ({"type": 5}, "$.type"),
        ({"height": "5"}, "$.height"),
        ({"height": True}, "$.height"),
        ({"height": [5]}, "$.height"),
    ],
)
def test_error_says_where(fields: dict[str, Any], path: str) -> None:
    """A wrong type or missing field is an error with its path on the wire; nothing is converted silently."""
    assert error({"id": "1", "colour": "red", **fields}).path == path


def test_missing_field_says_which() -> None:
    """A missing field is named in the message and in the path."""
    problem = error({"id": "1"}, path="$.data[3]")
    assert problem.path == "$.data[3].colour"
    assert "missing" in str(problem)


@pytest.mark.parametrize("value", [None, 5, "text", [], [{"id": "1"}], True])
def test_what_is_no_object_is_refused(value: object) -> None:
    """A class is made of a JSON object and of nothing else."""
    assert error(value, path="$.data").path == "$.data"


NAMES = st.sampled_from([field.name for field in attrs.fields(Tree)])
JSON_VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(NAMES, inner)),
)


@given(value=JSON_VALUES)
def test_any_json_is_a_tree_or_a_codec_error(value: object) -> None:
    """No JSON can raise anything but CodecError."""
    problem = problem_of(lambda: structure(value, Tree))
    assert problem is None or problem.path.startswith("$")


@pytest.mark.parametrize("body", [b"", b"{", b"<html></html>", b"\xff", b"nope", b'{"a": NaN}', b"\xef\xbb\xbf{}"])
def test_what_is_no_json_is_a_codec_error(body: bytes) -> None:
    """An empty answer or one that is no JSON says so."""
    with pytest.raises(CodecError, match=r"^\$: the answer is (empty|not JSON)"):
        loads(body)


@given(body=st.binary())
def test_any_bytes_are_json_or_a_codec_error(body: bytes) -> None:
    """No body can raise anything but CodecError."""
    problem = problem_of(lambda: loads(body))
    assert problem is None or problem.path == "$"

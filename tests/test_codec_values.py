"""What is unset, null or there; units, tags and names on the wire; and that the models' values survive."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence  # noqa: TC003 (cattrs reads the annotations at run time)
from datetime import UTC, datetime, time, timedelta
from typing import Any, ClassVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import UNSET, CodecError
from aiooncall._base.datetimes import to_seconds
from aiooncall._base.unset import Omittable, UnsetType  # noqa: TC001 (cattrs reads the annotations at run time)
from aiooncall.codec import dumps, loads, structure, unstructure, writable
from aiooncall.codec.fields import UNIT, WIRE, listed, read_only, required
from aiooncall.datadog import (
    Interval,
    NotificationChannel,
    NotificationRule,
    PhoneConfig,
    RoutingRule,
    SlackMessageAction,
    TimeRestriction,
    TimeRestrictions,
    UnknownVariant,
    User,
    Weekday,
    WorkflowAction,
)  # fmt: skip
from tests.support.graphs import (
    ACTIONS,
    CHANNEL_CONFIGS,
    CHANNEL_SETTINGS,
    HOURS,
    INTEGERS,
    INTERVALS,
    WINDOWS,
    meaning,
)

Json = dict[str, Any]


@attrs.define(kw_only=True)
class Nut:
    """A kind of thing, known by its tag."""

    type: ClassVar[str] = "nut"

    size: int = attrs.field(metadata={WIRE: "size_mm"})


@attrs.define(kw_only=True)
class Bolt:
    """Another kind of thing."""

    type: ClassVar[str] = "bolt"

    nuts: Sequence[Nut] = listed(default=())
    extra: Json = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Box:
    """Something with every kind of field that can be unset."""

    label: Omittable[str] = UNSET
    weight: Omittable[float] = attrs.field(
        default=UNSET, converter=to_seconds, metadata={WIRE: "weight_kilos", UNIT: 1000}
    )
    packed_at: Omittable[datetime] = UNSET
    opens: Omittable[time | str] = UNSET
    tags: Omittable[Sequence[str]] = listed()  # noqa: RUF009 (it stands for attrs.field)
    part: Omittable[Nut | Bolt | UnknownVariant] = UNSET
    parts: Omittable[Sequence[Nut | Bolt | UnknownVariant]] = listed()  # noqa: RUF009 (it stands for attrs.field)
    owner: str | UnsetType = required()  # noqa: RUF009 (it stands for attrs.field)
    serial: str | UnsetType | None = read_only()  # noqa: RUF009 (it stands for attrs.field)
    extra: Json = attrs.field(factory=dict[str, Any])


def box(**fields: Any) -> Box:
    """Return a box from JSON with `fields`."""
    return structure({"owner": "me", **fields}, Box)


FIELDS = ["label", "weight", "packed_at", "opens", "tags", "part", "parts", "serial"]


@pytest.mark.parametrize("name", FIELDS)
def test_unset_is_not_null(name: str) -> None:
    """What isn't on the wire is UNSET and isn't written; null is None and is written as null."""
    wire = "weight_kilos" if name == "weight" else name
    assert getattr(box(), name) is UNSET
    assert unstructure(box()) == {"owner": "me"}
    empty = box(**{wire: None})
    assert getattr(empty, name) is None
    assert unstructure(empty) == {"owner": "me", wire: None}
    assert box() != empty


VALUES = {
    "label": "", "weight_kilos": 0, "packed_at": "2027-01-15T08:00:00Z", "opens": "09:00:00", "tags": [],
    "part": {"type": "nut", "size_mm": 5}, "parts": [{"type": "bolt", "nuts": [{"type": "nut", "size_mm": 0}], "x": 1}],
    "serial": "1", "y": None,
}  # fmt: skip


def test_values_go_both_ways() -> None:
    """A value is read as what it is and written as it was, also where it is empty."""
    found = box(**VALUES)
    assert (found.label, found.weight, found.tags, found.opens) == ("", 0, (), time(9))
    assert found.packed_at == datetime(2027, 1, 15, 8, tzinfo=UTC)
    assert (found.part, found.parts) == (Nut(size=5), (Bolt(nuts=[Nut(size=0)], extra={"x": 1}),))
    assert loads(dumps(unstructure(found))) == {"owner": "me", **VALUES}


def test_unset_is_nothing() -> None:
    """UNSET is false, empty, prints as itself, and is one object however it travels."""
    assert not UNSET
    assert (len(UNSET), list(UNSET), repr(UNSET)) == (0, [], "UNSET")
    assert UNSET is not None
    assert UNSET[:] == UNSET[1:] == ()
    with pytest.raises(IndexError, match=r"UNSET has no \[0\].*`include`"):
        _ = UNSET[0]
    for twin in (copy.copy(UNSET), copy.deepcopy(UNSET), pickle.loads(pickle.dumps(UNSET))):
        assert twin is UNSET


def test_required_in_an_answer_only() -> None:
    """A required field has to be in an answer, although an object can be made without it."""
    assert Box().owner is UNSET
    assert unstructure(Box()) == {}
    with pytest.raises(CodecError, match="required field missing") as caught:
        structure({}, Box, path="$.data")
    assert caught.value.path == "$.data.owner"


def test_server_made_is_not_written() -> None:
    """A write leaves out what the server makes; everything else is in it, unknown fields too."""
    found = box(serial="1", label=None, y=2)
    assert writable(found) == {"owner": "me", "label": None, "y": 2}
    assert unstructure(found) == {"owner": "me", "label": None, "y": 2, "serial": "1"}


@pytest.mark.parametrize(
    ("wire", "seconds"), [(0, 0), (5, 5000), (0.5, 500), (-1, -1000), (2**53 + 1, (2**53 + 1) * 1000)]
)
def test_units(wire: float, seconds: float) -> None:
    """A duration is in its unit on the wire and in seconds here, exactly."""
    found = box(weight_kilos=wire)
    assert found.weight == seconds
    written = unstructure(found)["weight_kilos"]
    assert (written, type(written)) == (wire, type(wire))


@pytest.mark.parametrize(
    ("given_", "wire"), [(timedelta(seconds=3000), 3), (1500, 1.5), (2000.0, 2), (float("inf"), float("inf"))]
)
def test_durations_of_people(given_: Any, wire: float) -> None:
    """A duration may be given as a timedelta or a number; whole units are whole numbers on the wire."""
    written = unstructure(Box(weight=given_))["weight_kilos"]
    assert (written, type(written)) == (wire, type(wire))


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"weight_kilos": "5"}, ".weight_kilos"), ({"weight_kilos": True}, ".weight_kilos"),
        ({"label": 5}, ".label"), ({"tags": "ab"}, ".tags"), ({"tags": [1]}, ".tags[0]"), ({"tags": {}}, ".tags"),
        ({"opens": 9}, ".opens"), ({"packed_at": 9}, ".packed_at"),
        ({"part": {"type": "nut", "size": 5}}, ".part.size_mm"),
        ({"part": {"type": "nut", "size_mm": "5"}}, ".part.size_mm"),
        ({"parts": [{"type": "x"}, {"type": "bolt", "nuts": [{"size_mm": 1.5}]}]}, ".parts[1].nuts[0].size_mm"),
        ({"part": {"size_mm": 5}}, ".part.type"), ({"part": {"type": 5}}, ".part.type"), ({"part": "nut"}, ".part"),
        ({"parts": {"type": "nut"}}, ".parts"), ({"parts": [None]}, ".parts[0]"), ({"owner": None}, ".owner"),
    ],
)  # fmt: skip
def test_errors_have_wire_names(fields: Json, path: str) -> None:
    """What is wrong is named as it is on the wire, however deep it is."""
    with pytest.raises(CodecError) as caught:
        structure({"owner": "me", **fields}, Box, path="$.data")
    assert caught.value.path == f"$.data{path}"


@pytest.mark.parametrize("tag", [[], {}, None])
def test_tag_is_a_text(tag: object) -> None:
    """A tag that isn't text is an error at its union."""
    with pytest.raises(CodecError) as caught:
        box(part={"type": tag, "size_mm": 5})
    assert caught.value.path.startswith("$.part")


@given(kind=st.text(), value=st.integers())
def test_unknown_variants_survive(kind: str, value: int) -> None:
    """A variant of an unknown kind keeps its tag and everything else, and is written as it came."""
    raw = {"type": f"_{kind}", "size_mm": value, "kind": "x", "extra": {}}
    found = box(part=raw).part
    assert isinstance(found, UnknownVariant)
    assert (found.kind, found.extra) == (f"_{kind}", {"size_mm": value, "kind": "x", "extra": {}})
    assert unstructure(found) == raw


ROUND_TRIPS: list[Any] = [
    (TimeRestrictions, HOURS), (Interval, INTERVALS),
    (Interval, st.fixed_dictionaries({"days": st.integers(0, 400)})),
    (NotificationChannel, st.fixed_dictionaries({"config": CHANNEL_CONFIGS})),
    (NotificationRule, st.fixed_dictionaries({"channel_settings": CHANNEL_SETTINGS, "delay_minutes": INTEGERS})),
    (RoutingRule, st.fixed_dictionaries({"actions": st.lists(ACTIONS, max_size=3), "time_restriction": HOURS})),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values"), ROUND_TRIPS)
@given(data=st.data())
def test_values_survive(kind: type, values: st.SearchStrategy[Json], data: st.DataObject) -> None:
    """Hours, intervals, actions, channels and settings are written as they came, unknown fields and all."""
    raw = data.draw(values)
    written = loads(dumps(unstructure(structure(raw, kind))))
    assert meaning(written) == meaning(raw)


@given(raw=WINDOWS)
def test_windows_survive(raw: list[Json]) -> None:
    """Windows of the week are written as they came, odd days and times and all."""
    found = [structure(window, TimeRestriction) for window in raw]
    assert loads(dumps([unstructure(window) for window in found])) == raw


def test_values_are_what_they_should_be() -> None:
    """Known values are members and times, and each variant is of its own class."""
    window = structure({"start_day": "monday", "start_time": "09:00:00", "end_time": "24:00:00"}, TimeRestriction)
    assert window == TimeRestriction(start_day=Weekday.MONDAY, start_time=time(9), end_time="24:00:00")
    rule = structure({"actions": [{"type": "workflow", "handle": "h"}, {"type": "x"}]}, RoutingRule)
    assert rule.actions == (WorkflowAction(handle="h"), UnknownVariant(kind="x"))
    raw = {"type": "phone", "number": "+15550100", "formatted_number": "", "region": "US", "verified": True}
    assert structure({"config": raw}, NotificationChannel).config == PhoneConfig(
        number="+15550100", formatted_number="", region="US", verified=True
    )


def test_values_of_people_are_written() -> None:
    """What people make is written with its tag, and without what they leave unset."""
    assert unstructure(SlackMessageAction(workspace="w", channel="c", extra={"x": 1})) == {
        "type": "send_slack_message", "workspace": "w", "channel": "c", "x": 1
    }  # fmt: skip
    assert unstructure(PhoneConfig(number="+15550100")) == {"type": "phone", "number": "+15550100"}
    assert unstructure(User(id="u", name=None)) == {"name": None}

"""The models of Grafana OnCall: whatever JSON is read by one of them goes back as it came."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import UNSET, OptionsError
from aiooncall import grafana as g
from aiooncall.codec import dumps, loads, structure, unstructure, writable
from aiooncall.codec.fields import (
    BARE,
    LOCAL,
    UNIT,
    choices,
    is_member,
    member_names,
    read_only_names,
    required_names,
    tag_of,
)
from aiooncall.codec.fields import wire_name as wire
from aiooncall.codec.model import Model
from aiooncall.grafana import models
from tests.support.graphs import meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

Json = dict[str, Any]


def _classes() -> Iterator[type]:
    """Yield every class that a module of models has, but for those of arguments and results."""
    for module in pkgutil.iter_modules(models.__path__, f"{models.__name__}."):
        for value in vars(importlib.import_module(module.name)).values():
            if isinstance(value, type) and attrs.has(value) and value.__module__ == module.name:
                yield value


MODELS: Final = [
    one
    for one in _classes()
    if one not in {g.PagedUser, g.PagedGroup, g.ChainWithSteps} and not one.__name__.startswith("_")
]
NUMBERS: Final = st.integers(-(2**53) + 1, 2**53 - 1)
TEXTS: Final = st.text(max_size=8)
ANY: Final = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
LOCAL_TIMES: Final = st.builds(
    lambda moment, fraction: f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}",
    st.datetimes(datetime(1970, 1, 2), datetime(2900, 1, 1)),  # noqa: DTZ001 (the offset is drawn apart)
    st.sampled_from(["", ".250000"]),
)
INSTANTS: Final = st.builds(lambda moment, end: moment + end, LOCAL_TIMES, st.sampled_from(["Z", "+05:45", "-03:30"]))
PLAIN: Final[dict[Any, st.SearchStrategy[Any]]] = {
    str: TEXTS,
    int: NUMBERS,
    bool: st.booleans(),
    float: NUMBERS | st.floats(0, 1e6),
    datetime: INSTANTS,
    type(None): st.none(),
    Any: ANY,
}


def json_of(kind: Any) -> st.SearchStrategy[Any]:
    """Return the JSON that an annotation allows."""
    if kind in PLAIN:
        return PLAIN[kind]
    if get_origin(kind) is Sequence:
        return st.lists(json_of(get_args(kind)[0]), max_size=3)
    if choices(kind):
        return st.one_of(*map(json_of, choices(kind)))
    if attrs.has(kind):
        return objects(kind)
    assert issubclass(kind, StrEnum)
    return st.sampled_from([member.value for member in kind])


def _field(field: attrs.Attribute[Any]) -> st.SearchStrategy[Any]:
    if field.metadata.get(LOCAL) or field.metadata.get(BARE):
        return LOCAL_TIMES | st.none()
    if UNIT in field.metadata:
        return PLAIN[float] | st.none()
    return json_of(field.type)


def objects(kind: Any) -> st.SearchStrategy[Json]:
    """Return the JSON of a class: with members that it does not know, nulls, and without what need not be there."""
    attrs.resolve_types(kind)
    fields = {wire(field): _field(field) for field in attrs.fields(kind) if is_member(field)}
    # In an answer an id is a text, although it can be unset in Python.
    needed = {name: TEXTS if name == "id" else fields[name] for name in required_names(kind)}
    known = st.fixed_dictionaries(
        needed, optional={name: value for name, value in fields.items() if name not in needed}
    )
    tag = {} if tag_of(kind) is None else {"type": tag_of(kind)}
    if kind in {g.UnknownSchedule, g.UnknownStep}:
        known = known.filter(lambda found: found.get("type") not in TAGS)
    extra = st.dictionaries(TEXTS.filter(lambda name: name not in member_names(kind)), ANY, max_size=3)
    return st.builds(lambda *parts: {**tag, **parts[0], **parts[1]}, known, extra)


TAGS: Final = {tag_of(kind) for kind in MODELS} - {None}


def check_both_ways(found: Json, kind: Any) -> Any:
    """Check that JSON is the same after it was read and written, and that a write sends it; return what was read."""
    made = structure(loads(dumps(found)), kind)
    assert meaning(loads(dumps(unstructure(made)))) == meaning(found)
    sent = {name: value for name, value in found.items() if name not in read_only_names(type(made))}
    assert meaning(loads(dumps(writable(made)))) == meaning(sent)
    return made


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_there_and_back(kind: Any) -> None:
    """Any JSON of a model goes back as it came, with what is unknown or null; a write leaves out what is read-only."""

    @given(objects(kind))
    def check(found: Json) -> None:
        check_both_ways(found, kind)

    check()


@pytest.mark.parametrize("kind", MODELS, ids=lambda kind: kind.__name__)
def test_what_is_not_known_is_not_shown(kind: Any) -> None:
    """Every model keeps what it does not know, which can be a secret and is in no repr."""
    assert issubclass(kind, Model)
    needed = {field.alias: "x" for field in attrs.fields(kind) if field.default is attrs.NOTHING}
    made = kind(**needed, extra={"password": "hunter2"})
    assert "hunter2" not in repr(made)
    assert made.extra == {"password": "hunter2"}


UNIONS: Final = {"Schedule": g.Schedule, "EscalationPolicy": g.EscalationPolicy}


@pytest.mark.parametrize("name", UNIONS)
def test_unions_there_and_back(name: str) -> None:
    """A member of a union is read as its own class, told by its type, and the same after it was written."""
    union: Any = UNIONS[name]

    @given(st.sampled_from(union.__args__).flatmap(lambda kind: st.tuples(st.just(kind), objects(kind))))
    def check(drawn: tuple[type, Json]) -> None:
        kind, found = drawn
        assert type(check_both_ways(found, union)) is kind

    check()


@pytest.mark.parametrize("kind", [one for one in MODELS if "id" in required_names(one)], ids=lambda kind: kind.__name__)
def test_nothing_need_be_set(kind: Any) -> None:
    """A new object can be made of nothing but what tells its kind, and then nothing is on the wire."""
    made = kind(kind="robotic") if kind is g.UnknownSchedule else kind()
    tag = {"type": "robotic" if kind is g.UnknownSchedule else tag_of(kind)}
    assert unstructure(made) == {name: value for name, value in tag.items() if value is not None}
    assert {getattr(made, field.name) for field in attrs.fields(kind) if field.name not in {"extra", "kind"}} == {UNSET}
    assert made.extra == {}
    assert (made, made) == (kind(**{"kind": "robotic"} if kind is g.UnknownSchedule else {}), attrs.evolve(made))


ENUMS: Final = [
    (g.AlertGroup, "state", g.AlertGroupState),
    (g.User, "role", g.UserRole),
    (g.OnCallShift, "type", g.ShiftType),
    (g.OnCallShift, "frequency", g.Frequency),
    (g.OnCallShift, "week_start", g.WeekDay),
    (g.PersonalNotificationRule, "type", g.RuleType),
    (g.Route, "routing_type", g.RoutingType),
    (g.Integration, "maintenance_mode", g.MaintenanceMode),
    (g.ShiftSwap, "status", g.SwapStatus),
    (g.Webhook, "trigger_type", g.TriggerType),
    (g.Action, "trigger_type", g.TriggerType),
]


@pytest.mark.parametrize(("kind", "field", "enum"), ENUMS, ids=str)
def test_values_of_enums(kind: Any, field: str, enum: type[StrEnum]) -> None:
    """A known value is a member of the enum, an unknown one is the text that came."""
    rest = {"id": "1", "state": "firing"} if kind is g.AlertGroup else {"id": "1"}
    for member in enum:
        assert getattr(structure({**rest, field: member.value}, kind), field) is member
    found = getattr(structure({**rest, field: "robotic"}, kind), field)
    assert (found, type(found)) == ("robotic", str)


def test_durations() -> None:
    """Seconds and timedeltas are the same, read as seconds and written as whole ones."""
    for length in (300, 300.0, timedelta(minutes=5)):
        for made in (g.WaitStep(duration=length), g.OnCallShift(duration=length)):
            assert (made.duration, unstructure(made)["duration"]) == (300, 300)
            assert type(unstructure(made)["duration"]) is int
    assert g.PersonalNotificationRule(duration=None).duration is None


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (time(9), "09:00:00Z"),
        (time(23, 59, 59), "23:59:59Z"),
        (time(9, tzinfo=UTC), "09:00:00Z"),
        ("17:30:00Z", "17:30:00Z"),
        (None, None),
        (UNSET, UNSET),
    ],
)
def test_times_of_day(given: Any, text: Any) -> None:
    """A time of day in UTC is written as the server wants it; a text stays as it is."""
    made = g.ContinueAtTimeStep(notify_if_time_from=given, notify_if_time_to=given)
    assert (made.notify_if_time_from, made.notify_if_time_to) == (text, text)


def test_time_of_day_elsewhere() -> None:
    """A time of day with another offset than that of UTC is refused."""
    with pytest.raises(OptionsError, match="UTC"):
        g.ContinueAtTimeStep(notify_if_time_from=time(9, tzinfo=timezone(timedelta(hours=1))))


def test_local_times_have_no_zone() -> None:
    """A shift's times have no zone, but its end, which is in UTC, and are written without; other times are aware."""
    shift = structure({"id": "1", "start": "2027-01-04T09:00:00", "until": None}, g.OnCallShift)
    assert (shift.start, shift.until, shift.rotation_start) == (datetime(2027, 1, 4, 9), None, UNSET)  # noqa: DTZ001 (local)
    assert unstructure(shift) == {"id": "1", "start": "2027-01-04T09:00:00", "until": None}
    ending = structure({"id": "1", "until": "2027-01-04T09:00:00"}, g.OnCallShift)
    assert ending.until == datetime(2027, 1, 4, 9, tzinfo=UTC)
    assert unstructure(ending) == {"id": "1", "until": "2027-01-04T09:00:00"}
    swap = structure({"id": "1", "swap_start": "2027-01-04T09:00:00.000000Z"}, g.ShiftSwap)
    assert swap.swap_start == datetime(2027, 1, 4, 9, tzinfo=UTC)

"""Who will be on call in Datadog, as computed here: against the simulator's own arithmetic, and at edges by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiooncall import CodecError, LinkError, OptionsError, ResourceRef
from aiooncall.coverage import Person
from aiooncall.datadog import Interval, Layer, Member, Override, Schedule, TimeRestriction, User
from aiooncall.datadog.layers import rotations_of, stand_ins_of
from aiooncall.datadog.resources.overrides import time_slices
from aiooncall.datadog.rotation import joined, on_call, turns
from aiooncall.simulator.datadog.rotation import find_shifts
from tests.support.drawn_schedules import DrawnSchedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aiooncall.datadog.rotation import Turn

Json = dict[str, Any]

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


def at(found: Iterable[Turn], moment: datetime) -> list[Turn]:
    """Return the turns that hold a moment and have a person."""
    return [turn for turn in found if turn.person and turn.start <= moment < turn.end]


@settings(max_examples=150)
@given(st.data())
def test_agrees_with_the_simulator(data: st.DataObject) -> None:
    """At any instant, over changes of clocks of six zones, the same person has the same shift as the simulator says."""
    world = DrawnSchedule(data)
    start, end = world.change - 12 * DAY, world.change + 12 * DAY
    found = world.computed(start, end)
    rota = world.rota()
    edges = [edge for turn in found for edge in (turn.start, turn.end) if edge < end]
    moments = [world.moment(data, 11) for _ in range(6)] + (edges[:: max(len(edges) // 8, 1)] if edges else [])
    for moment in moments:
        told = [
            (one.user_id, max(one.start.astimezone(UTC), start), min(one.end.astimezone(UTC), end))
            for one in find_shifts(rota, "current", moment)
        ]
        assert [(t.person and t.person.id, t.start, t.end) for t in at(found, moment)] == told


@given(st.data())
def test_each_instant_belongs_to_one(data: st.DataObject) -> None:
    """In a layer, and in the whole, each instant is in one turn or in a gap: turns are cut, in order and apart."""
    world = DrawnSchedule(data)
    start, end = world.change - 12 * DAY, world.change + 12 * DAY
    for found in (
        world.computed(start, end),
        *(list(turns(rotation, start, end)) for rotation in rotations_of(world.schedule)),
    ):
        assert all(turn.start < turn.end for turn in found)
        assert all(one.end <= other.start for one, other in pairwise(found))
        assert not found or (start <= found[0].start and found[-1].end <= end)


@given(st.data())
def test_slices_are_the_whole(data: st.DataObject) -> None:
    """What is computed slice by slice, and joined, is what is computed at once."""
    world = DrawnSchedule(data)
    start, end = world.change - 60 * DAY, world.change + 60 * DAY
    sliced: list[Turn] = []
    for since, until in time_slices(start, end):
        sliced = joined([*sliced, *world.computed(since, until)])
    assert sliced == joined(world.computed(start, end))


MONDAY: Final = datetime(2031, 1, 6, tzinfo=UTC)
ANN, BEN = User(id="a", name="Ann Lee"), User(id="b", email="ben@example.com")


def layer(*members: User | None, **options: Any) -> Layer:
    """Return a layer of daily turns from a Monday on."""
    known = {"name": "Daily", "effective_date": MONDAY, "rotation_start": MONDAY, "interval": DAY}
    return Layer(**{**known, "members": members, **options})


def shown(
    layers: Sequence[Layer], overrides: Sequence[Override] = (), *, days: float = 2, start: datetime = MONDAY,
    zone: str = "UTC",
) -> list[tuple[str, float, float]]:  # fmt: skip
    """Return who is on call in some days, and from and to which hour of them; `-` is an empty slot."""
    schedule = Schedule(id="S", time_zone=zone, layers=layers)
    found = on_call(rotations_of(schedule), stand_ins_of(overrides), start, start + days * DAY)
    return [
        (one.person.id if one.person else "-", (one.start - start) / HOUR, (one.end - start) / HOUR) for one in found
    ]


def window(start: str, end: str) -> TimeRestriction:
    """Return a restriction whose ends are written like "monday 09:00:00"."""
    (start_day, start_time), (end_day, end_time) = start.split(), end.split()
    return TimeRestriction(start_day=start_day, start_time=start_time, end_day=end_day, end_time=end_time)


def test_layer_of_one_and_of_none() -> None:
    """One member has one turn after the other; without members there is no turn, and without layers no shift."""
    assert shown([layer(ANN)]) == [("a", 0, 24), ("a", 24, 48)]
    assert shown([layer()]) == shown([]) == []


def test_empty_slot_lets_through() -> None:
    """An empty slot is a turn of nobody, but where another layer has somebody."""
    assert shown([layer(None, ANN)]) == [("-", 0, 24), ("a", 24, 48)]
    below = layer(BEN, name="Base", end_date=MONDAY + 6 * HOUR)
    assert shown([below, layer(None, ANN)]) == [("b", 0, 6), ("-", 6, 24), ("a", 24, 48)]


def test_layers_further_down_go_before() -> None:
    """Where two layers overlap the later one counts; one that begins later or has ended counts only while it lives."""
    top = layer(BEN, name="Top", effective_date=MONDAY + 10 * HOUR, end_date=MONDAY + 12 * HOUR)
    assert shown([layer(ANN), top], days=1) == [("a", 0, 10), ("b", 10, 12), ("a", 12, 24)]
    over = layer(BEN, name="Over", end_date=MONDAY - HOUR)
    assert shown([layer(ANN), over], days=1) == [("a", 0, 24)]


def test_turns_before_the_rotation_begins() -> None:
    """If a layer is in effect before its rotation begins, turns are counted backwards."""
    early = layer(ANN, BEN, effective_date=MONDAY - 3 * DAY)
    assert shown([early], start=MONDAY - 2 * DAY, days=3) == [("a", 0, 24), ("b", 24, 48), ("a", 48, 72)]


def test_odd_intervals() -> None:
    """Seconds come on top of days, and an interval need not divide a day."""
    assert shown([layer(ANN, BEN, interval=timedelta(days=1, hours=1))]) == [("a", 0, 25), ("b", 25, 48)]
    assert shown([layer(ANN, BEN, interval=timedelta(hours=17))]) == [("a", 0, 17), ("b", 17, 34), ("a", 34, 48)]


def test_window_over_midnight() -> None:
    """A restriction over midnight cuts each turn; one over the week's end goes on into the next week."""
    night = window("monday 22:00:00", "tuesday 06:00:00")
    assert shown([layer(ANN, BEN, restrictions=[night])]) == [("a", 22, 24), ("b", 24, 30)]
    end = window("sunday 20:00:00", "monday 04:00:00")
    assert shown([layer(ANN, restrictions=[end])]) == [("a", 0, 4)]


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([("monday 09:00:00", "monday 09:00:00")], []),  # never opens
        ([("monday 00:00:00", "sunday 24:00:00")], [("a", 0, 24)]),  # always open
        ([("monday 02:00:00", "monday 06:00:00"), ("monday 04:00:00", "monday 08:00:00")], [("a", 2, 8)]),
        ([("tuesday 00:00:00", "monday 00:00:00")], []),  # all but Mondays
        ([("monday 09:00", "monday 10:00")], [("a", 9, 10)]),
    ],
)
def test_windows(windows: list[tuple[str, str]], expected: list[tuple[str, float, float]]) -> None:
    """Windows are a union; one that closes as it opens never opens, and the whole week is no restriction."""
    assert shown([layer(ANN, restrictions=[window(*one) for one in windows])], days=1) == expected


def test_window_over_a_clock_change() -> None:
    """A night of eight hours on the wall takes seven where clocks go forward, and nine where they go back."""
    night = window("saturday 22:00:00", "sunday 06:00:00")
    layers = [layer(ANN, interval=timedelta(weeks=9), restrictions=[night], effective_date=MONDAY - 400 * DAY)]
    for day, length in (("2031-03-29", 7), ("2031-10-25", 9), ("2031-04-05", 8)):
        noon = datetime.fromisoformat(f"{day}T12:00:00+00:00")
        ((_, start, end),) = shown(layers, start=noon, days=1, zone="Europe/Berlin")
        assert end - start == length


def test_hand_over_keeps_the_hour() -> None:
    """Days follow the wall and seconds do not: over a clock change 24 hours in seconds end at another hour."""
    zone = ZoneInfo("America/New_York")
    first = datetime(2031, 3, 8, 9, tzinfo=zone)
    options: Json = {"effective_date": first, "rotation_start": first}
    by_days, by_seconds = (
        layer(ANN, BEN, **options, interval=interval) for interval in (Interval(days=1), Interval(seconds=86_400))
    )
    start = first.astimezone(UTC)
    assert shown([by_days], start=start, zone=zone.key) == [("a", 0, 23), ("b", 23, 47), ("a", 47, 48)]
    assert shown([by_seconds], start=start, zone=zone.key) == [("a", 0, 24), ("b", 24, 48)]


def override(user: User | None, first: float, last: float, name: str = "O", replaced: User | None = None) -> Override:
    """Return an override of some hours of the Monday."""
    start, end = MONDAY + first * HOUR, MONDAY + last * HOUR
    return Override(id=name, user=user, overridden_user=replaced, start=start, end=end)


def test_overrides() -> None:
    """An override goes before every layer and fills gaps; one of a person's place only while that person is there."""
    cem = User(id="c")
    assert shown([layer(ANN)], [override(cem, 20, 28)]) == [("a", 0, 20), ("c", 20, 28), ("a", 28, 48)]
    assert shown([], [override(cem, 20, 28)]) == [("c", 20, 28)]
    whole = override(cem, -5, 99, replaced=BEN)
    assert shown([layer(ANN, BEN)], [whole]) == [("a", 0, 24), ("c", 24, 48)]
    assert shown([layer(ANN)], [override(None, 1, 2)], days=1) == [("a", 0, 24)]
    assert shown([], [override(None, 1, 2)], days=1) == [("-", 1, 2)]


def test_overrides_that_overlap() -> None:
    """Of two overrides the one that begins later counts, in whatever order they are listed; of equal ones the last."""
    cem = User(id="c")
    expected = [("c", 0, 4), ("b", 4, 8), ("a", 8, 24)]
    for listed in ([override(cem, 0, 6, "1"), override(BEN, 4, 8, "2")], [override(BEN, 4, 8), override(cem, 0, 6)]):
        assert shown([layer(ANN)], listed, days=1) == expected
    assert shown([], [override(ANN, 0, 6), override(BEN, 0, 6)], days=1) == [("b", 0, 6)]


def test_people_have_names() -> None:
    """People are as they were read, and one who is only referred to has an id."""
    members = [Member(user=ANN), Member(user=ResourceRef("users", "x"))]
    (rotation,) = rotations_of(Schedule(id="S", time_zone="UTC", layers=[layer(members=members)]))
    assert [(p.id, p.name) for p in rotation.members if isinstance(p, Person)] == [("a", "Ann Lee"), ("x", None)]


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"interval": Interval(seconds=60)}, CodecError),
        ({"interval": None}, CodecError),
        ({"rotation_start": None, "effective_date": None}, CodecError),
        ({"restrictions": [window("someday 09:00:00", "monday 10:00:00")]}, CodecError),
        ({"restrictions": [window("monday noon", "monday 10:00:00")]}, CodecError),
        ({"restrictions": [TimeRestriction()]}, CodecError),
        ({"members": [ResourceRef("members", "m")]}, LinkError),
        ({"time_zone": "Mars/Olympus"}, OptionsError),
    ],
)
def test_layers_that_say_nothing(changed: Json, error: type[Exception]) -> None:
    """A layer that lacks what it takes, or was not read, is an error that says where."""
    with pytest.raises(error, match=r"layers\[0\]"):
        shown([layer(**{"members": [ANN], **changed})])


def test_layers_that_were_not_read() -> None:
    """A schedule of a list, or one whose layers are references, tells to get it with its layers."""
    references: Any = [ResourceRef("layers", "l")]
    for schedule in (Schedule(id="S"), Schedule(id="S", time_zone="UTC", layers=references)):
        with pytest.raises(LinkError, match="include=ScheduleInclude"):
            rotations_of(schedule)


def test_what_is_missing_has_a_meaning() -> None:
    """Without an effective date a layer always counts, without a start its rotation begins as it takes effect."""
    assert shown([layer(ANN, effective_date=None)], start=MONDAY - DAY, days=1) == [("a", 0, 24)]
    noon = layer(ANN, rotation_start=None, effective_date=MONDAY + 12 * HOUR)
    assert shown([noon]) == [("a", 12, 36), ("a", 36, 48)]

"""Who will be on call in Datadog, in the shape of all providers: read, computed, checked against the server."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest

from aiooncall import UNSET, LinkError, NotFound, OptionsError, ShiftMismatch, evolve
from aiooncall.coverage import Shift, changes, gaps
from aiooncall.datadog import Interval, Layer, Override, Schedule, ScheduleInclude, TimeRestriction, User
from aiooncall.datadog.checking import instants_of
from tests.support.datadog_world import everything

if TYPE_CHECKING:
    from aiooncall import DatadogOnCall
    from aiooncall.simulator import Simulator

START: Final = datetime(2031, 3, 24, tzinfo=UTC)  # a Monday, in whose week clocks go forward in Berlin
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
EAST: Final = timezone(5 * HOUR)
WEST: Final = timezone(-5 * HOUR)
NIGHTS: Final = TimeRestriction(start_day="monday", start_time="20:00:00", end_day="sunday", end_time="08:00:00")


class Place:
    """A schedule of two layers in Berlin, and the people on it."""

    def __init__(self, sim: Simulator, dd: DatadogOnCall) -> None:
        self.sim, self.dd = sim, dd
        self.ann, self.ben, self.cem = (User(id=sim.add_user(name)) for name in ("Ann Lee", "Ben Roth", "Cem Ak"))
        self.schedule = ""

    async def build(self) -> None:
        """Create the schedule: weeks, and days above them with an empty slot."""
        first = START - 30 * DAY
        known: dict[str, Any] = {"effective_date": first, "rotation_start": first}
        base = Layer(name="Weeks", interval=timedelta(weeks=1), members=[self.ann], restrictions=[NIGHTS], **known)
        top = Layer(name="Days", interval=DAY, members=[self.ben, None, self.cem], end_date=START + 10 * DAY, **known)
        made = await self.dd.schedules.create(Schedule(name="P", time_zone="Europe/Berlin", layers=[base, top]))
        self.schedule = made.id
        self.sim.ledger.requests.clear()

    async def stand_in(self, user: User, first: float, last: float, replaced: User | None = None) -> str:
        """Let somebody stand in for some hours, and return the id of the override."""
        start, end = START + first * HOUR, START + last * HOUR
        override = Override(user=user, overridden_user=replaced, start=start, end=end)
        (made,) = await self.dd.schedules.overrides.create(self.schedule, override)
        self.sim.ledger.requests.clear()
        return made.id


@pytest.fixture
async def place(sim: Simulator, dd: DatadogOnCall) -> Place:
    """Return a schedule that is there."""
    made = Place(sim, dd)
    await made.build()
    return made


async def test_shifts_are_what_the_server_says(place: Place) -> None:
    """Over three weeks with a change of clocks, overrides, slots and gaps, the server agrees wherever it is asked."""
    override = await place.stand_in(place.ann, 5, 30)
    await place.stand_in(place.cem, 40, 200, replaced=place.ben)
    found = await place.dd.shifts(place.schedule, START, START + 21 * DAY, check=60)
    assert {shift.label for shift in found} == {"Ann Lee", "Ben Roth", "Cem Ak", "nobody"}
    assert {shift.layer for shift in found if not shift.override} == {"Weeks", "Days"}
    assert [shift.length for shift in found if shift.override == override] == [25 * HOUR]
    assert {shift.schedule for shift in found} == {place.schedule}
    assert {shift.start.tzinfo for shift in found} == {UTC}
    assert all(one.end <= other.start for one, other in pairwise(found))
    lonely = gaps(found, START, START + 21 * DAY)
    for gap in lonely:
        who = await place.dd.who_is_on_call(schedule=place.schedule, at=gap.start)
        assert who.current == ()
    assert any(shift.start <= lonely[0].start < shift.end for shift in found)


@pytest.mark.parametrize(("days", "slices"), [(1, 1), (45, 1), (46, 2), (366, 9)])
async def test_few_requests(place: Place, days: int, slices: int) -> None:
    """A schedule is read once, and its overrides once for each 45 days; what goes on over the seams is one shift."""
    await place.dd.shifts(place.schedule, START, START + days * DAY)
    assert len(place.sim.ledger.requests) == 1 + slices
    await place.stand_in(place.ann, 20, 24 * 100)
    found = await place.dd.shifts(place.schedule, START, START + days * DAY)
    again = min(slices, 3)  # a page with overrides may have another after it
    assert len(place.sim.ledger.requests) == 1 + slices + again
    assert [shift.length for shift in found if shift.override] == [min(days * DAY, 100 * DAY) - 20 * HOUR]
    assert await everything(place.dd.shifts.stream(place.schedule, START, START + days * DAY)) == found
    assert await place.dd.shifts(place.schedule, START, START) == []


async def test_stream_comes_in_pieces(place: Place) -> None:
    """The first shift of a year is there before most of the year was asked for."""
    async for shift in place.dd.shifts.stream(place.schedule, START, START + 366 * DAY):
        assert shift.start == START
        break
    assert len(place.sim.ledger.requests) == 2


async def test_mismatch(place: Place) -> None:
    """Where the server counts overrides in another order the check says so, with both answers."""
    await place.stand_in(place.cem, 30, 40)
    await place.stand_in(place.ann, 29, 35)  # begins earlier, and counts here as it was made later
    agreed = await place.dd.shifts(place.schedule, START, START + 2 * DAY)
    with pytest.raises(ShiftMismatch) as raised:
        await place.dd.shifts(place.schedule, START, START + 2 * DAY, check=50)
    error = pickle.loads(pickle.dumps(raised.value))
    assert (error.schedule, error.at) == (place.schedule, START + 30 * HOUR)
    assert (error.computed, error.answered) == (("Cem Ak",), ("Ann Lee",))
    assert 0 < error.different < error.instants <= 50
    assert "computed Cem Ak, the server says Ann Lee" in str(error)
    assert [shift.label for shift in agreed if shift.override] == ["Ann Lee", "Cem Ak"]


async def test_mismatch_with_nobody(place: Place) -> None:
    """That nobody is on call is an answer, too."""
    layers = (await place.dd.schedules.get(place.schedule, include=ScheduleInclude)).layers
    assert layers
    edited = Schedule(id=place.schedule, time_zone="Europe/Berlin", layers=[])
    with pytest.raises(ShiftMismatch, match="computed nobody, the server says Ben Roth"):
        await place.dd.shifts(edited, START, START + HOUR, check=1)


async def test_an_edit_shows_before_it_is_written(place: Place) -> None:
    """Shifts of an edited schedule are computed from it, with the overrides that are there, and tell what changes."""
    await place.stand_in(place.cem, 30, 40)
    before = await place.dd.shifts(place.schedule, START, START + 7 * DAY)
    schedule = await place.dd.schedules.get(place.schedule, include=ScheduleInclude)
    base, top = schedule.layers or ()
    assert isinstance(top, Layer)
    edited = evolve(schedule, layers=[base, evolve(top, members=[place.ann, *(top.members or ())[1:]])])
    after = await place.dd.shifts(edited, START, START + 7 * DAY)
    assert {change.summary for change in changes(before, after)} == {f"{place.ann.id} instead of Ben Roth"}
    assert changes(before, before) == []
    await place.dd.schedules.update(edited)
    assert changes(after, await place.dd.shifts(place.schedule, START, START + 7 * DAY)) == []


async def test_a_schedule_that_is_not_there_yet(place: Place) -> None:
    """Shifts of a schedule without an id are computed without a request; the server cannot check them."""
    layer = Layer(name="L", effective_date=START, rotation_start=START, interval=DAY, members=[place.ann])
    new = Schedule(name="New", time_zone="Asia/Kathmandu", layers=[layer])
    found = await place.dd.shifts(new, START, START + 2 * DAY)
    assert [(shift.label, shift.length) for shift in found] == [(place.ann.id, DAY)] * 2
    assert place.sim.ledger.requests == []
    with pytest.raises(OptionsError) as raised:
        await place.dd.shifts(new, START, START + DAY, check=1)
    assert raised.value.field == "schedule"


@pytest.mark.parametrize(
    ("start", "end", "options", "field"),
    [
        (START.replace(tzinfo=None), START, {}, "start"),
        (START, "tomorrow", {}, "end"),
        (START, START - DAY, {}, "end"),
        (START, START + 366 * DAY + HOUR, {}, "end"),
        (START, START + DAY, {"check": -1}, "check"),
        (START, START + DAY, {"check": 1001}, "check"),
    ],
)
async def test_bad_arguments_of_shifts(place: Place, start: Any, end: Any, options: Any, field: str) -> None:
    """Naive times, an end before the start, more than a year and odd checks are refused; nothing is sent."""
    with pytest.raises(OptionsError) as raised:
        await place.dd.shifts(place.schedule, start, end, **options)
    assert (raised.value.field, place.sim.ledger.requests) == (field, [])
    if not options:
        with pytest.raises(OptionsError):
            await everything(place.dd.shifts.stream(place.schedule, start, end))


async def test_shifts_of_what_is_not_there(place: Place) -> None:
    """An unknown schedule is NotFound, and one that was read without its layers a LinkError."""
    with pytest.raises(NotFound):
        await place.dd.shifts("00000000-0000-4000-8000-000000000000", START, START + DAY)
    bare = await place.dd.schedules.get(place.schedule)
    nothing: Any = None
    for unread in (bare, evolve(bare, layers=nothing), evolve(bare, layers=UNSET)):
        with pytest.raises(LinkError, match="include=ScheduleInclude"):
            await place.dd.shifts(unread, START, START + DAY)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("effective_date", START.replace(tzinfo=None)),
        ("end_date", START.replace(tzinfo=None)),
        ("rotation_start", START.replace(tzinfo=None)),
        ("rotation_start", datetime(1, 1, 1, tzinfo=UTC)),
        ("effective_date", "2031-03-24"),
        ("restrictions", [None]),
        ("interval.days", Interval(days=400_000)),
        ("interval.days", Interval(days="7")),  # type: ignore[arg-type]
        ("interval.seconds", Interval(days=1, seconds=-1)),
    ],
)
async def test_edits_that_cannot_be_computed(place: Place, field: str, value: Any) -> None:
    """A naive time of an edited layer is not taken for one of this machine, nor is an impossible turn computed."""
    layer = Layer(name="L", effective_date=START, rotation_start=START, interval=DAY, members=[place.ann])
    edited = evolve(layer, **{field.partition(".")[0]: value})
    with pytest.raises(OptionsError) as raised:
        await place.dd.shifts(Schedule(name="New", time_zone="America/New_York", layers=[edited]), START, START + DAY)
    assert raised.value.field == f"layers[0].{field}"


async def test_a_layer_that_never_begins_or_ends(place: Place) -> None:
    """The first and the last time of the calendar, in whatever zone, are no bounds of a layer."""
    first, last = datetime(1, 1, 1, tzinfo=EAST), datetime.max.replace(tzinfo=WEST)
    layer = Layer(
        name="L", effective_date=first, end_date=last, rotation_start=START, interval=DAY, members=[place.ann]
    )
    (found,) = await place.dd.shifts(Schedule(name="New", time_zone="UTC", layers=[layer]), START, START + DAY)
    assert found.length == DAY


async def test_wall_of_berlin(place: Place) -> None:
    """Turns begin at the same hour on the wall before and after clocks go forward."""
    found = await place.dd.shifts(place.schedule, START + 4 * DAY, START + 9 * DAY)
    berlin = ZoneInfo("Europe/Berlin")
    assert {shift.start.astimezone(berlin).hour for shift in found if shift.label == "Ben Roth"} == {1}
    assert {shift.start.hour for shift in found if shift.label == "Ben Roth"} == {0, 23}


def test_instants_to_ask() -> None:
    """Ends and starts of shifts come first, then middles; no more than asked for, spread over the time."""
    shifts = [
        Shift(schedule="S", person=None, start=START + number * DAY, end=START + number * DAY + 12 * HOUR)
        for number in range(10)
    ]
    edges = {START + number * 12 * HOUR for number in range(20)}
    for most in (1, 7, 20, 33, 100):
        found = instants_of(shifts, START, START + 10 * DAY, most)
        assert found == sorted(set(found))
        assert len(found) == min(most, 40)
        assert set(found) <= edges if most <= 20 else edges <= set(found)
        assert all(START <= moment < START + 10 * DAY for moment in found)
    assert instants_of([], START, START, 5) == []
    assert instants_of([], START, START + DAY, 5) == [START, START + 12 * HOUR]

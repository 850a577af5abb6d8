"""Who is on call when, as the simulator computes it."""

from __future__ import annotations

import time
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from functools import cache, cached_property
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiooncall.simulator.datadog.rotation import Shift, find_shifts

NEW_YORK: Final = "America/New_York"
DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY: Final = 24 * 60
WEEK: Final = 7 * DAY
HORIZON: Final = 3 * DAY
PER_MILLE: Final = st.integers(0, 999)
NOBODY: Final = ("", "", "")
CLOCK_CHANGES: Final = (
    (NEW_YORK, "2025-03-09T07:00Z"),  # forward, from 02:00
    (NEW_YORK, "2025-11-02T06:00Z"),  # back, from 02:00
    ("Europe/London", "2025-03-30T01:00Z"),
    ("Europe/London", "2025-10-26T01:00Z"),
    ("Australia/Sydney", "2025-10-04T16:00Z"),  # forward in October, back in April
    ("Australia/Sydney", "2025-04-05T16:00Z"),
    ("Australia/Lord_Howe", "2025-10-04T15:30Z"),  # by half an hour
    ("America/Santiago", "2025-09-07T04:00Z"),  # forward at midnight: that day begins at 01:00
)


def layer(*users: str | None, start: str = "2025-01-06T09:00:00-05:00", **changes: Any) -> dict[str, Any]:
    """Return a layer on the wire, of daily turns from a Monday, 09:00 in New York."""
    members = [{"user": {"id": user}} if user else {} for user in users]
    made = {"effective_date": start, "rotation_start": start, "interval": {"days": 1}, "members": members}
    return made | changes


def schedule(*layers: dict[str, Any], zone: str = NEW_YORK) -> dict[str, Any]:
    """Return a schedule on the wire."""
    return {"time_zone": zone, "layers": list(layers)}


def window(start: str, end: str) -> dict[str, str]:
    """Return a restriction, each end of which is written like "monday 09:00"."""
    (start_day, start_time), (end_day, end_time) = start.split(), end.split()
    return {"start_day": start_day, "start_time": start_time, "end_day": end_day, "end_time": end_time}


def ask(asked: dict[str, Any], position: str, at: str) -> tuple[str, str, str]:
    """Return user, start and end as texts in local time, or `NOBODY`."""
    found = find_shifts(asked, position, datetime.fromisoformat(at))
    assert len(found) <= 1
    return next(((user, start.isoformat(), end.isoformat()) for user, start, end in found), NOBODY)


def find(asked: dict[str, Any], position: str, at: datetime) -> Shift | None:
    """Return the shift with its ends in UTC, where they compare and subtract as instants."""
    found = find_shifts(asked, position, at)
    return Shift(found[0].user_id, found[0].start.astimezone(UTC), found[0].end.astimezone(UTC)) if found else None


def follow(asked: dict[str, Any], at: str, count: int) -> list[str]:
    """Return the next `count` shifts after `at`, each as "user start/end" in local time, to the minute."""
    rows = []
    moment = datetime.fromisoformat(at)
    for _ in range(count):
        user, start, end = find_shifts(asked, "next", moment)[0]
        rows.append(f"{user} {start:%a %d %H:%M}/{end:%a %d %H:%M}")
        moment = start
    return rows


# The oracle knows whole minutes since the epoch, counts days of the wall by arithmetic, and looks at one minute at a
# time whether each layer is on. It shares neither a line nor a way of thinking with what it judges.


@cache
def wall_of(zone: str, minute: int) -> int:
    """Return what the wall shows, in minutes since 1970-01-01 00:00 on that wall."""
    offset = datetime.fromtimestamp(minute * 60, ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return minute + int(offset.total_seconds()) // 60


@cache
def minute_of(zone: str, wall: int) -> int:
    """Return the first minute at which the wall shows `wall`, else where it would be by yesterday's offset."""
    yesterday, tomorrow = (wall_of(zone, wall + day) - (wall + day) for day in (-DAY, DAY))
    shown = [wall - offset for offset in (yesterday, tomorrow) if wall_of(zone, wall - offset) == wall]
    return min(shown, default=wall - yesterday)


def rfc3339(minute: int, hours: int = 0) -> str:
    """Return a minute as text, with an offset of `hours`."""
    return datetime.fromtimestamp(minute * 60, timezone(timedelta(hours=hours))).isoformat()


class Pace(NamedTuple):
    """An interval in days of the wall and minutes."""

    days: int
    minutes: int


@dataclass(frozen=True)
class Plan:
    """A layer, with what the oracle thinks of it; all times in minutes."""

    zone: str
    anchor: int
    effective: int
    end: int | None
    pace: Pace
    users: list[str | None]
    windows: list[tuple[int, int]]
    centre: int

    def on_wire(self) -> dict[str, Any]:
        """Return the layer as JSON."""
        return layer(
            *self.users,
            effective_date=rfc3339(self.effective),
            end_date=None if self.end is None else rfc3339(self.end, 3),
            rotation_start=rfc3339(self.anchor, -7),
            interval={"days": self.pace.days, "seconds": self.pace.minutes * 60},
            time_zone=self.zone,
            restrictions=[window(self.edge(start), self.edge(end)) for start, end in self.windows],
        )

    @staticmethod
    def edge(minute: int) -> str:
        """Return a minute of the week as weekday and time."""
        return f"{DAYS[minute // DAY]} {minute % DAY // 60:02}:{minute % 60:02}:00"

    @cached_property
    def first_turn(self) -> int:
        """Return a turn well before all that is looked at."""
        return -40 * DAY // (self.pace.days * DAY + self.pace.minutes)

    @cached_property
    def hand_overs(self) -> list[int]:
        """Return when the turns from `first_turn` on start."""
        wall, (days, minutes) = wall_of(self.zone, self.anchor), self.pace
        return [
            (minute_of(self.zone, wall + turn * days * DAY) if turn * days else self.anchor) + turn * minutes
            for turn in range(self.first_turn, -self.first_turn)
        ]

    @cached_property
    def runs(self) -> list[tuple[int, int]]:
        """Return what the windows cover of the minutes of a week on the wall, from minute to minute."""
        covered = {
            minute % WEEK for start, end in self.windows for minute in range(start, end if end >= start else end + WEEK)
        }
        if len(covered) == WEEK:
            return [(0, WEEK)]
        starts = [minute for minute in covered if (minute - 1) % WEEK not in covered]
        return [
            (start, next(minute for minute in range(start, start + WEEK) if minute % WEEK not in covered))
            for start in starts
        ]

    @cached_property
    def opened(self) -> list[tuple[int, int]]:
        """Return when the windows are open in the weeks around the centre."""
        # Day 0 of the epoch was a Thursday, three days into its week.
        monday = (self.centre + 3 * DAY) // WEEK * WEEK - 3 * DAY
        return [
            (minute_of(self.zone, week + start), minute_of(self.zone, week + end))
            for week in range(monday - 3 * WEEK, monday + 3 * WEEK, WEEK)
            for start, end in self.runs
        ]

    def turn(self, minute: int) -> int | None:
        """Return which turn puts somebody on call at a minute."""
        if minute < self.effective or (self.end is not None and minute >= self.end):
            return None
        if self.windows and not any(start <= minute < end for start, end in self.opened):
            return None
        turn = self.first_turn + bisect_right(self.hand_overs, minute) - 1
        return turn if self.users[turn % len(self.users)] else None


@dataclass(frozen=True)
class Case:
    """A schedule and an instant; the oracle looks no further than `HORIZON` to either side."""

    plans: list[Plan]
    minute: int
    second: int
    hours: int
    zone: str
    known: dict[int, tuple[int, int] | None] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        """Return the instant, with some offset."""
        return datetime.fromisoformat(rfc3339(self.minute, self.hours)) + timedelta(seconds=self.second)

    @cached_property
    def on_wire(self) -> dict[str, Any]:
        """Return the schedule as JSON."""
        return schedule(*(plan.on_wire() for plan in self.plans), zone=self.zone)

    def duty(self, minute: int) -> tuple[int, int] | None:
        """Return the layer that counts at a minute, and its turn."""
        if minute not in self.known:
            ranked = ((rank, self.plans[rank].turn(minute)) for rank in reversed(range(len(self.plans))))
            self.known[minute] = next(((rank, turn) for rank, turn in ranked if turn is not None), None)
        return self.known[minute]

    def walk(self, minute: int, step: int) -> int:
        """Return the farthest minute in one direction with the same duty, clipped."""
        while abs(minute + step - self.minute) <= HORIZON and self.duty(minute + step) == self.duty(minute):
            minute += step
        return minute

    def stretch(self, minute: int) -> tuple[str, int, int] | None:
        """Return user, start and end of the stretch that holds a minute, clipped."""
        duty = self.duty(minute)
        if duty is None:
            return None
        users = self.plans[duty[0]].users
        return users[duty[1] % len(users)] or "", self.walk(minute, -1), self.walk(minute, 1) + 1

    def expected(self, position: str) -> tuple[str, int, int] | None:
        """Return what there is at a position, None for nobody within the horizon."""
        if position == "current":
            return self.stretch(self.minute)
        step = 1 if position == "next" else -1
        minute = self.minute if self.duty(self.minute) is None else self.walk(self.minute, step) + step
        if abs(minute - self.minute) <= HORIZON and self.duty(minute) is None:
            minute = self.walk(minute, step) + step
        return self.stretch(minute) if abs(minute - self.minute) <= HORIZON else None

    def found(self, position: str) -> tuple[str, int, int] | None:
        """Return what `find_shifts` says, clipped alike."""
        shift = find(self.on_wire, position, self.at)
        if shift is None:
            return None
        start, end = (int(moment.timestamp()) // 60 for moment in shift[1:])
        low, high = self.minute - HORIZON, self.minute + HORIZON + 1
        if start >= high or end <= low:
            return None
        return shift.user_id, max(start, low), min(end, high)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Return schedules of up to three layers near a change of clocks, with many of their edges right at it."""
    place, change = draw(st.sampled_from(CLOCK_CHANGES))
    centre = int(datetime.fromisoformat(change).timestamp()) // 60
    quarters = st.integers(-10, 10).map(lambda quarter: 15 * quarter)
    moments = st.builds(lambda days, near: centre + DAY * days + near, st.integers(-9, 9), quarters)
    by_days = st.builds(Pace, st.integers(1, 3), st.just(0) | st.integers(0, DAY))
    paces = by_days | st.builds(Pace, st.just(0), st.integers(3 * 60, 3 * DAY))
    zones = st.sampled_from([place, place, place, NEW_YORK, "UTC", "Asia/Kathmandu"])

    def edge(zone: str) -> st.SearchStrategy[int]:
        at_change = quarters.map(lambda near: (wall_of(zone, centre - 1) + 1 + 3 * DAY + near) % WEEK)
        return at_change | st.integers(0, WEEK - 1)

    def plan(zone: str) -> st.SearchStrategy[Plan]:
        return st.builds(
            Plan,
            zone=st.just(zone),
            anchor=moments,
            effective=st.just(centre - 30 * DAY) | moments,
            end=st.none() | moments,
            pace=paces,
            users=st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=4),
            windows=st.lists(st.tuples(edge(zone), edge(zone)), max_size=3),
            centre=st.just(centre),
        )

    return Case(
        plans=draw(st.lists(zones.flatmap(plan), max_size=3)),
        minute=centre + draw(st.integers(-3 * DAY, 3 * DAY) | quarters),
        second=draw(st.integers(0, 59)),
        hours=draw(st.integers(-12, 14)),
        zone=place,
    )


@settings(deadline=None)
@given(case=cases())
@pytest.mark.parametrize("position", ["previous", "current", "next"])
def test_agrees_with_a_walk_over_minutes(position: str, case: Case) -> None:
    """User, start and end are what looking at each minute of three days to both sides says they are."""
    assert case.found(position) == case.expected(position)


@settings(deadline=None)
@given(case=cases(), inside=PER_MILLE)
def test_shift_is_the_same_from_everywhere_inside(case: Case, inside: int) -> None:
    """Asked at any instant of a shift, all three positions answer the same."""
    current = find(case.on_wire, "current", case.at)
    if current is not None:
        assert current.start <= case.at < current.end
        moment = current.start + (current.end - current.start) * inside // 1000
        for position in ("previous", "current", "next"):
            assert find(case.on_wire, position, moment) == find(case.on_wire, position, case.at)


@settings(deadline=None)
@given(case=cases(), between=PER_MILLE)
def test_nobody_between_neighbours(case: Case, between: int) -> None:
    """Previous ends before current, next starts after it, and in between nobody is on call."""
    asked = case.on_wire
    previous, current, following = (find(asked, position, case.at) for position in ("previous", "current", "next"))
    before, after = (current.start, current.end) if current else (case.at, case.at)
    if previous:
        assert previous.end <= before
        assert find(asked, "current", previous.start) == previous
        moment = previous.end + (before - previous.end) * between // 1000
        assert previous.end == before or find(asked, "current", moment) is None
    if following:
        assert following.start >= after
        assert find(asked, "current", following.start) == following
        moment = after + (following.start - after) * between // 1000
        assert following.start == after or find(asked, "current", moment) is None
        assert find(asked, "previous", following.start) == (current or previous)


@settings(deadline=None)
@given(
    kind=st.sampled_from([("days", NEW_YORK), ("seconds", "UTC")]),
    interval=st.integers(1, 400),
    share=st.floats(-1, 1),
    at=st.integers(0, 10**9),
    position=st.sampled_from(["previous", "current", "next"]),
)
def test_age_of_a_rotation_makes_no_difference(
    kind: tuple[str, str], interval: int, share: float, at: int, position: str
) -> None:
    """Moving a rotation's start by whole rounds, up to ninety years back or ahead, moves no shift."""
    unit, zone = kind
    origin = datetime(2000, 1, 1, 12, 30, tzinfo=ZoneInfo(zone))
    a_round = timedelta(**{unit: interval}) * 3
    # Python adds to a local time what the wall will show, which is what a hand-over counted in days needs.
    moved = origin + a_round * int(timedelta(days=90 * 365) * share / a_round)
    before, after = (
        schedule(layer("a", "b", None, rotation_start=start.isoformat(), interval={unit: interval}), zone=zone)
        for start in (origin, moved)
    )
    moment = datetime(2025, 2, 1, tzinfo=UTC) + timedelta(seconds=at)
    assert find(before, position, moment) == find(after, position, moment)
    assert find(before, "next", moment) is not None


@pytest.mark.parametrize(
    ("zone", "at", "start", "end", "hours"),
    [
        (NEW_YORK, "2025-03-08T20:00Z", "2025-03-08T09:00:00-05:00", "2025-03-09T09:00:00-04:00", 23),
        (NEW_YORK, "2025-11-01T20:00Z", "2025-11-01T09:00:00-04:00", "2025-11-02T09:00:00-05:00", 25),
        ("Australia/Sydney", "2025-10-04T12:00Z", "2025-10-04T09:00:00+10:00", "2025-10-05T09:00:00+11:00", 23),
        ("Australia/Sydney", "2025-04-05T12:00Z", "2025-04-05T09:00:00+11:00", "2025-04-06T09:00:00+10:00", 25),
        ("Australia/Lord_Howe", "2025-10-04T12:00Z", "2025-10-04T09:00:00+10:30", "2025-10-05T09:00:00+11:00", 23.5),
    ],
)
def test_daily_hand_over_stays_where_the_wall_is(zone: str, at: str, start: str, end: str, hours: float) -> None:
    """Days are counted on the wall: a turn over a change of clocks is shorter or longer, in both hemispheres."""
    nine = datetime(2024, 6, 3, 9, tzinfo=ZoneInfo(zone)).isoformat()
    asked = schedule(layer("a", start=nine), zone=zone)
    assert ask(asked, "current", at) == ("a", start, end)
    shift = find(asked, "current", datetime.fromisoformat(at))
    assert shift is not None
    assert shift.end - shift.start == timedelta(hours=hours)


def test_seconds_are_exact() -> None:
    """Seconds do not follow the wall: the hand-over at 09:00 is at 10:00 once clocks have gone forward."""
    asked = schedule(layer("a", "b", start="2025-03-07T09:00:00-05:00", interval={"seconds": 86400}))
    assert follow(asked, "2025-03-07T00:00Z", 3) == [
        "a Fri 07 09:00/Sat 08 09:00",
        "b Sat 08 09:00/Sun 09 10:00",
        "a Sun 09 10:00/Mon 10 10:00",
    ]


def test_seconds_come_on_top_of_days() -> None:
    """Turn k starts k days later on the wall plus k times the seconds, even where that crosses a change of clocks."""
    asked = schedule(
        layer("a", "b", start="2025-03-07T01:30:00-05:00", interval={"days": 1, "seconds": 1800}, time_zone=NEW_YORK)
    )
    assert follow(asked, "2025-03-06T00:00Z", 4)[:3] == [
        "a Fri 07 01:30/Sat 08 02:00",
        "b Sat 08 02:00/Sun 09 03:30",
        "a Sun 09 03:30/Mon 10 03:00",
    ]


@pytest.mark.parametrize(
    ("first", "at", "starts"),
    [
        ("2025-03-07T02:30:00-05:00", "2025-03-09T20:00Z", "2025-03-09T03:30:00-04:00"),
        ("2025-10-31T01:30:00-04:00", "2025-11-02T20:00Z", "2025-11-02T01:30:00-04:00"),
        ("2025-11-02T01:30:00-05:00", "2025-11-02T20:00Z", "2025-11-02T01:30:00-05:00"),
    ],
)
def test_hand_over_at_an_odd_time(first: str, at: str, starts: str) -> None:
    """02:30 that is skipped is 03:30, 01:30 that comes twice is the first one, but a rotation's start is as given."""
    asked = schedule(layer("a", rotation_start=first))
    assert ask(asked, "current", at)[1] == starts


@pytest.mark.parametrize(
    ("opens", "closes", "at", "expected"),
    [
        ("02:30", "04:00", "2025-03-08", "Sun 09 03:30/Sun 09 04:00"),
        ("01:00", "02:30", "2025-03-08", "Sun 09 01:00/Sun 09 03:30"),
        ("02:00", "03:00", "2025-03-08", "Sun 16 02:00/Sun 16 03:00"),
        ("02:30", "03:15", "2025-03-08", "Sun 16 02:30/Sun 16 03:15"),
        ("01:30", "03:00", "2025-11-01", "Sun 02 01:30/Sun 02 03:00"),
        ("00:30", "01:30", "2025-11-01", "Sun 02 00:30/Sun 02 01:30"),
    ],
)
def test_window_at_an_odd_time(opens: str, closes: str, at: str, expected: str) -> None:
    """The ends of a window are found as hand-overs are; one of which nothing is left opens a week later."""
    asked = schedule(layer("a", interval={"days": 70}, restrictions=[window(f"sunday {opens}", f"sunday {closes}")]))
    assert follow(asked, at + "T12:00Z", 1) == [f"a {expected}"]


def test_window_end_that_comes_twice_is_the_first() -> None:
    """A window until 01:30 is over before the clocks go back, one from 01:30 includes the repeated hour."""
    closing = layer("a", interval={"days": 70}, restrictions=[window("sunday 00:30", "sunday 01:30")])
    opening = layer("b", interval={"days": 70}, restrictions=[window("sunday 01:30", "sunday 03:00")])
    assert ask(schedule(closing), "current", "2025-11-02T05:15Z") == (
        "a",
        "2025-11-02T00:30:00-04:00",
        "2025-11-02T01:30:00-04:00",
    )
    assert ask(schedule(opening), "current", "2025-11-02T06:15Z") == (
        "b",
        "2025-11-02T01:30:00-04:00",
        "2025-11-02T03:00:00-05:00",
    )


def test_windows_are_united_on_the_wall() -> None:
    """Windows that fill the week leave no hole at a change of clocks, even with ends in the skipped hour."""
    restrictions = [window("sunday 02:00", "sunday 03:00"), window("sunday 02:15", "sunday 02:00")]
    asked = schedule(layer("a", interval={"days": 70}, restrictions=restrictions))
    assert ask(asked, "current", "2025-03-09T03:05-04:00")[1:] == (
        "2025-01-06T09:00:00-05:00",
        "2025-03-17T09:00:00-04:00",
    )


def test_windows_meet_over_the_skipped_hour() -> None:
    """Windows an hour apart are one stretch on the night that hour is skipped, and two in other weeks."""
    restrictions = [window("saturday 22:00", "sunday 02:00"), window("sunday 03:00", "sunday 06:00")]
    asked = schedule(layer("a", start="2025-01-04T00:00:00-05:00", interval={"days": 70}, restrictions=restrictions))
    assert follow(asked, "2025-03-02T00:00Z", 4) == [
        "a Sat 01 22:00/Sun 02 02:00",
        "a Sun 02 03:00/Sun 02 06:00",
        "a Sat 08 22:00/Sun 09 06:00",
        "a Sat 15 22:00/Sun 16 02:00",
    ]


def test_windows_of_weeks_meet_over_the_skipped_hour() -> None:
    """A window that is closed for the skipped hour only is open for two weeks on end, seen from either week."""
    restrictions = [window("sunday 03:00", "sunday 02:00")]
    asked = schedule(layer("a", interval={"days": 70}, restrictions=restrictions))
    for at in ("2025-03-02T08:00Z", "2025-03-08T12:00Z", "2025-03-10T12:00Z", "2025-03-16T05:59Z"):
        assert ask(asked, "current", at)[1:] == ("2025-03-02T03:00:00-05:00", "2025-03-16T02:00:00-04:00")


def test_turns_reach_back_before_the_rotation_starts() -> None:
    """A layer that is effective before its rotation's start is filled by turns counted backwards."""
    asked = schedule(layer("a", "b", "c", effective_date="2025-01-04T00:00:00-05:00"))
    assert follow(asked, "2025-01-01T00:00Z", 4) == [
        "a Sat 04 00:00/Sat 04 09:00",
        "b Sat 04 09:00/Sun 05 09:00",
        "c Sun 05 09:00/Mon 06 09:00",
        "a Mon 06 09:00/Tue 07 09:00",
    ]


def test_layer_has_a_beginning_and_an_end() -> None:
    """Nobody is on call before the effective date or after the end date, which cut the turns there."""
    asked = schedule(layer("a", effective_date="2025-01-07T12:00:00-05:00", end_date="2025-01-08T12:00:00-05:00"))
    assert ask(asked, "current", "2025-01-07T16:59:59Z") == NOBODY
    assert ask(asked, "current", "2025-01-08T17:00:00Z") == NOBODY
    assert follow(asked, "2025-01-01T00:00Z", 2) == ["a Tue 07 12:00/Wed 08 09:00", "a Wed 08 09:00/Wed 08 12:00"]
    assert ask(asked, "next", "2025-01-08T15:00Z") == NOBODY
    assert ask(asked, "previous", "2025-01-07T18:00Z") == NOBODY


def test_empty_slot_is_nobody() -> None:
    """A member without a user leaves the turn free, and neighbours are found across it."""
    asked = schedule(layer("a", None, "b"))
    assert ask(asked, "current", "2025-01-07T18:00Z") == NOBODY
    assert ask(asked, "previous", "2025-01-07T18:00Z")[0] == "a"
    assert ask(asked, "next", "2025-01-07T18:00Z")[0] == "b"
    assert ask(asked, "previous", "2025-01-08T18:00Z")[2] == "2025-01-07T09:00:00-05:00"


@pytest.mark.parametrize("layers", [[], [layer()], [layer(None, None, interval={"seconds": 60})]])
@pytest.mark.parametrize("position", ["previous", "current", "next"])
def test_nobody_at_all(layers: list[dict[str, Any]], position: str) -> None:
    """Without layers, without members or with empty slots only, nobody is at any position."""
    assert ask(schedule(*layers), position, "2025-02-01T00:00Z") == NOBODY


def test_turns_of_the_only_member_are_apart() -> None:
    """Consecutive turns of one user are separate shifts."""
    assert follow(schedule(layer("a")), "2025-01-06T20:00Z", 2) == [
        "a Tue 07 09:00/Wed 08 09:00",
        "a Wed 08 09:00/Thu 09 09:00",
    ]


@pytest.mark.parametrize(
    ("restrictions", "expected"),
    [
        ([window("friday 17:00", "monday 09:00")], ["Fri 10 17:00/Mon 13 09:00", "Fri 17 17:00/Mon 20 09:00"]),
        ([window("tuesday 9:00", "tuesday 12:00:30")], ["Tue 07 09:00/Tue 07 12:00", "Tue 14 09:00/Tue 14 12:00"]),
        ([window("sunday 12:00", "sunday 24:00:00")], ["Sun 12 12:00/Mon 13 00:00", "Sun 19 12:00/Mon 20 00:00"]),
        (
            [window("tuesday 12:00", "wednesday 09:00"), window("tuesday 06:00", "tuesday 12:00")],
            ["Tue 07 06:00/Wed 08 09:00", "Tue 14 06:00/Wed 15 09:00"],
        ),
        (
            [window("monday 00:00", "monday 06:00"), window("saturday 00:00", "sunday 24:00")],
            ["Sat 11 00:00/Mon 13 06:00", "Sat 18 00:00/Mon 20 06:00"],
        ),
        (
            [window("thursday 08:00", "thursday 10:00"), window("wednesday 08:00", "wednesday 10:00")],
            ["Wed 08 08:00/Wed 08 10:00", "Thu 09 08:00/Thu 09 10:00"],
        ),
    ],
)
def test_windows_of_the_week(restrictions: list[dict[str, str]], expected: list[str]) -> None:
    """Windows may wrap over the week's end, end at 24:00, leave out seconds, touch or overlap."""
    asked = schedule(layer("a", interval={"days": 70}, restrictions=restrictions))
    assert follow(asked, "2025-01-06T20:00Z", 2) == [f"a {shift}" for shift in expected]


def test_seconds_of_a_window_count() -> None:
    """A window that ends at 12:00:30 ends there and not on the minute."""
    asked = schedule(layer("a", restrictions=[window("tuesday 11:00:15", "tuesday 12:00:30")]))
    assert ask(asked, "current", "2025-01-07T12:00-05:00") == (
        "a",
        "2025-01-07T11:00:15-05:00",
        "2025-01-07T12:00:30-05:00",
    )


@pytest.mark.parametrize(
    "restrictions",
    [
        None,
        [],
        [window("monday 00:00", "sunday 24:00")],
        [window("friday 17:00", "monday 09:00"), window("monday 09:00", "friday 17:00")],
        [window("saturday 00:00", "wednesday 00:00"), window("tuesday 00:00", "sunday 00:00")],
    ],
)
def test_whole_week_is_no_restriction(restrictions: list[dict[str, str]] | None) -> None:
    """Windows that fill the week, alone or together, cut nothing."""
    asked = schedule(layer("a", "b", interval={"days": 30}, restrictions=restrictions))
    assert ask(asked, "current", "2025-02-20T00:00Z") == (
        "b",
        "2025-02-05T09:00:00-05:00",
        "2025-03-07T09:00:00-05:00",
    )


@pytest.mark.parametrize("ends", [("friday 10:00", "friday 10:00"), ("sunday 24:00", "monday 00:00")])
def test_window_that_closes_as_it_opens_never_opens(ends: tuple[str, str]) -> None:
    """From Friday 10:00 to Friday 10:00 nobody is on call, as was seen in Datadog; other windows stay what they are."""
    never = schedule(layer("a", interval={"days": 30}, restrictions=[window(*ends)]))
    assert ask(never, "current", "2025-02-19T12:00Z") == ("", "", "")
    others = [window(*ends), window("thursday 09:00", "thursday 10:00")]
    asked = schedule(layer("a", interval={"days": 30}, restrictions=others))
    assert ask(asked, "current", "2025-02-19T12:00Z") == ("", "", "")
    assert ask(asked, "current", "2025-02-20T14:30Z") == (
        "a",
        "2025-02-20T09:00:00-05:00",
        "2025-02-20T10:00:00-05:00",
    )


def test_lower_layer_takes_over() -> None:
    """Where a later layer has somebody it counts and cuts the others, even one of the same user."""
    override = layer("b", "a", restrictions=[window("wednesday 12:00", "thursday 15:00")])
    assert follow(schedule(layer("a"), override), "2025-01-08T00:00-05:00", 6) == [
        "a Wed 08 09:00/Wed 08 12:00",
        "b Wed 08 12:00/Thu 09 09:00",
        "a Thu 09 09:00/Thu 09 15:00",
        "a Thu 09 15:00/Fri 10 09:00",
        "a Fri 10 09:00/Sat 11 09:00",
        "a Sat 11 09:00/Sun 12 09:00",
    ]


def test_lower_layer_without_anybody_hides_nothing() -> None:
    """An empty slot of a later layer leaves the earlier one on call, and an override inside a turn cuts it in two."""
    holes = layer(None, "b", interval={"seconds": 4 * 3600}, end_date="2025-01-06T18:00:00-05:00")
    assert follow(schedule(layer("a"), holes), "2025-01-06T00:00-05:00", 4) == [
        "a Mon 06 09:00/Mon 06 13:00",
        "b Mon 06 13:00/Mon 06 17:00",
        "a Mon 06 17:00/Tue 07 09:00",
        "a Tue 07 09:00/Wed 08 09:00",
    ]


def test_hidden_layer_is_not_next() -> None:
    """Turns that a later layer covers do not count, however many there are."""
    asked = schedule(layer("a", "b", interval={"seconds": 60}), layer("c", interval={"days": 400}))
    assert ask(asked, "next", "2025-02-01T00:00Z")[:2] == ("c", "2026-02-10T09:00:00-05:00")


def test_layer_has_a_zone_of_its_own() -> None:
    """Windows and hand-overs follow the layer's zone, without one the schedule's, which answers show."""
    nine_to_five = [window("tuesday 09:00", "tuesday 17:00")]
    for zone, start in (("Asia/Tokyo", "19:00:00"), ("", "09:00:00"), (None, "09:00:00")):
        asked = schedule(layer("a", interval={"days": 70}, restrictions=nine_to_five, time_zone=zone))
        day = "2025-01-06" if zone else "2025-01-07"
        assert ask(asked, "next", "2025-01-06T20:00Z")[1] == f"{day}T{start}-05:00"


@pytest.mark.parametrize("offset", ["Z", "+14:00", "-11:30"])
def test_instant_may_have_any_offset(offset: str) -> None:
    """The offset of the instant does not matter, only the instant."""
    at = datetime.fromisoformat("2025-01-07T14:00Z").astimezone(
        datetime.fromisoformat(f"2025-01-07T00:00{offset}").tzinfo
    )
    asked = schedule(layer("a", "b"))
    assert find_shifts(asked, "current", at)[0].user_id == "b"
    assert find_shifts(asked, "current", at - timedelta(microseconds=1))[0].user_id == "a"


@pytest.mark.parametrize(("seconds", "found"), [(0, True), (1, False)])
def test_search_ends_somewhere(seconds: int, found: bool) -> None:
    """With turns of a day, a shift is found up to 401 days away, to either side, and no further."""
    at = datetime(2025, 1, 1, tzinfo=UTC)
    away = timedelta(days=401, seconds=seconds)
    ahead = layer("a", start=(at + away).isoformat())
    behind = layer("a", start="2020-01-01T00:00:00Z", end_date=(at - away).isoformat())
    assert bool(find_shifts(schedule(ahead), "next", at)) == found
    assert bool(find_shifts(schedule(behind), "previous", at)) == found


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
@pytest.mark.parametrize("position", ["previous", "current", "next"])
def test_calendar_ends_without_an_error(position: str, at: datetime) -> None:
    """At the first and the last instant that there are, nobody is found."""
    assert find_shifts(schedule(layer("a")), position, at) == []


def test_position_is_one_of_three() -> None:
    """Another position is refused by name."""
    with pytest.raises(ValueError, match="not 'last'"):
        find_shifts(schedule(), "last", datetime.now(UTC))


@pytest.mark.parametrize("users", [["a", None, "b"], [None, None]])
@pytest.mark.parametrize("restrictions", [[], [window(f"{day} 09:00", f"{day} 17:00") for day in DAYS[:5]]])
def test_quick_after_decades_of_minutes(users: list[str | None], restrictions: list[dict[str, str]]) -> None:
    """Turns of a minute since 1970 take no longer than others: all positions, in three layers, in 0.2 s."""
    minutes = layer(*users, start="1970-01-01T00:00:00Z", interval={"seconds": 60}, restrictions=restrictions)
    begun = time.process_time()
    for position in ("previous", "current", "next"):
        find_shifts(schedule(minutes, minutes, minutes), position, datetime(2025, 11, 1, tzinfo=UTC))
    assert time.process_time() - begun < 0.2

"""What shifts tell: gaps, changes and hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import OptionsError, datadog
from aiooncall.coverage import Gap, Person, Shift, changes, gaps, hours
from tests.support.coverage_shifts import ANN, BEN, CEM, DAY, HOUR, START, people_at, shift, shifts

PARIS = "Europe/Paris"
MIDDLE = timedelta(minutes=30)


def test_gaps_between_shifts() -> None:
    """Before the first shift, between two, in an empty slot and after the last one nobody is on call."""
    given_shifts = [shift(ANN, 1, 3), shift(BEN, 2, 4), shift(None, 4, 5), shift(CEM, 5, 6), shift(ANN, 6, 7)]
    expected = [Gap(start=START + a * HOUR, end=START + b * HOUR) for a, b in ((0, 1), (4, 5), (7, 9))]
    assert gaps(given_shifts, START, START + 9 * HOUR) == expected
    assert [gap.length for gap in expected] == [HOUR, HOUR, 2 * HOUR]


def test_gaps_of_nobody_and_of_no_time() -> None:
    """Without a shift the whole time is one gap; no time has none."""
    assert gaps([], START, START + DAY) == [Gap(start=START, end=START + DAY)]
    assert gaps([], START, START) == []


@given(shifts(), st.integers(-40, 250), st.integers(0, 200))
def test_gaps_are_where_nobody_is(drawn: list[Shift], first: int, length: int) -> None:
    """At each hour of the time there is a gap exactly if no shift has a person, and gaps are apart and in order."""
    start, end = START + first * HOUR, START + (first + length) * HOUR
    found = gaps(drawn, start, end)
    for number in range(length):
        at = start + number * HOUR + MIDDLE
        assert any(gap.start <= at < gap.end for gap in found) == (not people_at(drawn, at))
    edges = [edge for gap in found for edge in (gap.start, gap.end)]
    assert edges == sorted(set(edges))
    assert all(start <= edge <= end for edge in edges)


def test_changes_have_names() -> None:
    """Somebody else, nobody, somebody at last, one person more and one less: each is said in words."""
    before = [shift(ANN, 0, 3), shift(ANN, 4, 6), shift(BEN, 5, 6)]
    after = [shift(ANN, 0, 1), shift(BEN, 1, 2), shift(BEN, 3, 5), shift(ANN, 4, 6)]
    found = changes(before, after)
    assert [change.summary for change in found] == [
        "Ben Roth instead of Ann Lee",
        "nobody instead of Ann Lee",
        "Ben Roth instead of nobody",
        "Ben Roth as well",
        "without Ben Roth",
    ]
    assert str(found[0]) == "2031-01-01T01:00:00+00:00 to 2031-01-01T02:00:00+00:00: Ben Roth instead of Ann Lee"
    assert (found[0].gone, found[0].added) == ((ANN,), (BEN,))


def test_changes_are_of_people() -> None:
    """Another layer, other cuts, a new name and an empty slot in a gap are no changes."""
    before = [shift(ANN, 0, 4, layer="Days")]
    renamed = attrs.evolve(ANN, name="Ann Lee-Roth")
    after = [shift(renamed, 0, 1), attrs.evolve(shift(ANN, 1, 4), override="O"), shift(None, 4, 5)]
    assert changes(before, after) == []


def test_changes_that_follow_each_other_are_one() -> None:
    """Two turns that go to the same person make one change, and each schedule has its own."""
    before = [shift(ANN, 0, 2), shift(ANN, 2, 4), shift(BEN, 0, 4, "T")]
    (one,) = changes(before, [shift(CEM, 0, 4), shift(BEN, 0, 4, "T")])
    assert (one.schedule, one.start, one.end) == ("S", START, START + 4 * HOUR)


@given(shifts())
def test_no_changes_without_a_change(drawn: list[Shift]) -> None:
    """Nothing changes from shifts to themselves, in any order."""
    assert changes(drawn, drawn) == []
    assert changes(drawn, drawn[::-1]) == []


@given(shifts(), shifts())
def test_changes_are_where_people_differ(before: list[Shift], after: list[Shift]) -> None:
    """At each hour a change of a schedule says who is there before and after, and there is one only if they differ."""
    found = changes(before, after)
    for schedule in "ST":
        for number in range(-31, 300):
            at = START + number * HOUR + MIDDLE
            was, now = people_at(before, at, schedule), people_at(after, at, schedule)
            there = [one for one in found if one.schedule == schedule and one.start <= at < one.end]
            told = [({p.id for p in one.before}, {p.id for p in one.after}) for one in there]
            assert told == ([(was, now)] if was != now else [])


def test_hours_of_a_week() -> None:
    """A week has seven nights of eight hours, a weekend of two days, and the holidays that are given."""
    (week,) = hours([shift(ANN, 0, 168)], "UTC", holidays=[date(2031, 1, 1), date(2031, 1, 4), date(2031, 2, 1)])
    assert week.person == ANN
    assert [week.total, week.nights, week.weekends, week.holidays] == [7 * DAY, 56 * HOUR, 2 * DAY, 2 * DAY]


@pytest.mark.parametrize(
    ("first", "nights", "weekends"),
    [("2031-03-29T12:00+00:00", 7, 23 + 11), ("2031-10-25T12:00+00:00", 9, 25 + 10)],
)
def test_hours_over_a_clock_change(first: str, nights: int, weekends: int) -> None:
    """Hours that pass count: the night in which clocks go forward is one shorter, that of the way back one longer."""
    start = datetime.fromisoformat(first)
    one = Shift(schedule="S", person=ANN, start=start, end=start + 48 * HOUR)
    (found,) = hours([one], PARIS)
    assert found.total == 48 * HOUR
    assert found.nights == (nights + 8) * HOUR
    assert found.weekends == weekends * HOUR


def test_hours_count_once() -> None:
    """Who has two shifts at once is on call once; who has most comes first; empty slots are nobody's."""
    given_shifts = [shift(ANN, 0, 3), shift(ANN, 2, 4, "T"), shift(BEN, 0, 9), shift(None, 0, 99), shift(CEM, 5, 9)]
    found = hours(given_shifts, "UTC")
    assert [(one.person.id, one.total) for one in found] == [("b", 9 * HOUR), ("a", 4 * HOUR), ("c", 4 * HOUR)]


def test_hours_of_another_place() -> None:
    """Nights and weekends can be others: Friday and Saturday, and a siesta."""
    (found,) = hours([shift(ANN, 0, 168)], "UTC", night=(time(13), time(15)), weekend={4, 5})
    assert [found.nights, found.weekends] == [14 * HOUR, 2 * DAY]


@given(shifts(), st.sampled_from([PARIS, "Australia/Lord_Howe", "Asia/Kathmandu", "America/New_York"]))
def test_hours_agree_with_the_clock(drawn: list[Shift], zone: str) -> None:
    """Each quarter of an hour that somebody is on call counts for them as the clock on the wall shows it."""
    holidays, quarter = [date(2031, 1, 2), date(2031, 1, 6)], timedelta(minutes=15)
    counted = {"a": [0] * 4, "b": [0] * 4, "c": [0] * 4}
    for number in range(-31 * 4, 300 * 4):
        at = START + number * quarter
        wall = at.astimezone(ZoneInfo(zone))
        facts = (True, not 6 <= wall.hour < 22, wall.weekday() in {5, 6}, wall.date() in holidays)
        for person in people_at(drawn, at):
            counted[person] = [sum(pair) for pair in zip(counted[person], facts, strict=True)]
    found = {
        one.person.id: [length / quarter for length in (one.total, one.nights, one.weekends, one.holidays)]
        for one in hours(drawn, zone, holidays=holidays)
    }
    assert found == {person: numbers for person, numbers in counted.items() if numbers[0]}


NAIVE = START.replace(tzinfo=None)


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda: gaps([], NAIVE, START), "start"),
        (lambda: gaps([], START, "2031"), "end"),  # type: ignore[arg-type]
        (lambda: gaps([], START, START - HOUR), "end"),
        (lambda: gaps([datadog.Shift(id="s")], START, START), "shifts"),  # type: ignore[list-item]
        (lambda: gaps(attrs.evolve(shift(ANN, 0, 1), start=NAIVE), START, START), "shifts"),  # type: ignore[arg-type]
        (lambda: gaps([attrs.evolve(shift(ANN, 0, 1), start=NAIVE)], START, START), "shifts"),
        (lambda: hours([shift(ANN, 2, 1)], "UTC"), "shifts"),
        (lambda: changes(None, []), "before"),  # type: ignore[arg-type]
        (lambda: changes([], ["nobody"]), "after"),  # type: ignore[list-item]
        (lambda: changes([None], []), "before"),  # type: ignore[list-item]
        (lambda: hours([], "Europe/Nowhere"), "zone"),
        (lambda: hours([], "Europe"), "zone"),
        (lambda: hours([], "../etc/passwd"), "zone"),
        (lambda: hours([], ""), "zone"),
        (lambda: hours([], UTC), "zone"),  # type: ignore[arg-type]
        (lambda: hours([], "UTC", night=(22, 6)), "night"),  # type: ignore[arg-type]
        (lambda: hours([], "UTC", night=(time(22, tzinfo=UTC), time(6))), "night"),
        (lambda: hours([], "UTC", weekend=[7]), "weekend"),
        (lambda: hours([], "UTC", weekend=5), "weekend"),  # type: ignore[arg-type]
        (lambda: hours([], "UTC", holidays=["2031-01-01"]), "holidays"),  # type: ignore[list-item]
        (lambda: hours([], "UTC", holidays=[START]), "holidays"),
        (lambda: hours([], "UTC", holidays=None), "holidays"),  # type: ignore[arg-type]
    ],
)
def test_bad_arguments(call: Any, field: str) -> None:
    """What cannot be meant is refused by the name of the argument."""
    with pytest.raises(OptionsError) as raised:
        call()
    assert raised.value.field == field


def test_shifts_of_another_zone() -> None:
    """Shifts that somebody made on the clocks of a place are taken for the instants that they are, and counted so."""
    paris = ZoneInfo(PARIS)
    evening, morning = datetime(2031, 10, 25, 22, tzinfo=paris), datetime(2031, 10, 26, 6, tzinfo=paris)
    (one,) = hours([Shift(schedule="S", person=ANN, start=evening, end=morning)], PARIS)
    assert (one.total, one.nights) == (9 * HOUR, 9 * HOUR)
    twice = evening.replace(day=26, hour=2)
    found = gaps([Shift(schedule="S", person=ANN, start=evening, end=twice)], evening, twice.replace(fold=1))
    assert [(gap.start, gap.length) for gap in found] == [(datetime(2031, 10, 26, 0, tzinfo=UTC), HOUR)]


class Years(dict[date, str]):
    """A calendar that learns a year when it is asked for one of its days, as those of `holidays` do."""

    def __contains__(self, day: object) -> bool:
        assert isinstance(day, date)
        self.setdefault(date(day.year, 1, 1), "New Year")
        return super().__contains__(day)


def test_a_calendar_that_learns() -> None:
    """Holidays of a year that a calendar has not been asked for yet count."""
    (one,) = hours([shift(ANN, 0, 48)], "UTC", holidays=Years())
    assert one.holidays == DAY


def test_labels() -> None:
    """A person is called by the name, else the address, else the id; an empty slot is nobody."""
    people = [ANN, Person(id="x", email="x@example.com"), CEM, None]
    assert [shift(person, 0, 2).label for person in people] == ["Ann Lee", "x@example.com", "c", "nobody"]
    assert shift(ANN, 0, 2).length == 2 * HOUR

"""Who is on call over days, as plain data that a table and a picture draw: a row for each schedule, and days.

Names are cleaned here, so that nothing which draws them has to mind line breaks or control characters.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final, cast

import attrs

from aiooncall._base.datetimes import instant_of
from aiooncall._base.zones import zone_info
from aiooncall.coverage.models import NOBODY
from aiooncall.coverage.periods import LONGEST, period, shifts_given
from aiooncall.coverage.pieces import by_schedule, pieces_of
from aiooncall.drawing.measure import clean
from aiooncall.drawing.outline import human_duration
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date
    from zoneinfo import ZoneInfo

    from aiooncall.coverage.models import Person, Shift
    from aiooncall.coverage.pieces import Piece

_DAY: Final = timedelta(days=1)
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
"""In English whatever the machine speaks, as all else that is drawn."""


@attrs.frozen
class Day:
    """A day of a place.

    Attributes:
        day: its date.
        start: its first instant, in UTC.
        end: the first instant after it, in UTC; 23 to 25 hours later, as clocks do.
    """

    day: date
    start: datetime
    end: datetime

    @property
    def label(self) -> str:
        """The day in words, such as `Mon 6 Jan`."""
        return f"{_DAYS[self.day.weekday()]} {self.day.day} {_MONTHS[self.day.month - 1]}"


@attrs.frozen
class Row:
    """A schedule.

    Attributes:
        name: what to call it.
        pieces: the time that is shown, cut where other people are on call.
    """

    name: str
    pieces: Sequence[Piece]

    @property
    def gaps(self) -> list[Piece]:
        """The times in which nobody is on call."""
        return [piece for piece in self.pieces if not piece.people]

    def between(self, start: datetime, end: datetime) -> Sequence[Piece]:
        """Return the pieces of which a part is from `start` to `end`, whole."""
        first = bisect_right(self.pieces, start, key=lambda piece: piece.end)
        return self.pieces[first : bisect_left(self.pieces, end, key=lambda piece: piece.start)]


@attrs.frozen
class Week:
    """Schedules over some days, mostly those of a week.

    Attributes:
        start: the first instant that is shown, in UTC.
        end: the first instant after it, in UTC.
        zone: the place whose days and clocks are shown.
        days: the days.
        rows: the schedules.
        people: everybody who is on call, by id, in the order in which they come.
    """

    start: datetime
    end: datetime
    zone: ZoneInfo
    days: Sequence[Day]
    rows: Sequence[Row]
    people: Mapping[str, Person]

    @classmethod
    def of(
        cls, shifts: Iterable[Shift], start: datetime, end: datetime, *, zone: str, names: Mapping[str, str] | None
    ) -> Week:
        """Return what is to be drawn.

        Args:
            shifts: who is on call when, for all of the time.
            start: an aware datetime.
            end: an aware datetime that is not before it, and at most 366 days after it.
            zone: the IANA name of the place whose days and clocks are shown.
            names: what to call schedules, by id. Each of them has a row, also one without shifts.

        Raises:
            OptionsError: an argument is wrong.
        """
        begin, until = period(start, end, longest=LONGEST)
        place, given = zone_info("zone", zone), by_schedule(shifts_given("shifts", shifts))
        called = _names_given(names)
        called |= {one: one for one in given if one not in called}
        rows = [Row(_named(name, one), pieces_of(given.get(one, ()), begin, until)) for one, name in called.items()]
        people = {person.id: person for row in rows for piece in row.pieces for person in piece.people}
        return cls(begin, until, place, list(_days_of(begin, until, place)), rows, people)

    @property
    def title(self) -> str:
        """The days in words, such as `Mon 6 Jan to Sun 12 Jan 2031`."""
        if not self.days:
            return "no day"
        first, last = self.days[0], self.days[-1]
        year = f" {first.day.year}" if first.day.year != last.day.year else ""
        begins = f"{first.label}{year} to " if first != last else ""
        return f"{begins}{last.label} {last.day.year}"

    @property
    def shown(self) -> object:
        """What is drawn, as plain data: two weeks that look the same have the same, whatever ids people have."""
        rows = [(row.name, [(piece.start, piece.end, names_of(piece)) for piece in row.pieces]) for row in self.rows]
        return self.start, self.end, self.zone.key, rows

    def clock(self, at: datetime) -> str:
        """Return what the clocks of the place show at an instant, to the minute."""
        return f"{at.astimezone(self.zone):%H:%M}"

    def when(self, start: datetime, end: datetime) -> str:
        """Return a time in words, with how long it is."""
        first, last = start.astimezone(self.zone), end.astimezone(self.zone)
        day = "" if first.date() == last.date() else f"{_label(last)} "
        length = human_duration((end - start).total_seconds())
        return f"{_label(first)} {self.clock(start)} to {day}{self.clock(end)} ({length})"

    def totals(self, row: Row | None = None) -> Iterator[tuple[str, timedelta]]:
        """Yield who is on call and how long, by one row or by all together: a time on two of them counts twice."""
        lengths: dict[str, timedelta] = {}
        for piece in (piece for one in ((row,) if row else self.rows) for piece in one.pieces):
            for person in piece.people:
                lengths[person.id] = lengths.get(person.id, timedelta()) + piece.length
        yield from ((label_of(person), lengths[one]) for one, person in self.people.items() if one in lengths)

    def uncovered(self) -> timedelta:
        """Return how long nobody is on call, all rows together."""
        return sum((gap.length for row in self.rows for gap in row.gaps), timedelta())


def _names_given(names: object) -> dict[str, str]:
    """Return what to call schedules, by id."""
    if names is None:
        return {}
    if not isinstance(names, Mapping):
        raise OptionsError("names", names, "a mapping of ids to texts")
    known: dict[str, str] = {}
    for one, name in cast("Mapping[object, object]", names).items():
        if not isinstance(one, str) or not isinstance(name, str):
            raise OptionsError("names", {one: name}, "a mapping of ids to texts")
        known[one] = name
    return known


def within(piece: Piece, start: datetime, end: datetime) -> Piece | None:
    """Return what of a piece is from `start` to `end`; None if nothing is."""
    first, last = max(piece.start, start), min(piece.end, end)
    return attrs.evolve(piece, start=first, end=last) if first < last else None


def label_of(person: Person) -> str:
    """Return what to call somebody, on one line."""
    return _named(person.label, person.id)


def names_of(piece: Piece) -> str:
    """Return who is on call in a piece."""
    return ", ".join(map(label_of, piece.people)) or NOBODY


def _named(name: str, identifier: str) -> str:
    return clean(name) or clean(identifier) or "(no name)"


def _label(at: datetime) -> str:
    return Day(at.date(), at, at).label


def _days_of(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Day]:
    """Yield the days that a time touches, without those that a place has skipped."""
    day = start.astimezone(zone).date()
    while (begins := instant_of(datetime.combine(day, time()), zone)) < end:
        over = instant_of(datetime.combine(day + _DAY, time()), zone)
        if max(begins, start) < over:
            yield Day(day, begins, over)
        day += _DAY

"""How long everybody is on call, and how much of it at night, on weekends and on holidays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from typing import TYPE_CHECKING, Final, cast

import attrs

from aiooncall._base.datetimes import instant_of
from aiooncall._base.zones import zone_info
from aiooncall.coverage.models import Hours
from aiooncall.coverage.periods import overlap, shifts_given, united
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Container, Iterator
    from zoneinfo import ZoneInfo

    from aiooncall.coverage.models import Person, Shift
    from aiooncall.coverage.periods import Time

NIGHT: Final = (time(22), time(6))
WEEKEND: Final = (5, 6)
_DAY: Final = timedelta(days=1)
_LAST_WEEKDAY: Final = 6


def hours(
    shifts: Iterable[Shift],
    zone: str,
    *,
    night: tuple[time, time] = NIGHT,
    weekend: Collection[int] = WEEKEND,
    holidays: Iterable[date] = (),
) -> list[Hours]:
    """Return how long everybody is on call, who has most first; hours that pass, whatever clocks do in between.

    A time in which a person has several shifts counts once.

    Args:
        shifts: who is on call when.
        zone: the IANA name of the time zone whose clocks and days count, such as `Europe/Paris`.
        night: when a night begins, and when it ends, on these clocks.
        weekend: the days of a weekend, as `date.weekday()` has them: Monday is 0.
        holidays: the public holidays, as dates; a calendar of the `holidays` library will do.

    Raises:
        OptionsError: an argument is wrong.
    """
    days = _Days(zone_info("zone", zone), _night(night), _weekend(weekend), _holidays(holidays))
    people: dict[str, Person] = {}
    times: dict[str, list[Time]] = {}
    for shift in shifts_given("shifts", shifts):
        if shift.person:
            people[shift.person.id] = shift.person
            times.setdefault(shift.person.id, []).append((shift.start, shift.end))
    found = [days.counted(person, united(times[name])) for name, person in people.items()]
    return sorted(found, key=lambda one: (-one.total, one.person.label, one.person.id))


@attrs.frozen
class _Days:
    """What the days of a place are to those who are on call there."""

    zone: ZoneInfo
    night: tuple[time, time]
    weekend: frozenset[int]
    holidays: Container[date]

    def counted(self, person: Person, times: Iterable[Time]) -> Hours:
        total = nights = weekends = holidays = timedelta()
        for one in times:
            total += one[1] - one[0]
            for day in self._days_of(one):
                nights += overlap(one, self._night_of(day))
                within = overlap(one, self._span(day, time(), day + _DAY, time()))
                weekends += within if day.weekday() in self.weekend else timedelta()
                holidays += within if day in self.holidays else timedelta()
        return Hours(person=person, total=total, nights=nights, weekends=weekends, holidays=holidays)

    def _days_of(self, one: Time) -> Iterator[date]:
        """Yield the days that a time may touch, and the one before, whose night may reach in."""
        last = one[1].astimezone(self.zone).date()
        first = one[0].astimezone(self.zone).date() - _DAY
        return takewhile(lambda day: day <= last, (first + number * _DAY for number in range((last - first).days + 1)))

    def _night_of(self, day: date) -> Time:
        """Return the night that begins on a day."""
        begins, ends = self.night
        return self._span(day, begins, day if begins <= ends else day + _DAY, ends)

    def _span(self, first: date, begins: time, last: date, ends: time) -> Time:
        start, end = (datetime.combine(day, at) for day, at in ((first, begins), (last, ends)))
        return instant_of(start, self.zone), instant_of(end, self.zone)


def _night(night: object) -> tuple[time, time]:
    match night:
        case (time(tzinfo=None) as begins, time(tzinfo=None) as ends):
            return begins, ends
        case _:
            raise OptionsError("night", night, "two times of day without a zone, such as (time(22), time(6))")


def _weekend(weekend: Collection[int]) -> frozenset[int]:
    days: object = weekend
    if not isinstance(days, Collection) or not all(day in range(_LAST_WEEKDAY + 1) for day in weekend):
        raise OptionsError("weekend", weekend, "days of the week from 0, Monday, to 6, such as (5, 6)")
    return frozenset(weekend)


def _holidays(holidays: Iterable[date]) -> Container[date]:
    """Return the holidays, a calendar of the `holidays` library as it is: it learns a year when asked for its days."""
    days: object = holidays
    if not isinstance(days, Iterable):
        raise OptionsError("holidays", holidays, "dates")
    given = list(holidays)
    for day in given:
        if not isinstance(day, date) or isinstance(day, datetime):
            raise OptionsError("holidays", day, "dates, such as date(2031, 12, 25)")
    return cast("Container[date]", holidays) if isinstance(days, Mapping) else frozenset(given)

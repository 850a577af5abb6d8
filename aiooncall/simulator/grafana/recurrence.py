"""Rules by which a shift recurs, reckoned in the local times of its clocks (RFC 5545, section 3.3.10).

https://datatracker.ietf.org/doc/html/rfc5545#section-3.3.10
"""

from __future__ import annotations

from calendar import monthrange
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from aiooncall.simulator.http.json_values import Json

WEEKDAYS: Final = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
WEEK: Final = 7 * DAY

_MONTHS: Final = 12
_FAR: Final = 10 * 366 * DAY
"""Nothing that recurs at all waits longer: the 29th of February comes within eight years."""
_MOST: Final = 80_000
"""The longest interval that is reckoned with: that many months stay within the calendar."""


def _bounded(interval: int) -> int:
    return min(interval, _MOST)


@attrs.frozen(kw_only=True)
class Rule:
    """A rule by which something recurs; no days, months or days of the month are all of them.

    Attributes:
        frequency: Hourly, daily, weekly or monthly; None is once.
        interval: Every how many hours, days, weeks or months.
        week_start: The day that weeks begin with, 0 for Monday.
        days: Days of the week, such as MO.
        months: Months from 1 to 12.
        monthdays: Days of the month; -1 is the last.
    """

    frequency: str | None
    interval: int = attrs.field(default=1, converter=_bounded)
    week_start: int = 0
    days: tuple[str, ...] = ()
    months: tuple[int, ...] = ()
    monthdays: tuple[int, ...] = ()

    def times(self, first: datetime, earliest: datetime, latest: datetime) -> Iterator[datetime]:
        """Yield when a series takes place, which begins with its first time whatever that is.

        Args:
            first: Its first time.
            earliest: Where to begin.
            latest: Where to end.
        """
        if earliest <= first <= latest:
            yield first
        yield from self.recurrences(first, earliest, latest)

    def recurrences(self, first: datetime, earliest: datetime, latest: datetime) -> Iterator[datetime]:
        """Yield when it recurs after `first`."""
        if self.frequency is None:
            return
        step = self._step()
        at = first + max(1, -((first - earliest) // step)) * step
        while at <= latest:
            if self._fits(first, at):
                yield at
            at += step

    def next(self, first: datetime, earliest: datetime, latest: datetime) -> datetime | None:
        """Return when it recurs after `first`, from `earliest` on and not after `latest`, None if never."""
        return next(self.recurrences(first, earliest, min(latest, earliest + _FAR)), None)

    def period(self, at: datetime) -> tuple[datetime, datetime]:
        """Return the first and the last day of the week or month of a time, at that time of the day."""
        if self.frequency == "weekly":
            begin = at - (at.weekday() - self.week_start) % 7 * DAY
            return begin, begin + 6 * DAY
        return at.replace(day=1), at.replace(day=monthrange(at.year, at.month)[1])

    def _step(self) -> timedelta:
        """Return the step that leads to all times that may fit."""
        match self.frequency:
            case "hourly":
                return self.interval * HOUR
            case "daily":
                return self.interval * DAY
            case _:
                return DAY

    def _fits(self, first: datetime, at: datetime) -> bool:
        days, monthdays = self.days, self.monthdays
        if not days and not monthdays:
            days = (WEEKDAYS[first.weekday()],) if self.frequency == "weekly" else ()
            monthdays = (first.day,) if self.frequency == "monthly" else ()
        return (
            self._is_turn(first, at)
            and (not days or WEEKDAYS[at.weekday()] in days)
            and (not self.months or at.month in self.months)
            and (not monthdays or at.day in monthdays or at.day - monthrange(at.year, at.month)[1] - 1 in monthdays)
        )

    def _is_turn(self, first: datetime, at: datetime) -> bool:
        """Tell whether the week or month of a time is one of every so many; hours and days are by the step."""
        match self.frequency:
            case "weekly":
                return (self.period(at)[0] - self.period(first)[0]) // WEEK % self.interval == 0
            case "monthly":
                return ((at.year - first.year) * _MONTHS + at.month - first.month) % self.interval == 0
            case _:
                return True


def rule_of(shift: Json) -> Rule:
    """Return the rule of a shift as stored."""
    return Rule(
        frequency=shift["frequency"],
        interval=shift["interval"] or 1,
        week_start=WEEKDAYS.index(shift["week_start"]),
        days=tuple(shift["by_day"] or ()),
        months=tuple(shift["by_month"] or ()),
        monthdays=tuple(shift["by_monthday"] or ()),
    )

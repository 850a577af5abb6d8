"""When nobody is on call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.coverage.models import Gap
from aiooncall.coverage.periods import period, shifts_given, united

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from aiooncall.coverage.models import Shift


def gaps(shifts: Iterable[Shift], start: datetime, end: datetime) -> list[Gap]:
    """Return the times between `start` and `end` in which nobody is on call by any of `shifts`, in order.

    An empty slot is nobody. Shifts of several schedules stand in for each other: for the gaps of one schedule give its
    shifts alone.

    Args:
        shifts: who is on call when, for all of the time.
        start: an aware datetime.
        end: an aware datetime that is not before it.

    Raises:
        OptionsError: an argument is wrong.
    """
    at, until = period(start, end)
    found: list[Gap] = []
    for begin, over in united((shift.start, shift.end) for shift in shifts_given("shifts", shifts) if shift.person):
        if at < min(begin, until):
            found.append(Gap(start=at, end=min(begin, until)))
        at = max(at, over)
    if at < until:
        found.append(Gap(start=at, end=until))
    return found

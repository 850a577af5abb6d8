"""Periods of time: what is asked for, in UTC, and what several of them cover together."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeVar

import attrs

from aiooncall._base.validation import aware
from aiooncall.coverage.models import Shift
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    Time = tuple[datetime, datetime]

M = TypeVar("M", datetime, timedelta)
LONGEST: Final = timedelta(days=366)
"""The longest time of which shifts are asked for: a year, also one with a leap day."""


def period(start: object, end: object, *, longest: timedelta | None = None) -> Time:
    """Return the time from `start` to `end`, in UTC.

    Args:
        start: an aware datetime.
        end: an aware datetime that is not before it.
        longest: how long it may be; any length unless given.

    Raises:
        OptionsError: one of them is naive or no datetime, the end is before the start, or the time is too long.
    """
    begin, until = aware("start", start).astimezone(UTC), aware("end", end).astimezone(UTC)
    if until < begin:
        raise OptionsError("end", end, "a time that is not before the start")
    if longest is not None and until - begin > longest:
        raise OptionsError("end", end, f"a time at most {longest.days} days after the start")
    return begin, until


def shifts_given(field: str, shifts: Iterable[Shift]) -> list[Shift]:
    """Return shifts as a list, in UTC: Python compares and subtracts two times of another zone by the wall.

    Raises:
        OptionsError: something else is among them, such as a shift as Datadog's own answers have it, or a naive time,
            or an end before its start.
    """
    given: object = shifts
    if not isinstance(given, Iterable):
        raise OptionsError(field, given, "shifts, as `await client.shifts(...)` returns them")
    return [_in_utc(field, one) for one in shifts]


def _in_utc(field: str, shift: Shift) -> Shift:
    if not isinstance(shift, Shift):
        raise OptionsError(field, shift, "shifts of aiooncall.coverage, as `client.shifts` returns them")
    start, end = (aware(field, moment).astimezone(UTC) for moment in (shift.start, shift.end))
    if end < start:
        raise OptionsError(field, shift, "shifts that do not end before they start")
    return shift if shift.start.tzinfo is shift.end.tzinfo is UTC else attrs.evolve(shift, start=start, end=end)


def united(periods: Iterable[tuple[M, M]]) -> list[tuple[M, M]]:
    """Return what periods cover together, as periods that are apart from one another, in order."""
    found: list[tuple[M, M]] = []
    for start, end in sorted(periods):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return found


def overlap(one: Time, other: Time) -> timedelta:
    """Return how long two periods have in common."""
    return max(min(one[1], other[1]) - max(one[0], other[0]), timedelta())

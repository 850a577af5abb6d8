"""What an edit changes: when somebody else is on call, or nobody, or one person more."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from aiooncall.coverage.models import CoverageChange
from aiooncall.coverage.periods import shifts_given
from aiooncall.coverage.pieces import by_schedule, people_between

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from aiooncall.coverage.models import Shift


def changes(before: Iterable[Shift], after: Iterable[Shift]) -> list[CoverageChange]:
    """Return the times in which other people are on call by `after` than by `before`, schedule by schedule, in order.

    Who is on call counts, and not by what: a turn that becomes an override of the same person is no change.

    Args:
        before: who was to be on call.
        after: who is to be on call now, for the same time.

    Raises:
        OptionsError: something that is no shift is among them.
    """
    was, now = (by_schedule(shifts_given(field, given)) for field, given in (("before", before), ("after", after)))
    found: list[CoverageChange] = []
    for schedule in dict.fromkeys([*was, *now]):
        found += _joined(_compared(schedule, was.get(schedule, ()), now.get(schedule, ())))
    return found


def _compared(schedule: str, was: Sequence[Shift], now: Sequence[Shift]) -> Iterator[CoverageChange]:
    """Yield the differences, cut at each instant at which anything begins or ends."""
    moments = sorted({moment for shift in (*was, *now) for moment in (shift.start, shift.end)})
    people = zip(people_between(was, moments), people_between(now, moments), strict=True)
    for (start, end), (before, after) in zip(pairwise(moments), people, strict=True):
        if before != after:
            yield CoverageChange(schedule=schedule, start=start, end=end, before=before, after=after)


def _joined(found: Iterable[CoverageChange]) -> list[CoverageChange]:
    """Return changes with those in one that follow each other and have the same people."""
    joined: list[CoverageChange] = []
    for change in found:
        last = joined[-1] if joined else None
        if last and (last.end, last.before, last.after) == (change.start, change.before, change.after):
            joined[-1] = CoverageChange(
                schedule=last.schedule, start=last.start, end=change.end, before=last.before, after=last.after
            )
        else:
            joined.append(change)
    return joined

"""Comparing computed shifts with what the server says: at which instants to ask, and what differs."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from aiooncall.coverage.mismatch import ShiftMismatch
from aiooncall.datadog.models.on_call import ScheduleResponder, Shift
from aiooncall.datadog.models.schedule import SchedulePosition
from aiooncall.jsonapi import each

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from aiooncall import coverage
    from aiooncall.datadog.models.on_call import ScheduleResponders

    People = Mapping[str, str]


def instants_of(shifts: Iterable[coverage.Shift], start: datetime, end: datetime, most: int) -> list[datetime]:
    """Return instants at which to ask: where shifts end and begin, then the middles between; spread over the time.

    Args:
        shifts: what was computed.
        start: the first instant that can be asked for.
        end: the first one that can not.
        most: how many.
    """
    if start >= end:
        return []
    edges = sorted({start, *(edge for shift in shifts for edge in (shift.end, shift.start) if start <= edge < end)})
    middles = [begin + (until - begin) / 2 for begin, until in pairwise([*edges, end])]
    chosen = _spread(edges, most)
    return sorted({*chosen, *_spread(middles, most - len(chosen))})


def compare(schedule: str, shifts: Sequence[coverage.Shift], answers: Mapping[datetime, ScheduleResponders]) -> None:
    """Compare what was computed with what the server says.

    Args:
        schedule: the id of the schedule.
        shifts: what was computed, in order, without overlaps.
        answers: what the server says, by instant.

    Raises:
        ShiftMismatch: they differ.
    """
    starts = [shift.start for shift in shifts]
    both = {at: (_computed(shifts, starts, at), _answered(answers[at])) for at in sorted(answers)}
    differ = [at for at, (ours, theirs) in both.items() if ours.keys() != theirs.keys()]
    if differ:
        ours, theirs = (tuple(people.values()) for people in both[differ[0]])
        raise ShiftMismatch(
            schedule, differ[0], computed=ours, answered=theirs, instants=len(answers), different=len(differ)
        )


def _spread(moments: Sequence[datetime], most: int) -> list[datetime]:
    """Return at most so many moments, as far apart as can be."""
    if len(moments) <= most:
        return [*moments]
    return [moments[number * len(moments) // most] for number in range(most)]


def _computed(shifts: Sequence[coverage.Shift], starts: Sequence[datetime], at: datetime) -> People:
    place = bisect_right(starts, at) - 1
    person = shifts[place].person if place >= 0 and at < shifts[place].end else None
    return {person.id: person.label} if person else {}


def _answered(found: ScheduleResponders) -> People:
    users = [
        shift.user
        for holder in each(found.responders, ScheduleResponder)
        if holder.position == SchedulePosition.CURRENT
        for shift in each(holder.shifts, Shift)
    ]
    return {user.id: getattr(user, "label", user.id) for user in users if user}

"""Time cut into pieces in which the same people are on call."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime, timedelta

    from aiooncall.coverage.models import Person, Shift

    People = tuple[Person, ...]


@attrs.frozen
class Piece:
    """A time in which the same people are on call by one schedule; nobody is in a gap."""

    start: datetime
    end: datetime
    people: People

    @property
    def length(self) -> timedelta:
        """How long it takes."""
        return self.end - self.start


def by_schedule(shifts: Iterable[Shift]) -> dict[str, list[Shift]]:
    """Return the shifts of each schedule, by its id."""
    found: dict[str, list[Shift]] = {}
    for shift in shifts:
        found.setdefault(shift.schedule, []).append(shift)
    return found


def people_between(shifts: Iterable[Shift], moments: Sequence[datetime]) -> Iterator[People]:
    """Yield who is on call from each moment to the next, each person once, by id."""
    waiting = sorted((shift for shift in shifts if shift.person), key=lambda shift: shift.start, reverse=True)
    there: list[Shift] = []
    for moment in moments[:-1]:
        there = [shift for shift in there if shift.end > moment]
        while waiting and waiting[-1].start <= moment:
            there.append(waiting.pop())
        people = {shift.person.id: shift.person for shift in there if shift.person and shift.end > moment}
        yield tuple(people[name] for name in sorted(people))


def pieces_of(shifts: Sequence[Shift], start: datetime, end: datetime) -> list[Piece]:
    """Return the time from `start` to `end` in as few pieces as possible, gaps included.

    Args:
        shifts: those of one schedule, in UTC.
        start: where the first piece begins.
        end: where the last one ends.
    """
    bounds = {moment for shift in shifts for moment in (shift.start, shift.end) if start < moment < end}
    moments = sorted({start, end, *bounds})
    found: list[Piece] = []
    for (begin, until), people in zip(pairwise(moments), people_between(shifts, moments), strict=True):
        if found and found[-1].people == people:
            found[-1] = attrs.evolve(found[-1], end=until)
        else:
            found.append(Piece(begin, until, people))
    return found

"""The geometry of a week's picture: the time of each person as bars in lanes, and where on a row an instant is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from aiooncall.coverage.models import Person
    from aiooncall.coverage.weeks import Day, Row


@attrs.frozen
class Bar:
    """A time in which one person is on call without a break.

    Attributes:
        person: who.
        start: the first instant.
        end: the first instant after it.
        lane: which of the lanes of a row it is in, from 0.
    """

    person: Person
    start: datetime
    end: datetime
    lane: int = 0


def bars_of(row: Row) -> list[Bar]:
    """Return the bars of a row by their start, those at the same time in lanes of their own."""
    found: list[Bar] = []
    going_on: dict[str, int] = {}
    for piece in row.pieces:
        before, going_on = going_on, {}
        for person in piece.people:
            place = before.get(person.id)
            if place is None:
                place = len(found)
                found.append(Bar(person, piece.start, piece.end))
            found[place] = attrs.evolve(found[place], end=piece.end)
            going_on[person.id] = place
    return _in_lanes(found)


def _in_lanes(bars: Iterable[Bar]) -> list[Bar]:
    """Return bars, each in the first lane that is free."""
    ends: list[datetime] = []
    placed: list[Bar] = []
    for bar in bars:
        lane = next((number for number, end in enumerate(ends) if end <= bar.start), len(ends))
        ends[lane : lane + 1] = [bar.end]
        placed.append(attrs.evolve(bar, lane=lane))
    return placed


@attrs.frozen
class Scale:
    """Where instants are, on rows of some days that are equally wide.

    Attributes:
        days: the days.
        left: where the first one begins, in pixels.
        wide: how wide each of them is, in pixels.
    """

    days: Sequence[Day]
    left: float
    wide: float

    @property
    def right(self) -> float:
        """Where the last day ends, in pixels."""
        return self.left + self.wide * len(self.days)

    def x(self, at: datetime) -> float:
        """Return where an instant is, in pixels; one that is not on these days is at the nearer end."""
        for number, day in enumerate(self.days):
            if at < day.end:
                part = max(0.0, (at - day.start) / (day.end - day.start))
                return self.left + self.wide * (number + part)
        return self.right

"""Shifts for tests: made by hand, and drawn."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from hypothesis import strategies as st

from aiooncall.coverage import Person, Shift

if TYPE_CHECKING:
    from collections.abc import Iterable

START: Final = datetime(2031, 1, 1, tzinfo=UTC)  # a Wednesday
HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
ANN: Final = Person(id="a", name="Ann Lee", email="ann@example.com")
BEN: Final = Person(id="b", name="Ben Roth")
CEM: Final = Person(id="c")
TEXTS: Final = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=90)


def shift(person: Person | None, first: float, last: float, schedule: str = "S", layer: str = "") -> Shift:
    """Return a shift from so many hours after the start on, to so many after it."""
    return Shift(schedule=schedule, person=person, start=START + first * HOUR, end=START + last * HOUR, layer=layer)


def shifts(largest: int = 8, schedules: str = "ST") -> st.SearchStrategy[list[Shift]]:
    """Return a strategy of shifts of three people and empty slots that may overlap."""
    one = st.builds(
        lambda person, first, length, schedule: shift(person, first, first + length, schedule),
        st.sampled_from((ANN, BEN, CEM, None)),
        st.integers(-30, 200),
        st.integers(1, 90),
        st.sampled_from(schedules),
    )
    return st.lists(one, max_size=largest)


def people_at(given: Iterable[Shift], at: datetime, schedule: str | None = None) -> set[str]:
    """Return the ids of those who are on call at an instant, by a look at each shift."""
    return {
        one.person.id for one in given if one.person and one.start <= at < one.end and schedule in {None, one.schedule}
    }

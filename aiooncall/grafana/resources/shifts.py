"""Who will be on call, in the shape that all providers share, from the final shifts of a schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.client.composite import composite
from aiooncall.coverage.models import Person, Shift
from aiooncall.coverage.periods import LONGEST, period
from aiooncall.grafana.resources.schedules import Schedules

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from aiooncall.client.core import ApiCore
    from aiooncall.grafana.models.schedule import FinalShift


class Shifts:
    """Who is on call on a schedule over a time. Call it for a list; `stream` yields one by one."""

    def __init__(self, core: ApiCore) -> None:
        self._core = core
        self._schedules = Schedules(core)

    @composite
    async def __call__(self, schedule: str, start: datetime, end: datetime) -> list[Shift]:
        """Return who is on call when, by start, after all rotations, overrides and swaps; cut to the time asked for.

        Shifts can overlap: several people, or one person by two shifts. Grafana tells of no empty slots.

        Args:
            schedule: the id of the schedule.
            start: an aware datetime.
            end: an aware datetime that is not before it, and at most 366 days after it.

        Raises:
            OptionsError: an argument is wrong.
            NotFound: there is no such schedule.
        """
        begin, until = period(start, end, longest=LONGEST)
        rows = self._schedules.final_shifts(schedule, begin, until)
        return sorted([_shift(schedule, row) async for row in rows], key=_place)

    async def stream(self, schedule: str, start: datetime, end: datetime) -> AsyncIterator[Shift]:
        """Yield the same one by one; Grafana answers for the whole time at once.

        Args:
            schedule: the id of the schedule.
            start: an aware datetime.
            end: an aware datetime that is not before it, and at most 366 days after it.

        Raises:
            OptionsError: an argument is wrong.
            NotFound: there is no such schedule.
        """
        for shift in await self(schedule, start, end):
            yield shift


def _shift(schedule: str, row: FinalShift) -> Shift:
    person = Person(id=row.user_id, name=row.user_username or None, email=row.user_email or None)
    return Shift(schedule=schedule, person=person, start=row.start, end=row.end)


def _place(shift: Shift) -> tuple[datetime, datetime, str]:
    return shift.start, shift.end, shift.person.id if shift.person else ""

"""Who will be on call, in the shape that all providers share, computed from a schedule and its overrides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import count, text
from aiooncall.client.composite import composite
from aiooncall.client.gather import read_all
from aiooncall.coverage.periods import LONGEST, period
from aiooncall.datadog.checking import compare, instants_of
from aiooncall.datadog.layers import rotations_of, shift_of, stand_ins_of
from aiooncall.datadog.models.schedule import Schedule
from aiooncall.datadog.resources.includes import WITH_LAYERS, WITH_PEOPLE
from aiooncall.datadog.resources.overrides import time_slices
from aiooncall.datadog.resources.schedules import Schedules
from aiooncall.datadog.rotation import joined, on_call

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from aiooncall.client.core import ApiCore
    from aiooncall.coverage.models import Shift
    from aiooncall.datadog.models.on_call import ScheduleResponders
    from aiooncall.datadog.models.override import Override
    from aiooncall.datadog.rotation import Turn

MOST_CHECKS: Final = 1000


class Shifts:
    """Who is on call on a schedule over a time. Call it for a list; `stream` yields one by one.

    Datadog tells who is on call at one instant only, so this is computed from layers, members, restrictions and
    overrides. The schedule is read with one request, its overrides with one for each 45 days, and with one more after
    each page that had any.
    """

    def __init__(self, core: ApiCore) -> None:
        self._core = core
        self._schedules = Schedules(core)

    @composite
    async def __call__(
        self, schedule: str | Schedule, start: datetime, end: datetime, *, check: int = 0
    ) -> list[Shift]:
        """Return who is on call when, by start, cut to the time asked for; no two shifts overlap.

        Args:
            schedule: the id of a schedule; or a schedule with its layers and their members, which may be an edited one
                that was not written yet.
            start: an aware datetime.
            end: an aware datetime that is not before it, and at most 366 days after it.
            check: at how many instants to ask the server whether it agrees, a request each: where shifts end and begin
                first, at most 1000.

        Raises:
            OptionsError: an argument is wrong, or this machine does not know a time zone of the schedule.
            NotFound: there is no such schedule.
            LinkError: the layers of the schedule that was given, or their members, were not read.
            ShiftMismatch: the server says something else.
        """
        begin, until = period(start, end, longest=LONGEST)
        most = count("check", check, least=0, most=MOST_CHECKS)
        found = [shift async for shift in self.stream(schedule, begin, until)]
        if most:
            name = text("schedule", _id_of(schedule))
            compare(name, found, await self._ask(name, instants_of(found, begin, until, most)))
        return found

    async def stream(self, schedule: str | Schedule, start: datetime, end: datetime) -> AsyncIterator[Shift]:
        """Yield the same one by one, reading and computing 45 days at a time.

        Args:
            schedule: the id of a schedule, or a schedule with its layers and their members.
            start: an aware datetime.
            end: an aware datetime that is not before it, and at most 366 days after it.

        Raises:
            OptionsError: an argument is wrong, or this machine does not know a time zone of the schedule.
            NotFound: there is no such schedule.
            LinkError: the layers of the schedule that was given, or their members, were not read.
        """
        begin, until = period(start, end, longest=LONGEST)
        known = schedule if isinstance(schedule, Schedule) else await self._schedules.get(schedule, include=WITH_LAYERS)
        rotations, name = rotations_of(known), known.id
        held: list[Turn] = []  # the last turn, which may go on
        for since, seam in time_slices(begin, until):
            stand_ins = stand_ins_of(await self._overrides(name, since, seam))
            found = joined([*held, *on_call(rotations, stand_ins, since, seam)])
            held = found[-1:]
            for turn in found[:-1]:
                yield shift_of(name, turn)
        for turn in held:
            yield shift_of(name, turn)

    async def _overrides(self, schedule: str, start: datetime, end: datetime) -> list[Override]:
        """Return the overrides in a time; a schedule that was not written yet has none."""
        if not schedule:
            return []
        return [one async for one in self._schedules.overrides.list(schedule, start, end, include=WITH_PEOPLE)]

    async def _ask(self, schedule: str, instants: list[datetime]) -> dict[datetime, ScheduleResponders]:
        async def ask(at: datetime) -> ScheduleResponders:
            return await self._schedules.responders(schedule, at=at)

        return await read_all(instants, ask)


def _id_of(schedule: str | Schedule) -> str:
    return schedule.id if isinstance(schedule, Schedule) else schedule

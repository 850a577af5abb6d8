"""Schedules, and who is on call by them (https://grafana.com/docs/oncall/latest/oncall-api-reference/schedules/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import at_most, ids_of, needs
from aiooncall._base.zones import time_zone
from aiooncall.grafana.endpoints import crud, endpoint
from aiooncall.grafana.models.schedule import ICalSchedule, Schedule, UnknownSchedule
from aiooncall.grafana.resources.base import TeamCollection
from aiooncall.grafana.resources.exports import SCHEDULE_EXPORT, export
from aiooncall.grafana.resources.final_shifts import final_shifts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import date

    from aiooncall.grafana.models.schedule import FinalShift

SCHEDULES = crud("/api/v1/schedules/", "schedule_id")
FINAL_SHIFTS: Final = endpoint("GET", f"{SCHEDULES.get.template}final_shifts/")
LONGEST_NAME: Final = 200


class Schedules(TeamCollection[Schedule]):
    """The schedules of one Grafana OnCall. Those made in the browser can be created here, and not changed."""

    _kind = Schedule
    _endpoints = SCHEDULES
    _fixed = frozenset({"type"})

    def final_shifts(self, schedule_id: str, start: date, end: date) -> AsyncIterator[FinalShift]:
        """Yield who is on call when, after all rotations, overrides and swaps; cut to what was asked for.

        Args:
            schedule_id: the schedule.
            start: an aware datetime, or a date, which is its midnight in UTC.
            end: the same; however much later.

        Raises:
            OptionsError: a naive datetime, or an end before the start.
            NotFound: there is no such schedule.
        """
        return final_shifts(self._core, FINAL_SHIFTS, schedule_id, start, end)

    async def export(self, schedule_id: str, export_token: str) -> str:
        """Return a schedule as an iCalendar.

        Args:
            schedule_id: the schedule.
            export_token: the token that Grafana gives out for this export; not the API token.
        """
        return await export(self._core, SCHEDULE_EXPORT, schedule_id, export_token)

    def _check(self, resource: Schedule, *, new: bool) -> None:
        if isinstance(resource, UnknownSchedule):
            return
        if new:
            needs(resource, "name", "ical_url_primary" if isinstance(resource, ICalSchedule) else "time_zone")
        at_most("name", resource.name, LONGEST_NAME)
        if not isinstance(resource, ICalSchedule):
            time_zone("time_zone", resource.time_zone, stored=not new)
            ids_of("shifts", resource.shifts)

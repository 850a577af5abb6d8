"""On-call shifts (https://grafana.com/docs/oncall/latest/oncall-api-reference/on_call_shifts/)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import attrs

from aiooncall._base.datetimes import in_zone
from aiooncall._base.unset import UNSET
from aiooncall._base.validation import at_most, aware, ids_of, needs, number, whole_units
from aiooncall._base.zones import time_zone
from aiooncall.errors import OptionsError
from aiooncall.grafana.endpoints import crud
from aiooncall.grafana.models.on_call_shift import Frequency, OnCallShift, ShiftType
from aiooncall.grafana.resources.base import LARGEST_PAGE, TeamCollection, pairs

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall._base.json import Json
    from aiooncall._base.unset import Omittable

SHIFTS = crud("/api/v1/on_call_shifts/", "shift_id")
LONGEST_NAME: Final = 200
"""Characters: grafana/oncall, engine/apps/schedules/models/custom_on_call_shift.py."""
_REPEATED: Final = frozenset({ShiftType.RECURRENT_EVENT, ShiftType.ROLLING_USERS})
_TIMES: Final = ("start", "rotation_start")


class OnCallShifts(TeamCollection[OnCallShift]):
    """The on-call shifts of one Grafana OnCall."""

    _kind = OnCallShift
    _endpoints = SHIFTS

    def list(
        self,
        *,
        name: str | None = None,
        schedule_id: str | None = None,
        team_id: Omittable[str] = UNSET,
        page_size: int = LARGEST_PAGE,
    ) -> AsyncIterator[OnCallShift]:
        """Yield shifts as they are read.

        Args:
            name: the exact name.
            schedule_id: only those of a schedule.
            team_id: only those of a team; None for those without a team.
            page_size: rows in one request, at most 100.
        """
        return self._rows_of_team(team_id, pairs(name=name, schedule_id=schedule_id), page_size=page_size)

    def _check(self, resource: OnCallShift, *, new: bool) -> None:
        if new:
            needs(resource, "name", "type", "start", "duration")
        at_most("name", resource.name, LONGEST_NAME)
        time_zone("time_zone", resource.time_zone, stored=not new)
        if resource.duration is not UNSET:
            whole_units("duration", resource.duration, 1, least=1)
        for name, least in (("interval", 1), ("level", 0), ("start_rotation_from_user_index", 0)):
            number(name, getattr(resource, name), least)
        if resource.type in _REPEATED:
            _repetition(resource, new=new)
        _end("until", resource.until)
        ids_of("users", resource.users)
        for place, group in enumerate(resource.rolling_users or ()):
            ids_of(f"rolling_users[{place}]", group)

    def _body(self, resource: OnCallShift, *, new: bool) -> Json:
        times: Json = {name: _local(name, getattr(resource, name), resource.time_zone) for name in _TIMES}
        return super()._body(attrs.evolve(resource, **times), new=new)


def _repetition(shift: OnCallShift, *, new: bool) -> None:
    """Check how a shift repeats, as far as it says so.

    The rules are those of grafana/oncall, engine/apps/public_api/serializers/on_call_shifts.py.
    """
    takes_turns = shift.type == ShiftType.ROLLING_USERS
    if new:
        needs(shift, "frequency")
        if shift.frequency == Frequency.WEEKLY:
            needs(shift, "week_start")
        if takes_turns:
            needs(shift, "start_rotation_from_user_index")
    if shift.interval is None:
        raise OptionsError("interval", None, "a whole number of at least 1; left out, it is 1 for a new shift")
    if takes_turns and shift.frequency == Frequency.DAILY:
        _days_of_turns(shift)


def _days_of_turns(shift: OnCallShift) -> None:
    if shift.by_monthday:
        raise OptionsError("by_monthday", shift.by_monthday, "nothing: turns by days know days of the week only")
    most = len(shift.by_day or ())
    if most and shift.interval is not UNSET and (shift.interval or 1) > most:
        raise OptionsError("interval", shift.interval, f"at most {most}, the number of days in by_day")


def _local(field: str, moment: Omittable[datetime], zone: Omittable[str]) -> Omittable[datetime]:
    """Return a time as the clocks of the shift's time zone show it, in whole seconds."""
    if moment is UNSET or moment is None:
        return moment
    if not isinstance(moment, datetime):
        raise OptionsError(field, moment, "a datetime")
    if moment.tzinfo is not None:
        if not zone:
            raise OptionsError(field, moment, "a naive local time; an aware one needs time_zone beside it")
        local = in_zone(aware(field, moment), _known(zone))
        if local is None:
            raise OptionsError(field, moment, f"a time that the clocks of {zone} show once; they are set back then")
        moment = local
    return _in_whole_seconds(field, moment)


def _end(field: str, moment: Omittable[datetime]) -> None:
    """Check the instant at which a shift stops to repeat.

    The engine takes what it gets for UTC, although it takes `start` for the local time of the shift
    (grafana/oncall, `event_ical_rules` in engine/apps/schedules/models/custom_on_call_shift.py), so a time without a
    zone would mean one thing here and another there.
    """
    if moment is not UNSET and moment is not None:
        _in_whole_seconds(field, aware(field, moment))


def _in_whole_seconds(field: str, moment: datetime) -> datetime:
    if moment.microsecond:
        raise OptionsError(field, moment, "whole seconds")
    return moment


def _known(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (KeyError, ValueError, OSError):
        wanted = "a time zone that this machine knows, to turn an aware time into it; or a time without a zone"
        raise OptionsError("time_zone", zone, wanted) from None

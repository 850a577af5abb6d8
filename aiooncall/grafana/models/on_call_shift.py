"""On-call shifts (https://grafana.com/docs/oncall/latest/oncall-api-reference/on_call_shifts/)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

import attrs

from aiooncall._base.datetimes import to_seconds
from aiooncall._base.unset import UNSET, Omittable
from aiooncall.codec.fields import UNIT, bare_instant, listed, local_time, read_only
from aiooncall.codec.model import Model


class ShiftType(StrEnum):
    """How a shift repeats, and who takes it."""

    SINGLE_EVENT = "single_event"
    RECURRENT_EVENT = "recurrent_event"
    ROLLING_USERS = "rolling_users"
    OVERRIDE = "override"


class Frequency(StrEnum):
    """The unit in which a shift repeats."""

    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


class WeekDay(StrEnum):
    """A day of the week, as calendars write it."""

    MONDAY = "MO"
    TUESDAY = "TU"
    WEDNESDAY = "WE"
    THURSDAY = "TH"
    FRIDAY = "FR"
    SATURDAY = "SA"
    SUNDAY = "SU"


@attrs.define(kw_only=True)
class OnCallShift(Model):
    """A shift, or a rotation of shifts.

    Attributes:
        start: local time without a zone; a write converts an aware time to `time_zone`, if that is set.
        duration: how long one shift takes, in seconds or as a timedelta.
        time_zone: an IANA name; the schedule's without one.
        rotation_start: when the rotation begins, like `start`.
        until: when it stops to repeat: an instant, an aware datetime, whatever `time_zone` is.
        interval: it repeats each so many units of `frequency`.
        level: its priority over other shifts of the schedule; an override has none.
        users: ids of who takes it, all at once.
        rolling_users: for a rotation, groups of ids that take turns.
        start_rotation_from_user_index: which group begins, counted from 0; a rotation needs it.
    """

    id: str = read_only(required=True)
    name: Omittable[str] = UNSET
    type: Omittable[ShiftType | str] = UNSET
    team_id: Omittable[str] = UNSET
    schedule: Omittable[str] = read_only()
    time_zone: Omittable[str] = UNSET
    level: Omittable[int] = UNSET
    start: Omittable[datetime] = local_time()
    duration: Omittable[float] = attrs.field(default=UNSET, converter=to_seconds, metadata={UNIT: 1})
    rotation_start: Omittable[datetime] = local_time()
    frequency: Omittable[Frequency | str] = UNSET
    interval: Omittable[int] = UNSET
    until: Omittable[datetime] = bare_instant()
    week_start: Omittable[WeekDay | str] = UNSET
    by_day: Omittable[Sequence[str]] = listed()
    by_month: Omittable[Sequence[int]] = listed()
    by_monthday: Omittable[Sequence[int]] = listed()
    users: Omittable[Sequence[str]] = listed()
    rolling_users: Omittable[Sequence[Sequence[str]]] = listed()
    start_rotation_from_user_index: Omittable[int] = UNSET

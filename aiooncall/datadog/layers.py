"""Layers and overrides in the form in which `rotation` computes with them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import aware, count
from aiooncall._base.zones import zone_info
from aiooncall.coverage.models import Person, Shift
from aiooncall.datadog.models.people import User
from aiooncall.datadog.models.restriction import TimeRestriction, Weekday
from aiooncall.datadog.models.schedule import Interval, Layer, Member
from aiooncall.datadog.rotation import Rotation, StandIn, weekly
from aiooncall.datadog.writing.schedule import SHORTEST_TURN
from aiooncall.errors import CodecError, LinkError, OptionsError
from aiooncall.jsonapi import Resource, ResourceRef

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.datadog.models.override import Override
    from aiooncall.datadog.models.schedule import Schedule
    from aiooncall.datadog.rotation import Turn

_FIRST: Final = datetime.min.replace(tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)
_DAYS: Final = {day: number for number, day in enumerate(Weekday)}
_CENTURY: Final = timedelta(days=36_525)
"""A longer turn would lead out of the calendar; the vendor allows 400 days."""
_TIME = re.compile(r"(\d\d?):(\d\d)(?::(\d\d))?", re.ASCII)


def rotations_of(schedule: Schedule) -> list[Rotation]:
    """Return what the layers of a schedule say of who is on call; a layer without members says nothing.

    Raises:
        LinkError: the layers or their members were not read.
        OptionsError: this machine does not know a time zone, a time is naive, or an interval is none.
        CodecError: a layer lacks what it takes, or says it in a way that is not known.
    """
    if not isinstance(schedule.layers, Sequence):
        raise LinkError("the layers of the schedule were not read: get it with include=ScheduleInclude")
    return [_rotation(schedule, place, layer) for place, layer in enumerate(schedule.layers)]


def stand_ins_of(overrides: Iterable[Override]) -> list[StandIn]:
    """Return what overrides say of who is on call, the one that begins last at the end."""
    known = [
        StandIn(
            id=one.id,
            time=(_utc("start", one.start), _utc("end", one.end)),
            person=person_of(one.user),
            replaced=one.overridden_user.id if one.overridden_user else None,
        )
        for one in overrides
        if one.start and one.end
    ]
    return sorted(known, key=lambda one: one.time[0])


def shift_of(schedule: str, turn: Turn) -> Shift:
    """Return a turn on a schedule in the shape of all providers."""
    return Shift(
        schedule=schedule,
        person=turn.person,
        start=turn.start,
        end=turn.end,
        layer=turn.layer,
        override=turn.override,
    )


def last_end(rotations: Iterable[Rotation]) -> datetime | None:
    """Return when the last layer with anybody in it comes to an end; None if one goes on, or there is none."""
    ends = [one.life[1] for one in rotations if any(one.members)]
    return max(ends) if ends and _LAST not in ends else None


def _rotation(schedule: Schedule, place: int, layer: object) -> Rotation:
    if not isinstance(layer, Layer):
        raise LinkError(f"layers[{place}] was not read: get the schedule with include=ScheduleInclude")
    path, field = f"$.layers[{place}]", f"layers[{place}]"
    days, seconds = _interval(path, f"{field}.interval", layer.interval)
    anchor, restrictions = layer.rotation_start or layer.effective_date, layer.restrictions
    if not anchor:
        raise CodecError("a layer needs a rotation_start", path=path)
    return Rotation(
        place=place,
        name=layer.name or "",
        zone=zone_info(f"{field}.time_zone", layer.time_zone or schedule.time_zone),
        life=(
            _utc(f"{field}.effective_date", layer.effective_date) if layer.effective_date else _FIRST,
            _utc(f"{field}.end_date", layer.end_date) if layer.end_date else _LAST,
        ),
        anchor=_utc(f"{field}.rotation_start", aware(f"{field}.rotation_start", anchor)),
        days=days,
        seconds=seconds,
        members=[_member(field, member) for member in layer.members or ()],
        windows=weekly(_window(path, f"{field}.restrictions", one) for one in restrictions) if restrictions else None,
    )


def _interval(path: str, field: str, interval: object) -> tuple[int, timedelta]:
    """Return an interval's days and its seconds on top; turns must not be shorter than the vendor allows."""
    days, seconds = (interval.days or 0, interval.seconds or 0) if isinstance(interval, Interval) else (0, 0)
    count(f"{field}.days", days, least=0, most=_CENTURY.days)
    count(f"{field}.seconds", seconds, least=0, most=int(_CENTURY.total_seconds()))
    if timedelta(days, seconds) < SHORTEST_TURN:
        raise CodecError("a layer needs an interval of an hour or more", path=path)
    return days, timedelta(seconds=seconds)


def _member(field: str, member: object) -> Person | None:
    if not isinstance(member, Member):
        raise LinkError(f"the members of {field} were not read: get the schedule with include=ScheduleInclude")
    return person_of(member.user)


def person_of(user: object) -> Person | None:
    """Return the user of a slot or an override as a person; None for an empty one."""
    if isinstance(user, User):
        return Person(id=user.id, name=user.name or None, email=user.email or None)
    return Person(id=user.id) if isinstance(user, (Resource, ResourceRef)) else None


def _window(path: str, field: str, window: object) -> tuple[timedelta, timedelta]:
    if not isinstance(window, TimeRestriction):
        raise OptionsError(field, window, "a TimeRestriction")
    return (
        _moment(path, window.start_day, window.start_time),
        _moment(path, window.end_day, window.end_time),
    )


def _moment(path: str, day: object, at: object) -> timedelta:
    """Return a time of the week, from Monday 00:00; 24:00 is the end of a day."""
    found = _TIME.fullmatch(str(at))
    if found is None or day not in _DAYS:
        raise CodecError(f"expected a day and a time of day, got {day!s} {at!s}", path=f"{path}.restrictions")
    hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=_DAYS[Weekday(str(day))], hours=hours, minutes=minutes, seconds=seconds)


def _utc(field: str, moment: datetime) -> datetime:
    """Return a moment in UTC as a plain datetime, without its text; the calendar's first and last years mean never."""
    if isinstance(moment, datetime) and moment.tzinfo and moment.year in {MINYEAR, MAXYEAR}:
        return _FIRST if moment.year == MINYEAR else _LAST
    at = aware(field, moment).astimezone(UTC)
    return datetime.combine(at.date(), at.time(), UTC)

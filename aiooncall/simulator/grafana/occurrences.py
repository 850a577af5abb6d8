"""When an on-call shift takes place, and who has it then."""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import attrs

from aiooncall.simulator.grafana.on_call_shifts import OVERRIDE, ROLLING, WEEKDAYS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from aiooncall.simulator.json_api import Json

_ABOVE_ALL: Final = 99
"""The level of overrides."""
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


@attrs.frozen
class Occurrence:
    """One time that a shift takes place; the instants are UTC."""

    start: datetime
    end: datetime
    users: tuple[str, ...]
    level: int
    shift_id: str


def occurrences(shift: Json, usual_zone: str | None, start: datetime, end: datetime) -> list[Occurrence]:
    """Return when a shift takes place in a range.

    Args:
        shift: The shift as stored.
        usual_zone: The time zone if the shift has none.
        start: Where the range begins, in UTC.
        end: Where it ends, in UTC.
    """
    zone = ZoneInfo(shift["time_zone"] or usual_zone or "UTC")
    length = timedelta(seconds=shift["duration"])
    level = _ABOVE_ALL if shift["type"] == OVERRIDE else shift["level"]
    found: list[Occurrence] = []
    for local in _starts(shift, zone, start - length, end):
        begins = local.replace(tzinfo=zone).astimezone(UTC)
        if begins < end and begins + length > start:
            found.append(Occurrence(begins, begins + length, tuple(_users(shift, local)), level, shift["id"]))
    return found


def _starts(shift: Json, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Yield the local times at which a shift can begin in a range, which is a little too wide."""
    first = datetime.fromisoformat(shift["start"])
    if shift["frequency"] is None:
        yield first
        return
    lowest, highest = (at.astimezone(zone).replace(tzinfo=None) for at in (start, end))
    earliest = max(first, datetime.fromisoformat(shift["rotation_start"]), lowest - _DAY)
    latest = highest + _DAY
    if shift["until"]:
        latest = min(latest, datetime.fromisoformat(shift["until"]))
    step = _HOUR if shift["frequency"] == "hourly" else _DAY
    at = first + max(0, (earliest - first) // step) * step
    while at <= latest:
        if at >= earliest and _fits(shift, first, at):
            yield at
        at += step


def _fits(shift: Json, first: datetime, at: datetime) -> bool:
    """Tell whether a shift begins at a local time that is a whole number of hours or days after its first."""
    if _period(shift, first, at) % (shift["interval"] or 1):
        return False
    days, months, monthdays = shift["by_day"], shift["by_month"], shift["by_monthday"]
    if shift["frequency"] == "weekly":
        days = days or [WEEKDAYS[first.weekday()]]
    elif shift["frequency"] == "monthly" and not days:
        monthdays = monthdays or [first.day]
    return (
        (not days or WEEKDAYS[at.weekday()] in days)
        and (not months or at.month in months)
        and (not monthdays or at.day in monthdays or at.day - monthrange(at.year, at.month)[1] - 1 in monthdays)
    )


def _period(shift: Json, since: datetime, at: datetime) -> int:
    """Return how many hours, days, weeks or months of the calendar lie between two local times."""
    match shift["frequency"]:
        case "hourly":
            return (at - since) // _HOUR
        case "daily":
            return (at.date() - since.date()).days
        case "weekly":
            return (_week(shift, at.date()) - _week(shift, since.date())).days // 7
        case _:
            return (at.year - since.year) * 12 + at.month - since.month


def _week(shift: Json, day: date) -> date:
    """Return the first day of the week of a day."""
    return day - timedelta(days=(day.weekday() - WEEKDAYS.index(shift["week_start"])) % 7)


def _users(shift: Json, at: datetime) -> list[str]:
    """Return who has a shift that begins at a local time: in a rotation the groups take turns."""
    if shift["type"] != ROLLING:
        return list(shift["users"])
    groups: list[list[str]] = shift["rolling_users"]
    if not groups:
        return []
    turn = _period(shift, datetime.fromisoformat(shift["rotation_start"]), at) // (shift["interval"] or 1)
    first: int = shift["start_rotation_from_user_index"]
    return groups[(first + turn) % len(groups)]

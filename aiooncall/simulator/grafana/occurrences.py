"""Occurrences: the times at which an on-call shift takes place, and the people who have it then."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import attrs

from aiooncall.simulator.grafana.on_call_shifts import OVERRIDE
from aiooncall.simulator.grafana.recurrence import DAY
from aiooncall.simulator.grafana.series import series_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aiooncall.simulator.grafana.series import Series
    from aiooncall.simulator.http.json_values import Json

_ABOVE_ALL: Final = 99
"""The level of overrides."""


@attrs.frozen
class Occurrence:
    """One time that a shift takes place; the instants are UTC."""

    start: datetime
    end: datetime
    users: tuple[str, ...]
    level: int
    shift_id: str


def occurrences(shift: Json, usual_zone: str | None, start: datetime, end: datetime) -> list[Occurrence]:
    """Return when a shift takes place in a range, by start.

    Args:
        shift: The shift as stored.
        usual_zone: The time zone if the shift has none.
        start: Where the range begins, in UTC.
        end: Where it ends, in UTC.
    """
    zone = ZoneInfo(shift["time_zone"] or usual_zone or "UTC")
    level = _ABOVE_ALL if shift["type"] == OVERRIDE else shift["level"]
    until = datetime.fromisoformat(shift["until"]).replace(tzinfo=UTC) if shift["until"] else None
    found = [
        Occurrence(begins, ends, one.users, level, shift["id"])
        for one in series_of(shift)
        for begins, ends in _times(one, zone, start, end)
        if begins < end and ends > start and begins < ends and (until is None or begins <= until)
    ]
    return _together(sorted(found, key=lambda one: one.start))


def _times(series: Series, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield when a series takes place in a range that is a little wider."""
    earliest, latest = (at.astimezone(zone).replace(tzinfo=None) for at in (start, end))
    for local in series.rule.times(series.first, earliest - series.length - DAY, latest + DAY):
        yield _instant(local, zone), _instant(local + series.length, zone)


def _instant(local: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a local time; one that there is twice, or never, is meant without summer time."""
    readings = (local.replace(tzinfo=zone, fold=fold) for fold in (0, 1))
    return max(reading.astimezone(UTC) for reading in readings)


def _together(found: Iterable[Occurrence]) -> list[Occurrence]:
    """Return occurrences with one for all that begin at the same time."""
    merged: dict[datetime, Occurrence] = {}
    for one in found:
        first = merged.setdefault(one.start, one)
        users = tuple(dict.fromkeys((*first.users, *one.users)))
        merged[one.start] = attrs.evolve(first, users=users)
    return list(merged.values())

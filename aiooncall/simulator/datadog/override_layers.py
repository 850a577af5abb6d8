"""Overrides of a schedule, turned into layers on top of its own.

How overrides of one time go together is not documented. Here a later one goes before an earlier one, as a layer further
down goes before one above it. One that names whose place it is takes effect while that person would be on call, any
other one all the time, and one without a user not at all, as an empty slot.
"""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from aiooncall.simulator.datadog.rotation import find_shifts
from aiooncall.simulator.http.times import read_instant, write_instant

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from aiooncall.simulator.http.json_values import Json

    Time = tuple[datetime, datetime]


def with_overrides(schedule: Mapping[str, Any], overrides: Iterable[Json]) -> Json:
    """Return a schedule in which people stand in.

    Args:
        schedule: Its attributes, as `find_shifts` takes them.
        overrides: What is stored of its overrides, oldest first.
    """
    whole = dict(schedule)
    for override in overrides:
        user = _person(override, "user")
        whole["layers"] = [*whole["layers"], *(_layer(user, time) for time in _times(whole, override))]
    return whole


def _times(schedule: Json, override: Json) -> Iterator[Time]:
    """Yield the times in which an override takes effect, of which there may be none."""
    start, end = (_instant(override["attributes"][name]) for name in ("start", "end"))
    replaced = _person(override, "overridden_user")
    if replaced is None:
        yield start, end
        return
    at = start
    while at < end:
        (shift,) = find_shifts(schedule, "current", at) or find_shifts(schedule, "next", at) or (None,)
        if shift is None:
            return
        begins, at = shift.start.astimezone(UTC), shift.end.astimezone(UTC)
        if shift.user_id == replaced and begins < end:
            yield max(start, begins), min(end, at)


def _layer(user: str | None, time: Time) -> Json:
    """Return a layer of one turn."""
    start, end = time
    return {
        "effective_date": write_instant(start),
        "end_date": write_instant(end),
        "rotation_start": write_instant(start),
        "interval": {"seconds": (end - start).total_seconds()},
        "members": [{"user": {"id": user}} if user else {}],
    }


def _person(override: Json, relationship: str) -> str | None:
    found: Json | None = override.get("relationships", {}).get(relationship)
    return None if found is None else found["data"]["id"]


def _instant(text: str) -> datetime:
    at = read_instant(text)
    assert at is not None  # noqa: S101 (it was read before)
    return at

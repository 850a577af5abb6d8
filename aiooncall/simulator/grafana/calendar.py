"""Calendars for export, behind a token of their own (https://datatracker.ietf.org/doc/html/rfc5545)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from aiooncall.simulator.grafana.final_shifts import final_shifts
from aiooncall.simulator.grafana.refusals import bad_token
from aiooncall.simulator.http.routing import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.simulator.grafana.final_shifts import FinalShift
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Call

_SPAN: Final = timedelta(days=180)
_TIME: Final = "%Y%m%dT%H%M%SZ"


def calendar_answer(world: World, call: Call, schedules: Iterable[Json], user_id: str | None = None) -> Answer:
    """Return the shifts of half a year as a calendar.

    Args:
        world: Where the shifts are.
        call: The request, with the token.
        schedules: Whose shifts.
        user_id: Of which user only; None takes all.

    Raises:
        Refusal: the token is wrong.
    """
    if call.query.get("token") != world.options.export_token:
        raise bad_token()
    start = call.now.utc.replace(microsecond=0)
    events = [
        _event(world, schedule, shift)
        for schedule in schedules
        for shift in final_shifts(world, schedule, start, start + _SPAN)
        if user_id in {None, shift.user_id}
    ]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//aiooncall//simulator//EN", *events, "END:VCALENDAR", ""]
    return Answer(200, "\r\n".join(lines).encode(), "text/calendar; charset=utf-8")


def _event(world: World, schedule: Json, shift: FinalShift) -> str:
    start = shift.start.strftime(_TIME)
    return "\r\n".join(
        [
            "BEGIN:VEVENT",
            f"UID:{schedule['id']}-{shift.user_id}-{start}",
            f"DTSTAMP:{start}",
            f"DTSTART:{start}",
            f"DTEND:{shift.end.strftime(_TIME)}",
            f"SUMMARY:{world['users'].get(shift.user_id)['username']}",
            "END:VEVENT",
        ]
    )

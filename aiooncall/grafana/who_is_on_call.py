"""Who is on call, for a schedule or a team, from the shifts around an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiooncall._base.validation import aware
from aiooncall.client.composite import Bounds
from aiooncall.client.gather import read_all
from aiooncall.errors import OptionsError
from aiooncall.grafana.resources.people import Teams
from aiooncall.grafana.resources.schedules import Schedules
from aiooncall.on_call import OnCall, Responder

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.client.core import ApiCore
    from aiooncall.grafana.models.schedule import FinalShift

AROUND: Final = timedelta(days=31)
"""How far before and after the instant the previous and the next shift are looked for."""


async def who_is_on_call(core: ApiCore, *, team: str | None, schedule: str | None, at: datetime | None) -> OnCall:
    """Return who is on call for a team or a schedule, now or at an instant."""
    if (team is None) == (schedule is None):
        raise OptionsError("team, schedule", (team, schedule), "exactly one of the two")
    instant = datetime.fromtimestamp(core.options.clock.time(), UTC) if at is None else aware("at", at)

    async def read(name: str) -> OnCall:
        shifts = Schedules(core).final_shifts(name, instant - AROUND, instant + AROUND)
        return around([shift async for shift in shifts], instant)

    with core.one_deadline():
        names = [schedule] if schedule is not None else await _schedules_of(core, team or "")
        Bounds("who is on call").go_deeper(len(names))
        found = joined((await read_all(names, read)).values(), instant)
        return found if names else attrs.evolve(found, lacks="schedules")


async def _schedules_of(core: ApiCore, team: str) -> list[str]:
    found = Schedules(core).list(team_id=(await Teams(core).get(team)).id)
    return [one.id async for one in found]


def around(shifts: Iterable[FinalShift], at: datetime) -> OnCall:
    """Return who of one schedule is on call at an instant, who was last before, and who is next after."""
    known = list(shifts)
    ended = max((shift.end for shift in known if shift.end <= at), default=None)
    begins = min((shift.start for shift in known if shift.start > at), default=None)
    return OnCall(
        at=at,
        current=tuple(_person(shift) for shift in known if shift.start <= at < shift.end),
        previous=tuple(_person(shift) for shift in known if shift.end == ended),
        next=tuple(_person(shift) for shift in known if shift.start == begins),
    )


def joined(found: Iterable[OnCall], at: datetime) -> OnCall:
    """Return who is on call by any of several schedules, each person once in each place."""
    parts = list(found)
    merged: dict[str, Any] = {
        place: tuple({person.id: person for part in parts for person in getattr(part, place)}.values())
        for place in ("current", "previous", "next")
    }
    return attrs.evolve(OnCall(at=at), **merged)


def _person(shift: FinalShift) -> Responder:
    return Responder(
        id=shift.user_id,
        name=shift.user_username or None,
        email=shift.user_email or None,
        start=shift.start,
        end=shift.end,
    )

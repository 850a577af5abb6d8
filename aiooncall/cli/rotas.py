"""Schedules and their shifts over a time, as several commands read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from aiooncall.cli.rows import schedule_rows
from aiooncall.client.gather import read_all
from aiooncall.datadog.resources.includes import ScheduleInclude
from aiooncall.errors import OptionsError
from aiooncall.grafana.client import GrafanaOnCall

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from aiooncall.coverage.models import Shift
    from aiooncall.datadog.client import DatadogOnCall


@attrs.frozen(kw_only=True)
class Rota:
    """A schedule, and who is on call by it when.

    Attributes:
        id: the schedule's id.
        name: its name; the id if it has none.
        shifts: those of the time that was asked for.
    """

    id: str
    name: str
    shifts: Sequence[Shift]


async def read_rotas(
    client: DatadogOnCall | GrafanaOnCall,
    ids: Sequence[str] | None,
    team: str | None,
    start: datetime,
    end: datetime,
    *,
    check: int = 0,
) -> list[Rota]:
    """Return schedules with their shifts, all read at once.

    Args:
        client: of either provider.
        ids: which schedules; all of them, or those of the team, unless given.
        team: the id or handle of a team.
        start: an aware datetime.
        end: an aware datetime that is not before it.
        check: at how many instants to ask the server whether it agrees; for Datadog only.

    Raises:
        OptionsError: both ids and a team are given, a check for Grafana, or another argument is wrong.
        NotFound: there is no such schedule.
        ShiftMismatch: the server says something else.
    """
    if check and isinstance(client, GrafanaOnCall):
        raise OptionsError("--check", check, "0: Grafana itself says who is on call when")
    if ids and team is not None:
        raise OptionsError("--team", team, "either ids of schedules or a team")
    names = dict.fromkeys(ids, "") if ids else {row["id"]: row["name"] async for row in schedule_rows(client, team)}

    async def read(schedule: str) -> Rota:
        return await read_rota(client, schedule, names[schedule], start, end, check=check)

    return list((await read_all([*names], read)).values())


async def read_rota(
    client: DatadogOnCall | GrafanaOnCall, schedule: str, name: str, start: datetime, end: datetime, *, check: int = 0
) -> Rota:
    """Return one schedule with its shifts.

    Args:
        client: of either provider.
        schedule: its id.
        name: its name; empty if that is not known.
        start: an aware datetime.
        end: an aware datetime that is not before it.
        check: at how many instants to ask the server whether it agrees; for Datadog only.

    Raises:
        OptionsError: an argument is wrong.
        NotFound: there is no such schedule.
        ShiftMismatch: the server says something else.
    """
    if isinstance(client, GrafanaOnCall):
        told = name or (await client.schedules.get(schedule)).name
        found = await client.shifts(schedule, start, end)
    else:
        known = await client.schedules.get(schedule, include=ScheduleInclude)
        told, found = known.name, await client.shifts(known, start, end, check=check)
    return Rota(id=schedule, name=told or schedule, shifts=found)

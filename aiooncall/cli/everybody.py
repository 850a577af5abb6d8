"""Who is on call for each team, in one go."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from aiooncall.cli.lists import print_rows
from aiooncall.cli.printing import print_json
from aiooncall.cli.records import plain
from aiooncall.cli.rows import schedule_rows, team_rows
from aiooncall.client.gather import read_all
from aiooncall.grafana.client import GrafanaOnCall
from aiooncall.grafana.who_is_on_call import joined
from aiooncall.on_call import OnCall

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall.datadog.client import DatadogOnCall

NO_TEAM: Final = "(no team)"
"""What stands for the schedules of Grafana that no team owns."""


async def print_everybody(client: DatadogOnCall | GrafanaOnCall, at: datetime | None, *, as_json: bool) -> None:
    """Print who is on call for each team, a line for each.

    Args:
        client: of either provider.
        at: an aware datetime; now unless given.
        as_json: whether to print JSON.
    """
    teams = {row["id"]: row["name"] or row["handle"] async for row in team_rows(client)}
    if isinstance(client, GrafanaOnCall):
        found = await _by_schedules(client, teams, at or datetime.now(UTC))
    else:
        found = await _by_teams(client, teams, at)
    rows = [(team, teams.get(team, NO_TEAM), on_call) for team, on_call in found.items()]
    if as_json:
        for team, name, on_call in rows:
            print_json({"team": team or None, "name": name, **plain(on_call)})
    else:
        print_rows(("id", "team", "on call"), [(team, name, _names(on_call)) for team, name, on_call in rows])


async def _by_teams(client: DatadogOnCall, teams: Mapping[str, str], at: datetime | None) -> dict[str, OnCall]:
    """Ask for each team; of now Datadog tells it with one request each."""

    async def read(team: str) -> OnCall:
        return await client.who_is_on_call(team=team, at=at, shifts=at is not None)

    return await read_all([*teams], read)


async def _by_schedules(client: GrafanaOnCall, teams: Mapping[str, str], at: datetime) -> dict[str, OnCall]:
    """Ask for each schedule once, and put those of a team together."""
    owners: dict[str, str] = {row["id"]: next(iter(row["teams"]), "") async for row in schedule_rows(client)}

    async def read(schedule: str) -> OnCall:
        return await client.who_is_on_call(schedule=schedule, at=at)

    found: dict[str, list[OnCall]] = {team: [] for team in teams}
    for schedule, on_call in (await read_all([*owners], read)).items():
        found.setdefault(owners[schedule], []).append(on_call)
    return {team: joined(several, at) for team, several in found.items()}


def _names(found: OnCall) -> str:
    return ", ".join(person.label for person in found.current) or "nobody"

"""Rows of lists, in one shape for both providers: teams, policies and schedules."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiooncall._base.unset import UNSET
from aiooncall.cli.teams import id_of
from aiooncall.datadog.models.people import is_team_id
from aiooncall.errors import OptionsError
from aiooncall.grafana.client import GrafanaOnCall

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall.datadog.client import DatadogOnCall

    Row = dict[str, Any]


async def team_rows(client: DatadogOnCall | GrafanaOnCall) -> AsyncIterator[Row]:
    """Yield the teams."""
    async for team in client.teams.list():
        yield {"id": team.id, "handle": getattr(team, "handle", "") or "", "name": team.name or ""}


async def policy_rows(client: DatadogOnCall | GrafanaOnCall) -> AsyncIterator[Row]:
    """Yield the escalation policies; for Grafana, the escalation chains."""
    if isinstance(client, GrafanaOnCall):
        async for chain in client.escalation_chains.list():
            yield {"id": chain.id, "name": chain.name or "", "teams": [chain.team_id] if chain.team_id else []}
    else:
        async for policy in client.escalation_policies.list():
            yield {"id": policy.id, "name": policy.name or "", "teams": [team.id for team in policy.teams or ()]}


async def schedule_rows(client: DatadogOnCall | GrafanaOnCall, team: str | None = None) -> AsyncIterator[Row]:
    """Yield the schedules, all or those of a team.

    Raises:
        OptionsError: no team has the handle.
    """
    if isinstance(client, GrafanaOnCall):
        owner = UNSET if team is None else await id_of(client, team)
        async for calendar in client.schedules.list(team_id=owner):
            zone, owners = getattr(calendar, "time_zone", ""), [calendar.team_id] if calendar.team_id else []
            yield {"id": calendar.id, "name": calendar.name or "", "time_zone": zone or "", "teams": owners}
    else:
        query = None if team is None else f"team.id:{await _team_id(client, team)}"
        async for rota in client.schedules.list(query):
            owners = [owner.id for owner in rota.teams or ()]
            yield {"id": rota.id, "name": rota.name or "", "time_zone": rota.time_zone or "", "teams": owners}


async def _team_id(client: DatadogOnCall, team: str) -> str:
    found = None if is_team_id(team) else await client.teams.find(team)
    if found is None and not is_team_id(team):
        raise OptionsError("--team", team, "the id or the handle of a team")
    return found.id if found else team

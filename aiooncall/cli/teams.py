"""Teams as people name them: by a handle or an id with Datadog, by a name or an id with Grafana."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.datadog.models.people import is_team_id
from aiooncall.errors import OptionsError
from aiooncall.grafana.client import GrafanaOnCall

if TYPE_CHECKING:
    from aiooncall.datadog.client import DatadogOnCall

OPTION: Final = "--team"


async def handle_of(dd: DatadogOnCall, team: str) -> str:
    """Return the handle of a team of Datadog that is named by its handle or its id.

    Raises:
        OptionsError: no team has the id.
    """
    if not is_team_id(team):
        return team
    async for found in dd.teams.list():
        if found.id == team and found.handle:
            return found.handle
    raise OptionsError(OPTION, team, "the handle or the id of a team; no team has this id")


async def id_of(gf: GrafanaOnCall, team: str) -> str:
    """Return the id of a team of Grafana that is named by its name or its id; what no team is called is an id."""
    async for found in gf.teams.list(name=team):
        if found.name == team:  # a server that takes the name for a part of one, or for none, must not choose the team
            return found.id
    return team


async def known_by(client: DatadogOnCall | GrafanaOnCall, team: str) -> str:
    """Return a team as the library takes it: by its id with Grafana; with Datadog it takes handles as well."""
    return await id_of(client, team) if isinstance(client, GrafanaOnCall) else team

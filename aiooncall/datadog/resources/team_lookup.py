"""Teams by their handles (https://docs.datadoghq.com/api/latest/teams/)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, TypeVar

from aiooncall._base.validation import text
from aiooncall.datadog.models.people import Team, is_team_id
from aiooncall.datadog.resources.base import Service
from aiooncall.datadog.resources.includes import included
from aiooncall.datadog.resources.listing import numbered
from aiooncall.errors import NotFound
from aiooncall.jsonapi import Resource
from aiooncall.transport.endpoint import Endpoint, path_segment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Mapping

    from aiooncall._base.json import Json
    from aiooncall.client.core import ApiCore

R = TypeVar("R", bound=Resource)

LIST: Final = Endpoint("GET", "/api/v2/team")
LARGEST_PAGE: Final = 100
"""Rows in one request at most (https://docs.datadoghq.com/api/latest/teams/#get-all-teams)."""
REMEMBERED_FOR: Final = 60.0
"""How many seconds a client goes by what it has looked up: a handle can be given to another team."""
_LIKE_A_HANDLE: Final = re.compile(r"[a-z0-9._:/-]+", re.ASCII).fullmatch
"""What a handle can consist of (https://docs.datadoghq.com/account_management/teams/)."""
_TYPE: Final = "team"
"""What the list calls its rows, which are `teams` in answers of On-Call."""


def list_teams(core: ApiCore, query: Mapping[str, str], size: int) -> AsyncIterator[Team]:
    """Yield the teams that a query finds."""
    return numbered(core, LIST, kind=Team, query=query, size=size, most=LARGEST_PAGE, alias=_TYPE)


async def find_team(core: ApiCore, handle: str) -> Team | None:
    """Return the team with a handle, or None."""
    sought = {"filter[keyword]": text("handle", handle)}
    async for team in list_teams(core, sought, LARGEST_PAGE):
        if team.handle == handle:
            return team
    return None


async def team_id_of(core: ApiCore, team: str) -> str:
    """Return the id of a team that is named by its id or by its handle.

    What can be no handle is taken for an id, whatever it looks like: the server knows its ids. What was found for a
    handle counts for a minute, for the client and all views of it.

    Raises:
        OptionsError: it can be neither; nothing was sent.
        NotFound: no team has the handle.
    """
    path_segment("team_id", team)
    if is_team_id(team) or not _LIKE_A_HANDLE(team):
        return team
    known, now = core.connection.by_handle, core.options.clock.monotonic()
    team_id, until = known.get(team) or ("", 0.0)
    if now >= until:
        team_id = await _looked_up(core, team)
        known.put(team, (team_id, core.options.clock.monotonic() + REMEMBERED_FOR))
    return team_id


async def _looked_up(core: ApiCore, handle: str) -> str:
    found = await find_team(core, handle)
    if found is None:
        said = f"no team has the handle {handle!r}, and it is no id either"
        raise NotFound(status=404, errors=(said,), method=LIST.method, route=LIST.template)
    return found.id


class TeamService(Service[R]):
    """A service for what each team has one of; the team is named by its id or by its handle."""

    async def _of_team(self, endpoint: Endpoint, team: str, *, include: Iterable[str], body: Json | None = None) -> R:
        """Make a call about a team, after all checks and within one deadline."""
        asked = included(include, self._includes)
        with self._core.one_deadline():
            team_id = await team_id_of(self._core, team)
            sent = None if body is None else {**body, "id": team_id}
            return await self._call(endpoint, team_id, include=asked, body=sent)

"""Teams, and who is on call for them (https://docs.datadoghq.com/api/latest/teams/, and on-call beside it)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.validation import text
from aiooncall.client.composite import composite
from aiooncall.datadog.models.on_call import TeamOnCall
from aiooncall.datadog.resources.includes import TeamOnCallInclude
from aiooncall.datadog.resources.team_lookup import LARGEST_PAGE, TeamService, find_team, list_teams
from aiooncall.transport.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from aiooncall.datadog.models.people import Team

ON_CALL: Final = Endpoint("GET", "/api/v2/on-call/teams/{team_id}/on-call")


class Teams(TeamService[TeamOnCall]):
    """The teams of one Datadog account, and who is on call for them."""

    _kind = TeamOnCall
    _includes = TeamOnCallInclude

    def list(
        self, keyword: str | None = None, *, mine: bool = False, page_size: int = LARGEST_PAGE
    ) -> AsyncIterator[Team]:
        """Yield teams as they are read, request by request.

        Args:
            keyword: a text in the name, in the handle, or in the email address of a member.
            mine: whether to leave out teams that the keys' owner is not in.
            page_size: rows in one request, at most 100.

        Raises:
            OptionsError: an argument is wrong; nothing was sent.
        """
        query = {} if keyword is None else {"filter[keyword]": text("keyword", keyword)}
        return list_teams(self._core, {**query, **({"filter[me]": "true"} if mine else {})}, page_size)

    @composite
    async def find(self, handle: str) -> Team | None:
        """Return the team with a handle, or None.

        It takes one request for each hundred teams that have the text of the handle somewhere, mostly one.

        Args:
            handle: the handle, letter for letter.

        Raises:
            OptionsError: it is not a text; nothing was sent.
        """
        return await find_team(self._core, handle)

    async def on_call(
        self,
        team_id: str,
        *,
        include: Iterable[str] = (TeamOnCallInclude.RESPONDERS, TeamOnCallInclude.ESCALATIONS_RESPONDERS),
    ) -> TeamOnCall:
        """Return who is reached for a team now, and whom later steps reach.

        Args:
            team_id: the id of the team, or its handle, which is looked up first and then known for a minute.
            include: what the answer brings along; all users unless said otherwise.

        Raises:
            NotFound: there is no such team.
        """
        return await self._of_team(ON_CALL, team_id, include=include)

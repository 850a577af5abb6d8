"""Who is on call for a team (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.datadog.includes import TeamOnCallInclude
from aiooncall.datadog.models.on_call import TeamOnCall
from aiooncall.datadog.service import Service
from aiooncall.transport.messages import Endpoint, Safety

if TYPE_CHECKING:
    from collections.abc import Iterable

ON_CALL: Final = Endpoint("GET", "/api/v2/on-call/teams/{team_id}/on-call", Safety.REPEATABLE)


class Teams(Service[TeamOnCall]):
    """The teams of one Datadog account, as far as On-Call knows them."""

    _kind = TeamOnCall
    _includes = TeamOnCallInclude

    async def on_call(
        self,
        team_id: str,
        *,
        include: Iterable[str] = (TeamOnCallInclude.RESPONDERS, TeamOnCallInclude.ESCALATIONS_RESPONDERS),
    ) -> TeamOnCall:
        """Return who is reached for a team now, and whom later steps reach.

        Args:
            team_id: the team.
            include: what the answer brings along; all users unless said otherwise.
        """
        return await self._call(ON_CALL, team_id, include=include)

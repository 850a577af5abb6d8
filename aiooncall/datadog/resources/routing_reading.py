"""Reading a team's routing rules, for all that follow them (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.unset import UNSET
from aiooncall.datadog.models.routing import RoutingRule, RoutingRules
from aiooncall.datadog.resources.includes import RoutingInclude
from aiooncall.datadog.resources.team_lookup import TeamService
from aiooncall.transport.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall._base.json import Json

RULES: Final = "/api/v2/on-call/teams/{team_id}/routing-rules"
GET: Final = Endpoint("GET", RULES)


class RoutingRuleReader(TeamService[RoutingRules]):
    """Reads the routing rules of one Datadog account's teams."""

    _kind = RoutingRules
    _includes = RoutingInclude

    async def _call(
        self, endpoint: Endpoint, *ids: str, include: Iterable[str] = (), body: Json | None = None, **query: str
    ) -> RoutingRules:
        return _told_once(await super()._call(endpoint, *ids, include=include, body=body, **query))

    async def get(self, team_id: str, /, *, include: Iterable[str] = (RoutingInclude.RULES,)) -> RoutingRules:
        """Return the rules of a team, in the order in which they are tried.

        Args:
            team_id: the id of the team, or its handle, which is looked up first and then known for a minute.
            include: what the answer brings along; the rules unless said otherwise.

        Raises:
            NotFound: there is no such team.
        """
        return await self._of_team(GET, team_id, include=include)


def _told_once(rules: RoutingRules) -> RoutingRules:
    """Return rules with the urgency only in the action that pages, if it is there: a copy would go stale in an edit."""
    for rule in rules.rules or ():
        if isinstance(rule, RoutingRule) and rule.paging is not None and rule.urgency == rule.paging.urgency:
            rule.urgency = UNSET
    return rules

"""A team's routing rules: get and set (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.unset import UNSET
from aiooncall.datadog.models.routing import RoutingRule, RoutingRules
from aiooncall.datadog.resources.includes import RoutingInclude
from aiooncall.datadog.resources.team_lookup import TeamService
from aiooncall.datadog.writing.routing import routing_request, wanted_rules
from aiooncall.transport.endpoint import Endpoint, path_segment

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall._base.json import Json

_RULES = "/api/v2/on-call/teams/{team_id}/routing-rules"
GET: Final = Endpoint("GET", _RULES)
SET: Final = Endpoint("PUT", _RULES)


class TeamRoutingRules(TeamService[RoutingRules]):
    """The routing rules of one Datadog account's teams."""

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

    async def set(
        self,
        team_id: str,
        rules: RoutingRules | Iterable[RoutingRule],
        *,
        include: Iterable[str] = (RoutingInclude.RULES,),
    ) -> RoutingRules:
        """Replace all rules of a team.

        The last rule has to match everything, so it has neither a query nor a `time_restriction`, and has to lead to an
        escalation policy; else Datadog refuses all rules. That is not checked here, but only by the server. Source:
        https://registry.terraform.io/providers/DataDog/datadog/latest/docs/resources/on_call_team_routing_rules

        Args:
            team_id: the id of the team, or its handle, which is looked up first and then known for a minute.
            rules: what `get` returned, edited, or rules in the order in which they are to be tried.
            include: what the answer brings along.

        Raises:
            BadRequest: the server refused a rule, such as a last one that does not match everything.
            LinkError: a rule was not included when it was read, so that it would be lost.
            OptionsError: something about a rule is wrong, or would be lost; nothing was sent.
            NotFound: there is no such team.
        """
        path_segment("team_id", team_id)
        wanted = wanted_rules(rules)
        answer = await self._of_team(SET, team_id, include=include, body=routing_request(team_id, wanted))
        return self._compared(SET, wanted, answer, answer.id)


def _told_once(rules: RoutingRules) -> RoutingRules:
    """Return rules with the urgency only in the action that pages, if it is there: a copy would go stale in an edit."""
    for rule in rules.rules or ():
        if isinstance(rule, RoutingRule) and rule.paging is not None and rule.urgency == rule.paging.urgency:
            rule.urgency = UNSET
    return rules

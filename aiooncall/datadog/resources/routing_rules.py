"""A team's routing rules: get, set, and what an edit changes (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from aiooncall.client.composite import composite
from aiooncall.datadog.previews.rules import routing_preview
from aiooncall.datadog.resources.escalation_policies import EscalationPolicies
from aiooncall.datadog.resources.includes import PolicyInclude, RoutingInclude
from aiooncall.datadog.resources.routing_reading import RULES, RoutingRuleReader
from aiooncall.datadog.walking import Walk
from aiooncall.datadog.writing.routing import routing_request, wanted_rules
from aiooncall.transport.endpoint import Endpoint, path_segment

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from aiooncall.datadog.models.routing import RoutingRule, RoutingRules
    from aiooncall.datadog.previews.rules import RoutingPreview

SET: Final = Endpoint("PUT", RULES)


class TeamRoutingRules(RoutingRuleReader):
    """The routing rules of one Datadog account's teams."""

    @composite
    async def preview(
        self, team_id: str, rules: RoutingRules | Iterable[RoutingRule], *, at: datetime | None = None
    ) -> RoutingPreview:
        """Return whom pages to a team would reach by edited rules, and whom by the present ones; nothing is written.

        It takes one request for the rules as they are, one for each policy, two for each team among the targets, and
        one for each schedule, and one more each time that its shift ends meanwhile. Names of users that the policies do
        not tell are looked for in the list of users.

        Args:
            team_id: the id of the team, or its handle, which is looked up first and then known for a minute.
            rules: what `set` would take.
            at: when the page begins, an aware datetime; now unless given.

        Raises:
            LinkError: a rule was not included when it was read.
            OptionsError: `at` is naive, or something about a rule is wrong; nothing was sent.
            NotFound: there is no such team.
        """
        path_segment("team_id", team_id)
        begins, edited = self._core.instant("at", at), wanted_rules(rules)
        routing_request(team_id, edited)
        present = await self.get(team_id)
        walk = Walk(self._core, partial(EscalationPolicies(self._core).get, include=PolicyInclude), "preview")
        return await routing_preview(self._core, walk, present, edited, begins)

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

"""Whom edited routing rules of a team reach, and when, and whom the present ones do."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import attrs

from aiooncall._text import one_line
from aiooncall.coverage.tables import dumps
from aiooncall.coverage.wording import compared_parts, filled
from aiooncall.datadog.models.routing import RerouteToTeamAction, RoutingRule
from aiooncall.datadog.previews.policies import page_time, signed
from aiooncall.datadog.previews.timelines import timelines
from aiooncall.jsonapi import each

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aiooncall.client.core import ApiCore
    from aiooncall.datadog.models.routing import RoutingRules
    from aiooncall.datadog.previews.timelines import EscalationTimeline
    from aiooncall.datadog.walking import Walk


@attrs.frozen(kw_only=True)
class RuleTimeline:
    """A routing rule, and whom a page that it matches reaches.

    Attributes:
        number: its place, from 1 on: the first rule that matches counts.
        query: what it matches; empty for everything.
        urgency: how urgent the page becomes, `low`, `high` or `dynamic`; empty if it does not say.
        limited: whether it holds at certain hours only, or its policy waits outside of them.
        policy: the id of the policy that it pages by; empty for none.
        rerouted_to: the id of the team to which it leaves the routing; empty for none.
        timeline: whom the policy reaches; None without a policy, or if the policy is gone.
    """

    number: int
    query: str
    urgency: str
    limited: bool
    policy: str
    rerouted_to: str
    timeline: EscalationTimeline | None

    def lines(self) -> Iterator[str]:
        """Yield what it matches and where that leads, and then whom it reaches."""
        urgency = f", {self.urgency} urgency" if self.urgency else ""
        hours = ", at certain hours only" if self.limited else ""
        yield one_line(f"{self.query or 'everything'}: {self._leads}{urgency}{hours}")
        for line in self.timeline.lines() if self.timeline else ():
            yield f"  {line}"

    @property
    def _leads(self) -> str:
        if self.timeline:
            return self.timeline.name
        if self.policy:
            return f"the policy {self.policy}, which is not there"
        return f"left to the team {self.rerouted_to}" if self.rerouted_to else "nobody is paged"


@attrs.frozen(kw_only=True)
class RoutingPreview:
    """Whom a page to a team would reach by edited rules, and whom it does by the present ones. Nothing was written.

    Attributes:
        team: the id of the team.
        at: when the page begins.
        before: the present rules, in their order, and whom they reach.
        after: the edited ones.
    """

    team: str
    at: datetime
    before: tuple[RuleTimeline, ...]
    after: tuple[RuleTimeline, ...]

    def to_text(self) -> str:
        """Return the preview for people, in lines of at most 80 characters: `-` what is gone, `+` what is new."""
        title = f"Routing rules: a page on {page_time(self.at)} reaches"
        before, after = ([tuple(rule.lines()) for rule in rules] for rules in (self.before, self.after))
        return "\n".join([*filled(title), *signed(compared_parts(before, after))])

    def to_json(self) -> str:
        """Return the preview for programs: a JSON object with durations in seconds."""
        return dumps(self)


async def routing_preview(
    core: ApiCore, walk: Walk, present: RoutingRules, edited: RoutingRules, at: datetime
) -> RoutingPreview:
    """Return what an edit of a team's rules changes.

    Args:
        core: what to ask with for names.
        walk: what to ask with for everything else.
        present: the rules as they are.
        edited: the rules as they would be written.
        at: when the page begins.
    """
    before, after = ([*each(one.rules, RoutingRule)] for one in (present, edited))
    policies = await walk.policies(rule.policy_id for rule in (*before, *after) if rule.policy_id)
    found = await timelines(core, walk, [*policies.values()], at)
    told = partial(_told, dict(zip(policies, found, strict=True)))
    return RoutingPreview(team=present.id, at=at, before=told(before), after=told(after))


def _told(found: Mapping[str, EscalationTimeline], rules: Sequence[RoutingRule]) -> tuple[RuleTimeline, ...]:
    return tuple(
        RuleTimeline(
            number=number,
            query=rule.query or "",
            urgency=str(rule.page_urgency or ""),
            limited=bool(rule.time_restriction or (rule.paging and rule.paging.support_hours)),
            policy=rule.policy_id or "",
            rerouted_to=next(_destinations(rule.actions or ()), ""),
            timeline=found.get(rule.policy_id or ""),
        )
        for number, rule in enumerate(rules, 1)
    )


def _destinations(actions: Iterable[object]) -> Iterator[str]:
    return (action.destination_team_id for action in actions if isinstance(action, RerouteToTeamAction))

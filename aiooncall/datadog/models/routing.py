"""Routing rules: which policy a team's pages go to (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import ClassVar

import attrs

from aiooncall._base.datetimes import to_seconds
from aiooncall._base.unset import UNSET, Omittable, UnsetType
from aiooncall.codec.fields import UNIT, WIRE, as_tuple, listed, or_unset, spelt
from aiooncall.codec.model import Model
from aiooncall.datadog.models.policy import EscalationPolicy
from aiooncall.datadog.models.restriction import TimeRestrictions
from aiooncall.datadog.models.variant import UnknownVariant
from aiooncall.datadog.models.written import Written
from aiooncall.jsonapi import TO_MANY, Resource, ResourceRef, Unread, to_one


class RoutingUrgency(StrEnum):
    """How urgent a page becomes; DYNAMIC takes it from what caused the page."""

    LOW = "low"
    HIGH = "high"
    DYNAMIC = "dynamic"


@attrs.define(kw_only=True)
class EscalationPolicyAction(Model):
    """Page by an escalation policy; at most one in a rule, and then the rule has no `policy` of its own.

    Attributes:
        policy_id: the policy's id.
        urgency: how urgent the page becomes.
        ack_timeout: how long an acknowledgement holds before the page fires again: seconds, or a timedelta; whole
            minutes, from 30 to 4320, on the wire.
        support_hours: outside of these the policy waits for the next window; not together with the rule's
            `time_restriction`.
        extra: what the class has no name for.
    """

    type: ClassVar[str] = "escalation_policy"

    policy_id: str
    urgency: Omittable[RoutingUrgency | str] = UNSET
    ack_timeout: Omittable[float] = attrs.field(
        default=UNSET, converter=to_seconds, metadata={WIRE: "ack_timeout_minutes", UNIT: 60}
    )
    support_hours: Omittable[TimeRestrictions] = UNSET


@attrs.define(kw_only=True)
class SlackMessageAction(Model):
    """Send a message to a Slack channel, by the ids of workspace and channel."""

    type: ClassVar[str] = "send_slack_message"

    workspace: str
    channel: str


@attrs.define(kw_only=True)
class TeamsMessageAction(Model):
    """Send a message to a Microsoft Teams channel, by the ids of tenant, team and channel."""

    type: ClassVar[str] = "send_teams_message"

    tenant: str
    team: str
    channel: str


@attrs.define(kw_only=True)
class WorkflowAction(Model):
    """Trigger a workflow by its handle."""

    type: ClassVar[str] = "workflow"

    handle: str


@attrs.define(kw_only=True)
class RerouteToTeamAction(Model):
    """Leave the routing to another team, by its id."""

    type: ClassVar[str] = "reroute_to_team"

    destination_team_id: str


RoutingAction = (
    EscalationPolicyAction
    | SlackMessageAction
    | TeamsMessageAction
    | WorkflowAction
    | RerouteToTeamAction
    | UnknownVariant
)


@attrs.define(kw_only=True, eq=False, repr=False)
class RoutingRule(Resource):
    """What happens to the events that match a query.

    Attributes:
        query: what it matches; empty matches everything.
        urgency: how urgent a page becomes, as older rules say it beside their `policy`. Answers repeat an action's
            urgency here; that is not kept.
        actions: what is done.
        time_restriction: outside of these hours the rule does not match.
        policy: the escalation policy, as older rules name it. Answers name it here and in an action.
    """

    type: ClassVar[str] = "team_routing_rules"
    is_part: ClassVar[bool] = True

    query: Omittable[str] = spelt(or_unset)
    urgency: Omittable[RoutingUrgency | str] = UNSET
    actions: Omittable[Sequence[RoutingAction]] = listed()
    time_restriction: Omittable[TimeRestrictions] = UNSET
    policy: EscalationPolicy | ResourceRef | UnsetType | None = to_one()

    @property
    def paging(self) -> EscalationPolicyAction | None:
        """The action that pages by a policy, if there is one."""
        return next((action for action in self.actions or () if isinstance(action, EscalationPolicyAction)), None)

    @property
    def policy_id(self) -> str | None:
        """The id of the policy that the rule pages by, wherever it names it."""
        if (action := self.paging) is not None:
            return action.policy_id
        return None if self.policy is None or self.policy is UNSET else self.policy.id

    @property
    def page_urgency(self) -> RoutingUrgency | str | None:
        """How urgent a page by this rule becomes, wherever it says so."""
        action = self.paging
        return (action.urgency if action is not None else None) or self.urgency or None

    @property
    def plain(self) -> RoutingRule:
        """The rule as answers have it: what older rules say of their policy stands in an action."""
        if self.policy_id is None:
            return self
        given = tuple(self.actions or ())
        paging = self.paging
        whole = _with_urgency(paging or EscalationPolicyAction(policy_id=self.policy_id), self.urgency)
        actions = [whole if action is paging else action for action in given] if paging else [*given, whole]
        policy = UNSET if self.policy and self.policy.id == whole.policy_id else self.policy
        urgency = UNSET if self.urgency == whole.urgency else self.urgency
        return attrs.evolve(self, actions=actions, policy=policy, urgency=urgency)


def _with_urgency(action: EscalationPolicyAction, urgency: Omittable[RoutingUrgency | str]) -> EscalationPolicyAction:
    return action if action.urgency else attrs.evolve(action, urgency=urgency)


def _rules(given: Iterable[RoutingRule] | UnsetType) -> Sequence[RoutingRule | Unread] | UnsetType:
    return as_tuple(given)


@attrs.define(kw_only=True, eq=False, repr=False)
class RoutingRules(Written):
    """All routing rules of a team; the first that matches counts. Its id is the team's."""

    type: ClassVar[str] = "team_routing_rules"

    rules: Sequence[RoutingRule | Unread] | UnsetType = attrs.field(default=UNSET, converter=_rules, metadata=TO_MANY)

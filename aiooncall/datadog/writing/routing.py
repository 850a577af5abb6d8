"""How a team's routing rules are written (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from attrs import evolve

from aiooncall._base.unset import UNSET
from aiooncall._base.validation import text, whole_units
from aiooncall.datadog.models.policy import EscalationPolicy
from aiooncall.datadog.models.routing import EscalationPolicyAction, RoutingRule, RoutingRules
from aiooncall.datadog.writing.common import (
    attributes_of,
    content,
    hours,
    item,
    parts,
    ref_of,
    relationships,
    top_level,
)
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from aiooncall._base.json import Json

Rule = TypeVar("Rule")

SHORTEST_ACK: Final = 1_800
LONGEST_ACK: Final = 259_200
"""Bounds of `ack_timeout`, in seconds, as Datadog's Terraform provider has them
(https://registry.terraform.io/providers/DataDog/datadog/latest/docs/resources/on_call_team_routing_rules)."""
VIRTUAL = "virtual-"
"""How the ids begin that the server makes up, as for a lone rule of the old kind; they cannot be written."""


def routing_request(team_id: str, given: RoutingRules | Iterable[RoutingRule]) -> Json:
    """Return what a request for a team's rules holds.

    Raises:
        OptionsError: something about a rule is wrong.
        LinkError: a rule is only a reference.
        LossyWrite: something came with a rule that a request has no place for.
    """
    record = wanted_rules(given)
    written = [_rule(f"rules[{number}]", rule) for number, rule in enumerate(record.rules or ())]
    return {
        **top_level(record, update=False),
        "id": team_id,
        "attributes": {**attributes_of(record), "rules": written},
        **relationships(record, {}),
    }


def wanted_rules(given: RoutingRules | Iterable[RoutingRule]) -> RoutingRules:
    """Return what is to be set, each rule once, whatever kind of iterable was given.

    Raises:
        OptionsError: it is not rules.
    """
    if isinstance(given, RoutingRules):
        return evolve(given, rules=_distinct(parts("rules", given.rules)))
    if not _can_be_rules(given):
        raise OptionsError("rules", given, "a RoutingRules, or RoutingRule objects in order")
    return RoutingRules(rules=_distinct(given))


def _can_be_rules(given: object) -> bool:
    """Return whether something can be rules; an empty text or mapping is a mistake that would delete them all."""
    return isinstance(given, Iterable) and not isinstance(given, (str, bytes, Mapping))


def _distinct(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return each rule once: answers can name one twice."""
    found: dict[object, Rule] = {}
    for number, rule in enumerate(rules):
        known = found.setdefault(getattr(rule, "id", "") or id(rule), rule)
        if known is not rule and known != rule:
            raise OptionsError(f"rules[{number}]", rule, "the same as the earlier rule with its id, or no id")
    return tuple(found.values())


def _rule(field: str, given: object) -> Json:
    rule: RoutingRule = content(field, given, RoutingRule)
    if rule.time_restriction:
        hours(f"{field}.time_restriction", rule.time_restriction, stored=bool(rule.id))
    paging = [action for action in rule.actions or () if isinstance(action, EscalationPolicyAction)]
    for action in paging:
        _check_paging(f"{field}.actions", action, rule)
    if len(paging) > 1:
        raise OptionsError(f"{field}.actions", len(paging), "at most one EscalationPolicyAction")
    is_stored = bool(rule.id) and not rule.id.startswith(VIRTUAL)
    told_once = _urgency_told_once(field, rule, paging)
    return {**({"id": rule.id} if is_stored else {}), **item(field, told_once), **_policy(field, rule, paging)}


def _check_paging(field: str, action: EscalationPolicyAction, rule: RoutingRule) -> None:
    text(f"{field}.policy_id", action.policy_id)
    if action.ack_timeout is not UNSET and action.ack_timeout is not None:
        whole_units(f"{field}.ack_timeout", action.ack_timeout, 60, SHORTEST_ACK, LONGEST_ACK)
    if action.support_hours:
        hours(f"{field}.support_hours", action.support_hours, stored=bool(rule.id))
        if rule.time_restriction:
            wanted = "either support_hours or the rule's time_restriction, not both"
            raise OptionsError(f"{field}.support_hours", action.support_hours, wanted)


def _urgency_told_once(field: str, rule: RoutingRule, paging: list[EscalationPolicyAction]) -> RoutingRule:
    """Return the rule with its urgency in the action that pages, if it has one: answers have both, requests only one.

    On the rule itself an urgency belongs to the policy that older rules name there
    (https://github.com/DataDog/terraform-provider-datadog/blob/master/docs/resources/on_call_team_routing_rules.md).
    """
    if not paging or not rule.urgency:
        return evolve(rule, urgency=UNSET) if paging else rule
    (action,) = paging
    if action.urgency and action.urgency != rule.urgency:
        wanted = f"nothing, as the EscalationPolicyAction has {str(action.urgency)!r}; change it there"
        raise OptionsError(f"{field}.urgency", rule.urgency, wanted)
    actions = [evolve(one, urgency=rule.urgency) if one is action else one for one in rule.actions or ()]
    return evolve(rule, urgency=UNSET, actions=actions)


def _policy(field: str, rule: RoutingRule, paging: list[EscalationPolicyAction]) -> Json:
    """Return the policy as older rules name it, unless an action names it: answers have both, requests only one."""
    if rule.policy is UNSET or rule.policy is None:
        return {}
    policy_id = ref_of(f"{field}.policy", rule.policy, EscalationPolicy).id
    if not paging:
        return {"policy_id": policy_id}
    if paging[0].policy_id != policy_id:
        wanted = f"either the policy or an EscalationPolicyAction, not both; the action has {paging[0].policy_id!r}"
        raise OptionsError(f"{field}.policy", policy_id, wanted)
    return {}

"""The routing rules of teams: read from requests, shown in JSON:API, and replaced as a whole.

https://docs.datadoghq.com/api/latest/on-call/set-on-call-team-routing-rules/

That the last rule has to match everything, and the bounds of an acknowledgement, are what the vendor's Terraform
provider says of the API: https://registry.terraform.io/providers/DataDog/datadog/latest/docs/resources/on_call_team_routing_rules
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.simulator.datadog.crud import ON_CALL
from aiooncall.simulator.datadog.envelope import read_include
from aiooncall.simulator.datadog.json_api import linkage
from aiooncall.simulator.datadog.reading import check_id, check_type, part_ids, read_hours
from aiooncall.simulator.http.json_values import without

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.fields import Fields
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Router

_RULES: Final = f"{ON_CALL}/teams/{{id}}/routing-rules"
_INCLUDES: Final = ("rules", "rules.policy")
_URGENCIES: Final = ("low", "high", "dynamic")
_REQUIRED: Final = {
    "escalation_policy": ("policy_id",),
    "reroute_to_team": ("destination_team_id",),
    "send_slack_message": ("channel", "workspace"),
    "send_teams_message": ("channel", "team", "tenant"),
    "workflow": ("handle",),
}
"""The texts that each kind of action must have; kinds that are not here are kept as they are."""
_ACK_MINUTES: Final = (30, 4320)


def read_routing(data: Fields, world: World, old: Json) -> Json:
    """Return the routing rules that a request sets, which keep the ids of the old ones that they name."""
    team_id: str = old["id"]
    if data.has("id"):
        check_id(data, team_id)
    attributes = data.optional_child("attributes")
    rules = attributes.optional_children("rules") if attributes else []
    ids = part_ids(rules, [rule["id"] for rule in old["attributes"]["rules"]], world)
    if len(rules) == 1 and _is_default(rules[0]):
        ids = [f"virtual-{team_id}-rule-0"]
    read = [_read_rule(rule, rule_id, world) for rule, rule_id in zip(rules, ids, strict=True)]
    if rules:
        _check_last(rules[-1], read[-1])
    relationships = data.optional_child("relationships")
    return data.with_known(
        id=team_id,
        attributes=attributes.with_known(rules=read) if attributes else {"rules": read},
        relationships=(relationships.with_known(rules=None) or None) if relationships else None,
    )


def _is_default(rule: Fields) -> bool:
    """Tell whether a lone rule only names a policy, the old way: recordings show it with an id that is made up."""
    return not rule.optional_text("id") and rule.has("policy_id") and not rule.optional_children("actions")


def _check_last(rule: Fields, read: Json) -> None:
    """Refuse a last rule that leaves some event without a policy."""
    for name in ("query", "time_restriction"):
        if read.get(name):
            raise rule.refusal(name, "must not be there in the last rule, which has to match everything")
    if not any(action["type"] == "escalation_policy" for action in read["actions"]):
        raise rule.refusal("actions", "must lead to an escalation policy in the last rule")


def _read_rule(rule: Fields, rule_id: str, world: World) -> Json:
    """Return a rule in one form, whether it names its policy the old way or in an action."""
    actions = [_read_action(action, world) for action in rule.optional_children("actions")]
    escalations = [action for action in actions if action["type"] == "escalation_policy"]
    urgency = rule.choice("urgency", _URGENCIES) if rule.has("urgency") else None
    if rule.optional_text("policy_id"):
        policy_id = world.policies.named(rule, "policy_id")
        if any(action["policy_id"] != policy_id for action in escalations):
            raise rule.refusal("policy_id", "must not be there together with an action for another policy")
        if not escalations:
            escalations = [{"type": "escalation_policy", "policy_id": policy_id, "urgency": urgency or "high"}]
            actions = [*escalations, *actions]
    window = read_hours(rule.optional_child("time_restriction"))
    if window is not None and any("support_hours" in action for action in escalations):
        raise rule.refusal("time_restriction", "must not be there together with the support_hours of an action")
    return rule.with_known(
        id=rule_id,
        actions=actions,
        policy_id=None,
        query=rule.optional_text("query") or "",
        time_restriction=window,
        urgency=urgency or next((action.get("urgency", "high") for action in escalations), None),
    )


def _read_action(action: Fields, world: World) -> Json:
    kind = action.text("type")
    for name in _REQUIRED.get(kind, ()):
        action.text(name)
    match kind:
        case "reroute_to_team":
            world.teams.named(action, "destination_team_id")
            return action.with_known()
        case "escalation_policy":
            return _read_escalation(action, world)
        case _:
            return action.with_known()


def _read_escalation(action: Fields, world: World) -> Json:
    return action.with_known(
        policy_id=world.policies.named(action, "policy_id"),
        ack_timeout_minutes=action.integer("ack_timeout_minutes", *_ACK_MINUTES),
        support_hours=read_hours(action.optional_child("support_hours")),
        urgency=action.choice("urgency", _URGENCIES) if action.has("urgency") else None,
    )


def routing_resources(record: Json) -> list[Json]:
    """Return a team's list of rules and, after it, the rules."""
    rules: list[Json] = record["attributes"]["rules"]
    attributes = without(record["attributes"], "rules")
    relationships = {
        **record.get("relationships", {}),
        "rules": linkage("team_routing_rules", (rule["id"] for rule in rules)),
    }
    resource = {**without(record, "attributes"), "relationships": relationships}
    return [{**resource, "attributes": attributes} if attributes else resource, *map(_rule, rules)]


def old_rule(rule_id: str, policy_id: str | None, query: str, urgency: str) -> Json:
    """Return a rule as it is stored, for a policy or none, which need not be one that a request could set."""
    action = {"type": "escalation_policy", "policy_id": policy_id, "urgency": urgency}
    return {"id": rule_id, "actions": [action] if policy_id else [], "query": query, "urgency": urgency}


def escalated_policy(rule: Json) -> str | None:
    """Return the id of the policy that a rule leads to, None if it leads to none."""
    return next((action["policy_id"] for action in rule["actions"] if action["type"] == "escalation_policy"), None)


def _rule(rule: Json) -> Json:
    """Return a rule, whose policy, if it leads to one, stands in an action and, the old way, in a relationship."""
    resource = {"id": rule["id"], "type": "team_routing_rules", "attributes": without(rule, "id")}
    policy_id = escalated_policy(rule)
    if policy_id is None:
        return resource
    return {**resource, "relationships": {"policy": {"data": {"id": policy_id, "type": "policies"}}}}


@attrs.frozen
class RoutingRoutes:
    """The routes of a team's rules."""

    _world: World
    _envelope: Envelope

    def register(self, router: Router) -> None:
        """Add the routes to a router."""
        router.add("GET", _RULES, self._get)
        router.add("PUT", _RULES, self._set)

    def _get(self, call: Call) -> Answer:
        include = read_include(call.query, _INCLUDES)
        return self._answer(self._world.routing(call.ids[0]), include)

    def _set(self, call: Call) -> Answer:
        include = read_include(call.query, _INCLUDES)
        old = self._world.routing(call.ids[0])
        data = self._envelope.data(call)
        check_type(data, "team_routing_rules")
        return self._answer(self._world.set_routing(read_routing(data, self._world, old)), include)

    def _answer(self, record: Json, include: list[str]) -> Answer:
        resource, *rules = routing_resources(record)
        return self._envelope.answer(200, resource, include, parts=rules)

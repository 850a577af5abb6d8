"""Routing rules in JSON:API: a team's list, and the rules themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.simulator.datadog.json_api import linkage, without

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.json_api import Json


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

"""Escalation policies in JSON:API: the policy, its steps, and its targets with a position."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.simulator.datadog.json_api import linkage, without

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.json_api import Json


def policy_resources(policy: Json) -> list[Json]:
    """Return the policy and, after it, what belongs to it alone."""
    steps: list[Json] = policy["attributes"]["steps"]
    relationships = {**policy["relationships"], "steps": linkage("steps", (step["id"] for step in steps))}
    attributes: Json = {"tags": [], **without(policy["attributes"], "steps")}
    resource = {**policy, "attributes": attributes, "relationships": relationships}
    targets = [target for step in steps for target in step["targets"] if target_position(target)]
    return [resource, *map(_step, steps), *map(_schedule_target, targets)]


def target_position(target: Json) -> str | None:
    """Return which place in a rotation a target means, None for the current one or no schedule at all."""
    if target["type"] != "schedules":
        return None
    position: str | None = target.get("config", {}).get("schedule", {}).get("position")
    return position


def _step(step: Json) -> Json:
    return {
        "id": step["id"],
        "type": "steps",
        "attributes": without(step, "id", "targets"),
        "relationships": {"targets": {"data": list(map(_target_ref, step["targets"]))}},
    }


def _target_ref(target: Json) -> Json:
    if target_position(target) is None:
        return target
    config = without(target["config"], "schedule")
    rest = {"config": config} if config else {}
    return {**without(target, "config"), **rest, "id": _schedule_target_id(target), "type": "schedule_target"}


def _schedule_target(target: Json) -> Json:
    return {
        "id": _schedule_target_id(target),
        "type": "schedule_target",
        "attributes": target["config"]["schedule"],
        "relationships": {"schedule": {"data": {"id": target["id"], "type": "schedules"}}},
    }


def _schedule_target_id(target: Json) -> str:
    return f"{target['id']}_{target_position(target)}"

"""Escalation policies: read from requests, shown in JSON:API, and listed.

https://docs.datadoghq.com/api/latest/on-call/create-on-call-escalation-policy/
https://docs.datadoghq.com/api/latest/on-call/list-on-call-escalation-policies/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.simulator.datadog.crud import ON_CALL, CrudRoutes
from aiooncall.simulator.datadog.envelope import read_include
from aiooncall.simulator.datadog.json_api import linkage
from aiooncall.simulator.datadog.pagination import meta_page, read_slice
from aiooncall.simulator.datadog.reading import part_ids, read_relationships
from aiooncall.simulator.http.json_values import without

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.envelope import Envelope
    from aiooncall.simulator.datadog.fields import Fields
    from aiooncall.simulator.datadog.world import World
    from aiooncall.simulator.http.json_values import Json
    from aiooncall.simulator.http.routing import Answer, Call, Router

POLICIES: Final = f"{ON_CALL}/escalation-policies"
_INCLUDES: Final = ("teams", "steps", "steps.targets")
POSITIONS: Final = ("previous", "current", "next")
_ASSIGNMENTS: Final = ("default", "round-robin")
_MAX_STEPS: Final = 10
# https://registry.terraform.io/providers/DataDog/datadog/latest/docs/resources/on_call_escalation_policy
_MAX_TARGETS: Final = 10
_MAX_RETRIES: Final = 10
_MIN_WAIT: Final = 60
_MAX_WAIT: Final = 36_000
_MAX_SIZE: Final = 100  # undocumented; that of the list of schedules


def read_policy(data: Fields, world: World, old: Json | None) -> Json:
    """Return the policy that a request describes, which keeps the ids of the steps of the old one."""
    attributes = data.child("attributes")
    steps = attributes.children("steps")
    if not 1 <= len(steps) <= _MAX_STEPS:
        raise attributes.refusal("steps", f"must hold 1 to {_MAX_STEPS} steps")
    ids = part_ids(steps, [step["id"] for step in old["attributes"]["steps"]] if old else [], world)
    known = attributes.with_known(
        name=attributes.text("name"),
        resolve_page_on_policy_end=attributes.flag("resolve_page_on_policy_end"),
        retries=attributes.integer("retries", 0, _MAX_RETRIES) or 0,
        steps=[_read_step(step, step_id, world) for step, step_id in zip(steps, ids, strict=True)],
        tags=attributes.texts("tags") or None,
    )
    return data.with_known(attributes=known, relationships=read_relationships(data, world, "steps"))


def _read_step(step: Fields, step_id: str, world: World) -> Json:
    targets = step.children("targets")
    if not 1 <= len(targets) <= _MAX_TARGETS:
        raise step.refusal("targets", f"must hold 1 to {_MAX_TARGETS} targets")
    return step.with_known(
        id=step_id,
        assignment=step.choice("assignment", _ASSIGNMENTS, "default"),
        escalate_after_seconds=step.integer("escalate_after_seconds", _MIN_WAIT, _MAX_WAIT),
        targets=[_read_target(target, world) for target in targets],
    )


def _read_target(target: Fields, world: World) -> Json:
    tables = {"users": world.users, "schedules": world.schedules, "teams": world.teams}
    kind = target.choice("type", tables)
    return target.with_known(type=kind, id=tables[kind].named(target, "id"), config=_read_config(target))


def _read_config(target: Fields) -> Json | None:
    """Return a target's settings; the current position is the same as none, and never comes back."""
    config = target.optional_child("config")
    if config is None:
        return None
    schedule = config.optional_child("schedule")
    position = schedule.choice("position", POSITIONS, "current") if schedule else "current"
    kept = schedule.with_known(position=None if position == "current" else position) if schedule else None
    return config.with_known(schedule=kept or None) or None


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


def policy_routes(world: World, envelope: Envelope) -> CrudRoutes:
    """Return the routes of escalation policies."""
    return CrudRoutes(
        world,
        envelope,
        path=POLICIES,
        table=world.policies,
        includes=_INCLUDES,
        read=read_policy,
        resources=policy_resources,
        users=world.users_of_policy,
    )


@attrs.frozen
class PolicyList:
    """The route of the list of policies, which are in order of their names."""

    _world: World
    _envelope: Envelope

    def register(self, router: Router) -> None:
        """Add the route to a router."""
        router.add("GET", POLICIES, self._list)

    def _list(self, call: Call) -> Answer:
        include = read_include(call.query, _INCLUDES)
        part = read_slice(call.query, _MAX_SIZE)
        known = sorted(self._world.policies, key=_name)
        shown = [policy_resources(policy) for policy in part.of(known)]
        rows, parts = [policy for policy, *_ in shown], [one for _, *parts in shown for one in parts]
        meta = {"page": meta_page(len(known), *part)}
        return self._envelope.answer(200, rows, include, parts=parts, meta=meta)


def _name(policy: Json) -> str:
    name: str = policy["attributes"]["name"]
    return name

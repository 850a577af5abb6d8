"""Reads escalation policies, as strictly as the vendor documents them.

https://docs.datadoghq.com/api/latest/on-call/create-on-call-escalation-policy/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.datadog.reading import part_ids, read_relationships

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.fields import Fields
    from aiooncall.simulator.datadog.json_api import Json
    from aiooncall.simulator.datadog.world import World

POSITIONS: Final = ("previous", "current", "next")
_ASSIGNMENTS: Final = ("default", "round-robin")
_MAX_STEPS: Final = 10
# https://registry.terraform.io/providers/DataDog/datadog/latest/docs/resources/on_call_escalation_policy
_MAX_TARGETS: Final = 10
_MAX_RETRIES: Final = 10
_MIN_WAIT: Final = 60
_MAX_WAIT: Final = 36_000


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

"""How an escalation policy is written (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.unset import UNSET
from aiooncall._base.validation import count, text, whole_units
from aiooncall.datadog.models.people import Team, User
from aiooncall.datadog.models.policy import EscalationStep
from aiooncall.datadog.models.schedule import Schedule, ScheduleTarget
from aiooncall.datadog.writing.common import (
    attributes_of,
    bare,
    content,
    item,
    no_tags,
    owners,
    parts,
    ref_of,
    relationships,
    top_level,
)
from aiooncall.errors import OptionsError
from aiooncall.jsonapi import ResourceRef, UnknownResource, identifier

if TYPE_CHECKING:
    from aiooncall._base.json import Json
    from aiooncall.datadog.models.policy import EscalationPolicy


MOST_STEPS: Final = 10
MOST_RETRIES: Final = 10
MOST_TARGETS: Final = 10
"""Of one step, as Datadog's Terraform provider has it
(https://registry.terraform.io/providers/DataDog/datadog/latest/docs/resources/on_call_escalation_policy)."""
SHORTEST_WAIT: Final = 60
LONGEST_WAIT: Final = 36_000
"""Bounds of the API (https://docs.datadoghq.com/api/latest/on-call/), waits in seconds."""


def policy_request(policy: EscalationPolicy, *, update: bool = False) -> Json:
    """Return what a request for `policy` holds; on creation without the ids of it and of its steps.

    Raises:
        OptionsError: something about it is wrong.
        LinkError: a step or a configured target is only a reference.
        LossyWrite: something came with it that a request has no place for.
    """
    text("name", policy.name)
    no_tags(policy)
    if policy.retries is not UNSET and policy.retries is not None:
        count("retries", policy.retries, least=0, most=MOST_RETRIES)
    steps = parts("steps", policy.steps)
    if not 1 <= len(steps) <= MOST_STEPS:
        raise OptionsError("steps", len(steps), f"1 to {MOST_STEPS} steps")
    written = [_step(f"steps[{number}]", step, update=update) for number, step in enumerate(steps)]
    return {
        **top_level(policy, update=update),
        "attributes": {**attributes_of(policy), "steps": written},
        **relationships(policy, owners(policy.teams)),
    }


def _step(field: str, given: object, *, update: bool) -> Json:
    step: EscalationStep = content(field, given, EscalationStep)
    if step.escalate_after is not UNSET and step.escalate_after is not None:
        whole_units(f"{field}.escalate_after", step.escalate_after, 1, SHORTEST_WAIT, LONGEST_WAIT)
    targets = parts(f"{field}.targets", step.targets)
    if not 1 <= len(targets) <= MOST_TARGETS:
        raise OptionsError(f"{field}.targets", len(targets), f"1 to {MOST_TARGETS} targets")
    written = [_target(f"{field}.targets[{number}]", target) for number, target in enumerate(targets)]
    identity = {"id": step.id} if update and step.id else {}
    return {**identity, **item(field, step), "targets": written}


def _target(field: str, target: object) -> Json:
    if isinstance(target, ScheduleTarget):
        config = {**item(field, target), "position": text(f"{field}.position", target.position)}
        return {
            **identifier(ref_of(f"{field}.schedule", target.schedule, Schedule)),
            "config": {"schedule": config},
        }
    if isinstance(target, UnknownResource):
        return identifier(bare(field, target))
    if not isinstance(target, ResourceRef):
        return identifier(ref_of(field, target, User, Team, Schedule))
    if target.type == ScheduleTarget.type:
        content(field, target, ScheduleTarget)
    return identifier(target)

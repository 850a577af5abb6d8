"""An escalation policy as what can be drawn."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from aiooncall._base.unset import UNSET
from aiooncall.datadog.models.people import Team, User
from aiooncall.datadog.models.schedule import Layer, Member, Schedule, SchedulePosition, ScheduleTarget
from aiooncall.drawing.outline import Outline, OutlineStep, OutlineTarget
from aiooncall.jsonapi import ResourceRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aiooncall.datadog.models.policy import EscalationPolicy, EscalationStep, StepTarget
    from aiooncall.on_call import OnCall

_KINDS = {"users": "user", "teams": "team", "schedules": "schedule", "schedule_target": "schedule"}


def outline_of(
    policy: EscalationPolicy, steps: Iterable[EscalationStep | ResourceRef], on_call: Mapping[str, OnCall]
) -> Outline:
    """Return the outline of a policy.

    Args:
        policy: the policy.
        steps: its steps, with their targets, as far as they were read.
        on_call: who is on call, by schedule id.
    """
    known = [step for step in steps if not isinstance(step, ResourceRef)]
    return Outline(
        title=policy.label,
        steps=tuple(_step(step, on_call) for step in known),
        repeats=max(0, policy.retries or 0),
        ending="the page is resolved" if policy.resolve_page_on_policy_end else "the page stays open",
        teams=tuple(_label(team) for team in policy.teams or ()),
        complete=policy.steps is not UNSET and len(known) == len(policy.steps),
    )


def _step(step: EscalationStep, on_call: Mapping[str, OnCall]) -> OutlineStep:
    return OutlineStep(
        targets=tuple(_target(target, on_call) for target in step.targets or ()),
        wait=_wait(step.escalate_after),
        one_at_a_time=step.assignment == "round-robin",
    )


def _wait(seconds: object) -> float | None:
    """Return how long a step waits; None if nothing, or nothing that makes sense, was said."""
    return seconds if isinstance(seconds, int | float) and isfinite(seconds) and seconds > 0 else None


def _target(target: StepTarget, on_call: Mapping[str, OnCall]) -> OutlineTarget:
    if isinstance(target, ScheduleTarget) and target.schedule:
        return _on_schedule(target.schedule, target.position or SchedulePosition.CURRENT, on_call)
    if target.type == Schedule.type:
        return _on_schedule(target, SchedulePosition.CURRENT, on_call)
    kind = target.ref.type if not isinstance(target, ResourceRef) else target.type
    return OutlineTarget(kind=_KINDS.get(kind, kind), name=_label(target))


def _on_schedule(schedule: StepTarget, position: str, on_call: Mapping[str, OnCall]) -> OutlineTarget:
    """Say who is on call if that is known, else who takes turns."""
    detail = "" if position == SchedulePosition.CURRENT else f"{position} on call"
    known = on_call.get(schedule.id)
    if known is not None:
        people = tuple(person.label for person in known.at_position(position))
        return OutlineTarget(kind="schedule", name=_label(schedule), detail=detail, people=people)
    turns = tuple(dict.fromkeys(_members(schedule)))
    detail = ", ".join(filter(None, (detail, "one of"))) if turns else detail
    return OutlineTarget(kind="schedule", name=_label(schedule), detail=detail, people=turns)


def _members(schedule: StepTarget) -> Iterator[str]:
    for layer in schedule.layers or () if isinstance(schedule, Schedule) else ():
        for member in layer.members or () if isinstance(layer, Layer) else ():
            if isinstance(member, Member) and isinstance(member.user, User):
                yield member.user.label


def _label(thing: StepTarget) -> str:
    return thing.label if isinstance(thing, (User, Team, Schedule)) else thing.id

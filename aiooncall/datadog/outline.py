"""The steps of an escalation policy as what can be drawn."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from aiooncall.datadog.models.people import Team, User
from aiooncall.datadog.models.schedule import Layer, Member, Schedule, SchedulePosition, ScheduleTarget
from aiooncall.drawing.outline import OutlineStep, OutlineTarget
from aiooncall.jsonapi import ResourceRef

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from aiooncall.jsonapi import Resource
    from aiooncall.on_call import OnCall

    AnyResource = Resource | ResourceRef

_KINDS = {"users": "user", "teams": "team", "schedules": "schedule", "schedule_target": "schedule"}


def outline_step(
    targets: Iterable[AnyResource], wait: object, on_call: Mapping[str, OnCall], *, in_turn: bool
) -> OutlineStep:
    """Return the outline of a step.

    Args:
        targets: whom it tells, as far as they were read.
        wait: how many seconds it waits for somebody, as the server says.
        on_call: who is on call, by schedule id.
        in_turn: whether each page goes to only one of the targets.
    """
    known = tuple(_target(target, on_call) for target in targets)
    return OutlineStep(targets=known, wait=_wait(wait), one_at_a_time=in_turn)


def label_of(thing: AnyResource) -> str:
    """Return what to call a user, team or schedule: what was read of it, else its id."""
    return thing.label if isinstance(thing, (User, Team, Schedule)) else thing.id


def _wait(seconds: object) -> float | None:
    """Return how long a step waits; None if nothing, or nothing that makes sense, was said."""
    return seconds if isinstance(seconds, int | float) and isfinite(seconds) and seconds > 0 else None


def _target(target: AnyResource, on_call: Mapping[str, OnCall]) -> OutlineTarget:
    if isinstance(target, ScheduleTarget) and target.schedule:
        return _on_schedule(target.schedule, target.position or SchedulePosition.CURRENT, on_call)
    if target.type == Schedule.type:
        return _on_schedule(target, SchedulePosition.CURRENT, on_call)
    kind = target.ref.type if not isinstance(target, ResourceRef) else target.type
    return OutlineTarget(kind=_KINDS.get(kind, kind), name=label_of(target))


def _on_schedule(schedule: AnyResource, position: str, on_call: Mapping[str, OnCall]) -> OutlineTarget:
    """Say who is on call if that is known, else who takes turns."""
    detail = "" if position == SchedulePosition.CURRENT else f"{position} on call"
    known = on_call.get(schedule.id)
    if known is not None:
        people = tuple(person.label for person in known.at_position(position))
        return OutlineTarget(kind="schedule", name=label_of(schedule), detail=detail, people=people)
    turns = tuple(dict.fromkeys(_members(schedule)))
    detail = ", ".join(filter(None, (detail, "one of"))) if turns else detail
    return OutlineTarget(kind="schedule", name=label_of(schedule), detail=detail, people=turns)


def _members(schedule: AnyResource) -> Iterator[str]:
    for layer in schedule.layers or () if isinstance(schedule, Schedule) else ():
        for member in layer.members or () if isinstance(layer, Layer) else ():
            if isinstance(member, Member) and isinstance(member.user, User):
                yield member.user.label

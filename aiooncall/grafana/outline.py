"""The steps of an escalation chain as what can be drawn.

What the engine does at each step: grafana/oncall, escalation_policy_snapshot.py in
engine/apps/alerts/escalation_snapshot/snapshot_classes.
"""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.drawing.outline import Outline, OutlineStep, OutlineTarget
from aiooncall.grafana.models.escalation import (
    ContinueAtTimeStep,
    ContinueOnAlertsStep,
    DeclareIncidentStep,
    NotifyChannelStep,
    NotifyNextPersonStep,
    NotifyPersonsStep,
    NotifyScheduleStep,
    NotifyTeamStep,
    NotifyUserGroupStep,
    RepeatStep,
    ResolveStep,
    Told,
    TriggerWebhookStep,
    UnknownStep,
    WaitStep,
    told_by,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aiooncall.grafana.models.escalation import EscalationChain, EscalationPolicy
    from aiooncall.on_call import OnCall

    Names = Mapping[str, str]
    OnCallBySchedule = Mapping[str, OnCall]

MOST_REPEATS: Final = 5
"""How often a chain begins again at most: grafana/oncall, engine/apps/alerts/models/escalation_policy.py."""
_TELLING: Final = (
    *(NotifyPersonsStep, NotifyNextPersonStep, NotifyScheduleStep, NotifyTeamStep, NotifyUserGroupStep),
    TriggerWebhookStep,
)
"""Steps that tell somebody or something that has an id."""
_OPEN_ENDED: Final = (ContinueAtTimeStep, ContinueOnAlertsStep, RepeatStep, UnknownStep)
"""Steps after which nobody knows beforehand when the next one begins."""
_RESOLVED: Final = "the alert group is resolved"
_FIRING: Final = "the alert group keeps firing"


def outline_of(
    chain: EscalationChain, steps: Sequence[EscalationPolicy], names: Names, on_call: OnCallBySchedule
) -> Outline:
    """Return the outline of a chain: up to the step that resolves the group, after which there is no more.

    Args:
        chain: the chain.
        steps: its steps, in order.
        names: what to call whom they tell, by id.
        on_call: who is on call, by schedule id.
    """
    end = next((place for place, step in enumerate(steps) if isinstance(step, ResolveStep)), None)
    passed = list(steps[:end])
    repeats = bool(passed) and isinstance(passed[-1], RepeatStep)
    return Outline(
        title=chain.name or chain.id,
        steps=_with_waits(passed[:-1] if repeats else passed, names, on_call),
        repeats=MOST_REPEATS if repeats else 0,
        ending=_FIRING if end is None else _RESOLVED,
        teams=() if not chain.team_id else (names.get(chain.team_id, chain.team_id),),
    )


def _with_waits(steps: Iterable[EscalationPolicy], names: Names, on_call: OnCallBySchedule) -> tuple[OutlineStep, ...]:
    """Return steps with the waits that stand between them; one at the beginning is a step that reaches nobody."""
    found: list[OutlineStep] = []
    for step in steps:
        if not isinstance(step, WaitStep):
            targets = tuple(_targets(step, names, on_call))
            wait = None if isinstance(step, _OPEN_ENDED) else 0
            found.append(OutlineStep(targets=targets, wait=wait, one_at_a_time=isinstance(step, NotifyNextPersonStep)))
            continue
        last = found.pop() if found else OutlineStep(targets=(), wait=0)
        found.append(attrs.evolve(last, wait=_longer(last.wait, step.duration)))
    return tuple(found)


def _longer(wait: float | None, more: object) -> float | None:
    """Return a wait that is followed by another; None if one of them is not known, or makes no sense."""
    if wait is None or not isinstance(more, int | float) or not (isfinite(more) and more >= 0):
        return None
    return wait + more


def _targets(step: EscalationPolicy, names: Names, on_call: OnCallBySchedule) -> Iterator[OutlineTarget]:
    """Yield whom a step reaches, or what it does instead."""
    detail = "important" if getattr(step, "important", False) is True else ""
    for kind, identifier in told_by(step):
        known = on_call.get(identifier) if kind is Told.SCHEDULE else None
        people = () if known is None else tuple(person.label for person in known.current)
        yield OutlineTarget(kind=kind, name=names.get(identifier, identifier), detail=detail, people=people)
    if not isinstance(step, _TELLING):
        yield _deed(step)


def _deed(step: EscalationPolicy) -> OutlineTarget:
    """Return what a step does that tells nobody in particular."""
    match step:
        case NotifyChannelStep():
            return OutlineTarget(kind="slack_channel", name="of the alert group", detail="everybody in it")
        case ContinueAtTimeStep(notify_if_time_from=start, notify_if_time_to=end):
            return OutlineTarget(kind="condition", name=f"to go on only from {start or '?'} to {end or '?'}")
        case ContinueOnAlertsStep(num_alerts_in_window=alerts, num_minutes_in_window=minutes):
            return OutlineTarget(
                kind="condition", name=f"to go on only after {alerts or '?'} alerts in {minutes or '?'} min"
            )
        case DeclareIncidentStep(severity=severity):
            return OutlineTarget(
                kind="incident", name="declared now", detail=f"severity {severity}" if severity else ""
            )
        case RepeatStep():
            return OutlineTarget(kind="repetition", name="of all steps so far", detail=f"at most {MOST_REPEATS} times")
        case _:
            return OutlineTarget(
                kind="step", name=str(getattr(step, "kind", "") or step.id), detail="of an unknown kind"
            )

"""Escalation policies: who is told, step by step (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

import attrs

from aiooncall._base.datetimes import to_seconds
from aiooncall._base.unset import UNSET, Omittable, UnsetType
from aiooncall.codec.fields import ANY_ORDER, UNIT, WIRE, as_tuple, listed, read_only, required
from aiooncall.datadog.models.people import Team, User
from aiooncall.datadog.models.schedule import Schedule, ScheduleTarget
from aiooncall.datadog.models.written import Written
from aiooncall.drawing.drawable import Drawable
from aiooncall.jsonapi import TO_MANY, Resource, ResourceRef, UnknownResource, Unread, each, to_many

if TYPE_CHECKING:
    from aiooncall.drawing.outline import Outline
    from aiooncall.on_call import OnCall


class Assignment(StrEnum):
    """Which of a step's targets are told: all of them, or each time the next one in turn."""

    DEFAULT = "default"
    ROUND_ROBIN = "round-robin"


def _tells_all(step: EscalationStep) -> bool:
    """Return whether a step tells all its targets at once; answers name them in another order than requests."""
    return step.assignment != Assignment.ROUND_ROBIN


StepTarget = User | Team | Schedule | ScheduleTarget | UnknownResource | ResourceRef


@attrs.define(kw_only=True, eq=False, repr=False)
class EscalationStep(Resource):
    """One step of an escalation.

    Attributes:
        targets: who is told: users, teams, schedules, or positions of schedules.
        escalate_after: how long to wait for somebody before the next step: seconds, or a timedelta; 60 s to 10 h.
        assignment: which of the targets are told.
    """

    type: ClassVar[str] = "steps"
    is_part: ClassVar[bool] = True

    targets: Sequence[StepTarget] | UnsetType = listed(metadata={**TO_MANY, ANY_ORDER: _tells_all})
    escalate_after: Omittable[float] = attrs.field(
        default=UNSET, converter=to_seconds, metadata={WIRE: "escalate_after_seconds", UNIT: 1}
    )
    assignment: Omittable[Assignment | str] = UNSET


def _steps(given: Iterable[EscalationStep] | UnsetType) -> Sequence[EscalationStep | Unread] | UnsetType:
    return as_tuple(given)


@attrs.define(kw_only=True, eq=False, repr=False)
class EscalationPolicy(Drawable, Written):
    """Who is told of a page, in which order, until somebody acknowledges it.

    Attributes:
        name: the display name.
        steps: 1 to 10 steps, in order.
        retries: how often the steps are done again if nobody acknowledges, 0 to 10.
        resolve_page_on_policy_end: whether the page is resolved once all that is over.
        teams: who owns it.
        tags: tags of the policy, as the server tells them; requests have no place for them, so they are not written.
    """

    type: ClassVar[str] = "policies"

    name: str | UnsetType = required()
    steps: Sequence[EscalationStep | Unread] | UnsetType = attrs.field(
        default=UNSET, converter=_steps, metadata=TO_MANY
    )
    retries: Omittable[int] = UNSET
    resolve_page_on_policy_end: Omittable[bool] = UNSET
    teams: Sequence[Team | ResourceRef] | UnsetType = to_many()
    tags: Omittable[Sequence[str]] = read_only(several=True)

    @property
    def label(self) -> str:
        """What to call the policy: the name, else the id."""
        return self.name or self.id

    def _outline(self, on_call: Mapping[str, OnCall]) -> Outline:
        from aiooncall.datadog.outline import label_of, outline_step  # noqa: PLC0415 (drawing is not needed to page)
        from aiooncall.drawing.outline import Outline  # noqa: PLC0415 (neither is this)

        found: Iterable[EscalationStep | ResourceRef] = each(self.steps, EscalationStep)
        steps = [step for step in found if not isinstance(step, ResourceRef)]
        return Outline(
            title=self.label,
            steps=tuple(
                outline_step(step.targets or (), step.escalate_after, on_call, in_turn=not _tells_all(step))
                for step in steps
            ),
            repeats=max(0, self.retries or 0),
            ending="the page is resolved" if self.resolve_page_on_policy_end else "the page stays open",
            teams=tuple(label_of(team) for team in self.teams or ()),
            complete=self.steps is not UNSET and len(steps) == len(self.steps),
        )

"""Who is on call, for a schedule or a team (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

import attrs

from aiooncall._base.validation import aware
from aiooncall.client.composite import Bounds
from aiooncall.client.gather import read_all
from aiooncall.datadog.models.on_call import Escalation, ScheduleResponder, Shift
from aiooncall.datadog.models.people import Team, User
from aiooncall.datadog.models.policy import EscalationStep
from aiooncall.datadog.models.routing import RoutingRule
from aiooncall.datadog.models.schedule import Schedule, SchedulePosition, ScheduleTarget
from aiooncall.datadog.resources.escalation_policies import EscalationPolicies
from aiooncall.datadog.resources.includes import PolicyInclude
from aiooncall.datadog.resources.routing_rules import TeamRoutingRules
from aiooncall.datadog.resources.schedules import Schedules
from aiooncall.datadog.resources.team_lookup import team_id_of
from aiooncall.datadog.resources.teams import Teams
from aiooncall.datadog.writing.routing import VIRTUAL
from aiooncall.errors import OptionsError
from aiooncall.jsonapi import UnknownResource, each
from aiooncall.on_call import OnCall, Responder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from aiooncall._base.unset import UnsetType
    from aiooncall.client.core import ApiCore
    from aiooncall.datadog.models.on_call import ScheduleResponders
    from aiooncall.datadog.models.policy import StepTarget
    from aiooncall.jsonapi import Resource, ResourceRef

    People = tuple[Responder, ...]
    Targets = Sequence[StepTarget]
    Users = Sequence[User | ResourceRef]


async def who_is_on_call(
    core: ApiCore, *, team: str | None, schedule: str | None, at: datetime | None, shifts: bool
) -> OnCall:
    """Return who is on call for a team or a schedule, now or at an instant."""
    if (team is None) == (schedule is None):
        raise OptionsError("team, schedule", (team, schedule), "exactly one of the two")
    if not shifts and (team is None or at is not None):
        raise OptionsError(
            "shifts", shifts, "True, but for a team and now: the only question that Datadog answers without"
        )
    instant = datetime.fromtimestamp(core.options.clock.time(), UTC) if at is None else aware("at", at)
    if schedule is not None:
        return await _of_schedule(core, schedule, instant)
    assert team is not None  # noqa: S101 (narrowing: one of the two is given)
    with core.one_deadline():
        team = await team_id_of(core, team)
        if not shifts:
            return await _as_the_server_says(core, team, OnCall(at=instant), ())
        walk = _Walk(core, instant)
        walked = await walk.team(team)
        return walked if at is not None else await _as_the_server_says(core, team, walked, walk.later_steps(team))


async def _of_schedule(core: ApiCore, schedule: str, at: datetime) -> OnCall:
    found = await Schedules(core).responders(schedule, at=at, positions=SchedulePosition)
    return OnCall(
        at=at,
        current=_holders(found, SchedulePosition.CURRENT),
        previous=_holders(found, SchedulePosition.PREVIOUS),
        next=_holders(found, SchedulePosition.NEXT),
    )


async def _as_the_server_says(core: ApiCore, team: str, walked: OnCall, steps: Sequence[str]) -> OnCall:
    """Take the server's own word for now, and the times of the shifts from our own look at these later steps."""
    answer = await Teams(core).on_call(team)
    current = _known(each(answer.responders, User), walked.current)
    told = {step.id: tuple(each(step.responders, User)) for step in each(answer.escalations, Escalation)}
    escalations = _paired(told, dict(zip(steps, walked.escalations, strict=True)))
    return attrs.evolve(
        walked, current=current, escalations=escalations, lacks="" if current or escalations else walked.lacks
    )


def _paired(told: Mapping[str, Users], seen: Mapping[str, People]) -> tuple[People, ...]:
    """Return whom each step reaches as the server says, which leaves out steps that reach nobody.

    Args:
        told: the server's word, by what is the step's id in recordings. A step that goes by another id is known by its
            people, and comes last if even they are others.
        seen: our own look, by the step's id.
    """
    others = {name: users for name, users in told.items() if name not in seen}
    found: list[People] = []
    for name, people in seen.items():
        same = name if name in told else next((one for one in others if _are(others[one], people)), "")
        others.pop(same, None)
        found.append(_known(told.get(same, ()), people))
    return (*found, *(_known(users, ()) for users in others.values()))


def _are(users: Users, people: People) -> bool:
    return {user.id for user in users} == {person.id for person in people}


def _known(users: Iterable[User | ResourceRef], seen: Iterable[Responder]) -> tuple[Responder, ...]:
    """Return users as we have seen them for the same step."""
    shifts = {person.id: person for person in seen}
    return tuple(shifts.get(user.id) or _person(user) for user in users)


def _holders(found: ScheduleResponders, position: SchedulePosition) -> tuple[Responder, ...]:
    holders = [holder for holder in each(found.responders, ScheduleResponder) if holder.position == position]
    return tuple(_on_shift(shift) for holder in holders for shift in each(holder.shifts, Shift) if shift.user)


def _on_shift(shift: Shift | ResourceRef) -> Responder:
    (user,) = each((shift.user,), User)
    return attrs.evolve(_person(user), start=shift.start or None, end=shift.end or None)


def _person(user: Resource | ResourceRef | UnsetType | None) -> Responder:
    if isinstance(user, User):
        return Responder(id=user.id, name=user.name or None, email=user.email or None)
    return Responder(id=user.id if user else "")


class _Walk:
    """Follows a team's first policy to the people it reaches at one instant; everything is asked once."""

    def __init__(self, core: ApiCore, at: datetime) -> None:
        self._core = core
        self._nobody = OnCall(at=at)
        self._lacks: dict[str, str] = {}
        self._steps: dict[str, list[EscalationStep]] = {}
        self._schedules: dict[str, OnCall] = {}
        self._bounds = Bounds("who is on call")

    async def team(self, team_id: str) -> OnCall:
        """Return who is on call for a team: its first rule that names a policy decides."""
        self._steps[team_id] = await self._steps_of(team_id)
        while teams := {target.id for target in self._targets() if _kind(target) == Team.type} - self._steps.keys():
            self._bounds.go_deeper(len(teams))
            found = await read_all([*teams], self._steps_of, skip_missing=True)
            # A team that is a target stands for whom its policy reaches at once.
            self._steps |= {team: found.get(team, [])[:1] for team in teams}
        schedules = {name for target in self._targets() if (name := _schedule_id(target))}
        self._bounds.go_deeper(len(schedules))
        self._schedules = await read_all([*schedules], self._schedule, skip_missing=True)
        reached = [self._reached(step.targets or (), {team_id}) for step in self._steps[team_id]] or [self._nobody]
        later = tuple(step.current for step in reached[1:])
        return attrs.evolve(reached[0], escalations=later, lacks=self._lacks.get(team_id, ""))

    def later_steps(self, team_id: str) -> list[str]:
        """Return the ids of the steps that come after a team's first."""
        return [step.id for step in self._steps[team_id][1:]]

    async def _steps_of(self, team_id: str) -> list[EscalationStep]:
        rules = [*each((await TeamRoutingRules(self._core).get(team_id)).rules, RoutingRule)]
        policy_ids = [rule.policy_id for rule in rules if rule.policy_id]
        if not policy_ids:
            made_up = all(rule.id.startswith(VIRTUAL) for rule in rules)
            self._lacks[team_id] = "routing rules" if made_up else "routing rule with a policy"
            return []
        policy = await EscalationPolicies(self._core).get(policy_ids[0], include=PolicyInclude)
        return [*each(policy.steps, EscalationStep)]

    def _targets(self) -> Iterator[StepTarget]:
        return (target for steps in self._steps.values() for step in steps for target in step.targets or ())

    async def _schedule(self, schedule_id: str) -> OnCall:
        return await _of_schedule(self._core, schedule_id, self._nobody.at)

    def _reached(self, targets: Targets, passed: set[str]) -> OnCall:
        """Return whom one step reaches; a team that was passed on the way reaches nobody anew."""
        parts = [self._target(target, passed) for target in targets]
        return attrs.evolve(
            self._nobody,
            current=_distinct(part.current for part in parts),
            previous=_distinct(part.previous for part in parts),
            next=_distinct(part.next for part in parts),
        )

    def _target(self, target: StepTarget, passed: set[str]) -> OnCall:
        if isinstance(target, ScheduleTarget):
            held = self._schedules.get(_schedule_id(target) or "", self._nobody)
            return attrs.evolve(self._nobody, current=held.at_position(target.position))
        if _kind(target) == User.type:
            return attrs.evolve(self._nobody, current=(_person(target),))
        if _kind(target) != Team.type:
            return self._schedules.get(target.id, self._nobody)
        steps = [] if target.id in passed else self._steps[target.id]
        passed.add(target.id)
        return self._reached([one for step in steps[:1] for one in step.targets or ()], passed)


def _kind(target: StepTarget) -> str:
    return target.kind if isinstance(target, UnknownResource) else target.type


def _schedule_id(target: StepTarget) -> str | None:
    if isinstance(target, ScheduleTarget):
        return next((one.id for one in each((target.schedule,) if target.schedule else (), Schedule)), None)
    return target.id if _kind(target) == Schedule.type else None


def _distinct(groups: Iterable[tuple[Responder, ...]]) -> tuple[Responder, ...]:
    """Return each person once, with a shift if there is one."""
    found: dict[str, Responder] = {}
    for person in chain.from_iterable(groups):
        if person.id not in found or found[person.id].start is None:
            found[person.id] = person
    return tuple(found.values())

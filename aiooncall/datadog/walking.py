"""Whom the steps of an escalation policy reach: followed through teams and schedules to people."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

import attrs

from aiooncall.client.composite import Bounds
from aiooncall.client.gather import read_all
from aiooncall.datadog.models.on_call import ScheduleResponder, Shift
from aiooncall.datadog.models.people import Team, User
from aiooncall.datadog.models.policy import EscalationStep
from aiooncall.datadog.models.routing import RoutingRule
from aiooncall.datadog.models.schedule import Schedule, SchedulePosition, ScheduleTarget
from aiooncall.datadog.resources.routing_reading import RoutingRuleReader
from aiooncall.datadog.resources.schedules import Schedules
from aiooncall.datadog.writing.routing import VIRTUAL
from aiooncall.jsonapi import UnknownResource, each
from aiooncall.on_call import OnCall, Responder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aiooncall._base.unset import UnsetType
    from aiooncall.client.core import ApiCore
    from aiooncall.datadog.models.on_call import ScheduleResponders
    from aiooncall.datadog.models.policy import EscalationPolicy, StepTarget
    from aiooncall.datadog.models.routing import RoutingRules
    from aiooncall.jsonapi import Resource, ResourceRef

    Steps = Sequence[EscalationStep]


class _Held(NamedTuple):
    """Who is on call on a schedule from one instant to another; None for no end."""

    since: datetime
    until: datetime | None
    on_call: OnCall

    def holds(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


class Walk:
    """Follows steps to the people that they reach; everything is asked once.

    Args:
        core: what to ask with.
        policy: reads a policy with its steps and their targets.
        what: what is asked, for the error that it leads too far.
    """

    def __init__(self, core: ApiCore, policy: Callable[[str], Awaitable[EscalationPolicy]], what: str) -> None:
        self._core = core
        self._policy = policy
        self._bounds = Bounds(what)
        self._policies: dict[str, EscalationPolicy] = {}
        self._first_steps: dict[str, Steps] = {}
        self._schedules: dict[str, list[_Held]] = {}

    async def policy(self, policy_id: str) -> EscalationPolicy:
        """Return a policy; NotFound if it is gone."""
        self._policies[policy_id] = await self._policy(policy_id)
        return self._policies[policy_id]

    async def policies(self, ids: Iterable[str]) -> Mapping[str, EscalationPolicy]:
        """Return policies by id; one that is gone is left out."""
        wanted = dict.fromkeys(ids)
        unknown = [one for one in wanted if one not in self._policies]
        self._policies |= await read_all(unknown, self._policy, skip_missing=True)
        return {one: self._policies[one] for one in wanted if one in self._policies}

    async def follow(self, steps: Iterable[EscalationStep], passed: Collection[str] = ()) -> None:
        """Read what the teams among the targets of steps stand for: whom their policies reach at once.

        Args:
            steps: whose targets to follow.
            passed: the ids of teams that need not be read: they reach nobody anew.
        """
        met, known = {*passed, *self._first_steps}, [*steps]
        while teams := {target.id for target in self._targets(known) if kind_of(target) == Team.type} - met:
            self._bounds.go_deeper(len(teams))
            met |= teams
            self._first_steps |= await self._steps_of([*teams])

    async def ask(self, moments: Iterable[tuple[EscalationStep, datetime]]) -> None:
        """Ask who is on call on the schedules that steps, or teams among their targets, lead to.

        An answer holds as long as its shift does, so that of one schedule each shift is asked for once.

        Args:
            moments: the steps, each with an instant at which it reaches somebody.
        """
        needed: dict[str, set[datetime]] = {}
        for step, at in moments:
            for schedule in self._schedules_of(step.targets or (), set()):
                needed.setdefault(schedule, set()).add(at)

        async def ask(schedule: str) -> list[_Held]:
            held = self._schedules.get(schedule, [])
            for at in sorted(needed[schedule]):
                if not any(one.holds(at) for one in held):
                    held = [*held, _held(await on_schedule(self._core, schedule, at))]
            return held

        self._bounds.go_deeper(len(needed))
        self._schedules |= await read_all([*needed], ask, skip_missing=True)

    def reached(self, targets: Iterable[StepTarget], at: datetime, passed: Collection[str] = ()) -> OnCall:
        """Return whom targets reach at an instant; a team that was passed on the way reaches nobody anew."""
        return self._together(targets, at, {*passed})

    def _together(self, targets: Iterable[StepTarget], at: datetime, passed: set[str]) -> OnCall:
        parts = [self._reached(target, at, passed) for target in targets]
        return OnCall(
            at=at,
            current=_distinct(part.current for part in parts),
            previous=_distinct(part.previous for part in parts),
            next=_distinct(part.next for part in parts),
        )

    def _reached(self, target: StepTarget, at: datetime, passed: set[str]) -> OnCall:
        if isinstance(target, ScheduleTarget):
            held = self._on_call(schedule_id_of(target) or "", at)
            return OnCall(at=at, current=held.at_position(target.position))
        if kind_of(target) == User.type:
            return OnCall(at=at, current=(person_of(target),))
        if kind_of(target) != Team.type:
            return self._on_call(target.id, at)
        behind = () if target.id in passed else self._behind(target.id)
        passed.add(target.id)
        return self._together(behind, at, passed)

    def _on_call(self, schedule: str, at: datetime) -> OnCall:
        held = self._schedules.get(schedule, ())
        return next((one.on_call for one in held if one.holds(at)), OnCall(at=at))

    def _schedules_of(self, targets: Iterable[StepTarget], passed: set[str]) -> Iterator[str]:
        """Yield the schedules that targets lead to, through teams as well."""
        for target in targets:
            if schedule := schedule_id_of(target):
                yield schedule
            elif target.id not in passed:
                passed.add(target.id)
                yield from self._schedules_of(self._behind(target.id), passed)

    def _behind(self, team: str) -> Iterator[StepTarget]:
        """Return whom a team stands for; nobody for what is no team."""
        return chain.from_iterable(step.targets or () for step in self._first_steps.get(team, ()))

    def _targets(self, steps: Iterable[EscalationStep]) -> Iterator[StepTarget]:
        """Yield the targets of steps and of those that teams stand for."""
        for step in chain(steps, *self._first_steps.values()):
            yield from step.targets or ()

    async def _steps_of(self, teams: Sequence[str]) -> Mapping[str, Steps]:
        """Return the first step of each team: a team that is a target stands for whom its policy reaches at once."""
        found = await read_all(teams, RoutingRuleReader(self._core).get, skip_missing=True)
        leads = {team: name for team, rules in found.items() if (name := first_policy(rules))}
        policies = await self.policies(leads.values())
        return {team: steps_of(policies[leads[team]])[:1] if leads.get(team) in policies else () for team in teams}


async def on_schedule(core: ApiCore, schedule: str, at: datetime) -> OnCall:
    """Return who is on call on a schedule at an instant, by position."""
    found = await Schedules(core).responders(schedule, at=at, positions=SchedulePosition)
    return OnCall(
        at=at,
        current=_holders(found, SchedulePosition.CURRENT),
        previous=_holders(found, SchedulePosition.PREVIOUS),
        next=_holders(found, SchedulePosition.NEXT),
    )


def first_policy(rules: RoutingRules) -> str | None:
    """Return the id of the policy of the first rule that names one."""
    return next((rule.policy_id for rule in each(rules.rules, RoutingRule) if rule.policy_id), None)


def lack_of(rules: RoutingRules) -> str:
    """Return what a team lacks whose rules name no policy."""
    made_up = all(rule.id.startswith(VIRTUAL) for rule in each(rules.rules, RoutingRule))
    return "routing rules" if made_up else "routing rule with a policy"


def steps_of(policy: EscalationPolicy) -> list[EscalationStep]:
    """Return the steps of a policy."""
    return [*each(policy.steps, EscalationStep)]


def kind_of(target: StepTarget) -> str:
    """Return the type of what a step reaches."""
    return target.kind if isinstance(target, UnknownResource) else target.type


def schedule_id_of(target: StepTarget) -> str | None:
    """Return the id of the schedule that a target is, or is a position of."""
    if isinstance(target, ScheduleTarget):
        return next((one.id for one in each((target.schedule,) if target.schedule else (), Schedule)), None)
    return target.id if kind_of(target) == Schedule.type else None


def person_of(user: Resource | ResourceRef | UnsetType | None) -> Responder:
    """Return a user as somebody who is reached."""
    if isinstance(user, User):
        return Responder(id=user.id, name=user.name or None, email=user.email or None)
    return Responder(id=user.id if user else "")


def _held(found: OnCall) -> _Held:
    """Return how long an answer holds: until the shift ends, or until the next one begins where nobody has one."""
    edges = [person.end for person in found.current] or [person.start for person in found.next]
    return _Held(found.at, min((edge for edge in edges if edge), default=None), found)


def _holders(found: ScheduleResponders, position: SchedulePosition) -> tuple[Responder, ...]:
    holders = [holder for holder in each(found.responders, ScheduleResponder) if holder.position == position]
    return tuple(_on_shift(shift) for holder in holders for shift in each(holder.shifts, Shift) if shift.user)


def _on_shift(shift: Shift | ResourceRef) -> Responder:
    (user,) = each((shift.user,), User)
    return attrs.evolve(person_of(user), start=shift.start or None, end=shift.end or None)


def _distinct(groups: Iterable[tuple[Responder, ...]]) -> tuple[Responder, ...]:
    """Return each person once, with a shift if there is one."""
    found: dict[str, Responder] = {}
    for person in chain.from_iterable(groups):
        if person.id not in found or found[person.id].start is None:
            found[person.id] = person
    return tuple(found.values())

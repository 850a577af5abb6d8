"""What an audit decides by, taken from Datadog's models; nothing here reads or sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.unset import UNSET
from aiooncall.audit.facts import HIGH, LOW, OnDuty, Policy, Route, Routing, Standing, Status, Step, Target, TargetKind
from aiooncall.audit.kinds import PlaceKind
from aiooncall.audit.models import Place
from aiooncall.audit.on_schedules import not_computed, on_schedule
from aiooncall.datadog.layers import last_end, person_of, rotations_of, shift_of, stand_ins_of
from aiooncall.datadog.models.notification import NotificationCategory, NotificationChannel
from aiooncall.datadog.models.people import Team, User
from aiooncall.datadog.models.policy import EscalationStep
from aiooncall.datadog.models.routing import RerouteToTeamAction, RoutingRule, RoutingUrgency
from aiooncall.datadog.models.schedule import Layer, Member, Schedule, ScheduleTarget
from aiooncall.datadog.models.variant import UnknownVariant
from aiooncall.datadog.rotation import joined, on_call
from aiooncall.errors import CodecError, LinkError, OptionsError
from aiooncall.jsonapi import UnknownResource, each

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aiooncall.audit.models import Finding
    from aiooncall.audit.question import Question
    from aiooncall.coverage.models import Shift
    from aiooncall.datadog.models.notification import NotificationRule
    from aiooncall.datadog.models.override import Override
    from aiooncall.datadog.models.policy import EscalationPolicy, StepTarget
    from aiooncall.datadog.models.routing import RoutingRules
    from aiooncall.jsonapi import Resource, ResourceRef

_STATUSES: Final[Mapping[str, Status]] = {
    "active": Status.ACTIVE,
    "pending": Status.PENDING,
    "deactivated": Status.DISABLED,
    "disabled": Status.DISABLED,
}
"""What the status of a user means, in the words of On-Call and of the list of users, in small letters."""
_URGENCIES: Final[Mapping[str, frozenset[str]]] = {
    RoutingUrgency.HIGH: frozenset({HIGH}),
    RoutingUrgency.LOW: frozenset({LOW}),
    RoutingUrgency.DYNAMIC: frozenset({HIGH, LOW}),
}
_CATEGORIES: Final[Mapping[str, str]] = {NotificationCategory.HIGH_URGENCY: HIGH, NotificationCategory.LOW_URGENCY: LOW}


def is_read(policy: EscalationPolicy) -> bool:
    """Return whether a policy came with its steps and their targets, which the list is not sure to do."""
    return policy.steps is not UNSET and all(isinstance(step, EscalationStep) for step in policy.steps)


def policy_of(policy: EscalationPolicy) -> Policy:
    """Return an escalation policy as an audit sees it."""
    steps = [_step_of(policy, number, step) for number, step in enumerate(each(policy.steps, EscalationStep), 1)]
    return Policy(
        place=Place(kind=PlaceKind.POLICY, id=policy.id, name=policy.label),
        steps=tuple(steps),
        teams=ids_of(policy.teams or ()),
    )


def _step_of(policy: EscalationPolicy, number: int, step: EscalationStep) -> Step:
    place = Place(kind=PlaceKind.STEP, id=step.id, name=f"{number} of {policy.label}")
    targets = step.targets or ()
    return Step(place=place, targets=tuple(map(target_of, targets)), people=tuple(standings(targets, place)))


def target_of(target: StepTarget) -> Target:
    """Return whom a step tells."""
    if isinstance(target, ScheduleTarget):
        return Target(TargetKind.SCHEDULE, target.schedule.id) if target.schedule else _unknown(target)
    kind = target.kind if isinstance(target, UnknownResource) else target.type
    kinds = {User.type: TargetKind.PERSON, Schedule.type: TargetKind.SCHEDULE, Team.type: TargetKind.TEAM}
    return Target(kinds[kind], target.id) if kind in kinds else _unknown(target)


def _unknown(target: Resource | ResourceRef) -> Target:
    return Target(TargetKind.UNKNOWN, target.id)


def standings(users: Iterable[object], place: Place) -> Iterator[Standing]:
    """Yield those of some resources that are people, at a place."""
    for user in users:
        is_person = getattr(user, "type", None) == User.type
        if is_person and (person := person_of(user)) is not None:
            yield Standing(person, place, status_of(user))


def status_of(user: object) -> Status | None:
    """Return the status of a user's account; None if it is not told, or in a way that is not known."""
    if not isinstance(user, User):
        return None
    return Status.DISABLED if user.disabled is True else _STATUSES.get(str(user.status or "").casefold())


def ids_of(resources: Iterable[Resource | ResourceRef]) -> frozenset[str]:
    """Return the ids of resources."""
    return frozenset(one.id for one in resources)


def routing_of(team: Place, rules: RoutingRules | None) -> Routing:
    """Return a team's routing rules as an audit sees them: those that page, up to the one that takes all."""
    return Routing(place=team, routes=tuple(_routes(each(rules.rules, RoutingRule) if rules else ())))


def _routes(rules: Iterable[RoutingRule]) -> Iterator[Route]:
    for rule in rules:
        takes_all = not rule.query and not (rule.time_restriction and rule.time_restriction.restrictions)
        if _pages(rule):
            yield Route(policy=rule.policy_id or "", urgencies=_urgencies(rule), catches_all=takes_all)
        if takes_all:
            return  # what comes after it is never tried


def _pages(rule: RoutingRule) -> bool:
    """Return whether a rule leads to a policy or a team; an action of an unknown kind is taken to page."""
    return rule.policy_id is not None or any(
        isinstance(action, (RerouteToTeamAction, UnknownVariant)) for action in rule.actions or ()
    )


def _urgencies(rule: RoutingRule) -> frozenset[str]:
    """Return which urgencies the pages of a rule have; high unless it says so, and none that is not known."""
    return _URGENCIES.get(rule.page_urgency or RoutingUrgency.HIGH, frozenset())


def _standing(place: Place, layers: Iterable[object], overrides: Iterable[Override]) -> tuple[Standing, ...]:
    """Return who has a place in some layers of a schedule, or stands in."""
    members = [member.user for layer in each(layers, Layer) for member in each(layer.members, Member)]
    return tuple(standings([*members, *(one.user for one in overrides)], place))


def _first(shifts: Iterable[Shift]) -> dict[str, datetime]:
    """Return when each person is first on call by shifts, which are in order."""
    first: dict[str, datetime] = {}
    for shift in shifts:
        if shift.person is not None:
            first.setdefault(shift.person.id, shift.start)
    return first


def urgencies_told(rules: Iterable[NotificationRule]) -> frozenset[str]:
    """Return the urgencies of which a person is told by some rule; one of an unknown category may be for any."""
    told: set[str] = set()
    for rule in rules:
        if not (isinstance(rule.channel, NotificationChannel) and rule.channel.active is False):
            category = rule.category or NotificationCategory.HIGH_URGENCY
            told |= {_CATEGORIES[category]} if category in _CATEGORIES else {HIGH, LOW}
    return frozenset(told)


def judged(
    place: Place, schedule: Schedule, overrides: Sequence[Override], question: Question
) -> tuple[OnDuty, list[Finding]]:
    """Return who is on call on a schedule, and what is wrong with it.

    Args:
        place: the schedule.
        schedule: the same with its layers and their members.
        overrides: those in the time that is looked at.
        question: what is looked for.
    """
    try:
        rotations = rotations_of(schedule)
        turns = on_call(rotations, stand_ins_of(overrides), question.start, question.end)
        shifts = [shift_of(place.id, turn) for turn in joined(turns)]
    except (OptionsError, CodecError, LinkError) as problem:
        return not_computed(place, problem)
    layers = [(schedule.layers or ())[one.place] for one in rotations if one.life[1] > question.start]
    duty = OnDuty(first=_first(shifts), people=_standing(place, layers, overrides))
    return duty, list(on_schedule(place, shifts, last_end(rotations), question))

"""What an audit decides by, taken from Grafana's models; nothing here reads or sends."""

from __future__ import annotations

from datetime import UTC
from itertools import chain
from typing import TYPE_CHECKING, Final

from aiooncall.audit.facts import HIGH, LOW, OnDuty, Policy, Route, Routing, Standing, Status, Step, Target, TargetKind
from aiooncall.audit.kinds import PlaceKind
from aiooncall.audit.models import Place
from aiooncall.coverage.models import Person
from aiooncall.grafana.models.escalation import (
    ContinueAtTimeStep,
    ContinueOnAlertsStep,
    RepeatStep,
    ResolveStep,
    Told,
    WaitStep,
    told_by,
)
from aiooncall.grafana.models.notification import RuleType
from aiooncall.grafana.models.on_call_shift import ShiftType
from aiooncall.grafana.models.people import UserRole
from aiooncall.grafana.models.schedule import CalendarSchedule, WebSchedule

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from aiooncall.coverage.models import Shift
    from aiooncall.grafana.models.escalation import EscalationChain, EscalationPolicy
    from aiooncall.grafana.models.integration import Integration
    from aiooncall.grafana.models.integration import Route as GrafanaRoute
    from aiooncall.grafana.models.notification import PersonalNotificationRule
    from aiooncall.grafana.models.on_call_shift import OnCallShift
    from aiooncall.grafana.models.people import User
    from aiooncall.grafana.models.schedule import Schedule

    Users = Mapping[str, User]

_TELL_NOBODY: Final = (WaitStep, ResolveStep, RepeatStep, ContinueAtTimeStep, ContinueOnAlertsStep)
"""Steps that only steer the escalation."""
_NEVER_NOTIFIED: Final = frozenset({UserRole.VIEWER, UserRole.NONE})
"""Roles whose users the engine never notifies, as seen on a running one."""
_REPEATING: Final = frozenset({ShiftType.RECURRENT_EVENT, ShiftType.ROLLING_USERS})
_KINDS: Final = {Told.USER: TargetKind.PERSON, Told.SCHEDULE: TargetKind.SCHEDULE}
"""What targets of steps are; who is in a team or a user group is not looked at."""
_BY_PHONE: Final = frozenset({RuleType.SMS, RuleType.PHONE_CALL})


def policy_of(chain_: EscalationChain, steps: Iterable[EscalationPolicy], users: Users) -> Policy:
    """Return an escalation chain as an audit sees it: with those of its steps that tell anybody.

    Args:
        chain_: the chain.
        steps: its steps, in any order.
        users: everybody, by id; empty if that is not known.
    """
    name = chain_.name or chain_.id
    ordered = sorted(steps, key=lambda step: step.position or 0)
    return Policy(
        place=Place(kind=PlaceKind.POLICY, id=chain_.id, name=name),
        steps=tuple(
            _step_of(step, Place(kind=PlaceKind.STEP, id=step.id, name=f"{number} of {name}"), users)
            for number, step in enumerate(ordered, 1)
            if not isinstance(step, _TELL_NOBODY)
        ),
        teams=_team(chain_.team_id),
    )


def _step_of(step: EscalationPolicy, place: Place, users: Users) -> Step:
    targets = [Target(_KINDS.get(kind, TargetKind.UNKNOWN), one) for kind, one in told_by(step)]
    if not hasattr(step, "important"):  # it tells a channel, a webhook, or what is not known
        targets.append(Target(TargetKind.UNKNOWN, step.id))
    return Step(
        place=place,
        targets=tuple(targets),
        people=standings((one.id for one in targets if one.kind is TargetKind.PERSON), place, users),
        urgency=HIGH if getattr(step, "important", False) is True else LOW,
    )


def standings(user_ids: Iterable[str], place: Place, users: Users) -> tuple[Standing, ...]:
    """Return people at a place, each once."""
    return tuple(Standing(person_of(one, users), place, status_of(one, users)) for one in dict.fromkeys(user_ids))


def person_of(user_id: str, users: Users) -> Person:
    """Return somebody by the id, with what is known."""
    user = users.get(user_id)
    if user is None:
        return Person(id=user_id)
    return Person(id=user_id, name=user.username or None, email=user.email or None)


def status_of(user_id: str, users: Users) -> Status | None:
    """Return whether somebody can be notified: not who is no longer among the users, or has no role that allows it."""
    if not users:
        return None
    user = users.get(user_id)
    return Status.DISABLED if user is None or user.role in _NEVER_NOTIFIED else Status.ACTIVE


def routing_of(integration: Integration, routes: Iterable[GrafanaRoute]) -> Routing:
    """Return the routes of an integration as an audit sees them: those that lead to a chain."""
    last = integration.default_route.escalation_chain_id if integration.default_route else None
    listed = [(route.escalation_chain_id, route.is_the_last_route is True) for route in routes]
    led = dict.fromkeys([*((one, is_last) for one, is_last in listed if one), *([(last, True)] if last else [])])
    return Routing(
        place=Place(kind=PlaceKind.INTEGRATION, id=integration.id, name=integration.name or integration.id),
        routes=tuple(Route(policy=one, urgencies=frozenset(), catches_all=is_last) for one, is_last in led if one),
        in_use=True,
    )


def place_of(schedule: Schedule) -> Place:
    """Return a schedule as a place."""
    return Place(kind=PlaceKind.SCHEDULE, id=schedule.id, name=schedule.name or schedule.id)


def shifts_of(schedule: Schedule, shifts: Iterable[OnCallShift]) -> list[OnCallShift]:
    """Return those of all on-call shifts that a schedule is made of, without overrides."""
    named = set(schedule.shifts or ()) if isinstance(schedule, (WebSchedule, CalendarSchedule)) else set[str]()
    mine = [one for one in shifts if one.id in named or (one.schedule and one.schedule == schedule.id)]
    return [one for one in mine if one.type != ShiftType.OVERRIDE]


def last_end(shifts: Iterable[OnCallShift]) -> datetime | None:
    """Return when the last rotation comes to an end; None if one goes on, or there is none."""
    repeating = [one.until or None for one in shifts if one.type in _REPEATING]
    ends = [until.astimezone(UTC) for until in repeating if until]
    return max(ends) if ends and len(ends) == len(repeating) else None


def on_duty(
    place: Place, shifts: Sequence[Shift], rotations: Iterable[OnCallShift], users: Users, start: datetime
) -> OnDuty:
    """Return who is on call on a schedule, and who else has a place in a rotation of it that has not ended."""
    first: dict[str, datetime] = {}
    for shift in shifts:  # by start
        if shift.person is not None:
            first.setdefault(shift.person.id, shift.start)
    alive = [one for one in rotations if not one.until or one.until > start]
    placed = chain.from_iterable([*(one.users or ()), *chain(*(one.rolling_users or ()))] for one in alive)
    return OnDuty(first=first, people=standings([*first, *placed], place, users))


def told_in(rules: Iterable[PersonalNotificationRule], user: User | None) -> frozenset[str]:
    """Return the urgencies of which a person is told by some rule; a phone that was not verified tells nothing."""
    return frozenset(HIGH if rule.important is True else LOW for rule in rules if _tells(rule, user))


def _tells(rule: PersonalNotificationRule, user: User | None) -> bool:
    by_phone = rule.type in _BY_PHONE
    return rule.type != RuleType.WAIT and not (by_phone and user is not None and user.is_phone_number_verified is False)


def _team(team_id: object) -> frozenset[str]:
    return frozenset({team_id}) if isinstance(team_id, str) and team_id else frozenset()

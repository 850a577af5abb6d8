"""What is wrong with policies and what leads to them: steps that reach nobody, dead policies, pages that get lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.audit.facts import Status, Target, TargetKind
from aiooncall.audit.kinds import FindingKind
from aiooncall.audit.models import Finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from aiooncall.audit.facts import OnDuty, Policy, Routing, Step

    Reached = Mapping[Target, frozenset[str]]


def leaves_of(step: Step, teams: Mapping[str, Step | None]) -> Iterator[Target]:
    """Yield whom a step tells, with teams followed to whom they stand for; a team that was passed tells nobody anew.

    Args:
        step: the step.
        teams: by the id of each team that is known the first step of its first policy, which it stands for as a target;
            None for a team without one.
    """
    passed: set[str] = set()
    left = list(step.targets)
    while left:
        target = left.pop()
        if target.kind is not TargetKind.TEAM:
            yield target
        elif target.id not in teams:
            yield Target(TargetKind.UNKNOWN, target.id)
        elif target.id not in passed and (first := teams[target.id]) is not None:
            left.extend(first.targets)
        passed.add(target.id)


def first_steps(routings: Mapping[str, Routing], policies: Mapping[str, Policy]) -> dict[str, Step | None]:
    """Return for each team the step that it stands for as a target: the first one of the policy that comes first."""
    return {team: _first_step(routing, policies) for team, routing in routings.items()}


def _first_step(routing: Routing, policies: Mapping[str, Policy]) -> Step | None:
    named = (policies[route.policy] for route in routing.routes if route.policy in policies)
    policy = next(named, None)
    return policy.steps[0] if policy is not None and policy.steps else None


def urgencies_by_target(
    routings: Iterable[Routing], policies: Mapping[str, Policy], teams: Mapping[str, Step | None]
) -> dict[Target, set[str]]:
    """Return which urgencies reach each person and schedule that rules lead to."""
    of_policy: dict[str, set[str]] = {}
    for route in (route for routing in routings for route in routing.routes):
        of_policy.setdefault(route.policy, set()).update(route.urgencies)
    reached: dict[Target, set[str]] = {}
    for policy_id, urgencies in of_policy.items():
        for step in policies[policy_id].steps if policy_id in policies else ():
            for target in leaves_of(step, teams):
                reached.setdefault(target, set()).update({step.urgency} if step.urgency else urgencies)
    return reached


def empty_steps(
    policies: Iterable[Policy],
    teams: Mapping[str, Step | None],
    on_duty: Mapping[str, OnDuty],
    statuses: Mapping[str, Status],
) -> Iterator[Finding]:
    """Yield a finding for each step that reaches nobody in the whole time whose account is not disabled.

    A policy without a step that could tell anybody is one as well.

    Args:
        policies: whose steps are looked at.
        teams: as for `leaves_of`.
        on_duty: who is on call on each schedule that could be read.
        statuses: of each person of whom it is known.
    """
    for policy in policies:
        empty = [step.place for step in policy.steps if not _tells(step, teams, on_duty, statuses)]
        for place in empty if policy.steps else [policy.place]:
            yield Finding(kind=FindingKind.STEP_REACHES_NOBODY, where=place)


def _tells(
    step: Step, teams: Mapping[str, Step | None], on_duty: Mapping[str, OnDuty], statuses: Mapping[str, Status]
) -> bool:
    return any(_reaches(target, on_duty, statuses) for target in leaves_of(step, teams))


def _reaches(target: Target, on_duty: Mapping[str, OnDuty], statuses: Mapping[str, Status]) -> bool:
    if target.kind is TargetKind.PERSON:
        return statuses.get(target.id) is not Status.DISABLED
    if target.kind is not TargetKind.SCHEDULE:
        return True
    duty = on_duty.get(target.id)
    if duty is None:
        return False
    return not duty.computed or any(statuses.get(person) is not Status.DISABLED for person in duty.first)


def unrouted(policies: Iterable[Policy], routings: Iterable[Routing], *, whole: bool) -> Iterator[Finding]:
    """Yield a finding for each policy that no rule leads to.

    Args:
        policies: which are looked at.
        routings: where rules could lead to them.
        whole: whether those are all that the account has.
    """
    routed = {route.policy for routing in routings for route in routing.routes}
    detail = "" if whole else "of the teams that were looked at leads to it"
    for policy in policies:
        if policy.place.id not in routed:
            yield Finding(kind=FindingKind.POLICY_NOT_ROUTED, where=policy.place, detail=detail)


def without_catch_all(routings: Iterable[Routing], used: Collection[str]) -> Iterator[Finding]:
    """Yield a finding for each place whose rules let something through that pages nobody.

    Args:
        routings: which are looked at.
        used: the ids of those that are in use although they have no rules: one without rules that nothing of on-call
            belongs to is none of its business.
    """
    for routing in routings:
        is_used = routing.in_use or bool(routing.routes) or routing.place.id in used
        if is_used and not any(route.catches_all for route in routing.routes):
            yield Finding(kind=FindingKind.NO_CATCH_ALL, where=routing.place)

"""Who is on call, for a schedule or a team (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import attrs

from aiooncall.datadog.models.on_call import Escalation
from aiooncall.datadog.models.people import User
from aiooncall.datadog.resources.escalation_policies import EscalationPolicies
from aiooncall.datadog.resources.includes import PolicyInclude
from aiooncall.datadog.resources.routing_reading import RoutingRuleReader
from aiooncall.datadog.resources.team_lookup import team_id_of
from aiooncall.datadog.resources.teams import Teams
from aiooncall.datadog.walking import Walk, first_policy, lack_of, on_schedule, person_of, steps_of
from aiooncall.errors import OptionsError
from aiooncall.jsonapi import each
from aiooncall.on_call import OnCall

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from aiooncall.client.core import ApiCore
    from aiooncall.datadog.models.policy import EscalationStep
    from aiooncall.jsonapi import ResourceRef
    from aiooncall.on_call import Responder

    People = tuple[Responder, ...]
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
    instant = core.instant("at", at)
    if schedule is not None:
        return await on_schedule(core, schedule, instant)
    assert team is not None  # noqa: S101 (narrowing: one of the two is given)
    with core.one_deadline():
        team = await team_id_of(core, team)
        if not shifts:
            return await _as_the_server_says(core, team, OnCall(at=instant), ())
        walked, steps = await _walked(core, team, instant)
        return walked if at is not None else await _as_the_server_says(core, team, walked, steps)


async def _walked(core: ApiCore, team: str, at: datetime) -> tuple[OnCall, Sequence[str]]:
    """Return whom the steps of a team's policy reach: its first rule that names one decides; and its later steps."""
    walk = Walk(core, partial(EscalationPolicies(core).get, include=PolicyInclude), "who is on call")
    steps, lacks = await _steps_of_team(core, walk, team)
    await walk.follow(steps, {team})
    await walk.ask((step, at) for step in steps)
    reached = [walk.reached(step.targets or (), at, {team}) for step in steps] or [OnCall(at=at)]
    later = tuple(step.current for step in reached[1:])
    return attrs.evolve(reached[0], escalations=later, lacks=lacks), [step.id for step in steps[1:]]


async def _steps_of_team(core: ApiCore, walk: Walk, team: str) -> tuple[Sequence[EscalationStep], str]:
    """Return the steps of the policy that the first of a team's rules with one names; or what the team lacks."""
    rules = await RoutingRuleReader(core).get(team)
    name = first_policy(rules)
    return (steps_of(await walk.policy(name)), "") if name else ((), lack_of(rules))


async def _as_the_server_says(core: ApiCore, team: str, walked: OnCall, steps: Sequence[str]) -> OnCall:
    """Return whom the server names now, with the times of their shifts from our own walk through these later steps."""
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
        told: the server's word, by an id that in recordings is the step's. A step with another id is recognized by its
            people, and comes last if they differ too.
        seen: whom our own walk has found, by the step's id.
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
    return tuple(shifts.get(user.id) or person_of(user) for user in users)

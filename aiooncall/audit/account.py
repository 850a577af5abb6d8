"""What is known of an account, what of it an audit looks at, and what is wrong with how it hangs together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from aiooncall.audit.facts import Target, TargetKind
from aiooncall.audit.kinds import FindingKind, PlaceKind
from aiooncall.audit.models import Finding, Place
from aiooncall.audit.on_people import People, accounts
from aiooncall.audit.on_routing import (
    empty_steps,
    first_steps,
    leaves_of,
    unrouted,
    urgencies_by_target,
    without_catch_all,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiooncall.audit.facts import OnDuty, Policy, Routing, Step
    from aiooncall.audit.on_people import Seen
    from aiooncall.audit.question import Question


@attrs.frozen
class ScheduleRow:
    """A schedule as a list tells of it.

    Attributes:
        place: the schedule.
        teams: the ids of the teams that own it.
    """

    place: Place
    teams: frozenset[str]


@attrs.define
class Account:
    """What is known of an account.

    Attributes:
        question: what is asked.
        teams: the ids of the teams that are looked at.
        known_teams: all teams that were told of, by id.
        policies: all escalation policies, by id.
        schedules: all schedules, by id.
        routings: what leads pages to policies, of the teams or integrations that are looked at, by id.
        followed: the same of other teams that steps lead to.
        unread: the ids of teams whose rules could not be read.
        on_duty: who is on call on each schedule that was read, by id.
        people: everybody who was seen.
        refused: how much of what the credentials may not read, by what it is.
    """

    question: Question
    teams: set[str] = attrs.field(factory=set[str])
    known_teams: dict[str, Place] = attrs.field(factory=dict[str, Place])
    policies: dict[str, Policy] = attrs.field(factory=dict[str, "Policy"])
    schedules: dict[str, ScheduleRow] = attrs.field(factory=dict[str, ScheduleRow])
    routings: dict[str, Routing] = attrs.field(factory=dict[str, "Routing"])
    followed: dict[str, Routing] = attrs.field(factory=dict[str, "Routing"])
    unread: set[str] = attrs.field(factory=set[str])
    on_duty: dict[str, OnDuty] = attrs.field(factory=dict[str, "OnDuty"])
    people: People = attrs.field(factory=People)
    refused: dict[str, int] = attrs.field(factory=dict[str, int])

    @property
    def policies_looked_at(self) -> list[Policy]:
        """All policies, or those that the teams own or lead to."""
        if self.question.whole:
            return [*self.policies.values()]
        routed = {route.policy for routing in self.routings.values() for route in routing.routes}
        return [one for one in self.policies.values() if one.teams & self.teams or one.place.id in routed]

    @property
    def schedules_looked_at(self) -> dict[str, Place]:
        """All schedules, or those that the teams own or their policies point at, by id."""
        if self.question.whole:
            return {schedule_id: row.place for schedule_id, row in self.schedules.items()}
        teams = self._first_steps
        targets = {target for step in self._steps() for target in leaves_of(step, teams)}
        return {
            schedule_id: row.place
            for schedule_id, row in self.schedules.items()
            if row.teams & self.teams or Target(TargetKind.SCHEDULE, schedule_id) in targets
        }

    @property
    def teams_to_follow(self) -> set[str]:
        """The ids of teams that steps lead to and whose rules were not read."""
        targets = {target for step in (*self._steps(), *self._stand_for()) for target in step.targets}
        teams = {target.id for target in targets if target.kind is TargetKind.TEAM}
        return teams - self.routings.keys() - self.followed.keys() - self.unread

    def refuse(self, what: str, count: int = 1) -> None:
        """Take in that the credentials may not read something, or several things."""
        self.refused[what] = self.refused.get(what, 0) + count

    def see_everybody(self) -> None:
        """Take in who stands where, once policies, rules and schedules were read."""
        for step in (*self._steps(), *self._stand_for()):
            for stands in step.people:
                self.people.see(stands)
        for duty in self.on_duty.values():
            self.people.see_on(duty)
        reached = urgencies_by_target(self.routings.values(), self.policies, self._first_steps)
        self.people.reach(reached, self.on_duty)

    def findings(self) -> Iterator[Finding]:
        """Yield what is wrong with people's accounts, with steps, policies and rules, of what is looked for."""
        looked_at, wants = self.policies_looked_at, self.question.wants
        yield from (one for one in accounts(self.people) if wants(one.kind))
        if wants(FindingKind.STEP_REACHES_NOBODY):
            yield from empty_steps(looked_at, self._first_steps, self.on_duty, self.people.statuses)
        if wants(FindingKind.POLICY_NOT_ROUTED) and self.teams.isdisjoint(self.unread):
            yield from unrouted(looked_at, self.routings.values(), whole=self.question.whole)
        if wants(FindingKind.NO_CATCH_ALL):
            yield from without_catch_all(self.routings.values(), self._used)

    def to_ask(self) -> dict[str, Seen]:
        """Return the people, by id, whose notification rules have to be read."""
        wanted = self.question.wants(FindingKind.NO_NOTIFICATION_RULE)
        return self.people.to_ask(self.question.urgencies) if wanted else {}

    def not_allowed(self) -> Iterator[Finding]:
        """Yield one finding for each kind of thing that the credentials may not read."""
        for what, count in self.refused.items():
            yield Finding(
                kind=FindingKind.NOT_ALLOWED,
                where=Place(kind=PlaceKind.ACCOUNT),
                count=count,
                detail=f"{what} ({count})",
            )

    @property
    def _first_steps(self) -> Mapping[str, Step | None]:
        return first_steps({**self.followed, **self.routings}, self.policies)

    @property
    def _used(self) -> set[str]:
        """The ids of the teams that something of on-call belongs to, or leads to."""
        owned = [*(one.teams for one in self.policies.values()), *(one.teams for one in self.schedules.values())]
        targets = {target for step in self._steps() for target in step.targets}
        pointed_at = {target.id for target in targets if target.kind is TargetKind.TEAM}
        return pointed_at.union(*owned)

    def _stand_for(self) -> list[Step]:
        """Return the steps that teams stand for which are not looked at themselves."""
        return [step for step in first_steps(self.followed, self.policies).values() if step is not None]

    def _steps(self) -> Iterator[Step]:
        return (step for policy in self.policies_looked_at for step in policy.steps)

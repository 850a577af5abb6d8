"""Reads what an audit of a Datadog account needs, each thing once, and says what is wrong as soon as it is known.

Three lists tell what there is. What they do not tell is read one by one by a crew of workers: the routing rules of each
team, each schedule with its overrides, and the notification rules of each person whom pages reach. Of what was read
only the facts are kept that later decisions need.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from aiooncall.audit.account import ScheduleRow
from aiooncall.audit.kinds import PlaceKind
from aiooncall.audit.models import Place
from aiooncall.audit.on_people import without_rules
from aiooncall.audit.reading import Reading
from aiooncall.datadog.audit_facts import ids_of, is_read, judged, policy_of, routing_of, urgencies_told
from aiooncall.datadog.models.people import Team
from aiooncall.datadog.resources.escalation_policies import EscalationPolicies
from aiooncall.datadog.resources.includes import (
    WITH_LAYERS,
    WITH_PEOPLE,
    NotificationRuleInclude,
    PolicyInclude,
    ScheduleInclude,
)
from aiooncall.datadog.resources.notifications import NotificationRules
from aiooncall.datadog.resources.overrides import time_slices
from aiooncall.datadog.resources.routing_rules import TeamRoutingRules
from aiooncall.datadog.resources.schedules import Schedules
from aiooncall.datadog.resources.team_lookup import team_id_of
from aiooncall.datadog.resources.teams import Teams

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable

    from aiooncall.audit.facts import OnDuty, Routing
    from aiooncall.audit.models import Finding
    from aiooncall.datadog.models.policy import EscalationPolicy
    from aiooncall.datadog.models.schedule import Schedule

_POLICY = "escalation policies"
_RULES = "routing rules of teams"
_PERSON = "notification rules of people"


class AuditReading(Reading):
    """One audit of a Datadog account."""

    async def _read_lists(self) -> None:
        question, account = self._question, self._account
        if question.needs_policies:
            account.policies = {one.id: policy_of(one) async for one in self._policies()}
        if question.needs_schedule_list:
            listed = self._pages(Schedules(self._core).list(include=(ScheduleInclude.TEAMS,)))
            account.schedules = {row.id: self._row(row) async for row in listed}
        if question.needs_rules:
            account.teams = {team_id async for team_id in self._teams_looked_at()}

    def _count(self) -> None:
        """Count what is to be read by what is known now."""
        question, requests, account = self._question, self._requests, self._account
        schedules = account.schedules_looked_at
        requests.rules = len(account.teams | account.followed.keys() | account.unread)
        requests.schedules = len(schedules) if question.needs_schedules else 0
        slices = len(list(time_slices(question.start, question.end)))
        requests.overrides = slices * len(schedules) if question.needs_on_call else 0

    async def _policies(self) -> AsyncIterator[EscalationPolicy]:
        """Yield the policies; one that came without its steps is read by itself."""
        policies = EscalationPolicies(self._core)
        bare: list[str] = []
        async for policy in self._pages(policies.list(include=PolicyInclude)):
            self._name_teams(policy.teams or ())
            if is_read(policy):
                yield policy
            else:
                bare.append(policy.id)
        self._requests.lists += len(bare)
        async for _, found in self._each(_POLICY, bare, lambda one: policies.get(one, include=PolicyInclude)):
            if found is not None:
                yield found

    def _row(self, schedule: Schedule) -> ScheduleRow:
        self._name_teams(schedule.teams or ())
        place = Place(kind=PlaceKind.SCHEDULE, id=schedule.id, name=schedule.label)
        return ScheduleRow(place, ids_of(schedule.teams or ()))

    def _name_teams(self, teams: Iterable[object]) -> None:
        for team in teams:
            if isinstance(team, Team):
                self._account.known_teams[team.id] = _team_place(team.id, team.label)

    async def _teams_looked_at(self) -> AsyncIterator[str]:
        """Yield the ids of the teams that were asked for, or of all."""
        if self._question.teams is None:
            async for team in self._pages(Teams(self._core).list()):
                self._name_teams([team])
                yield team.id
            return
        before = self._core.attempts
        for given in self._question.teams:
            team_id = await team_id_of(self._core, given)
            self._account.known_teams.setdefault(team_id, _team_place(team_id, given))
            yield team_id
        self._requests.lists += self._core.attempts - before

    async def _read_rules(self) -> None:
        """Read the routing rules of the teams, and of teams that steps lead to, and so on."""
        account = self._account
        if not self._question.needs_rules:
            return
        await self._read_rules_of(account.teams, into=account.routings)
        while teams := account.teams_to_follow:
            self._requests.rules += len(teams)
            await self._read_rules_of(teams, into=account.followed)

    async def _read_rules_of(self, teams: Collection[str], into: dict[str, Routing]) -> None:
        rules = TeamRoutingRules(self._core)
        self._account.unread |= {*teams}
        async for team_id, found in self._each(_RULES, teams, rules.get):
            self._account.unread.discard(team_id)
            into[team_id] = routing_of(self._account.known_teams.get(team_id) or _team_place(team_id), found)

    async def _schedule(self, place: Place) -> tuple[OnDuty, list[Finding]]:
        question = self._question
        known = await Schedules(self._core).get(place.id, include=WITH_LAYERS)
        if not question.needs_on_call:
            return judged(place, known, (), question)
        listed = Schedules(self._core).overrides.list(place.id, question.start, question.end, include=WITH_PEOPLE)
        return judged(place, known, [override async for override in listed], question)

    async def _of_people(self) -> AsyncGenerator[Finding]:
        """Read the notification rules of everybody whom pages reach, and yield which are missing."""
        people = self._account.to_ask()
        self._requests.people = len(people)
        async with aclosing(self._each(_PERSON, people, self._told)) as asked:
            async for user_id, told in asked:
                for finding in without_rules(people[user_id], told or (), self._question.urgencies):
                    yield finding

    async def _told(self, user_id: str) -> frozenset[str]:
        rules = NotificationRules(self._core).list(user_id, include=(NotificationRuleInclude.CHANNEL,))
        return urgencies_told([rule async for rule in rules])


def _team_place(team_id: str, name: str = "") -> Place:
    return Place(kind=PlaceKind.TEAM, id=team_id, name=name or team_id)

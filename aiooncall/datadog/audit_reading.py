"""Reads what an audit of a Datadog account needs, each thing once, and says what is wrong as soon as it is known.

Three lists tell what there is. What they do not tell is read one by one by a crew of workers: the routing rules of each
team, each schedule with its overrides, and the notification rules of each person whom pages reach. Of what was read
only the facts are kept that later decisions need.
"""

from __future__ import annotations

from contextlib import aclosing
from math import ceil
from typing import TYPE_CHECKING, TypeVar

from aiooncall.audit.account import Account, ScheduleRow
from aiooncall.audit.facts import OnDuty
from aiooncall.audit.kinds import PlaceKind
from aiooncall.audit.models import Place
from aiooncall.audit.on_people import without_rules
from aiooncall.client.gather import read_each
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
from aiooncall.datadog.resources.schedules import LARGEST_PAGE, Schedules
from aiooncall.datadog.resources.team_lookup import team_id_of
from aiooncall.datadog.resources.teams import Teams
from aiooncall.errors import Forbidden

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Collection, Iterable

    from aiooncall.audit.facts import Routing
    from aiooncall.audit.models import Finding
    from aiooncall.audit.question import Question
    from aiooncall.audit.report import AuditRequests
    from aiooncall.client.core import ApiCore
    from aiooncall.datadog.models.policy import EscalationPolicy
    from aiooncall.datadog.models.schedule import Schedule

T = TypeVar("T")
_POLICY = "escalation policies"
_RULES = "routing rules of teams"
_SCHEDULE = "schedules"
_PERSON = "notification rules of people"


class AuditReading:
    """One audit. It runs once.

    Args:
        core: makes the calls, of nothing but this audit.
        question: what is asked.
        requests: counts the requests.
    """

    def __init__(self, core: ApiCore, question: Question, requests: AuditRequests) -> None:
        self._core = core
        self._question = question
        self._requests = requests
        self._account = Account(question)
        self._teams: dict[str, Place] = {}
        self._schedules = Schedules(core)

    async def findings(self) -> AsyncGenerator[Finding]:
        """Yield what is wrong."""
        await self.survey()
        await self._read_rules()
        self._count()
        for part in (self._of_schedules(), self._of_account(), self._of_people()):
            async with aclosing(part):
                async for finding in part:
                    self._requests.sent = self._core.attempts
                    yield finding
        self._requests.sent = self._core.attempts
        for finding in self._account.not_allowed():
            yield finding

    async def survey(self) -> None:
        """Read which teams, policies and schedules there are, and count what else is to be read, as far as is known.

        Raises:
            NotFound: no team has a handle that was given.
        """
        question, account = self._question, self._account
        if question.needs_policies:
            account.policies = {one.id: policy_of(one) async for one in self._policies()}
        if question.needs_schedule_list:
            listed = self._pages(self._schedules.list(include=(ScheduleInclude.TEAMS,)))
            account.schedules = {row.id: self._row(row) async for row in listed}
        if question.needs_rules:
            account.teams = {team_id async for team_id in self._teams_looked_at()}
        self._count()

    def _count(self) -> None:
        """Count what is to be read by what is known now."""
        question, requests, schedules = self._question, self._requests, self._account.schedules_looked_at
        requests.rules = len(self._account.teams) + len(self._account.followed)
        requests.schedules = len(schedules) if question.needs_schedules else 0
        slices = len(list(time_slices(question.start, question.end)))
        requests.overrides = slices * len(schedules) if question.needs_on_call else 0
        requests.sent = self._core.attempts

    async def _pages(self, rows: AsyncIterator[T]) -> AsyncIterator[T]:
        """Yield the rows of a list, and count its pages."""
        self._requests.lists += 1
        number = 0
        async for row in rows:
            number += 1
            yield row
        self._requests.lists += max(1, ceil(number / LARGEST_PAGE)) - 1

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
                self._teams[team.id] = _team_place(team.id, team.label)

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
            self._teams.setdefault(team_id, _team_place(team_id, given))
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
            into[team_id] = routing_of(self._teams.get(team_id) or _team_place(team_id), found)

    async def _of_schedules(self) -> AsyncGenerator[Finding]:
        """Read the schedules, and yield what is wrong with each of them."""
        if not self._question.needs_schedules:
            return
        places, on_duty = self._account.schedules_looked_at, self._account.on_duty
        on_duty |= dict.fromkeys(places, OnDuty(computed=False))

        async def read(schedule_id: str) -> tuple[OnDuty, list[Finding]]:
            return await self._schedule(places[schedule_id])

        async with aclosing(self._each(_SCHEDULE, places, read)) as schedules:
            async for schedule_id, found in schedules:
                if found is None:  # it was deleted meanwhile
                    del on_duty[schedule_id]
                    continue
                on_duty[schedule_id], findings = found
                for finding in findings:
                    yield finding

    async def _schedule(self, place: Place) -> tuple[OnDuty, list[Finding]]:
        question = self._question
        known = await self._schedules.get(place.id, include=WITH_LAYERS)
        if not question.needs_on_call:
            return judged(place, known, (), question)
        listed = self._schedules.overrides.list(place.id, question.start, question.end, include=WITH_PEOPLE)
        return judged(place, known, [override async for override in listed], question)

    async def _of_account(self) -> AsyncGenerator[Finding]:
        """Yield what is wrong with how things hang together."""
        self._account.see_everybody()
        for finding in self._account.findings():
            yield finding

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

    async def _each(
        self, what: str, ids: Collection[str], read: Callable[[str], Awaitable[T]]
    ) -> AsyncGenerator[tuple[str, T | None]]:
        """Yield what ids stand for, None for what is not there; what may not be read is only counted."""
        async with aclosing(read_each(ids, read, concurrency=self._question.concurrency)) as reads:
            async for one, found in reads:
                if isinstance(found, Forbidden):
                    self._account.refuse(what)
                else:
                    yield one, found


def _team_place(team_id: str, name: str = "") -> Place:
    return Place(kind=PlaceKind.TEAM, id=team_id, name=name or team_id)

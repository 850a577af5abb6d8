"""Reads what an audit of a Grafana OnCall needs, each thing once, and says what is wrong as soon as it is known.

Nearly all of it stands in lists, whole: what is read one by one are the final shifts of each schedule.
"""

from __future__ import annotations

from collections import defaultdict
from math import ceil
from typing import TYPE_CHECKING, Any

from aiooncall.audit.account import ScheduleRow
from aiooncall.audit.kinds import FindingKind
from aiooncall.audit.on_people import without_rules
from aiooncall.audit.on_schedules import on_schedule
from aiooncall.audit.reading import Reading
from aiooncall.errors import Forbidden, NotFound
from aiooncall.grafana.audit_facts import (
    last_end,
    on_duty,
    place_of,
    policy_of,
    routing_of,
    shifts_of,
    told_in,
)
from aiooncall.grafana.resources.escalation import EscalationChains, EscalationPolicies
from aiooncall.grafana.resources.final_shifts import LONGEST
from aiooncall.grafana.resources.integrations import Integrations
from aiooncall.grafana.resources.notification import PersonalNotificationRules
from aiooncall.grafana.resources.on_call_shifts import OnCallShifts
from aiooncall.grafana.resources.people import TEAMS, Teams, Users
from aiooncall.grafana.resources.routes import Routes
from aiooncall.grafana.resources.schedules import Schedules
from aiooncall.grafana.resources.shifts import Shifts

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from aiooncall.audit.facts import OnDuty
    from aiooncall.audit.models import Finding, Place
    from aiooncall.audit.question import Question
    from aiooncall.audit.report import AuditRequests
    from aiooncall.client.core import ApiCore
    from aiooncall.grafana.models.escalation import EscalationPolicy
    from aiooncall.grafana.models.integration import Route
    from aiooncall.grafana.models.notification import PersonalNotificationRule
    from aiooncall.grafana.models.on_call_shift import OnCallShift
    from aiooncall.grafana.models.people import User

_PERSON = "personal notification rules of people"


class AuditReading(Reading):
    """One audit of a Grafana OnCall."""

    def __init__(self, core: ApiCore, question: Question, requests: AuditRequests) -> None:
        super().__init__(core, question, requests)
        self._users: dict[str, User] = {}
        self._rotations: dict[str, list[OnCallShift]] = {}

    async def _read_lists(self) -> None:
        question, account = self._question, self._account
        if question.teams is not None:
            account.teams = {team_id async for team_id in self._teams_looked_at(question.teams)}
        if question.needs_people:
            self._users = {user.id: user async for user in self._pages(Users(self._core).list())}
        if question.needs_policies:
            await self._read_chains()
        if question.needs_rules:
            await self._read_integrations()
        if question.needs_schedule_list:
            await self._read_schedules()

    async def _teams_looked_at(self, given: Iterable[str]) -> AsyncGenerator[str]:
        """Yield the ids of teams that were given by id or by name."""
        teams = [team async for team in self._pages(Teams(self._core).list())]
        known: dict[str, str] = {str(name): team.id for team in teams for name in (team.name, team.id)}
        for one in given:
            if one not in known:
                said = f"no team has the id or the name {one!r}"
                raise NotFound(status=404, errors=(said,), method=TEAMS.list.method, route=TEAMS.list.template)
            yield known[one]

    async def _read_chains(self) -> None:
        steps: defaultdict[str, list[EscalationPolicy]] = defaultdict(list)
        async for step in self._pages(EscalationPolicies(self._core).list()):
            steps[step.escalation_chain_id or ""].append(step)
        async for chain in self._pages(EscalationChains(self._core).list()):
            self._account.policies[chain.id] = policy_of(chain, steps.pop(chain.id, ()), self._users)

    async def _read_integrations(self) -> None:
        routes: defaultdict[str, list[Route]] = defaultdict(list)
        async for route in self._pages(Routes(self._core).list()):
            routes[route.integration_id or ""].append(route)
        async for one in self._pages(Integrations(self._core).list()):
            if self._question.whole or one.team_id in self._account.teams:
                self._account.routings[one.id] = routing_of(one, routes.pop(one.id, ()))

    async def _read_schedules(self) -> None:
        listed: list[Any] = [schedule async for schedule in self._pages(Schedules(self._core).list())]
        shifts = [one async for one in self._pages(OnCallShifts(self._core).list())] if self._needs_rotations else []
        for schedule in listed:
            teams = frozenset({schedule.team_id}) if schedule.team_id else frozenset[str]()
            self._account.schedules[schedule.id] = ScheduleRow(place_of(schedule), teams)
            self._rotations[schedule.id] = shifts_of(schedule, shifts)

    @property
    def _needs_rotations(self) -> bool:
        kinds = (FindingKind.SCHEDULE_ENDS, FindingKind.PERSON_DISABLED, FindingKind.PERSON_PENDING)
        return self._question.wants(*kinds)

    async def _read_rules(self) -> None:
        """Read nothing more: the routes are listed."""

    def _count(self) -> None:
        slices = ceil((self._question.end - self._question.start) / LONGEST)
        needed = self._question.needs_on_call
        self._requests.schedules = slices * len(self._account.schedules_looked_at) if needed else 0

    async def _schedule(self, place: Place) -> tuple[OnDuty, list[Finding]]:
        question, rotations = self._question, self._rotations[place.id]
        start, end = question.start, question.end
        shifts = await Shifts(self._core)(place.id, start, end) if question.needs_on_call else []
        found = on_schedule(place, shifts, last_end(rotations), question)
        return on_duty(place, shifts, rotations, self._users, start), list(found)

    async def _of_people(self) -> AsyncGenerator[Finding]:
        """Read the rules of everybody, which are one list, and yield which are missing."""
        people = self._account.to_ask()
        if not people:
            return
        rules: defaultdict[str, list[PersonalNotificationRule]] = defaultdict(list)
        try:
            async for rule in self._pages(PersonalNotificationRules(self._core).list()):
                if rule.user_id and rule.user_id in people:
                    rules[rule.user_id].append(rule)
        except Forbidden:
            self._account.refuse(_PERSON, len(people))
            return
        for user_id, seen in people.items():
            told = told_in(rules[user_id], self._users.get(user_id))
            for finding in without_rules(seen, told, self._question.urgencies):
                yield finding

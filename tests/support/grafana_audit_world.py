"""Grafana OnCalls as plain data: put in by the client's creates, and judged by a few loops of their own.

What refers to something names it by its place in its list, and days are counted from the first that is looked at.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from aiooncall import grafana as g

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.grafana_client import GrafanaWorld

Json = dict[str, Any]
Told = tuple[str, str, str, float | None]
"""A kind, the name of a place, an urgency or a person, and a day."""

START: Final = datetime(2031, 3, 3, tzinfo=UTC)
DAYS, BEFORE, LONGEST = 8, 2, 2
DAY: Final = timedelta(days=1)
HALF: Final = 0.5
"""A rotation ends in the midst of a day, whose turn is still whole: it began before that."""
FIRST_END: Final = 3
"""The day on which rotations can end: by then each of four turns has been whole once, and so each time they come."""


async def put_in(w: GrafanaWorld, given: Json) -> None:
    """Put an account into the simulator, and forget the requests that it took."""
    users = [w.sim.grafana.add_user(f"user-{n}", role=one["role"]) for n, one in enumerate(given["users"])]
    for user, one in zip(users, given["users"], strict=True):
        for urgency in one["told"]:
            rule = g.PersonalNotificationRule(user_id=user, type=f"notify_by_{one['by']}", important=urgency == "high")
            await w.client.personal_notification_rules.create(rule)
    schedules = [await _schedule(w, n, one, users) for n, one in enumerate(given["schedules"])]
    chains = [await _chain(w, n, steps, users, schedules) for n, steps in enumerate(given["chains"])]
    for number, one in enumerate(given["integrations"]):
        default = g.DefaultRoute(escalation_chain_id=None if one["default"] is None else chains[one["default"]])
        integration = g.Integration(type="webhook", name=f"Integration {number}", default_route=default)
        made = await w.client.integrations.create(integration)
        for place, chain in enumerate(one["routes"]):
            leads_to = None if chain is None else chains[chain]
            await w.client.routes.create(
                g.Route(integration_id=made.id, routing_regex=f"r{place}", escalation_chain_id=leads_to)
            )
    w.sim.ledger.requests.clear()


async def _schedule(w: GrafanaWorld, number: int, one: Json, users: list[str]) -> str:
    shift = g.OnCallShift(
        name=f"Daily {number}", type="rolling_users", start=(START - BEFORE * DAY).replace(tzinfo=None), duration=DAY,
        frequency="daily", interval=1, rolling_users=[[users[turn]] for turn in one["turns"]], time_zone="UTC",
        start_rotation_from_user_index=0, until=None if one["until"] is None else START + (one["until"] + HALF) * DAY,
    )  # fmt: skip
    made = await w.client.on_call_shifts.create(shift)
    schedule = g.CalendarSchedule(name=f"Schedule {number}", time_zone="UTC", shifts=[made.id])
    return (await w.client.schedules.create(schedule)).id


async def _chain(w: GrafanaWorld, number: int, steps: list[Json], users: list[str], schedules: list[str]) -> str:
    chain = await w.client.escalation_chains.create(g.EscalationChain(name=f"Chain {number}"))
    for one in steps:
        fields: Json = {"escalation_chain_id": chain.id}
        match one:
            case {"user": user}:
                step: Any = g.NotifyPersonsStep(persons_to_notify=[users[user]], important=one["important"], **fields)
            case {"schedule": place}:
                step = g.NotifyScheduleStep(
                    notify_on_call_from_schedule=schedules[place], important=one["important"], **fields
                )
            case _:
                step = g.WaitStep(duration=60, **fields)
        await w.client.escalation_policies.create(step)
    return chain.id


class Judge:
    """What is wrong with an account, worked out from its plain data."""

    def __init__(self, given: Json) -> None:
        self.given = given

    def findings(self) -> list[Told]:
        """Return all that is wrong, in any order."""
        return [*self._schedules(), *self._people(), *self._chains(), *self._integrations(), *self._rules()]

    def can(self, user: int) -> bool:
        """Return whether a user is ever notified."""
        return bool(self.given["users"][user]["role"] == "editor")

    def on_call(self, number: int) -> list[int | None]:
        """Return who is on call on a schedule on each day; somebody who is never notified is in no shift."""
        one = self.given["schedules"][number]
        days: list[int | None] = []
        for day in range(DAYS):
            turn = one["turns"][(day + BEFORE) % len(one["turns"])]
            over = one["until"] is not None and day > one["until"]
            days.append(None if over or not self.can(turn) else turn)
        return days

    def _schedules(self) -> Iterator[Told]:
        for number, one in enumerate(self.given["schedules"]):
            name, days = f"Schedule {number}", self.on_call(number)
            if None in days:
                yield ("gap", name, str(days.count(None)), float(days.index(None)))
            since = 0
            for day in range(1, DAYS + 1):
                if day == DAYS or days[day] != days[since]:
                    if days[since] is not None and day - since > LONGEST:
                        yield ("long_stretch", name, f"user-{days[since]}", float(since))
                    since = day
            if one["until"] is not None:
                yield ("schedule_ends", name, "", one["until"] + HALF)

    def _people(self) -> Iterator[Told]:
        placed = {user for one in self.given["schedules"] for user in one["turns"]}
        placed |= {step["user"] for steps in self.given["chains"] for step in steps if "user" in step}
        for user in placed:
            if not self.can(user):
                yield ("person_disabled", f"user-{user}", "", None)

    def _told(self, step: Json) -> set[int]:
        told = self.on_call(step["schedule"]) if "schedule" in step else [step["user"]]
        return {user for user in told if user is not None and self.can(user)}

    def _chains(self) -> Iterator[Told]:
        routed = {chain for one in self.given["integrations"] for chain in (*one["routes"], one["default"])}
        for number, steps in enumerate(self.given["chains"]):
            if number not in routed:
                yield ("policy_not_routed", f"Chain {number}", "", None)
            telling = [(place, step) for place, step in enumerate(steps, 1) if "wait" not in step]
            if not telling:
                yield ("step_reaches_nobody", f"Chain {number}", "", None)
            for place, step in telling:
                if not self._told(step):
                    yield ("step_reaches_nobody", f"{place} of Chain {number}", "", None)

    def _integrations(self) -> Iterator[Told]:
        for number, one in enumerate(self.given["integrations"]):
            if one["default"] is None:
                yield ("no_catch_all", f"Integration {number}", "", None)

    def _rules(self) -> Iterator[Told]:
        reached: set[tuple[int, str]] = set()
        for one in self.given["integrations"]:
            for chain in (*one["routes"], one["default"]):
                for step in self.given["chains"][chain] if chain is not None else ():
                    if "wait" not in step:
                        reached |= {(user, "high" if step["important"] else "low") for user in self._told(step)}
        for user, urgency in reached:
            known = self.given["users"][user]
            if urgency not in known["told"] or known["by"] == "sms":  # no phone was verified
                yield ("no_notification_rule", f"user-{user}", urgency, None)

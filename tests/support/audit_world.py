"""Accounts as plain data: put into the simulator by bare requests, and judged by a few loops of their own.

An account is four lists. What refers to something names it by its place in its list, and days are counted from the
first one that is looked at.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs

from tests.support.datadog_http import ON_CALL, POLICIES, SCHEDULES, data_body

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall.audit import Finding
    from aiooncall.simulator import Simulator
    from tests.support.datadog_http import Caller

Json = dict[str, Any]

START: Final = datetime(2031, 3, 3, tzinfo=UTC)
DAYS: Final = 10
BEFORE: Final = 5
"""Days before the first one on which each rotation has begun."""
DAY: Final = timedelta(days=1)
LONGEST: Final = 3
"""Days for which one person may be on call in these accounts."""
_OF: Final = {"low": ("low",), "high": ("high",), "dynamic": ("high", "low")}


def user(status: str = "active", told: str = "high low", *, private: bool = False, channel: bool = True) -> Json:
    """Return a person who is told of pages of some urgencies, by a channel that can be used or not."""
    return {"status": status, "told": told.split(), "private": private, "channel": channel}


def schedule(
    *turns: int | None, until: int | None = None, stand_ins: dict[int, int] | None = None, team: int | None = 0
) -> Json:
    """Return a schedule of daily turns, which ends after some days or not, and on some days has somebody stand in."""
    return {"turns": turns, "until": until, "stand_ins": stand_ins or {}, "team": team}


def policy(*steps: list[tuple[str, int]], team: int | None = 0) -> Json:
    """Return a policy; each step is the list of its targets."""
    return {"steps": steps, "team": team}


def rule(leads_to: int | None, query: str = "", urgency: str = "high") -> Json:
    """Return a routing rule, which leads to a policy or pages nobody."""
    return {"policy": leads_to, "query": query, "urgency": urgency}


def account(users: list[Json], schedules: list[Json], policies: list[Json], *teams: list[Json]) -> Json:
    """Return an account; each team is the list of its routing rules."""
    return {"users": users, "schedules": schedules, "policies": policies, "teams": teams}


def clean() -> Json:
    """Return an account in which nothing is wrong."""
    return account(
        [user(), user(), user()],
        [schedule(0, 1)],
        [policy([("schedule", 0)], [("user", 2)])],
        [rule(0, urgency="dynamic")],
    )


@attrs.define
class Ids:
    """The ids of what was put into a simulator, by list."""

    users: list[str] = attrs.field(factory=list[str])
    teams: list[str] = attrs.field(factory=list[str])
    schedules: list[str] = attrs.field(factory=list[str])
    policies: list[str] = attrs.field(factory=list[str])


async def put_in(sim: Simulator, caller: Caller, given: Json) -> Ids:
    """Put an account into a simulator, and forget the requests that it took."""
    ids = Ids()
    for number, one in enumerate(given["users"]):
        ids.users.append(sim.add_user(f"User {number}", status=one["status"]))
        await _notify(sim, caller, ids.users[-1], one)
    ids.teams = [sim.add_team(f"team-{number}", f"Team {number}") for number in range(len(given["teams"]))]
    for number, one in enumerate(given["schedules"]):
        ids.schedules.append(await caller.make(SCHEDULES, _schedule_body(number, one, ids)))
        for day, stand_in in one["stand_ins"].items():
            path = f"{SCHEDULES}/{ids.schedules[-1]}/overrides"
            await caller.ask("POST", path, _override_body(day, ids.users[stand_in]))
    for number, one in enumerate(given["policies"]):
        ids.policies.append(await caller.make(POLICIES, _policy_body(number, one, ids)))
    for team_id, rules in zip(ids.teams, given["teams"], strict=True):
        for one in rules:
            leads_to = None if one["policy"] is None else ids.policies[one["policy"]]
            sim.add_routing_rule(team_id, leads_to, query=one["query"], urgency=one["urgency"])
    sim.ledger.requests.clear()
    return ids


async def _notify(sim: Simulator, caller: Caller, user_id: str, one: Json) -> None:
    config = {"type": "email", "address": "a@example.com", "formats": ["html"]}
    channel = {"id": sim.add_channel(user_id, config, active=one["channel"]), "type": "notification_channels"}
    for urgency in one["told"]:
        attributes = {"category": f"{urgency}_urgency"}
        body = data_body("notification_rules", attributes, relationships={"channel": {"data": channel}})
        await caller.ask("POST", f"{ON_CALL}/users/{user_id}/notification-rules", body, status=201)
    if one["private"]:
        sim.keep_private(user_id)


def _owner(one: Json, ids: Ids) -> tuple[str, ...]:
    return () if one["team"] is None else (ids.teams[one["team"]],)


def _schedule_body(number: int, one: Json, ids: Ids) -> Json:
    begin = (START - BEFORE * DAY).isoformat()
    layer = {
        "name": "Days",
        "effective_date": begin,
        "rotation_start": begin,
        "interval": {"days": 1},
        "members": [{} if turn is None else {"user": {"id": ids.users[turn]}} for turn in one["turns"]],
    }
    if one["until"] is not None:
        layer["end_date"] = (START + one["until"] * DAY).isoformat()
    attributes = {"name": f"Schedule {number}", "time_zone": "Etc/UTC", "layers": [layer]}
    return data_body("schedules", attributes, *_owner(one, ids))


def _override_body(day: int, user_id: str) -> Json:
    times = {"start": (START + day * DAY).isoformat(), "end": (START + (day + 1) * DAY).isoformat()}
    people = {"user": {"data": {"type": "users", "id": user_id}}}
    return {"data": [{"type": "overrides", "attributes": times, "relationships": people}]}


def _policy_body(number: int, one: Json, ids: Ids) -> Json:
    listed: Json = {"user": ids.users, "schedule": ids.schedules, "team": ids.teams}
    steps = [
        {"targets": [{"type": f"{kind}s", "id": listed[kind][place]} for kind, place in step]} for step in one["steps"]
    ]
    return data_body("policies", {"name": f"Policy {number}", "steps": steps}, *_owner(one, ids))


def found(finding: Finding) -> tuple[object, ...]:
    """Return what counts of a finding, as the judge below says it."""
    times = tuple((_day(time.start), _day(time.end)) for time in finding.times)
    who = finding.person.label if finding.person and finding.kind == "long_stretch" else ""
    spans = finding.kind in {"long_stretch", "schedule_ends"}
    since = _day(finding.since) if spans and finding.since else None
    until = _day(finding.until) if spans and finding.until else None
    name = finding.where.name.replace("team-", "Team ")  # a team whose name nothing tells is called by its handle
    return (str(finding.kind), name, finding.urgency, times, who, since, until, finding.count)


def _day(at: datetime) -> float:
    return (at - START) / DAY


class Judge:
    """What is wrong with an account, worked out from its plain data."""

    def __init__(self, given: Json) -> None:
        self.given = given
        self.rules = [list(self._tried(rules)) for rules in given["teams"]]

    def findings(self) -> list[tuple[object, ...]]:
        """Return all that is wrong, in any order."""
        return [
            *self._schedules(),
            *self._accounts(),
            *self._steps(),
            *self._policies(),
            *self._teams(),
            *self._people(),
        ]

    @staticmethod
    def _tried(rules: list[Json]) -> Iterator[Json]:
        """Yield the rules that can be reached: none after one that takes everything."""
        for one in rules:
            yield one
            if not one["query"]:
                return

    def on_call(self, number: int) -> list[int | None]:
        """Return who is on call on a schedule on each day."""
        one = self.given["schedules"][number]
        days: list[int | None] = []
        for day in range(DAYS):
            turn = one["turns"][(day + BEFORE) % len(one["turns"])]
            over = one["until"] is not None and day >= one["until"]
            days.append(one["stand_ins"].get(day, None if over else turn))
        return days

    def _schedules(self) -> Iterator[tuple[object, ...]]:
        for number, one in enumerate(self.given["schedules"]):
            days, name = self.on_call(number), f"Schedule {number}"
            if gaps := tuple(_runs(days, None)):
                yield ("gap", name, "", gaps, "", None, None, 1)
            for person in {day for day in days if day is not None}:
                for since, until in _runs(days, person):
                    if until - since > LONGEST:
                        yield ("long_stretch", name, "", (), f"User {person}", since, until, 1)
            if one["until"] is not None and any(turn is not None for turn in one["turns"]):
                yield ("schedule_ends", name, "", (), "", one["until"], None, 1)

    def _standing(self) -> set[int]:
        """Return who has a place on a schedule or in a step."""
        people: set[int] = set()
        for one in self.given["schedules"]:
            people |= {turn for turn in one["turns"] if turn is not None} if one["until"] != 0 else set()
            people |= set(one["stand_ins"].values())
        for one in self.given["policies"]:
            people |= {place for step in one["steps"] for kind, place in step if kind == "user"}
        return people

    def _accounts(self) -> Iterator[tuple[object, ...]]:
        for number in self._standing():
            status = self.given["users"][number]["status"]
            if status != "active":
                kind = {"deactivated": "person_disabled", "pending": "person_pending"}[status]
                yield (kind, f"User {number}", "", (), "", None, None, 1)

    def _told_by(self, step: list[tuple[str, int]], passed: set[int]) -> set[int]:
        """Return whom a step tells on some day."""
        told: set[int] = set()
        for kind, place in step:
            if kind == "user":
                told.add(place)
            elif kind == "schedule":
                told |= {day for day in self.on_call(place) if day is not None}
            elif place not in passed:
                passed.add(place)
                leads_to = [one["policy"] for one in self.rules[place] if one["policy"] is not None]
                if leads_to:
                    told |= self._told_by(self.given["policies"][leads_to[0]]["steps"][0], passed)
        return told

    def _steps(self) -> Iterator[tuple[object, ...]]:
        for number, one in enumerate(self.given["policies"]):
            for place, step in enumerate(one["steps"], 1):
                told = self._told_by(step, set())
                if all(self.given["users"][person]["status"] == "deactivated" for person in told):
                    yield ("step_reaches_nobody", f"{place} of Policy {number}", "", (), "", None, None, 1)

    def _policies(self) -> Iterator[tuple[object, ...]]:
        routed = {one["policy"] for rules in self.rules for one in rules}
        for number in range(len(self.given["policies"])):
            if number not in routed:
                yield ("policy_not_routed", f"Policy {number}", "", (), "", None, None, 1)

    def _teams(self) -> Iterator[tuple[object, ...]]:
        owners = {one["team"] for one in (*self.given["schedules"], *self.given["policies"])}
        steps = [step for one in self.given["policies"] for step in one["steps"]]
        used = owners | {place for step in steps for kind, place in step if kind == "team"}
        for number, rules in enumerate(self.rules):
            paging = [one for one in rules if one["policy"] is not None]
            if (paging or number in used) and not any(not one["query"] for one in paging):
                yield ("no_catch_all", f"Team {number}", "", (), "", None, None, 1)

    def _people(self) -> Iterator[tuple[object, ...]]:
        reached: dict[int, set[str]] = {}
        for one in (one for rules in self.rules for one in rules if one["policy"] is not None):
            for step in self.given["policies"][one["policy"]]["steps"]:
                for person in self._told_by(step, set()):
                    reached.setdefault(person, set()).update(_OF[one["urgency"]])
        hidden = 0
        for person, urgencies in reached.items():
            known = self.given["users"][person]
            if known["status"] != "active":
                continue
            hidden += known["private"]
            told = known["told"] if known["channel"] else []
            for urgency in urgencies - set(told) if not known["private"] else ():
                yield ("no_notification_rule", f"User {person}", urgency, (), "", None, None, 1)
        if hidden:
            yield ("not_allowed", "", "", (), "", None, None, hidden)


def _runs(days: list[int | None], wanted: int | None) -> Iterator[tuple[int, int]]:
    """Yield when somebody, or nobody, is on call without a break."""
    since: int | None = None
    for day, person in enumerate([*days, object()]):
        if person == wanted and since is None:
            since = day
        elif person != wanted and since is not None:
            yield since, day
            since = None

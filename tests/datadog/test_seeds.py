"""The answers that Datadog's reference shows, linked (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from aiooncall import UNSET, PreciseTime
from aiooncall.datadog import (
    Assignment,
    EscalationPolicy,
    RoutingRule,
    RoutingRules,
    Schedule,
    SchedulePosition,
    ScheduleResponders,
    ScheduleTarget,
    Shift,
    Team,
    TeamOnCall,
    TimeRestriction,
    TimeRestrictions,
    User,
    Weekday,
)  # fmt: skip
from aiooncall.datadog.models.routing import RoutingUrgency
from aiooncall.datadog.writing.policy import policy_request
from aiooncall.datadog.writing.routing import routing_request
from aiooncall.jsonapi import ResourceRef, has_content
from tests.support.graphs import Case, there_and_back

if TYPE_CHECKING:
    from aiooncall.jsonapi import Resource

Json = dict[str, Any]

ONE: Final = "00000000-aba1-0000-0000-000000000000"
"""The policy's id, its step's, and a user's: only the type tells them apart."""
TWO: Final = "00000000-aba2-0000-0000-000000000000"
THREE: Final = "00000000-aba3-0000-0000-000000000000"
OWNER: Final = "00000000-da3a-0000-0000-000000000000"
TARGETS: Final = [
    {"id": ONE, "type": "users"}, {"id": TWO, "type": "schedules"},
    {"id": f"{TWO}_previous", "type": "schedule_target"},
    {"id": THREE, "type": "teams"},
]  # fmt: skip
POLICY: Final[Json] = {
    "data": {
        "attributes": {"name": "Escalation Policy 1", "resolve_page_on_policy_end": True, "retries": 2},
        "id": ONE,
        "relationships": {
            "steps": {"data": [{"id": ONE, "type": "steps"}]}, "teams": {"data": [{"id": OWNER, "type": "teams"}]}
        },
        "type": "policies",
    },
    "included": [
        {
            "attributes": {"avatar": "", "description": "Team 1 description", "handle": "team1", "name": "Team 1"},
            "id": OWNER, "type": "teams",
        },
        {
            "attributes": {"assignment": "default", "escalate_after_seconds": 3600},
            "id": ONE, "relationships": {"targets": {"data": TARGETS}}, "type": "steps",
        },
        {"id": ONE, "type": "users"},
        {"id": TWO, "type": "schedules"},
        {
            "attributes": {"position": "previous"}, "id": f"{TWO}_previous",
            "relationships": {"schedule": {"data": {"id": TWO, "type": "schedules"}}}, "type": "schedule_target",
        },
        {"id": THREE, "type": "teams"},
    ],
}  # fmt: skip
TEAM: Final = "27590dae-47be-4a7d-9abf-8f4e45124020"
RULE: Final = {"id": "03aff2d6-6cbf-496c-997f-a857bbe9a94a", "type": "team_routing_rules"}
HOURS: Final = {
    "restrictions": [
        {"end_day": day, "end_time": "17:00:00", "start_day": day, "start_time": "09:00:00"}
        for day in ("monday", "tuesday")
    ],
    "time_zone": "",
}
SAID: Final = {"actions": None, "query": "tags.service:test", "time_restriction": HOURS, "urgency": "high"}
RULES: Final[Json] = {
    "data": {"id": TEAM, "relationships": {"rules": {"data": [RULE, RULE]}}, "type": "team_routing_rules"},
    "included": [{"attributes": SAID, **RULE, "relationships": {"policy": {"data": None}}}],
}
SCHEDULE: Final = "23545b48-fa23-4ea9-a331-3a38f81195cd"
RESPONDERS: Final[Json] = {
    "data": {
        "id": f"{SCHEDULE}-1783675898", "type": "schedule_oncall_responders",
        "attributes": {"scheduled_at": "2026-07-10T09:31:38.803561233Z"},
        "relationships": {
            "responders": {"data": [{"id": f"{SCHEDULE}-1783675898-current", "type": "schedule_oncall_responder"}]},
            "schedule": {"data": {"id": SCHEDULE, "type": "schedules"}},
        },
    }
}  # fmt: skip
SOMEBODY: Final = {"id": "42e2447f-d0ee-11f0-b246-f6a778e5e220", "type": "users"}
SHIFT: Final[Json] = {
    "data": {
        "id": f"{SOMEBODY['id']}-2025-12-04T03:50:19-05:00-2025-12-05T03:50:18-05:00", "type": "shifts",
        "attributes": {"end": "2025-12-05T03:50:18-05:00", "start": "2025-12-04T03:50:19.261184-05:00"},
        "relationships": {"user": {"data": SOMEBODY}},
    }
}  # fmt: skip
ON_CALL: Final[Json] = {
    "data": {
        "id": "fc8f8844-54c3-4898-aabc-68d6fccbe20e-1764252704", "type": "team_oncall_responders",
        "relationships": {"escalations": {"data": []}, "responders": {"data": [SOMEBODY]}},
    },
    "included": [{**SOMEBODY, "attributes": {"email": "user@example.com", "name": "", "status": "pending"}}],
}  # fmt: skip


def linked(kind: type[Resource], document: Json) -> Any:
    """Return the one resource of a document, linked; the document itself survives that."""
    case = Case(kind, document)
    assert there_and_back(case) == document
    return case.link().data[0]


def test_policy() -> None:
    """The policy is linked to its step and its team, and three resources of one id are three things."""
    policy = linked(EscalationPolicy, POLICY)
    assert (policy.name, policy.retries, policy.resolve_page_on_policy_end) == ("Escalation Policy 1", 2, True)
    team = Team(id=OWNER, name="Team 1", handle="team1", description="Team 1 description", avatar="")
    assert policy.teams == (team,)
    (step,) = policy.steps
    assert (step.id, step.escalate_after, step.assignment) == (ONE, 3600, Assignment.DEFAULT)
    assert [type(target) for target in step.targets] == [User, Schedule, ScheduleTarget, Team]


def test_targets_of_the_policy() -> None:
    """What came without attributes is an object that says who it is; the previous of a schedule is of that schedule."""
    user, schedule, previous, team = linked(EscalationPolicy, POLICY).steps[0].targets
    assert (user, schedule, team) == (User(id=ONE), Schedule(id=TWO), Team(id=THREE))
    assert not any(map(has_content, (user, schedule, team)))
    assert user.name is UNSET
    assert previous.position is SchedulePosition.PREVIOUS
    assert previous.schedule is schedule


def policy_written(identity: Json, step_identity: Json) -> Json:
    """Return the example's policy as a request names it."""
    users, schedules, _, teams = TARGETS
    previous = {"id": TWO, "type": "schedules", "config": {"schedule": {"position": "previous"}}}
    step = {"assignment": "default", "escalate_after_seconds": 3600, "targets": [users, schedules, previous, teams]}
    return {
        "type": "policies",
        **identity,
        "attributes": {**POLICY["data"]["attributes"], "steps": [{**step_identity, **step}]},
        "relationships": {"teams": {"data": [{"id": OWNER, "type": "teams"}]}},
    }


def test_policy_goes_back() -> None:
    """What was read is written as requests want it: the position in the target's config, and ids only to update."""
    policy = linked(EscalationPolicy, POLICY)
    assert policy_request(policy, update=True) == policy_written({"id": ONE}, {"id": ONE})
    assert policy_request(policy) == policy_written({}, {})


def test_routing_rules() -> None:
    """A rule that the answer names twice is one object; actions and policy are null, and the time zone is empty."""
    rules = linked(RoutingRules, RULES)
    first, second = rules.rules
    assert first is second
    assert rules.id == TEAM
    windows = [
        TimeRestriction(start_day=day, start_time=time(9), end_day=day, end_time=time(17))
        for day in (Weekday.MONDAY, Weekday.TUESDAY)
    ]
    assert first == RoutingRule(
        id=RULE["id"], query="tags.service:test", urgency=RoutingUrgency.HIGH, actions=None, policy=None,
        time_restriction=TimeRestrictions(time_zone="", restrictions=windows),
    )  # fmt: skip
    assert first.policy_id is None


def test_routing_rules_go_back() -> None:
    """The rule is written once, with its id, its null and its empty time zone."""
    assert routing_request(TEAM, linked(RoutingRules, RULES)) == {
        "type": "team_routing_rules", "id": TEAM, "attributes": {"rules": [{"id": RULE["id"], **SAID}]}
    }  # fmt: skip


def test_responders() -> None:
    """The time has its nanoseconds, and what wasn't included is a reference with the id that the server made up."""
    found = linked(ScheduleResponders, RESPONDERS)
    assert isinstance(found.scheduled_at, PreciseTime)
    assert (found.scheduled_at.nanosecond, found.scheduled_at.second) == (803_561_233, 38)
    assert found.schedule == ResourceRef("schedules", SCHEDULE)
    assert found.responders == (ResourceRef("schedule_oncall_responder", f"{SCHEDULE}-1783675898-current"),)


def test_shift() -> None:
    """A shift has the local times that the server sent."""
    found = linked(Shift, SHIFT)
    assert found.start == datetime(2025, 12, 4, 8, 50, 19, 261184, tzinfo=UTC)
    assert found.end.utcoffset() == timedelta(hours=-5)
    assert found.user == ResourceRef(SOMEBODY["type"], SOMEBODY["id"])


def test_team_on_call() -> None:
    """A user without a name is called by the address."""
    found = linked(TeamOnCall, ON_CALL)
    assert found.escalations == ()
    (user,) = found.responders
    assert (user.name, user.label, user.status) == ("", "user@example.com", "pending")

"""Who is on call, as the simulator's answers show it; that the right person is found is proved with the rotations."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.datadog_http import (
    NOBODY,
    ON_CALL,
    POLICIES,
    SCHEDULES,
    data_body,
    policy_body,
    schedule_body,
    simulated,
)

EVERYTHING = "schedule,responders.shifts.user"
# Where virtual time starts: 2027-01-15 08:00:00.25 UTC.
NOW = 1_800_000_000


def target(kind: str, target_id: str, position: str = "current") -> dict[str, Any]:
    """Return a step's target."""
    return {"type": kind, "id": target_id, "config": {"schedule": {"position": position}}}


async def test_shift_reads_as_recorded() -> None:
    """The shift of the moment has an id made of user and bounds, and brings its user on request."""
    async with simulated() as (sim, caller):
        ann, bob = sim.add_user("Ann"), sim.add_user("Bob")
        body = schedule_body(ann, bob)
        body["data"]["attributes"]["time_zone"] = "America/New_York"
        path = f"{SCHEDULES}/{await caller.make(SCHEDULES, body)}/on-call"
        now = await caller.ask("GET", path, include="user")
        later = await caller.ask("GET", path, query={"filter[at_ts]": "2027-01-16T12:00:00+09:00"})
    start, end = "2027-01-15T03:00:00-05:00", "2027-01-15T19:00:00-05:00"
    assert now["data"] == {
        "id": f"{ann}-{start}-{end}",
        "type": "shifts",
        "attributes": {"start": "2027-01-15T03:00:00.250000-05:00", "end": end},
        "relationships": {"user": {"data": {"id": ann, "type": "users"}}},
    }
    assert [item["attributes"]["name"] for item in now["included"]] == ["Ann"]
    assert later["data"]["relationships"]["user"]["data"]["id"] == bob
    assert "included" not in later


async def test_bounds_of_a_shift_are_as_recorded() -> None:
    """A shift ends in whole seconds, and starts no earlier than its schedule was made, unless it is asked for then."""
    async with simulated() as (sim, caller):
        body = schedule_body(sim.add_user(), rotation_start="2027-01-01T08:50:18.341Z")
        path = f"{SCHEDULES}/{await caller.make(SCHEDULES, body)}/on-call"
        asked = ["2027-01-14T00:00:00Z", "2027-01-15T08:00:00Z", "2027-01-15T08:00:01Z", "2027-01-16T00:00:00Z"]
        shifts = [(await caller.ask("GET", path, query={"filter[at_ts]": at}))["data"]["attributes"] for at in asked]
    assert [(shift["start"], shift["end"]) for shift in shifts] == [
        ("2027-01-13T08:50:18.341000+00:00", "2027-01-14T08:50:18+00:00"),
        ("2027-01-14T08:50:18.341000+00:00", "2027-01-15T08:50:18+00:00"),
        ("2027-01-15T08:00:00.250000+00:00", "2027-01-15T08:50:18+00:00"),
        ("2027-01-15T08:50:18.341000+00:00", "2027-01-16T08:50:18+00:00"),
    ]


async def test_nobody_on_call_is_404() -> None:
    """An empty slot puts nobody on call."""
    async with simulated() as (_, caller):
        schedule = await caller.make(SCHEDULES, schedule_body(None))
        assert "nobody" in await caller.refusal("GET", f"{SCHEDULES}/{schedule}/on-call", status=404)


async def test_responders_read_as_recorded() -> None:
    """Responders come by position in the order asked for, with shifts and users on request; only current by default."""
    async with simulated() as (sim, caller):
        ann, bob = sim.add_user("Ann"), sim.add_user("Bob")
        schedule = await caller.make(SCHEDULES, schedule_body(ann, bob))
        path = f"{SCHEDULES}/{schedule}/responders"
        plain = await caller.ask("GET", path)
        options = {"filter[position]": "next,current,next", "filter[at_ts]": "2027-01-15T08:00:00.25Z"}
        full = await caller.ask("GET", path, include=EVERYTHING, query=options)
    record = f"{schedule}-{NOW}"
    refs = full["data"]["relationships"].pop("responders")["data"]
    assert plain["data"]["relationships"].pop("responders") == {
        "data": [{"id": f"{record}-current", "type": "schedule_oncall_responder"}]
    }
    assert full["data"] == plain["data"]
    assert plain == {
        "data": {
            "id": record,
            "type": "schedule_oncall_responders",
            "attributes": {"scheduled_at": "2027-01-15T08:00:00.250000000Z"},
            "relationships": {"schedule": {"data": {"id": schedule, "type": "schedules"}}},
        }
    }
    assert [ref["id"] for ref in refs] == [f"{record}-next", f"{record}-current"]
    included = {(item["type"], item["id"]): item for item in full["included"]}
    people = []
    for ref in refs:
        responder = included[ref["type"], ref["id"]]
        (shift,) = [included["shifts", one["id"]] for one in responder["relationships"]["shifts"]["data"]]
        user = included["users", shift["relationships"]["user"]["data"]["id"]]
        people.append((responder["attributes"]["position"], user["attributes"]["name"], shift["attributes"]["start"]))
    assert people == [
        ("next", "Bob", "2027-01-16T00:00:00+00:00"),
        ("current", "Ann", "2027-01-15T08:00:00.250000+00:00"),
    ]
    assert ("schedules", schedule) in included


async def test_empty_position_has_no_shifts() -> None:
    """A position at which nobody is shows without shifts."""
    async with simulated() as (_, caller):
        schedule = await caller.make(SCHEDULES, schedule_body(None))
        document = await caller.ask("GET", f"{SCHEDULES}/{schedule}/responders", include="responders.shifts")
    assert [item["relationships"]["shifts"]["data"] for item in document["included"]] == [[]]


@pytest.mark.parametrize(
    ("route", "params"),
    [
        ("responders", {"filter[position]": "last"}),
        ("responders", {"filter[position]": "next,"}),
        ("responders", {"filter[at_ts]": "now"}),
        ("responders", {"filter[at_ts]": "2027-01-15T08:00:00"}),
        ("responders", {"filter[at_ts]": "2027-01-15T08:00:00 01:00"}),
        ("responders", {"include": "user"}),
        ("on-call", {"filter[at_ts]": "2027-13-01T00:00:00Z"}),
        ("on-call", {"include": "users"}),
    ],
)
async def test_bad_question_is_refused(route: str, params: dict[str, str]) -> None:
    """An unknown position, an instant without an offset and an unknown include are 400."""
    async with simulated() as (sim, caller):
        schedule = await caller.make(SCHEDULES, schedule_body(sim.add_user()))
        (name,) = params
        assert name in await caller.refusal("GET", f"{SCHEDULES}/{schedule}/{route}", query=params)


async def test_team_is_its_policy() -> None:
    """For a team the first step of its policy is on call, and each later step is an escalation."""
    async with simulated() as (sim, caller):
        ann, bob, cy = sim.add_user("Ann"), sim.add_user("Bob"), sim.add_user("Cy")
        team, other = sim.add_team("t"), sim.add_team("o")
        schedule = await caller.make(SCHEDULES, schedule_body(ann, bob))
        backup = await caller.make(
            POLICIES, policy_body([target("users", cy), target("teams", team)], [target("users", bob)])
        )
        first = [target("schedules", schedule), target("users", ann), target("teams", team), target("teams", other)]
        policy = await caller.make(POLICIES, policy_body(first, [target("schedules", schedule, "next")]))
        for owner, owned in ((team, policy), (other, backup)):
            body = data_body("team_routing_rules", {"rules": [{"query": "x"}, {"policy_id": owned}]})
            await caller.ask("PUT", f"{ON_CALL}/teams/{owner}/routing-rules", body)
        path = f"{ON_CALL}/teams/{team}/on-call"
        plain = await caller.ask("GET", path)
        full = await caller.ask("GET", path, include="responders,escalations.responders")
        steps = sim.stored("policies", policy)["attributes"]["steps"]
    escalation = {"id": steps[1]["id"], "type": "escalation_policy_steps"}
    assert plain == {
        "data": {
            "id": f"{team}-{NOW}",
            "type": "team_oncall_responders",
            "relationships": {
                "responders": {"data": [{"id": ann, "type": "users"}, {"id": cy, "type": "users"}]},
                "escalations": {"data": [escalation]},
            },
        }
    }
    assert {**escalation, "relationships": {"responders": {"data": [{"id": bob, "type": "users"}]}}} in full["included"]
    assert {item["id"] for item in full["included"]} == {ann, bob, cy, steps[1]["id"]}


async def test_team_without_a_policy_has_nobody() -> None:
    """A team whose rules lead to no policy has neither responders nor escalations; an unknown team is 404."""
    async with simulated() as (sim, caller):
        document = await caller.ask("GET", f"{ON_CALL}/teams/{sim.add_team('t')}/on-call", include="responders")
        await caller.refusal("GET", f"{ON_CALL}/teams/{NOBODY}/on-call", status=404)
    assert document["included"] == []
    assert [one["data"] for one in document["data"]["relationships"].values()] == [[], []]


async def test_drift_reaches_who_is_on_call() -> None:
    """With drift the answers on who is on call hold unknown members as well."""
    async with simulated(drift=True) as (sim, caller):
        schedule = await caller.make(SCHEDULES, schedule_body(sim.add_user()))
        path = f"{SCHEDULES}/{schedule}/responders"
        document = await caller.ask("GET", path, include=EVERYTHING, query={"filter[position]": "next"})
    known = [item for item in document["included"] if item["type"] != "robots"]
    assert len(known) == len(document["included"]) - 1
    assert all(item["robot"] for item in [document["data"], *known])

"""Overrides in the simulator: what is kept and shown, what is refused, and who is on call because of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall.simulator.datadog.override_layers import with_overrides
from aiooncall.simulator.datadog.rotation import find_shifts
from tests.support.datadog_http import (
    NOBODY,
    ON_CALL,
    POLICIES,
    SCHEDULES,
    data_body,
    override_body,
    policy_body,
    schedule_body,
    simulated,
)

if TYPE_CHECKING:
    from tests.support.datadog_http import Caller

NEW_YEAR = datetime(2031, 1, 1, tzinfo=UTC)
JANUARY = {"filter[start]": "2031-01-01T00:00:00Z", "filter[end]": "2031-02-01T00:00:00Z"}


async def make(caller: Caller, body: dict[str, Any], schedule_id: str) -> list[dict[str, Any]]:
    """Create overrides and return them."""
    made: list[dict[str, Any]] = (await caller.ask("POST", overrides_of(schedule_id), body))["data"]
    return made


def overrides_of(schedule_id: str) -> str:
    """Return where the overrides of a schedule are."""
    return f"{SCHEDULES}/{schedule_id}/overrides"


async def test_override_reads_as_documented() -> None:
    """An override has its times, whether it is over, and its people and schedule; the people come along if asked."""
    async with simulated() as (sim, caller):
        ann = sim.add_user("Ann")
        schedule = await caller.make(SCHEDULES, schedule_body(ann))
        (made,) = await make(caller, override_body(ann), schedule)
        (past,) = await make(caller, override_body(ann, "2026-01-01T00:00:00+01:00", "2026-01-02T00:00:00Z"), schedule)
        listed = await caller.ask("GET", overrides_of(schedule), query=JANUARY, include="user,user.color")
        assert sim.stored("overrides", made["id"])["attributes"].keys() == {"start", "end"}
    times = {"start": "2031-01-01T22:00:00Z", "end": "2031-01-02T06:00:00Z", "inactive": False}
    assert (made["type"], made["attributes"]) == ("overrides", times)
    assert made["relationships"] == {
        "user": {"data": {"type": "users", "id": ann}},
        "schedule": {"data": {"type": "schedules", "id": schedule}},
    }
    assert past["attributes"] == {"start": "2025-12-31T23:00:00Z", "end": "2026-01-02T00:00:00Z", "inactive": True}
    assert listed["data"] == [made]
    assert [one["attributes"]["name"] for one in listed["included"]] == ["Ann"]
    assert "meta" not in listed


async def test_list_has_what_overlaps_in_slices() -> None:
    """The list has what overlaps the time asked for, by its start, in slices; what only touches it is left out."""
    async with simulated() as (sim, caller):
        ann = sim.add_user()
        schedule, other = [await caller.make(SCHEDULES, schedule_body(ann)) for _ in range(2)]
        days = [("2031-01-31", "2031-02-03"), ("2030-12-01", "2031-01-01"), ("2030-12-31", "2031-01-02")]
        days += [("2031-02-01", "2031-02-02"), ("2031-01-05", "2031-01-06")]
        for start, end in days:
            await make(caller, override_body(ann, f"{start}T00:00:00Z", f"{end}T00:00:00Z"), schedule)
        found = []
        for number in ("0", "1", "2"):
            query = {**JANUARY, "page[size]": "2", "page[number]": number}
            found.append((await caller.ask("GET", overrides_of(schedule), query=query))["data"])
        assert (await caller.ask("GET", overrides_of(other), query=JANUARY))["data"] == []
    starts = [[row["attributes"]["start"][:10] for row in rows] for rows in found]
    assert starts == [["2030-12-31", "2031-01-05"], ["2031-01-31"], []]


@pytest.mark.parametrize(
    ("named", "query"),
    [
        ("filter[start]", {"filter[start]": ""}),
        ("filter[start]", {"filter[start]": "2031-01-01"}),
        ("filter[end]", {"filter[end]": "soon"}),
        ("filter[end]", {"filter[end]": "2031-01-01T00:00:00Z"}),
        ("filter[end]", {"filter[end]": "2031-02-15T00:00:01Z"}),
        ("page[size]", {"page[size]": "51"}),
        ("include", {"include": "schedule"}),
    ],
)
async def test_bad_question_is_refused(named: str, query: dict[str, str]) -> None:
    """A list needs a start and an end that are at most 45 days apart, and has at most 50 rows."""
    async with simulated() as (sim, caller):
        schedule = await caller.make(SCHEDULES, schedule_body(sim.add_user()))
        assert named in await caller.refusal("GET", overrides_of(schedule), query={**JANUARY, **query})
        most = {**JANUARY, "filter[end]": "2031-02-15T00:00:00Z", "page[size]": "50"}
        await caller.ask("GET", overrides_of(schedule), query=most)


@pytest.mark.parametrize(
    ("named", "change"),
    [
        ("type", {"type": "override"}),
        ("attributes", {"attributes": None}),
        ("start", {"attributes": {"end": "2031-01-01T00:00:00Z"}}),
        ("end", {"attributes": {"start": "2031-01-01T00:00:00Z", "end": "later"}}),
        ("end", {"attributes": {"start": "2031-01-01T00:00:00Z", "end": "2031-01-01T00:00:00Z"}}),
        (NOBODY, {"relationships": {"user": {"data": {"type": "users", "id": NOBODY}}}}),
        ("type", {"relationships": {"overridden_user": {"data": {"type": "teams", "id": "ANN"}}}}),
        ("data", {"relationships": {"user": {}}}),
    ],
)
async def test_bad_override_is_refused(named: str, change: dict[str, Any]) -> None:
    """A request with anything wrong in one override is refused as a whole, and the error says what."""
    async with simulated() as (sim, caller):
        ann = sim.add_user()
        schedule = await caller.make(SCHEDULES, schedule_body(ann))
        good, bad = override_body(ann)["data"][0], override_body(ann)["data"][0]
        bad = {name: value for name, value in {**bad, **change}.items() if value is not None}
        if "overridden_user" in str(change):
            bad["relationships"]["overridden_user"]["data"]["id"] = ann
        assert named in await caller.refusal("POST", overrides_of(schedule), {"data": [good, bad]})
        assert (await caller.ask("GET", overrides_of(schedule), query=JANUARY))["data"] == []


@pytest.mark.parametrize("body", [{"data": []}, {"data": {"type": "overrides"}}, {}])
async def test_request_needs_a_list(body: dict[str, Any]) -> None:
    """A request holds a list of overrides, and there is something in it."""
    async with simulated() as (sim, caller):
        schedule = await caller.make(SCHEDULES, schedule_body(sim.add_user()))
        assert "data" in await caller.refusal("POST", overrides_of(schedule), body)


async def test_what_is_not_there() -> None:
    """An unknown schedule is 404, and so is an override that is not one of the schedule's, or not any more."""
    async with simulated() as (sim, caller):
        ann = sim.add_user()
        schedule, other = [await caller.make(SCHEDULES, schedule_body(ann)) for _ in range(2)]
        (made,) = await make(caller, override_body(ann), schedule)
        assert NOBODY in await caller.refusal("POST", overrides_of(NOBODY), override_body(ann), status=404)
        assert NOBODY in await caller.refusal("GET", overrides_of(NOBODY), query=JANUARY, status=404)
        for path in (f"{overrides_of(other)}/{made['id']}", f"{overrides_of(NOBODY)}/{made['id']}"):
            await caller.refusal("DELETE", path, status=404)
        await caller.ask("DELETE", f"{overrides_of(schedule)}/{made['id']}", status=204)
        await caller.refusal("DELETE", f"{overrides_of(schedule)}/{made['id']}", status=404)


async def test_override_takes_effect() -> None:
    """Who stands in is on call on the schedule, at its positions, and for a team whose policy asks the schedule."""
    async with simulated() as (sim, caller):
        ann, bob, team = sim.add_user("Ann"), sim.add_user("Bob"), sim.add_team("t")
        schedule = await caller.make(SCHEDULES, schedule_body(ann))
        policy = await caller.make(POLICIES, policy_body([{"type": "schedules", "id": schedule}]))
        rules = data_body("team_routing_rules", {"rules": [{"policy_id": policy}]})
        await caller.ask("PUT", f"{ON_CALL}/teams/{team}/routing-rules", rules)

        async def on_call() -> tuple[str, list[str]]:
            shift = await caller.ask("GET", f"{SCHEDULES}/{schedule}/on-call")
            users = (await caller.ask("GET", f"{ON_CALL}/teams/{team}/on-call"))["data"]["relationships"]["responders"]
            return shift["data"]["relationships"]["user"]["data"]["id"], [user["id"] for user in users["data"]]

        assert await on_call() == (ann, [ann])
        (made,) = await make(caller, override_body(bob, "2027-01-15T00:00:00Z", "2027-01-16T00:00:00Z"), schedule)
        assert await on_call() == (bob, [bob])
        query = {"filter[position]": "previous,current,next"}
        shifts = await caller.ask(
            "GET", f"{SCHEDULES}/{schedule}/responders", query=query, include="responders.shifts.user"
        )
        people = [one["attributes"]["name"] for one in shifts["included"] if one["type"] == "users"]
        assert sorted(people) == ["Ann", "Bob"]
        await caller.ask("DELETE", f"{overrides_of(schedule)}/{made['id']}", status=204)
        assert await on_call() == (ann, [ann])


def override(hours: tuple[int, int], user: str | None, replaced: str | None = None) -> dict[str, Any]:
    """Return an override as it is stored, in hours of the new year."""
    start, end = (f"{NEW_YEAR + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}" for hour in hours)
    people = {"user": user, "overridden_user": replaced}
    known = {name: {"data": {"type": "users", "id": one}} for name, one in people.items() if one is not None}
    return {"attributes": {"start": start, "end": end}, "relationships": known}


ROTA: dict[str, Any] = {
    "time_zone": "Etc/UTC",
    "layers": [
        {
            "effective_date": "2031-01-01T00:00:00Z",
            "end_date": "2031-01-06T00:00:00Z",
            "rotation_start": "2031-01-01T00:00:00Z",
            "interval": {"seconds": 5 * 3600},
            "members": [{"user": {"id": "a"}}, {}, {"user": {"id": "b"}}, {"user": {"id": "a"}}],
        }
    ],
}
HOURS = st.tuples(st.integers(-5, 130), st.integers(1, 60)).map(lambda pair: (pair[0], sum(pair)))
PEOPLE = st.sampled_from(["a", "b", "c"])
OVERRIDES = st.lists(st.builds(override, HOURS, st.none() | PEOPLE, st.none() | PEOPLE), max_size=4)


def expected(overrides: list[dict[str, Any]], at: datetime) -> str | None:
    """Return who is on call at an instant, told from the overrides one by one."""
    shifts = find_shifts(ROTA, "current", at)
    user = shifts[0].user_id if shifts else None
    for one in overrides:
        start, end = (datetime.fromisoformat(one["attributes"][name]) for name in ("start", "end"))
        people = {name: said["data"]["id"] for name, said in one["relationships"].items()}
        if start <= at < end and people.get("overridden_user") in {None, user}:
            user = people.get("user", user)
    return user


@given(OVERRIDES, st.integers(-6, 200))
def test_who_stands_in(overrides: list[dict[str, Any]], hour: int) -> None:
    """At each instant a later override goes before an earlier one, and takes the place of whom it names, or of all."""
    at = NEW_YEAR + timedelta(hours=hour, minutes=30)
    found = find_shifts(with_overrides(ROTA, overrides), "current", at)
    assert (found[0].user_id if found else None) == expected(overrides, at)


def test_place_of_a_person_elsewhere() -> None:
    """Far from UTC, too, an override of somebody's place takes effect for as long as that person would be on call."""
    rota = {**ROTA, "time_zone": "America/New_York"}
    found = find_shifts(with_overrides(rota, [override((0, 50), "c", "b")]), "current", NEW_YEAR + timedelta(hours=11))
    assert [(one.user_id, one.start - NEW_YEAR, one.end - NEW_YEAR) for one in found] == [
        ("c", timedelta(hours=10), timedelta(hours=15))
    ]


def test_schedule_stays_as_it_is() -> None:
    """What is stored of a schedule does not change by those who stand in on it."""
    before = len(ROTA["layers"])
    assert len(with_overrides(ROTA, [override((0, 9), "c")])["layers"]) == before + 1
    assert len(ROTA["layers"]) == before

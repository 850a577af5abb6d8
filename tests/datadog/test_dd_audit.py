"""The audit of a Datadog account: what it finds, what it reads for it, and what it costs."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import Forbidden, NotFound, OptionsError, ServerError
from aiooncall.audit import FindingKind
from aiooncall.client.core import ApiCore
from aiooncall.datadog.resources import escalation_policies
from aiooncall.limits.lane import Lane
from aiooncall.simulator import Fault, FaultKind
from tests.support.audit_world import (
    DAY,
    DAYS,
    LONGEST,
    START,
    Judge,
    account,
    clean,
    found,
    policy,
    put_in,
    rule,
    schedule,
    user,
)
from tests.support.datadog_client import datadog
from tests.support.datadog_http import Caller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall import DatadogOnCall
    from aiooncall.simulator import Simulator
    from tests.support.audit_world import Json
    from tests.support.virtual_time import VirtualClock

OF_WHAT_IS_SEEN: Final = {FindingKind.NOT_ALLOWED, FindingKind.POLICY_NOT_ROUTED}
"""What the audit of a team can say that an audit of everything does not."""
ASKED: Final[Json] = {"start": START, "days": DAYS, "max_stretch": LONGEST * DAY}


@pytest.fixture
async def caller(sim: Simulator) -> AsyncIterator[Caller]:
    """Return a bare client that puts accounts in."""
    async with aiohttp.ClientSession() as session:
        yield Caller(session, sim)


def planted() -> dict[str, Json]:
    """Return accounts in which one thing is wrong each, by its kind."""
    made = {str(kind): clean() for kind in FindingKind if kind is not FindingKind.NOT_COMPUTED}
    made["gap"]["schedules"] = [schedule(0, None)]
    made["person_disabled"]["schedules"] = [schedule(0, 1, stand_ins={4: 1})]
    made["person_disabled"]["users"][1] = user("deactivated")
    made["person_pending"]["users"][1] = user("pending", "")
    made["no_notification_rule"]["users"][2] = user(told="low")
    made["step_reaches_nobody"]["policies"] = [policy([("user", 0)], [("team", 0)]), policy([("team", 1)], team=1)]
    made["step_reaches_nobody"]["teams"] = ([rule(0)], [rule(1)])
    made["policy_not_routed"]["policies"].append(policy([("user", 0)]))
    made["no_catch_all"]["teams"] = ([rule(0, "tags.env:prod"), rule(None), rule(0)],)
    made["long_stretch"]["schedules"] = [schedule(0, 1, stand_ins={2: 0, 4: 0})]
    made["schedule_ends"]["schedules"] = [schedule(0, 1, until=30)]
    made["not_allowed"]["users"][:2] = [user(told="", private=True), user(told="", private=True)]
    return made


async def test_clean_account_has_no_findings(sim: Simulator, dd: DatadogOnCall, caller: Caller) -> None:
    """In an account in which nothing is wrong nothing is found, and teams that have nothing of on-call are no fault."""
    await put_in(sim, caller, {**clean(), "teams": (*clean()["teams"], [])})
    audit = await dd.audit(**ASKED)
    assert audit.findings == ()
    assert set(audit.counts.values()) == {0}
    assert "nothing found" in audit.to_text()


@pytest.mark.parametrize("kind", planted())
async def test_what_is_planted_is_found_and_nothing_else(
    kind: str, sim: Simulator, dd: DatadogOnCall, caller: Caller
) -> None:
    """Of each kind the one that was planted is found, once, and the plain data say the same."""
    given = planted()[kind]
    await put_in(sim, caller, given)
    audit = await dd.audit(**ASKED)
    assert [str(finding.kind) for finding in audit.findings] == [kind]
    assert [found(finding) for finding in audit.findings] == Judge(given).findings()


@st.composite
def accounts(draw: st.DrawFn) -> Json:
    """Draw an account in which anything can be wrong."""
    users = draw(
        st.lists(
            st.builds(
                user,
                st.sampled_from(["active", "active", "active", "deactivated", "pending"]),
                st.sampled_from(["high low", "high low", "high", "low", ""]),
                private=st.booleans(),
                channel=st.sampled_from([True, True, True, False]),
            ),
            min_size=1,
            max_size=4,
        )
    )
    persons = st.integers(0, len(users) - 1)
    teams = draw(st.integers(1, 3))
    owners = st.none() | st.integers(0, teams - 1)
    turns = st.lists(st.none() | persons | persons, min_size=1, max_size=3)
    made = [
        schedule(
            *draw(turns),
            until=draw(st.none() | st.integers(0, DAYS + 3)),
            stand_ins=draw(st.dictionaries(st.integers(0, DAYS - 1), persons, max_size=2)),
            team=draw(owners),
        )
        for _ in range(draw(st.integers(0, 3)))
    ]
    targets = [("user", number) for number in range(len(users))] + [("team", number) for number in range(teams)]
    targets += [("schedule", number) for number in range(len(made))] * 3
    steps = st.lists(st.lists(st.sampled_from(targets), min_size=1, max_size=2, unique=True), min_size=1, max_size=2)
    policies = [policy(*draw(steps), team=draw(owners)) for _ in range(draw(st.integers(0, 3)))]
    leads_to = st.none() | st.integers(0, len(policies) - 1) if policies else st.none()
    rules = st.lists(
        st.builds(rule, leads_to, st.sampled_from(["", "tags.a:b"]), st.sampled_from(["high", "low", "dynamic"])),
        max_size=3,
    )
    return account(users, made, policies, *(draw(rules) for _ in range(teams)))


@given(given_account=accounts())
async def test_any_account_is_judged_as_its_plain_data_say(given_account: Json) -> None:
    """Whatever is wrong, all of it is found, nothing else is, and no request is made twice."""
    async with datadog() as (sim, dd), aiohttp.ClientSession() as session:
        await put_in(sim, Caller(session, sim), given_account)
        audit = await dd.audit(**ASKED)
        assert Counter(map(found, audit.findings)) == Counter(Judge(given_account).findings())
        asked = Counter((request.method, request.path) for request in sim.ledger.requests)
        assert {path for (_, path), times in asked.items() if times > 1 and "overrides" not in path} == set()
        assert audit.requests.sent == len(sim.ledger.requests)
        of_team = await dd.audit(teams="team-0", **ASKED)
        assert {found(finding) for finding in of_team.findings if finding.kind not in OF_WHAT_IS_SEEN} <= {
            found(finding) for finding in audit.findings
        }


@pytest.mark.parametrize("manner", [{"drift": True}, {"hide_empty_slots": False}])
@pytest.mark.parametrize("kind", planted())
async def test_odd_answers_change_nothing(kind: str, manner: dict[str, bool]) -> None:
    """With empty slots in answers the same is found; with what no client knows nothing else is, but perhaps less."""
    async with datadog(simulator=manner) as (sim, dd), aiohttp.ClientSession() as session:
        await put_in(sim, Caller(session, sim), planted()[kind])
        audit = await dd.audit(**ASKED)
        told, wrong = [found(finding) for finding in audit.findings], Judge(planted()[kind]).findings()
        assert told == wrong or (told == [] and "drift" in manner)


def two_teams() -> Json:
    """Return an account of two teams: the first one's policy points at a schedule of the second, and at its team."""
    return account(
        [user(), user(told="")],
        [schedule(0, team=0), schedule(0, None, team=1), schedule(None, team=None)],
        [
            policy([("schedule", 0), ("schedule", 1)], [("team", 1)]),
            policy([("user", 1)], team=1),
            policy([("user", 0)]),
        ],
        [rule(0)],
        [rule(1, "tags.a:b")],
    )


@pytest.mark.parametrize("by_handle", [True, False])
async def test_team_is_audited_with_what_it_points_at(
    by_handle: bool,
    sim: Simulator,
    dd: DatadogOnCall,
    caller: Caller,
) -> None:
    """For a team what belongs to it is looked at, and what its policies point at, and nothing else."""
    ids = await put_in(sim, caller, two_teams())
    audit = await dd.audit(teams="team-0" if by_handle else [ids.teams[0]], **ASKED)
    assert [(str(finding.kind), finding.where.name) for finding in audit.findings] == [
        ("gap", "Schedule 1"),
        ("no_notification_rule", "User 1"),
        ("policy_not_routed", "Policy 2"),
        ("long_stretch", "Schedule 0"),
    ]
    assert "of the teams that were looked at" in audit.of("policy_not_routed")[0].summary
    assert audit.requests.planned == audit.requests.sent == len(sim.ledger.requests)


async def test_names_of_teams_come_along(sim: Simulator, dd: DatadogOnCall, caller: Caller) -> None:
    """A team of which only the id was given is called by its name, as policies and schedules tell it."""
    ids = await put_in(sim, caller, two_teams())
    audit = await dd.audit(teams=[ids.teams[1]], kinds=[FindingKind.NO_CATCH_ALL], **ASKED)
    assert [str(finding.where) for finding in audit.findings] == ["team Team 1"]


async def test_unknown_handle_is_said(sim: Simulator, dd: DatadogOnCall, caller: Caller) -> None:
    """A handle that no team has is an error that names it."""
    await put_in(sim, caller, clean())
    with pytest.raises(NotFound, match="team-9"):
        await dd.audit(teams=["team-9"])


LISTS: Final = ("escalation-policies", "schedules", "team")
COSTS: Final[dict[str, list[str]]] = {
    "gap": ["schedule", "overrides", "schedules"],
    "person_disabled": ["schedule", "overrides", "escalation-policies", "schedules"],
    "person_pending": ["schedule", "overrides", "escalation-policies", "schedules"],
    "no_notification_rule": ["schedule", "overrides", "routing-rules", "notification-rules", *LISTS],
    "step_reaches_nobody": ["schedule", "overrides", "routing-rules", *LISTS],
    "policy_not_routed": ["routing-rules", "escalation-policies", "team"],
    "no_catch_all": ["routing-rules", *LISTS],
    "long_stretch": ["schedule", "overrides", "schedules"],
    "schedule_ends": ["schedule", "schedules"],
}
"""What is read for each kind of finding alone."""


@pytest.mark.parametrize("kind", COSTS)
async def test_kind_costs_what_it_needs(kind: str, sim: Simulator, dd: DatadogOnCall, caller: Caller) -> None:
    """What a kind does not need is not read for it, and it is found all the same."""
    ids = await put_in(sim, caller, planted()[kind])
    audit = await dd.audit(kinds=[kind], **ASKED)
    assert [str(finding.kind) for finding in audit.findings] == [kind]
    read = {request.path.rpartition("/")[2] for request in sim.ledger.requests}
    assert {"schedule" if name in ids.schedules else name for name in read} == {*COSTS[kind]}
    assert audit.requests.planned == len(sim.ledger.requests) - (kind in {"person_disabled", "long_stretch"})


async def test_requests_stay_within_what_is_counted_beforehand(
    sim: Simulator, dd: DatadogOnCall, caller: Caller
) -> None:
    """Requests are at most a tenth over pages, a rule read a team, two reads a person, and overrides a schedule."""
    teams = range(12)
    policies = [policy([("schedule", team)], [("user", 3 * team + 2)], team=team) for team in teams]
    schedules = [schedule(3 * team, 3 * team + 1, team=team, stand_ins={} if team else {3: 2}) for team in teams]
    given = account([user() for _ in range(36)], schedules, policies, *([rule(team)] for team in teams))
    await put_in(sim, caller, given)
    audit = await dd.audit(start=START, days=50)
    sent = len(sim.ledger.requests)
    assert sent <= 1.1 * (3 + 12 + 2 * 36 + 2 * 12)
    assert audit.requests.planned <= sent == audit.requests.sent <= 1.1 * audit.requests.planned


async def test_plan_reads_the_lists_alone(sim: Simulator, dd: DatadogOnCall, caller: Caller) -> None:
    """A plan sends for the lists, and counts all but the people, who are known once the schedules were read."""
    await put_in(sim, caller, clean())
    plan = await dd.audit.plan(start=START, days=100)
    assert (plan.lists, plan.rules, plan.schedules, plan.overrides, plan.people) == (3, 1, 1, 3, 0)
    assert (plan.planned, plan.sent) == (8, 3)
    assert len(sim.ledger.requests) == 3


async def test_findings_stream_as_they_are_made(sim: Simulator, dd: DatadogOnCall, caller: Caller) -> None:
    """A gap is told before the first notification rule is read, with the count of requests so far."""
    given = clean()
    given["schedules"].append(schedule(0, None))
    await put_in(sim, caller, given)
    stream = dd.audit.stream(**ASKED)
    findings = aiter(stream)
    assert (await anext(findings)).kind is FindingKind.GAP
    assert stream.requests.people == 0
    assert not any("notification-rules" in request.path for request in sim.ledger.requests)
    assert [finding async for finding in findings] == []
    assert stream.requests.people == 3
    assert stream.requests.sent == len(sim.ledger.requests)


async def test_audit_goes_in_the_lane_of_bulk_jobs(
    dd: DatadogOnCall, caller: Caller, sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All requests of an audit let those that people wait for pass, and none has a deadline."""
    await put_in(sim, caller, {**clean(), "teams": ([rule(0)],)})
    made: list[Any] = []
    prepare = ApiCore._prepare

    def note(core: ApiCore, *args: Any, **more: Any) -> Any:
        request, transport = prepare(core, *args, **more)
        made.append(request)
        return request, transport

    monkeypatch.setattr(ApiCore, "_prepare", note)
    await dd.audit(teams=["team-0"], **ASKED)
    assert len(made) == len(sim.ledger.requests)
    assert {(request.lane, request.until) for request in made} == {(Lane.BULK, inf)}
    assert [user async for user in dd.users.list()]
    assert made[-1].lane is Lane.INTERACTIVE


async def test_no_more_is_under_way_than_was_said(sim: Simulator, dd: DatadogOnCall, caller: Caller) -> None:
    """With a concurrency of 2 twenty schedules take as long as ten pairs of slow answers."""
    given = account([user()], [schedule(0) for _ in range(20)], [], [])
    await put_in(sim, caller, given)
    sim.faults.script("GET", "/api/v2/on-call/schedules/*", *[Fault(FaultKind.SLOW, delay=1.0)] * 20)
    begun = asyncio.get_running_loop().time()
    await dd.audit(kinds=["schedule_ends"], concurrency=2, **ASKED)
    assert asyncio.get_running_loop().time() - begun == pytest.approx(10, abs=0.5)


async def test_error_ends_the_audit(sim: Simulator, dd: DatadogOnCall, caller: Caller) -> None:
    """What fails for good is raised as it is: a report that lacks a schedule would look better than the account is."""
    await put_in(sim, caller, clean())
    sim.faults.script("GET", "/api/v2/on-call/schedules/*", *[Fault(FaultKind.ERROR_BEFORE, status=503)] * 8)
    with pytest.raises(ServerError):
        await dd.audit(**ASKED)


async def test_what_may_not_be_listed_is_an_error(sim: Simulator, dd: DatadogOnCall, caller: Caller) -> None:
    """Without the lists nothing can be said, so that a refusal of one of them is raised."""
    await put_in(sim, caller, clean())
    sim.faults.script("GET", "/api/v2/on-call/schedules", Fault(FaultKind.ERROR_BEFORE, status=403))
    with pytest.raises(Forbidden):
        await dd.audit(**ASKED)


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("/api/v2/on-call/teams/*/routing-rules", "routing rules of teams (1)"),
        ("/api/v2/on-call/schedules/*", "schedules (1)"),
        ("/api/v2/on-call/schedules/*/overrides", "schedules (1)"),
    ],
)
async def test_what_may_not_be_read_is_one_finding(
    path: str, what: str, sim: Simulator, dd: DatadogOnCall, caller: Caller
) -> None:
    """A refusal of one thing is told and counted, and nothing is claimed that is not known: no policy is unrouted."""
    await put_in(sim, caller, clean())
    sim.faults.script("GET", path, Fault(FaultKind.ERROR_BEFORE, status=403))
    audit = await dd.audit(**ASKED)
    assert [(str(finding.kind), finding.detail) for finding in audit.findings] == [("not_allowed", what)]


@pytest.mark.parametrize("path", ["/api/v2/on-call/schedules/*", "/api/v2/on-call/schedules/*/overrides"])
@pytest.mark.parametrize(
    ("kinds", "found_kinds"), [(FindingKind, ["gap", "not_computed"]), (["not_computed"], ["not_computed"])]
)
async def test_one_schedule_that_nobody_understands_does_not_hide_the_others(
    path: str, kinds: Any, found_kinds: list[str], sim: Simulator, dd: DatadogOnCall, caller: Caller
) -> None:
    """An answer for a schedule that is not what the API promises is a finding, looked for alone or with all else."""
    given = clean()
    given["schedules"].append(schedule(0, None))
    await put_in(sim, caller, given)
    sim.faults.script("GET", path, Fault(FaultKind.EMPTY_OK))
    audit = await dd.audit(kinds=kinds, concurrency=1, **ASKED)
    assert [str(finding.kind) for finding in audit.findings] == found_kinds
    assert str(audit.findings[-1].where) == "schedule Schedule 0"
    assert "the answer is empty" in audit.findings[-1].detail


async def test_schedule_that_is_gone_meanwhile_reaches_nobody(
    sim: Simulator, dd: DatadogOnCall, caller: Caller
) -> None:
    """A schedule that was listed and is not there any more is no error, and its step reaches nobody."""
    await put_in(sim, caller, clean())
    sim.faults.script("GET", "/api/v2/on-call/schedules/*", Fault(FaultKind.ERROR_BEFORE, status=404))
    audit = await dd.audit(**ASKED)
    assert [finding.where.name for finding in audit.findings] == ["1 of Policy 0"]


async def test_policies_that_are_listed_without_steps_are_read_one_by_one(
    sim: Simulator, dd: DatadogOnCall, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the list brings steps along is not documented for sure: if it does not, each policy is read."""
    await put_in(sim, caller, clean())
    monkeypatch.setattr(escalation_policies, "include_query", lambda *_: {})
    audit = await dd.audit(**ASKED)
    assert audit.findings == ()
    assert (audit.requests.lists, audit.requests.planned) == (4, len(sim.ledger.requests))


async def test_accounts_of_unknown_status_are_taken_for_active() -> None:
    """Where included users come without attributes, as in an example of the vendor's, nobody is called disabled."""
    async with datadog(simulator={"bare_included": True}) as (sim, dd), aiohttp.ClientSession() as session:
        await put_in(sim, Caller(session, sim), planted()["person_disabled"])
        audit = await dd.audit(**ASKED)
        assert audit.of("person_disabled") == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"days": 0}, "days"),
        ({"days": 367}, "days"),
        ({"days": 1.5}, "days"),
        ({"end": START, "days": 3}, "end, days"),
        ({"start": START, "end": START}, "end: .* after the start"),
        ({"start": START, "end": START - DAY}, "end"),
        ({"start": START, "end": START + 367 * DAY}, "end"),
        ({"start": START.replace(tzinfo=None)}, "start"),
        ({"kinds": ["gaps"]}, "kinds"),
        ({"kinds": "gap"}, "kinds"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["not_allowed"]}, "kinds"),
        ({"urgencies": ["dynamic"]}, "urgencies"),
        ({"urgencies": [["high"]]}, "urgencies"),
        ({"teams": []}, "teams"),
        ({"teams": [7]}, "teams"),
        ({"teams": 7}, "teams"),
        ({"max_stretch": 0}, "max_stretch"),
        ({"max_stretch": timedelta(days=-1)}, "max_stretch"),
        ({"concurrency": 0}, "concurrency"),
    ],
)
async def test_bad_questions_are_refused(
    given: dict[str, Any], message: str, sim: Simulator, dd: DatadogOnCall
) -> None:
    """What cannot be asked is an error that names it, in all three ways to ask, and nothing is sent."""
    with pytest.raises(OptionsError, match=message):
        await dd.audit(**given)
    with pytest.raises(OptionsError, match=message):
        dd.audit.stream(**given)
    with pytest.raises(OptionsError, match=message):
        await dd.audit.plan(**given)
    assert sim.ledger.requests == []


async def test_audit_begins_now(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """Unless said otherwise it looks at the fourteen days from now on, by the clock of the client."""
    audit = await dd.audit()
    assert audit.start == datetime.fromtimestamp(clock.time(), UTC)
    assert audit.end - audit.start == timedelta(days=14)


async def test_stream_that_is_left_early_sends_nothing_more(sim: Simulator, dd: DatadogOnCall, caller: Caller) -> None:
    """Closed after its first finding a stream ends its workers: what was not asked for by then is never read."""
    given = account([user()], [schedule(0, None) for _ in range(50)], [], [])
    await put_in(sim, caller, given)
    async with aclosing(aiter(dd.audit.stream(kinds=["gap"], concurrency=2, **ASKED))) as findings:
        await anext(findings)
    sent = len(sim.ledger.requests)
    assert sent < 20
    await asyncio.sleep(60)
    assert len(sim.ledger.requests) == sent


async def test_stream_runs_once(sim: Simulator, dd: DatadogOnCall, caller: Caller) -> None:
    """Who iterates a second time is told so, and the counts of the audit stay as they were."""
    await put_in(sim, caller, planted()["gap"])
    stream = dd.audit.stream(**ASKED)
    assert [str(finding.kind) async for finding in stream] == ["gap"]
    with pytest.raises(RuntimeError, match="once"):
        await anext(aiter(stream))
    assert stream.requests.planned == stream.requests.sent == len(sim.ledger.requests)


async def test_policy_that_a_team_only_routes_to_is_audited(sim: Simulator, dd: DatadogOnCall, caller: Caller) -> None:
    """A policy that nobody owns belongs to the audit of the team whose rules lead to it."""
    given = account([user("deactivated")], [], [policy([("user", 0)], team=None)], [rule(0)])
    await put_in(sim, caller, given)
    audit = await dd.audit(teams="team-0", **ASKED)
    assert {str(finding.kind) for finding in audit.findings} == {"person_disabled", "step_reaches_nobody"}


async def test_team_whose_rules_may_not_be_read_is_asked_once(
    sim: Simulator, dd: DatadogOnCall, caller: Caller
) -> None:
    """A step that leads to a team whose rules are refused is taken to reach somebody, and they are asked for once."""
    given = account([user()], [], [policy([("team", 1)])], [rule(0)], [])
    ids = await put_in(sim, caller, given)
    path = f"/api/v2/on-call/teams/{ids.teams[1]}/routing-rules"
    sim.faults.script("GET", path, *[Fault(FaultKind.ERROR_BEFORE, status=403)] * 9)
    audit = await dd.audit(teams="team-0", **ASKED)
    assert [str(finding.kind) for finding in audit.findings] == ["not_allowed"]
    assert sum(request.path == path for request in sim.ledger.requests) == 1
    assert audit.requests.planned == audit.requests.sent == len(sim.ledger.requests)


async def test_pages_of_lists_are_counted(sim: Simulator, dd: DatadogOnCall) -> None:
    """Of 201 teams three pages are read, and as many are counted."""
    for number in range(201):
        sim.add_team(f"team-{number}")
    plan = await dd.audit.plan(kinds=["no_catch_all"])
    assert (plan.lists, plan.sent, plan.rules) == (5, 5, 201)
    assert len(sim.ledger.requests) == 5

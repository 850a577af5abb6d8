"""Who is on call: for schedules and teams, now and at any instant, before and after."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import CodecError, Forbidden, NotFound, OptionsError
from aiooncall.simulator import Fault, FaultKind
from tests.support.datadog_http import NOBODY, ON_CALL, POLICIES, SCHEDULES, data_body, policy_body, schedule_body
from tests.support.datadog_world import MANNERS, answering, but, routing_path, target, world
from tests.support.virtual_time import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall import OnCall, Responder
    from tests.support.datadog_world import Json, World

NOW = datetime.fromtimestamp(EPOCH, UTC)
FRIDAY = datetime(2027, 1, 15, 8, tzinfo=UTC)
DAY = timedelta(days=1)
SUNDAY = 6


def ids(people: Iterable[Responder]) -> list[str]:
    """Return who people are."""
    return [person.id for person in people]


async def make_team(w: World, handle: str, *steps: list[Json]) -> str:
    """Make a team whose pages go to a policy of these steps."""
    team = w.sim.add_team(handle)
    await set_policy(w, team, *steps)
    return team


async def set_policy(w: World, team: str, *steps: list[Json]) -> None:
    """Let a team's pages go to a new policy of these steps."""
    policy = await w.caller.make(POLICIES, policy_body(*steps))
    rules = {"rules": [{"query": "nothing", "actions": []}, {"policy_id": policy}, {"policy_id": w.backup}]}
    await w.caller.ask("PUT", routing_path(team), data_body("team_routing_rules", rules))
    w.sent()


async def agree(w: World, team: str) -> OnCall:
    """Check that what the server says of a team now is what we find for the same instant; return that."""
    now = datetime.fromtimestamp(w.client.options.clock.time(), UTC)
    told = await w.client.teams.on_call(team)
    ours, found = await w.client.who_is_on_call(team=team), await w.client.who_is_on_call(team=team, at=now)
    for who in (ours, found):
        assert ids(who.current) == [user.id for user in told.responders]
        assert [ids(step) for step in who.escalations if step] == [ids(step.responders) for step in told.escalations]
    assert len(ours.escalations) == len(found.escalations)
    return found  # type: ignore[no-any-return]  # the client's type is not told


async def test_schedule_now() -> None:
    """A schedule's current, previous and next shift come with names, addresses and bounds, in one request."""
    async with world() as w:
        who = await w.client.who_is_on_call(schedule=w.schedule)
        assert w.sent() == [f"GET {SCHEDULES}/{w.schedule}/responders"]
        ((bob,), (before,), (after,)) = who.current, who.previous, who.next
        assert (bob.id, bob.name, bob.label) == (w.bob, "Bob Roy", "Bob Roy")
        assert (before.name, before.email) == ("Ann Lee", "ann@example.com")
        assert (after.id, who.escalations) == (w.ann, ())
        assert abs(who.at - NOW) < timedelta(seconds=1)
        assert before.end <= bob.start <= who.at < bob.end <= after.start
        assert (after.end - bob.end, after.start - bob.end) == (DAY, timedelta(microseconds=250_001))


@pytest.mark.parametrize("days", range(-4, 5))
async def test_schedule_at_any_instant(days: int) -> None:
    """At each instant the answer is that of the schedule's own two operations; at an empty slot nobody is on call."""
    async with world() as w:
        at = (FRIDAY + days * DAY).astimezone(timezone(timedelta(hours=5, minutes=45)))
        who = await w.client.who_is_on_call(schedule=w.schedule, at=at)
        assert who.at == at
        told = await w.client.schedules.responders(w.schedule, at=at, positions=("previous", "current", "next"))
        shifts = [[(shift.user.id, shift.start, shift.end) for shift in one.shifts] for one in told.responders]
        found = [[(one.id, one.start, one.end) for one in people] for people in (who.previous, who.current, who.next)]
        assert found == shifts
        try:
            shift = await w.client.schedules.on_call(w.schedule, at=at)
        except NotFound:
            assert who.current == ()
        else:
            assert [(one.id, one.start, one.end) for one in who.current] == [(shift.user.id, shift.start, shift.end)]
        on_days = [[w.bob], [w.ann], []][days % 3]
        assert ids(who.current) == ([w.cy] if at.astimezone(UTC).weekday() == SUNDAY else on_days)


@pytest.mark.parametrize(
    ("day", "hours"), [(datetime(2027, 3, 28, tzinfo=UTC), 23), (datetime(2027, 10, 31, tzinfo=UTC), 25)]
)
async def test_day_on_which_clocks_change(day: datetime, hours: int) -> None:
    """A turn of a day follows the wall clock: it takes 23 or 25 hours when clocks change, and nobody is between."""
    async with world() as w:
        body = schedule_body(w.ann, w.bob, rotation_start="2027-01-01T00:00:00+01:00")
        body["data"]["attributes"]["time_zone"] = "Europe/Paris"
        schedule = await w.caller.make(SCHEDULES, body)
        who = await w.client.who_is_on_call(schedule=schedule, at=day + timedelta(hours=12))
        (one,), (after,), (before,) = who.current, who.next, who.previous
        assert (one.end - one.start).total_seconds() == hours * 3600
        assert (one.start.hour, one.end.hour) == (0, 0)
        assert before.end == one.start
        assert one.end == after.start
        assert {one.start.utcoffset(), one.end.utcoffset()} == {timedelta(hours=1), timedelta(hours=2)}
        edge = await w.client.who_is_on_call(schedule=schedule, at=one.end - timedelta(microseconds=1))
        assert (edge.current, edge.next) == (who.current, who.next)


async def test_nobody() -> None:
    """A schedule of empty slots, and a team without rules or without steps that reach anybody, have nobody."""
    async with world() as w:
        empty = await w.caller.make(SCHEDULES, schedule_body(None))
        who = await w.client.who_is_on_call(schedule=empty)
        assert (who.current, who.previous, who.next) == ((), (), ())
        bare = w.sim.add_team("bare")
        assert ids((await agree(w, bare)).current) == []
        nobody = await make_team(w, "nobody", [target("schedules", empty)], [target("schedules", empty)])
        assert (await agree(w, nobody)).escalations == ((),)


async def test_steps_keep_their_places() -> None:
    """A step that reaches nobody, which the server leaves out, is there and empty; others keep their shifts."""
    async with world() as w:
        empty = await w.caller.make(SCHEDULES, schedule_body(None))
        of_bob, of_cy = [await w.caller.make(SCHEDULES, schedule_body(one)) for one in (w.bob, w.cy)]
        schedules = [[target("schedules", one)] for one in (empty, of_bob, of_cy, empty)]
        team = await make_team(w, "gaps", [target("users", w.ann)], *schedules)
        assert len((await w.client.teams.on_call(team)).escalations) == 2
        await agree(w, team)
        for at in (None, NOW):
            who = await w.client.who_is_on_call(team=team, at=at)
            assert [ids(step) for step in who.escalations] == [[], [w.bob], [w.cy], []]
            assert all(person.start for step in who.escalations for person in step)


def linked(kind: str, name: str, /, **relationships: Any) -> Json:
    """Return a resource with these relationships."""
    data = {relation: {"data": value} for relation, value in relationships.items()}
    return {"type": kind, "id": name, "attributes": {"name": name, "position": "at"}, "relationships": data}


def refs(kind: str, *names: str) -> list[Json]:
    """Return references."""
    return [{"type": kind, "id": name} for name in names]


def team_answers(*later: Json) -> list[Json]:
    """Return what a server says of a team whose policy tells a, b, c, nobody and d, with these later steps."""
    rule = linked("team_routing_rules", "r", policy=refs("policies", "p")[0])
    steps = [linked("steps", f"{n}", targets=refs("users", *who)) for n, who in enumerate(["a", "b", "c", "", "d"])]
    on_call = linked(
        "team_oncall_responders",
        "o",
        responders=refs("users", "a"),
        escalations=[refs(one["type"], one["id"])[0] for one in later],
    )
    return [
        {"data": linked("team_routing_rules", "t", rules=refs("team_routing_rules", "r")), "included": [rule]},
        {"data": linked("policies", "p", steps=refs("steps", *"01234")), "included": steps},
        {"data": on_call, "included": [*later]},
    ]


def step(name: str, *users: str) -> Json:
    """Return a later step as the server tells it."""
    return linked("escalation_policy_steps", name, responders=refs("users", *users))


@pytest.mark.parametrize(
    ("later", "reached"),
    [
        ([step("1", "b"), step("2", "c"), step("4", "d")], ["b", "c", "", "d"]),
        ([step("4", "d"), step("2", "c")], ["", "c", "", "d"]),
        ([step("2", "x"), step("4", "d")], ["", "x", "", "d"]),
        ([step("s-1", "b"), step("s-4", "d")], ["b", "", "", "d"]),
        ([step("2", "c"), step("new", "z")], ["", "c", "", "", "z"]),
        ([], ["", "", "", ""]),
    ],
)
async def test_steps_are_known_by_their_ids(later: list[Json], reached: list[str]) -> None:
    """The server's steps are told by id, else by their people; one that is neither is not lost, but comes last."""
    async with answering(*team_answers(*later)) as (_, client):
        who = await client.who_is_on_call(team=NOBODY)
        assert ids(who.current) == ["a"]
        assert ["".join(ids(one)) for one in who.escalations] == reached


WRONG: Final = {
    "rules": linked("team_routing_rules", "t", rules=refs("users", "u")),
    "steps": linked("policies", "p", steps=refs("users", "u")),
    "escalations": linked("team_oncall_responders", "o", escalations=refs("users", "u")),
    "responders": linked("team_oncall_responders", "o", responders=refs("teams", "t")),
}


@pytest.mark.parametrize(("number", "relation"), [(0, "rules"), (1, "steps"), (2, "escalations"), (2, "responders")])
async def test_relation_to_another_kind(number: int, relation: str) -> None:
    """What leads to a resource of another kind than it should is a CodecError that says so."""
    answers = team_answers()
    included = [linked("users", "u"), linked("teams", "t")]
    answers[number] = {"data": WRONG[relation], "included": included}
    async with answering(*answers) as (_, client):
        with pytest.raises(CodecError, match="expected a resource of type"):
            await client.who_is_on_call(team=NOBODY)


async def test_target_that_leads_to_another_kind() -> None:
    """A position of no schedule, and a shift of no user, are a CodecError; nobody holds a position that is none."""
    answers, aim = team_answers()[:2], linked("schedule_target", "x", schedule=refs("users", "u")[0])
    first = linked("steps", "0", targets=refs("schedule_target", "x"))
    policy = {"data": linked("policies", "p", steps=refs("steps", "0")), "included": [first, aim, linked("users", "u")]}
    async with answering(answers[0], policy) as (_, client):
        with pytest.raises(CodecError, match="expected a resource of type 'schedules'"):
            await client.who_is_on_call(team=NOBODY, at=NOW)
    responders = linked("schedule_oncall_responders", "s", responders=refs("schedule_oncall_responder", "c"))
    current = but(
        linked("schedule_oncall_responder", "c", shifts=refs("shifts", "f")), "attributes", "position", value="current"
    )
    shift = {**linked("shifts", "f", user=refs("teams", "t")[0]), "attributes": {}}
    told = {"data": {**responders, "attributes": {}}, "included": [current, shift, linked("teams", "t")]}
    async with answering(told) as (_, client):
        with pytest.raises(CodecError, match="expected a resource of type 'users'"):
            await client.who_is_on_call(schedule="s")
    plan = {**policy, "included": [first, {**aim, "relationships": {"schedule": {"data": refs("schedules", "s")[0]}}}]}
    nobody = {"data": {**responders, "attributes": {}, "relationships": {}}}
    async with answering(answers[0], plan, nobody) as (_, client):
        assert (await client.who_is_on_call(team=NOBODY, at=NOW)).current == ()


@pytest.mark.parametrize("at", [None, NOW])
async def test_team_without_rules_says_so(at: datetime | None) -> None:
    """A team without rules that page says what it lacks; one that reaches nobody today lacks nothing."""
    async with world() as w:
        assert (await w.client.who_is_on_call(team=w.sim.add_team("bare"), at=at)).lacks == "routing rules"
        empty = await make_team(w, "empty", [target("schedules", await w.caller.make(SCHEDULES, schedule_body(None)))])
        assert (await w.client.who_is_on_call(team=empty, at=at)).lacks == ""
        assert (await w.client.who_is_on_call(team=w.payments, at=at)).lacks == ""


@pytest.mark.parametrize(
    ("rule", "lacks"), [("virtual-t-rule-0", "routing rules"), ("r", "routing rule with a policy")]
)
async def test_rules_without_a_policy(rule: str, lacks: str) -> None:
    """A rule that the server made up is none, and one that pages nobody is not enough; the server may know better."""
    rules = linked("team_routing_rules", NOBODY, rules=refs("team_routing_rules", rule))
    told = {"data": rules, "included": [linked("team_routing_rules", rule)]}
    for people, said in ([], lacks), (["a"], ""):
        on_call = linked("team_oncall_responders", "o", responders=refs("users", *people))
        async with answering(told, {"data": on_call}) as (_, client):
            assert (await client.who_is_on_call(team=NOBODY)).lacks == said


async def test_people_alone_take_one_request() -> None:
    """Without shifts a team takes one request, and names the people that it names with them."""
    async with world() as w:
        whole = await w.client.who_is_on_call(team=w.payments)
        sent = w.sent()
        assert [path.rpartition("/")[2] for path in sent].count("responders") == 1  # of a schedule
        assert len(sent) == 1 + 2 + 1 + 2  # the answer, rules and policy, a schedule, rules and policy of a team in it
        people = await w.client.who_is_on_call(team=w.payments, shifts=False)
        assert w.sent() == [f"GET {ON_CALL}/teams/{w.payments}/on-call"]
        assert (ids(people.current), people.current[1].name) == (ids(whole.current), "Bob Roy")
        assert [ids(step) for step in people.escalations] == [ids(step) for step in whole.escalations]
        assert {person.start for step in (people.current, *people.escalations) for person in step} == {None}
        assert (people.previous, people.next) == ((), ())


@pytest.mark.parametrize("asked", [{"schedule": "s"}, {"team": "t", "at": NOW}])
async def test_people_alone_only_of_a_team_and_now(asked: dict[str, Any]) -> None:
    """Without shifts a schedule, or another time, is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="a team and now") as raised:
            await w.client.who_is_on_call(**asked, shifts=False)
        assert (raised.value.field, w.sent()) == ("shifts", [])


async def test_team_is_the_first_policy_that_a_rule_names() -> None:
    """A team's first rule with a policy decides, whether it names it the old way or in an action."""
    async with world() as w:
        who = await agree(w, w.payments)
        assert ids(who.current) == [w.ann, w.bob]
        assert [ids(step) for step in who.escalations] == [[w.ann, w.bob], [w.cy]]
        assert ids((await agree(w, w.storage)).current) == [w.cy]


async def test_team_says_whose_shift_it_is() -> None:
    """People that a team reaches by a schedule come with their shift, others without one."""
    async with world() as w:
        for at in (None, NOW):
            who = await w.client.who_is_on_call(team=w.payments, at=at)
            ann, bob = who.current
            assert (ann.name, ann.start, ann.end) == ("Ann Lee", None, None)
            assert (bob.name, bob.end - bob.start) == ("Bob Roy", timedelta(hours=15, minutes=59, seconds=59.75))
            assert (ids(who.previous), ids(who.next)) == ([w.ann], [w.ann])


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("at", [None, NOW])
async def test_shift_is_told_whatever_else_reaches_the_person(at: datetime | None, turned: bool) -> None:
    """Somebody who is reached by a schedule and directly comes once, with the shift, in whichever order."""
    async with world() as w:
        targets = [target("schedules", w.schedule), target("users", w.bob)]
        team = await make_team(w, "twice", targets[::-1] if turned else targets, [target("users", w.bob)])
        who = await w.client.who_is_on_call(team=team, at=at)
        (bob,) = who.current
        assert (bob.id, bob.start is not None) == (w.bob, True)


async def test_team_at_another_instant() -> None:
    """For another instant the schedules of a team are looked at then."""
    async with world() as w:
        who = await w.client.who_is_on_call(team=w.payments, at=FRIDAY + DAY)
        assert ids(who.current) == [w.ann]
        assert [ids(step) for step in who.escalations] == [[w.bob], [w.cy]]
        assert ids((await w.client.who_is_on_call(team=w.payments, at=FRIDAY - DAY)).current) == [w.ann]


@pytest.mark.parametrize("position", ["previous", "current", "next"])
async def test_positioned_target(position: str) -> None:
    """A target at a position of a schedule is whoever holds that position at the instant."""
    async with world() as w:
        schedule = await w.caller.make(SCHEDULES, schedule_body(w.ann, w.bob, w.cy))
        team = await make_team(w, "positions", [target("schedules", schedule, position)])
        (person,) = (await agree(w, team)).current
        on_schedule = await w.client.who_is_on_call(schedule=schedule)
        assert (person,) == getattr(on_schedule, position)
        assert person.id == {"previous": w.bob, "current": w.cy, "next": w.ann}[position]


async def test_team_as_a_target_is_its_first_step() -> None:
    """A team that is a target stands for whom its own policy reaches at once, not for its escalations."""
    async with world() as w:
        team = await make_team(w, "outer", [target("teams", w.storage)], [target("teams", w.payments)])
        who = await agree(w, team)
        assert ids(who.current) == [w.cy]
        assert [ids(step) for step in who.escalations] == [[w.ann, w.bob]]


async def test_teams_that_lead_to_each_other() -> None:
    """Cycles of teams end, and each team reaches what the server says that it reaches."""
    async with world() as w:
        one, two, three = (w.sim.add_team(handle) for handle in ("one", "two", "three"))
        await set_policy(w, one, [target("teams", two)], [target("teams", three)], [target("teams", one)])
        await set_policy(w, two, [target("users", w.ann), target("teams", three)])
        await set_policy(w, three, [target("users", w.bob), target("teams", two), target("teams", one)])
        found = [await agree(w, team) for team in (one, two, three)]
        assert [ids(who.current) for who in found] == [[w.ann, w.bob], [w.ann, w.bob], [w.bob, w.ann]]
        assert [ids(step) for step in found[0].escalations] == [[w.bob, w.ann], []]


async def test_each_is_asked_once() -> None:
    """What several steps and teams lead to is asked once: rules and policy of each team, and each schedule."""
    async with world() as w:
        shared = [target("schedules", w.schedule), target("teams", w.storage), target("teams", w.payments)]
        inner = await make_team(w, "inner", shared)
        outer = await make_team(
            w, "outer", [*shared, target("teams", inner)], shared, [target("schedules", w.schedule, "next")]
        )
        await w.client.who_is_on_call(team=outer, at=NOW)
        sent = w.sent()
        assert len(sent) == len(set(sent)) == 4 + 4 + 1
        assert sent.count(f"GET {SCHEDULES}/{w.schedule}/responders") == 1


@pytest.mark.parametrize("manner", MANNERS, ids=str)
async def test_odd_answers(manner: Json) -> None:
    """Whatever the answers lack, people are known by their ids; a position that nobody knows reaches nobody."""
    async with world(manner) as w:
        who = await w.client.who_is_on_call(team=w.payments)
        assert ids(who.current) == [w.ann, w.bob]
        assert [person.label for person in who.current] == (
            [w.ann, w.bob] if "bare_included" in manner else ["Ann Lee", "Bob Roy"]
        )
        on_schedule = await w.client.who_is_on_call(schedule=w.schedule)
        assert (ids(on_schedule.current), ids(on_schedule.previous)) == ([w.bob], [w.ann])


async def test_targets_that_nobody_knows_reach_nobody() -> None:
    """A target of an unknown kind reaches nobody, a user who was not included is known by the id."""
    refs = [{"type": "robots", "id": "r1"}, {"type": "robots", "id": "r2"}, {"type": "users", "id": "u1"}]
    rule = {
        "type": "team_routing_rules",
        "id": "r",
        "relationships": {"policy": {"data": {"type": "policies", "id": "p"}}},
    }
    rules = {"type": "team_routing_rules", "id": "t", "relationships": {"rules": {"data": [{**rule}]}}}
    policy = {
        "type": "policies",
        "id": "p",
        "attributes": {"name": "x"},
        "relationships": {"steps": {"data": [{"type": "steps", "id": "1"}]}},
    }
    step = {"type": "steps", "id": "1", "attributes": {}, "relationships": {"targets": {"data": refs}}}
    answers = {"data": rules, "included": [rule]}, {"data": policy, "included": [step, {**refs[0], "attributes": {}}]}
    async with answering(*answers) as (_, client):
        who = await client.who_is_on_call(team=NOBODY, at=NOW)
        assert ids(who.current) == ["u1"]


async def test_schedule_that_is_gone_reaches_nobody() -> None:
    """A schedule of a policy that is not there any more reaches nobody, and the others are reached."""
    async with world() as w:
        w.sim.faults.script("GET", f"{SCHEDULES}/*", Fault(FaultKind.ERROR_BEFORE, status=404))
        who = await w.client.who_is_on_call(team=w.payments, at=NOW)
        assert ids(who.current) == [w.ann]
        w.sim.faults.script("GET", f"{SCHEDULES}/*", Fault(FaultKind.ERROR_BEFORE, status=403))
        with pytest.raises(Forbidden):
            await w.client.who_is_on_call(team=w.payments, at=NOW)


async def test_unknown_schedule_or_team() -> None:
    """An id that nothing has is NotFound."""
    async with world() as w:
        for asked in ({"schedule": NOBODY}, {"team": NOBODY}):
            for at in (None, NOW):
                with pytest.raises(NotFound, match=NOBODY):
                    await w.client.who_is_on_call(**asked, at=at)


@pytest.mark.parametrize("asked", [{}, {"team": "t", "schedule": "s"}, {"team": None, "schedule": None}])
async def test_exactly_one_of_team_and_schedule(asked: dict[str, Any]) -> None:
    """Neither or both is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="exactly one of the two"):
            await w.client.who_is_on_call(**asked)
        assert w.sent() == []


@pytest.mark.parametrize("at", [datetime(2027, 1, 15), "2027-01-15T08:00:00Z", 5, NOW.date()])  # noqa: DTZ001 (naive on purpose)
@pytest.mark.parametrize("kind", ["team", "schedule"])
async def test_bad_instant_is_refused_locally(kind: str, at: Any) -> None:
    """A naive datetime, or none at all, is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="aware"):
            await w.client.who_is_on_call(**{kind: "x"}, at=at)
        assert w.sent() == []


@pytest.mark.parametrize("wrong", ["", " ", "a/b", 7])
@pytest.mark.parametrize("kind", ["team", "schedule"])
async def test_bad_id_is_refused_locally(kind: str, wrong: Any) -> None:
    """An id that cannot be one is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match=f"{kind}_id"):
            await w.client.who_is_on_call(**{kind: wrong})
        assert w.sent() == []


async def test_team_now_takes_the_servers_word() -> None:
    """For now the server decides who is reached, in one request besides the look at rules, policies and schedules."""
    async with world() as w:
        await w.client.who_is_on_call(team=w.storage)
        assert sorted(w.sent()) == sorted(
            [
                f"GET {ON_CALL}/teams/{w.storage}/on-call",
                f"GET {routing_path(w.storage)}",
                f"GET {POLICIES}/{w.backup}",
            ]
        )

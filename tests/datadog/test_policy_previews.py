"""Whom an edit of a policy or of routing rules reaches, after how many minutes, and whom it did before."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest

from aiooncall import UNSET, LinkError, NotFound, OptionsError, ResourceRef, evolve
from aiooncall.coverage import Person
from aiooncall.datadog import (
    Assignment,
    EscalationPolicy,
    EscalationPolicyAction,
    EscalationStep,
    EscalationTimeline,
    Layer,
    PolicyInclude,
    ReachedTarget,
    RerouteToTeamAction,
    RoutingRule,
    Schedule,
    SlackMessageAction,
    Team,
    TimelineStep,
    TimeRestriction,
    TimeRestrictions,
    User,
)
from aiooncall.jsonapi import each

if TYPE_CHECKING:
    from aiooncall import DatadogOnCall
    from aiooncall.datadog import StepTarget
    from aiooncall.simulator import Simulator
    from tests.support.virtual_time import VirtualClock

MINUTE: Final = timedelta(minutes=1)
BERLIN: Final = ZoneInfo("Europe/Berlin")
MONDAY: Final = datetime(2031, 3, 24, 8, tzinfo=UTC)  # 09:00 in Berlin
AT: Final = MONDAY - 10 * MINUTE
GONE: Final = "00000000-0000-4000-8000-000000000000"


class Payments:
    """A daily schedule that hands over ten minutes after the page, a policy of two steps, and a team with rules."""

    def __init__(self, sim: Simulator, dd: DatadogOnCall) -> None:
        self.sim, self.dd = sim, dd
        self.ann, self.ben, self.cem = (User(id=sim.add_user(name)) for name in ("Ann Lee", "Ben Roth", "Cem Ak"))
        self.team, self.platform = sim.add_team("payments", "Payments"), sim.add_team("platform", "Platform")
        self.schedule, self.policy = Schedule(), EscalationPolicy(name="")

    async def build(self) -> None:
        """Create all of it."""
        start = MONDAY - timedelta(weeks=2)
        layer = Layer(
            name="Days",
            effective_date=start,
            rotation_start=start,
            interval=timedelta(days=1),
            members=[self.ann, self.ben],
        )
        self.schedule = await self.dd.schedules.create(Schedule(name="Primary", time_zone="UTC", layers=[layer]))
        steps = [self.step(5, self.schedule), self.step(10, self.cem)]
        made = await self.dd.escalation_policies.create(EscalationPolicy(name="Checkout", steps=steps, retries=1))
        self.policy = await self.dd.escalation_policies.get(made.id, include=PolicyInclude)
        self.sim.ledger.requests.clear()

    def step(self, minutes: float, *targets: StepTarget, **options: Any) -> EscalationStep:
        """Return a step that waits so many minutes."""
        return EscalationStep(targets=targets, escalate_after=minutes * MINUTE, **options)

    async def lead(self, team: str, *targets: StepTarget) -> str:
        """Let a team's pages reach somebody, and return the policy's id."""
        policy = EscalationPolicy(name=f"Policy of {team[:8]}", steps=[self.step(5, *targets)])
        made = await self.dd.escalation_policies.create(policy)
        await self.dd.routing_rules.set(team, [RoutingRule(actions=[EscalationPolicyAction(policy_id=made.id)])])
        self.sim.ledger.requests.clear()
        return made.id

    def sent(self) -> list[str]:
        """Return what was asked for since the last time, by the last word of the path or the kind of what has an id."""
        parts = [one.path.split("/") for one in self.sim.ledger.requests]
        self.sim.ledger.requests.clear()
        return [path[-2] if len(path[-1]) == len(GONE) else path[-1] for path in parts]


@pytest.fixture
async def payments(sim: Simulator, dd: DatadogOnCall) -> Payments:
    """Return what is there."""
    made = Payments(sim, dd)
    await made.build()
    return made


Row = tuple[float | None, list[str]]


def rows(timeline: EscalationTimeline) -> list[Row]:
    """Return after how many minutes who is reached."""
    return [
        (None if step.elapsed is None else step.elapsed / MINUTE, [one.label for one in step.people])
        for step in timeline.steps
    ]


async def test_who_is_reached_after_how_long(payments: Payments) -> None:
    """Each step has its minutes and its people, also when it is done again, at which other people are on call."""
    extra = payments.step(1, payments.schedule.at("next"), payments.ann)
    first, second = each(payments.policy.steps, EscalationStep)
    edited = evolve(payments.policy, steps=[first, extra, second], retries=0, resolve_page_on_policy_end=True)
    preview = await payments.dd.escalation_policies.preview(edited, at=AT)
    assert rows(preview.before) == [(0, ["Ben Roth"]), (5, ["Cem Ak"]), (15, ["Ann Lee"]), (20, ["Cem Ak"])]
    assert rows(preview.after) == [(0, ["Ben Roth"]), (5, ["Ann Lee"]), (6, ["Cem Ak"])]
    assert [(step.number, step.repeat) for step in preview.before.steps] == [(1, 0), (2, 0), (1, 1), (2, 1)]
    assert (preview.before.ends, preview.after.ends) == (30 * MINUTE, 16 * MINUTE)
    assert (preview.before.repeats, preview.after.repeats) == (1, 0)
    assert (preview.before.resolves, preview.after.resolves) == (False, True)
    assert [str(change) for change in preview.changes] == [
        "5 min: Ann Lee instead of Cem Ak",
        "6 min: Cem Ak instead of nobody",
        "15 min: nobody instead of Ann Lee",
        "20 min: nobody instead of Cem Ak",
    ]
    await payments.dd.escalation_policies.update(edited)
    by_ids = [evolve(step, targets=[target.ref for target in step.targets or ()]) for step in (first, second)]
    assert all(isinstance(target, ResourceRef) for step in by_ids for target in step.targets or ())
    again = await payments.dd.escalation_policies.preview(evolve(edited, steps=[by_ids[0], extra, by_ids[1]]), at=AT)
    assert again.before == again.after == preview.after
    assert again.changes == ()
    assert "Nothing changes." in again.to_text()


@pytest.mark.parametrize("position", ["previous", "current", "next"])
async def test_positions_as_the_server_has_them(payments: Payments, position: str) -> None:
    """At each step a position of a schedule is whoever the server says has it at that instant."""
    step = payments.step(7, payments.schedule.at(position))
    edited = evolve(payments.policy, steps=[step], retries=5)
    preview = await payments.dd.escalation_policies.preview(edited, at=AT)
    assert len(preview.after.steps) == 6
    for one in preview.after.steps:
        assert one.elapsed is not None
        who = await payments.dd.who_is_on_call(schedule=payments.schedule.id, at=AT + one.elapsed)
        assert [person.id for person in one.people] == [person.id for person in who.at_position(position)]
        assert (one.targets[0].kind, one.targets[0].name, one.targets[0].position) == ("schedules", "Primary", position)
    assert len({one.people for one in preview.after.steps}) == 2


async def test_few_requests_of_a_policy_preview(payments: Payments) -> None:
    """The policy is read once, a schedule once for each of its shifts, a team's rules and policy once; names rarely."""
    await payments.lead(payments.platform, payments.schedule)
    steps = [payments.step(1, payments.schedule, Team(id=payments.platform)) for _ in range(5)]
    edited = evolve(payments.policy, steps=steps, retries=10)
    await payments.dd.escalation_policies.preview(edited, at=AT)
    assert payments.sent() == ["escalation-policies", "routing-rules", "escalation-policies"] + ["responders"] * 2
    await payments.dd.escalation_policies.preview(edited, at=AT + timedelta(hours=1))
    assert payments.sent() == ["escalation-policies", "routing-rules", "escalation-policies", "responders"]
    unnamed = evolve(payments.policy, steps=[payments.step(1, payments.ann, ResourceRef("users", payments.ben.id))])
    preview = await payments.dd.escalation_policies.preview(unnamed, at=AT)
    assert payments.sent() == ["escalation-policies", "users", "responders", "responders"]
    assert rows(preview.after)[0] == (0, ["Ann Lee", "Ben Roth"])


async def test_nobody_is_asked_for_once(payments: Payments) -> None:
    """A schedule on which nobody is on call, now or ever, is asked for once; until somebody comes, likewise."""
    later = Layer(
        name="Later",
        effective_date=AT + 12 * MINUTE,
        rotation_start=AT + 12 * MINUTE,
        interval=timedelta(days=1),
        members=[payments.ben],
    )
    empty = await payments.dd.schedules.create(
        Schedule(name="Empty", time_zone="UTC", layers=[evolve(later, members=[None])])
    )
    soon = await payments.dd.schedules.create(Schedule(name="Soon", time_zone="UTC", layers=[later]))
    cases: list[tuple[Schedule, int, list[list[str]]]] = [
        (empty, 1, [[]] * 6),
        (soon, 2, [[]] * 3 + [["Ben Roth"]] * 3),
    ]
    for schedule, asked, reached in cases:
        edited = evolve(payments.policy, steps=[payments.step(4, schedule)], retries=5)
        payments.sent()
        preview = await payments.dd.escalation_policies.preview(edited, at=AT)
        assert payments.sent().count("responders") == 2 + asked
        assert [who for _, who in rows(preview.after)] == reached
        assert f"nobody ({schedule.name})" in preview.to_text()


async def test_teams_and_turns(payments: Payments) -> None:
    """A team stands for whom its policy reaches at once, and steps in turn say that only one is told."""
    await payments.lead(payments.platform, payments.cem, Team(id=payments.team))
    await payments.lead(payments.team, Team(id=payments.platform), payments.ann)
    step = payments.step(5, Team(id=payments.platform, name="Platform"), payments.ben, assignment="round-robin")
    preview = await payments.dd.escalation_policies.preview(evolve(payments.policy, steps=[step], retries=0), at=AT)
    (told,) = preview.after.steps
    assert told.in_turn
    assert told.summary == "one of these in turn: Cem Ak, Ann Lee (team Platform), Ben Roth"
    alone = evolve(payments.policy, steps=[evolve(step, targets=[payments.ben])])
    preview = await payments.dd.escalation_policies.preview(alone, at=AT)
    assert not preview.after.steps[0].in_turn
    assert step.assignment == Assignment.ROUND_ROBIN


async def test_targets_that_are_gone_reach_nobody(payments: Payments) -> None:
    """A schedule or a team that is not there reaches nobody, and is called by its id."""
    step = payments.step(5, ResourceRef("schedules", GONE), ResourceRef("teams", GONE), ResourceRef("users", GONE))
    preview = await payments.dd.escalation_policies.preview(evolve(payments.policy, steps=[step]), at=AT)
    assert [target.summary for target in preview.after.steps[0].targets] == [
        f"nobody ({GONE})",
        f"nobody (team {GONE})",
        GONE,
    ]


async def test_an_address_is_no_name(payments: Payments) -> None:
    """Somebody of whom only the address is known is called by it, and has no name."""
    step = payments.step(5, User(id=GONE, email="eve@example.com"))
    preview = await payments.dd.escalation_policies.preview(evolve(payments.policy, steps=[step]), at=AT)
    (eve,) = preview.after.steps[0].people
    assert (eve.name, eve.label) == (None, "eve@example.com")


def test_repeat_that_reaches_the_same_people() -> None:
    """A repeat is short where it reaches those of the lines right above it, and not those of some earlier time."""
    people = [(ReachedTarget(kind="users", name=name, position="", people=(Person(id=name),)),) for name in "AABBAA"]
    steps = [
        TimelineStep(number=1, repeat=repeat, elapsed=repeat * MINUTE, targets=targets)
        for repeat, targets in enumerate(people)
    ]
    timeline = EscalationTimeline(policy="P", name="P", steps=tuple(steps), repeats=5, ends=None, resolves=False)
    assert [line.split(maxsplit=2)[-1] for line in timeline.lines()[:-1]] == [
        *("A", "again, to the same people"),
        *("B", "again, to the same people"),
        *("A", "again, to the same people"),
    ]


async def test_waits_that_are_not_known(payments: Payments) -> None:
    """After a wait that nobody knows the times are not known either, and repeats are told but not spelt out."""
    edited = evolve(
        payments.policy,
        steps=[payments.step(5, payments.ben), EscalationStep(targets=[payments.cem]), payments.step(5, payments.ann)],
        retries=2,
    )
    preview = await payments.dd.escalation_policies.preview(edited, at=AT)
    assert rows(preview.after) == [(0, ["Ben Roth"]), (5, ["Cem Ak"]), (None, ["Ann Lee"])]
    assert preview.after.ends is None
    assert preview.after.lines()[-3:] == [
        "unknown     again",
        "unknown     again",
        "unknown     over: the page stays open",
    ]
    assert [change.elapsed for change in preview.changes][-1] is None


async def test_now_of_a_policy_preview(payments: Payments, clock: VirtualClock) -> None:
    """Without an instant the page begins now."""
    preview = await payments.dd.escalation_policies.preview(payments.policy)
    assert preview.at == datetime.fromtimestamp(clock.time(), UTC)


async def test_policies_for_people(payments: Payments) -> None:
    """The text has a line for each step with its sign, in 80 columns, in the zone of the instant that was given."""
    first, second = each(payments.policy.steps, EscalationStep)
    many = evolve(second, targets=[payments.ann, payments.ben, payments.cem, payments.schedule.at("next")])
    preview = await payments.dd.escalation_policies.preview(
        evolve(payments.policy, steps=[first, many]), at=AT.astimezone(BERLIN) + timedelta(days=7)
    )
    assert preview.to_text().splitlines() == [
        "Checkout: a page on Mon 2031-03-31 08:50 CEST reaches",
        "  at once     Ann Lee (Primary)",
        "- 5 min       Cem Ak",
        "+ 5 min       Ann Lee, Ben Roth, Cem Ak, Ben Roth (Primary, next)",
        "  15 min      again, to the same people",
        "  30 min      over: the page stays open",
    ]
    name = "Eve\x1b[2J\u202e" + "x" * 90
    evil = evolve(payments.policy, name=name, steps=[payments.step(5, User(id=GONE, name=name))])
    text = (await payments.dd.escalation_policies.preview(evil, at=AT)).to_text()
    assert ("\x1b" in text, "\u202e" in text, max(map(len, text.splitlines()))) == (False, False, 80)


async def test_policies_for_programs(payments: Payments) -> None:
    """The JSON has steps with seconds and people, and what changes with its words."""
    edited = evolve(payments.policy, steps=[payments.step(5, payments.ann)], retries=0)
    preview = await payments.dd.escalation_policies.preview(edited, at=AT)
    told = json.loads(preview.to_json())
    assert told["at"] == AT.isoformat()
    assert [step["elapsed"] for step in told["before"]["steps"]] == [0, 300, 900, 1200]
    assert told["after"]["steps"][0]["targets"][0]["people"][0]["name"] == "Ann Lee"
    assert [change["summary"] for change in told["changes"]] == [change.summary for change in preview.changes]
    assert told["after"]["ends"] == 300


async def test_bad_policy_previews(payments: Payments) -> None:
    """What `update` would refuse is refused, and a naive time; nothing is sent."""
    policy, preview = payments.policy, payments.dd.escalation_policies.preview
    wrong: list[tuple[Any, Any, str]] = [
        ("checkout", None, "resource"),
        (evolve(policy, id=""), None, "id"),
        (evolve(policy, retries=11), None, "retries"),
        (evolve(policy, steps=UNSET), None, "steps"),
        (evolve(policy, steps=[payments.step(0.5, payments.ann)]), None, "steps[0].escalate_after"),
        (policy, datetime(2031, 1, 1), "at"),  # noqa: DTZ001 (what is refused)
    ]
    for edited, at, field in wrong:
        with pytest.raises(OptionsError) as raised:
            await preview(edited, at=at)
        assert (raised.value.field, payments.sent()) == (field, [])
    half = await payments.dd.escalation_policies.get(policy.id)
    with pytest.raises(LinkError):
        await preview(half)
    with pytest.raises(NotFound):
        await preview(evolve(policy, id=GONE))


def paging(policy_id: str, query: str = "", **options: Any) -> RoutingRule:
    """Return a rule that pages by a policy."""
    return RoutingRule(query=query, actions=[EscalationPolicyAction(policy_id=policy_id, **options)])


async def test_rules_before_and_after(payments: Payments) -> None:
    """Each rule says what it matches, how urgent it is, by which policy it pages, and whom that reaches when."""
    other = await payments.lead(payments.platform, payments.cem)
    first = [paging(payments.policy.id, "tags.service:checkout", urgency="high"), paging(other, urgency="low")]
    stored = await payments.dd.routing_rules.set(payments.team, first)
    payments.sent()
    kept, _ = each(stored.rules, RoutingRule)
    edited = [kept, paging(payments.policy.id, urgency="dynamic")]
    preview = await payments.dd.routing_rules.preview("payments", edited, at=AT)
    assert payments.sent() == ["team", "routing-rules", *["escalation-policies"] * 2, *["responders"] * 2]
    assert preview.team == payments.team
    assert [(rule.number, rule.query, rule.urgency, rule.policy) for rule in (*preview.before, *preview.after)] == [
        (1, "tags.service:checkout", "high", payments.policy.id),
        (2, "", "low", other),
        (1, "tags.service:checkout", "high", payments.policy.id),
        (2, "", "dynamic", payments.policy.id),
    ]
    assert preview.before[0] == preview.after[0]
    reached = [rows(rule.timeline) if rule.timeline else None for rule in preview.after]
    assert reached == [[(0, ["Ben Roth"]), (5, ["Cem Ak"]), (15, ["Ann Lee"]), (20, ["Cem Ak"])]] * 2
    text = preview.to_text()
    assert "\n  tags.service:checkout: Checkout, high urgency\n    at once     Ben Roth (Primary)\n" in text
    assert f"\n- everything: Policy of {payments.platform[:8]}, low urgency\n-   at once     Cem Ak\n" in text
    assert "\n+ everything: Checkout, dynamic urgency\n+   at once     Ben Roth (Primary)\n" in text
    more = await payments.dd.routing_rules.preview(payments.team, [paging(other, "new"), *first], at=AT)
    lines = more.to_text().splitlines()
    assert [line[:12] for line in lines if line[0] in "+-"] == ["+ new: Polic", "+   at once ", "+   5 min   "]
    await payments.dd.routing_rules.set(payments.team, edited)
    again = await payments.dd.routing_rules.preview(payments.team, edited, at=AT)
    assert again.before == again.after == preview.after
    assert again.to_text().endswith("Nothing changes.")


async def test_rules_that_page_nobody(payments: Payments) -> None:
    """A rule that leaves the routing to a team, one without a policy, and one whose policy is gone say so."""
    hours = TimeRestrictions(
        time_zone="UTC",
        restrictions=[
            TimeRestriction(start_day="monday", start_time="09:00:00", end_day="friday", end_time="17:00:00")
        ],
    )
    rules = [
        RoutingRule(query="a", actions=[RerouteToTeamAction(destination_team_id=payments.platform)]),
        RoutingRule(query="b", actions=[SlackMessageAction(workspace="w", channel="c")]),
        evolve(paging(GONE, "c"), time_restriction=hours),
        paging(payments.policy.id, support_hours=hours),
    ]
    preview = await payments.dd.routing_rules.preview(payments.team, rules, at=AT)
    heads = [next(rule.lines()) for rule in preview.after]
    assert heads == [
        f"a: left to the team {payments.platform}",
        "b: nobody is paged",
        f"c: the policy {GONE}, which is not there, at certain hours only",
        "everything: Checkout, at certain hours only",
    ]
    told = json.loads(preview.to_json())
    assert [rule["limited"] for rule in told["after"]] == [False, False, True, True]
    assert [rule["timeline"] is None for rule in told["after"]] == [True, True, True, False]
    assert told["team"] == payments.team


async def test_bad_routing_previews(payments: Payments) -> None:
    """What `set` would refuse is refused, and a naive time; nothing is sent."""
    preview = payments.dd.routing_rules.preview
    rule = paging(payments.policy.id)
    wrong: list[tuple[Any, Any, Any, str]] = [
        ("", [rule], None, "team_id"),
        (payments.team, "rules", None, "rules"),
        (payments.team, [paging(payments.policy.id, ack_timeout=1)], None, "rules[0].actions.ack_timeout"),
        (payments.team, [rule], datetime(2031, 1, 1), "at"),  # noqa: DTZ001 (what is refused)
    ]
    for team, rules, at, field in wrong:
        with pytest.raises(OptionsError) as raised:
            await preview(team, rules, at=at)
        assert (raised.value.field, payments.sent()) == (field, [])
    with pytest.raises(NotFound):
        await preview(GONE, [rule])

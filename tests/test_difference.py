"""What counts as a difference, and what is only another spelling of the same."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import ResourceRef, diff, evolve
from aiooncall._base.unset import UNSET
from aiooncall.datadog import (
    EmailConfig,
    EmailFormat,
    EscalationPolicy,
    EscalationPolicyAction,
    EscalationStep,
    Interval,
    Layer,
    Member,
    PolicyInclude,
    RoutingRule,
    RoutingRules,
    Schedule,
    ScheduleInclude,
    ScheduleTarget,
    SlackMessageAction,
    TimeRestriction,
    User,
    Weekday,
)
from aiooncall.grafana import EscalationChain, Webhook

if TYPE_CHECKING:
    from aiooncall import DatadogOnCall
    from aiooncall.simulator import Simulator

PLAN: Final = Schedule(id="s", name="Primary")
SLACK: Final = SlackMessageAction(workspace="T1", channel="C1")
AT: Final = datetime(2031, 1, 1, tzinfo=UTC)


def step(*targets: Any, **fields: Any) -> EscalationStep:
    """Return a step with an id."""
    return EscalationStep(id="step", targets=targets, **fields)


def rule(**fields: Any) -> RoutingRule:
    """Return a rule with an id."""
    return RoutingRule(id="rule", **fields)


def page(urgency: Any = UNSET) -> EscalationPolicyAction:
    """Return the action that pages by the policy `p`."""
    return EscalationPolicyAction(policy_id="p", urgency=urgency)


POLICY: Final = ResourceRef("policies", "p")
SPELLINGS: Final = {
    "current": (step(PLAN.at("current")), step(PLAN)),
    "current, referred to": (step(ScheduleTarget(position="current", schedule=PLAN.ref)), step(PLAN.ref)),
    "current, with an id": (step(ScheduleTarget(id="x", position="current", schedule=PLAN)), step(PLAN)),
    "time as text": (TimeRestriction(start_time="09:00:00"), TimeRestriction(start_time=time(9))),
    "time without seconds": (TimeRestriction(end_time="9:00"), TimeRestriction(end_time="09:00:00")),
    "midnight at the end": (TimeRestriction(end_time="24:00"), TimeRestriction(end_time="24:00:00")),
    "day as text": (TimeRestriction(start_day="monday"), TimeRestriction(start_day=Weekday.MONDAY)),
    "no seconds": (Interval(days=1, seconds=0), Interval(days=1)),
    "no days": (Interval(days=None, seconds=3600), Interval(seconds=3600)),
    "empty query": (rule(query=""), rule()),
    "empty zone": (Layer(id="l", time_zone=""), Layer(id="l")),
    "policy": (rule(policy=POLICY), rule(actions=[page()])),
    "policy and urgency": (rule(policy=POLICY, urgency="low", actions=[SLACK]), rule(actions=[SLACK, page("low")])),
    "policy twice": (rule(policy=POLICY, urgency="low", actions=[page("low")]), rule(actions=[page("low")])),
}
"""Two ways to say one thing, by what makes the difference."""

NOTHINGS: Final = {
    "null": (Layer(id="l", end_date=None), Layer(id="l")),
    "no list": (Layer(id="l", restrictions=[]), Layer(id="l", restrictions=None)),
    "no user": (Member(id="m", user=None), Member(id="m")),
    "in what is not known": (User(id="u", extra={"relationships": {}, "meta": None, "links": []}), User(id="u")),
    "an id that is still to come": (EscalationStep(targets=[PLAN]), step(PLAN)),
    "Grafana": (EscalationChain(name="n", team_id=None), EscalationChain(id="c", name="n")),
}
"""Two versions of which one says nothing where the other says that there is nothing."""

DIFFERENT: Final = {
    "next": (step(PLAN.at("next")), step(PLAN)),
    "another schedule": (step(Schedule(id="t").at("current")), step(PLAN)),
    "more than a position": (step(ScheduleTarget(position="current", schedule=PLAN, extra={"a": 1})), step(PLAN)),
    "once more": (step(PLAN, PLAN.at("current")), step(PLAN)),
    "midnight": (TimeRestriction(end_time="24:00"), TimeRestriction(end_time="00:00")),
    "no time": (TimeRestriction(end_time="noon"), TimeRestriction(end_time=time(12))),
    "a day and its seconds": (Interval(days=1), Interval(seconds=86_400)),
    "another policy": (rule(policy=POLICY), rule(actions=[EscalationPolicyAction(policy_id="q")])),
    "a policy beside an action's": (
        rule(policy=ResourceRef("policies", "q"), actions=[page()]),
        rule(actions=[page()]),
    ),
    "an urgency beside an action's": (rule(urgency="high", actions=[page("low")]), rule(actions=[page("low")])),
    "a list that was not read": (Schedule(id="s", layers=[]), Schedule(id="s")),
    "zero": (EscalationPolicy(id="p", retries=0), EscalationPolicy(id="p")),
    "false": (User(id="u", extra={"attributes": {"on": False}}), User(id="u")),
}
"""Two versions that are not the same, although they look like it."""


@pytest.mark.parametrize(("one", "other"), SPELLINGS.values(), ids=SPELLINGS)
def test_spellings_are_no_difference(one: Any, other: Any) -> None:
    """What is said in two ways is equal, and no difference, alone and in a list."""
    assert one == other
    assert str(diff(one, other)) == str(diff(other, one)) == "no changes"
    assert not diff(RoutingRules(id="t", rules=[one]), RoutingRules(id="t", rules=[other]))


@pytest.mark.parametrize(("one", "other"), NOTHINGS.values(), ids=NOTHINGS)
def test_nothing_is_no_difference(one: Any, other: Any) -> None:
    """Null, an empty list and nothing at all are no difference to people, but not equal."""
    assert one != other
    assert str(diff(one, other)) == str(diff(other, one)) == "no changes"


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_difference(one: Any, other: Any) -> None:
    """What only looks like another spelling is a difference."""
    assert one != other
    assert diff(one, other)
    assert diff(other, one)


TARGETS: Final[dict[str, list[Any]]] = {
    "A": [Schedule(id="a"), ResourceRef("schedules", "a"), Schedule(id="a", name="A").at("current")],
    "A, next": [Schedule(id="a").at("next"), ScheduleTarget(id="a_next", position="next", schedule=Schedule(id="a"))],
    "B": [Schedule(id="b").at("current"), Schedule(id="b")],
    "Ann": [User(id="ann"), User(id="ann", name="Ann Lee"), ResourceRef("users", "ann")],
}
"""Spellings of targets, by what they mean."""
MEANINGS: Final = st.lists(st.sampled_from(sorted(TARGETS)), max_size=5)


@given(MEANINGS, MEANINGS, st.data())
def test_targets_differ_by_what_they_mean(before: list[str], after: list[str], data: st.DataObject) -> None:
    """Steps differ by as many targets as mean something else, however each is spelt and in which order they are."""
    one, other = (step(*(data.draw(st.sampled_from(TARGETS[name])) for name in names)) for names in (before, after))
    gone, new = Counter(before) - Counter(after), Counter(after) - Counter(before)
    assert len(diff(one, other)) == gone.total() + new.total()


def test_order_of_targets() -> None:
    """Answers name targets in another order than requests, which means nothing unless they are told in turn."""
    ann, ben = User(id="ann"), User(id="ben")
    assert not diff(step(ann, ben), step(ben, ann))
    assert not diff(*(step(*targets, assignment="default") for targets in ((ann, ben), (ben, ann))))
    in_turn = [step(*targets, assignment="round-robin") for targets in ((ann, ben), (ben, ann))]
    assert [change.path for change in diff(*in_turn)] == ["targets (order)"]


def test_list_of_choices_by_what_they_are() -> None:
    """Texts and members of an enum that say the same are no difference in a list either."""
    assert not diff(EmailConfig(address="a", formats=["text"]), EmailConfig(address="a", formats=[EmailFormat.TEXT]))


def test_each_change_is_told() -> None:
    """Of many rules that are compared in another spelling than theirs, each that differs is told."""
    kinds = [RoutingRule(id=str(number), policy=POLICY, urgency="low") for number in range(50)]
    others = [RoutingRule(id=str(number), actions=[page("high")]) for number in range(50)]
    found = diff(RoutingRules(id="t", rules=kinds), RoutingRules(id="t", rules=others))
    assert {change.path for change in found} == {f"rules[{number}].actions[0]" for number in range(50)}


def test_loop_of_new_parts() -> None:
    """Parts without ids that lead back to themselves are compared once."""
    one, other = EscalationStep(escalate_after=60), EscalationStep(escalate_after=60)
    for each in (one, other):
        each.targets = [each]  # type: ignore[list-item]  # (a loop that no server sends)
    assert not diff(one, other)


@pytest.mark.parametrize("position", ["previous", "current", "next"])
async def test_position_as_it_was_sent(sim: Simulator, dd: DatadogOnCall, position: str) -> None:
    """What an update makes of a target with a position is no change, whichever way the answer names it."""
    layer = Layer(name="L", effective_date=AT, rotation_start=AT, interval=timedelta(days=7))
    layer = evolve(layer, members=[User(id=sim.add_user("Ann")), None])
    plan = await dd.schedules.create(Schedule(name="n", time_zone="UTC", layers=[layer]))
    first = EscalationStep(targets=[plan.at("next"), plan], escalate_after=300)
    made = await dd.escalation_policies.create(EscalationPolicy(name="p", steps=[first]), include=PolicyInclude)
    edited = evolve(made, steps=[evolve(made.steps[0], targets=[plan.at(position)])])
    updated = await dd.escalation_policies.update(edited, include=PolicyInclude)
    assert not diff(edited, updated)
    assert not diff(updated, edited)
    assert diff(made, updated)


async def test_new_parts_as_they_were_sent(sim: Simulator, dd: DatadogOnCall) -> None:
    """A part that is new and got its id is the same part; what the server added to it is told as that."""
    ann = User(id=sim.add_user("Ann"))
    layer = Layer(name="L", effective_date=AT, rotation_start=AT, interval=timedelta(days=7), members=[ann, None])
    sent = Schedule(name="n", time_zone="UTC", layers=[layer], teams=[])
    plan = await dd.schedules.create(sent, include=ScheduleInclude)
    assert not diff(sent, plan)
    policy = EscalationPolicy(name="p", steps=[EscalationStep(targets=[plan, ann], escalate_after=300)])
    made = await dd.escalation_policies.create(policy, include=PolicyInclude)
    more = evolve(made, steps=[*made.steps, EscalationStep(targets=[ann], escalate_after=600)])
    updated = await dd.escalation_policies.update(more, include=PolicyInclude)
    assert str(diff(more, updated)) == "+ steps[1].assignment: default"
    assert [change.path for change in diff(updated, made)] == ["steps[1]"]


@pytest.mark.parametrize("field", ["password", "authorization_header", "headers"])
def test_no_secret_is_shown(field: str) -> None:
    """That a secret was set, replaced or taken away is said, and not what it is."""
    values: list[dict[str, Any]] = [{}, {field: "s3cret-1"}, {field: "s3cret-2"}, {field: None}]
    bare, old, new, none = (Webhook(name="Restart", **value) for value in values)
    found = [diff(bare, old), diff(old, new), diff(new, bare), diff(new, none)]
    assert [str(one) for one in found] == [
        f"+ {field}: ***", f"~ {field}: *** -> ***", f"- {field}: ***", f"~ {field}: *** -> None"
    ]  # fmt: skip
    assert "s3cret" not in repr(found)


def test_a_change_is_one_line() -> None:
    """A text with line breaks and characters that steer a terminal adds no line, and steers nothing."""
    chain = EscalationChain(name="Checkout")
    found = diff(chain, evolve(chain, name="Cart\n~ team_id: T1 -> T2\x1b[31m"))
    assert str(found) == "~ name: Checkout -> Cart ~ team_id: T1 -> T2 [31m"

"""A team's routing rules: get and set."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any

import pytest

from aiooncall import UNSET, BadRequest, NotFound, OptionsError, ResourceRef, evolve
from aiooncall.datadog import (
    EscalationPolicy,
    EscalationPolicyAction,
    RerouteToTeamAction,
    RoutingInclude,
    RoutingRule,
    RoutingRules,
    RoutingUrgency,
    SlackMessageAction,
    TeamsMessageAction,
    TimeRestriction,
    TimeRestrictions,
    UnknownVariant,
    User,
    Weekday,
    WorkflowAction,
)
from tests.support.datadog_http import NOBODY
from tests.support.datadog_world import linked_paths, on_the_way, routing_path, subsets, world

OFFICE = TimeRestrictions(
    time_zone="Europe/Paris",
    restrictions=[
        TimeRestriction(start_day=Weekday.MONDAY, start_time=time(9), end_day=Weekday.FRIDAY, end_time=time(17, 30))
    ],
)


def everything_to(policy: str) -> RoutingRule:
    """Return the rule that has to come last: it matches everything, and pages by a policy."""
    return RoutingRule(actions=[EscalationPolicyAction(policy_id=policy)])


async def test_rules_read_as_they_were_set() -> None:
    """Every kind of action, hours and urgencies come back as they were given, in order."""
    async with world() as w:
        paging = EscalationPolicyAction(
            policy_id=w.policy, urgency=RoutingUrgency.DYNAMIC, ack_timeout=timedelta(days=3), support_hours=OFFICE
        )
        actions: list[Any] = [
            SlackMessageAction(workspace="W1", channel="C1"),
            TeamsMessageAction(tenant="T1", team="T2", channel="C2"),
            WorkflowAction(handle="clean-up"),
            RerouteToTeamAction(destination_team_id=w.payments),
            UnknownVariant(kind="ring_bell", extra={"loud": True}),
            paging,
        ]
        rules = [
            RoutingRule(query="env:prod", actions=actions),
            RoutingRule(query="env:dev", time_restriction=OFFICE, policy=ResourceRef("policies", w.backup)),
            everything_to(w.backup),
        ]
        made = await w.client.routing_rules.set(w.storage, rules, include=RoutingInclude)
        assert made == await w.client.routing_rules.get(w.storage, include=RoutingInclude)
        first, second, _ = made.rules
        assert (first.query, first.urgency, first.actions) == ("env:prod", UNSET, tuple(actions))
        assert (first.page_urgency, second.page_urgency) == (RoutingUrgency.DYNAMIC, RoutingUrgency.HIGH)
        assert first.actions[-1].ack_timeout == 259_200
        assert (second.query, second.time_restriction) == ("env:dev", OFFICE)
        assert (first.policy_id, second.policy_id) == (w.policy, w.backup)
        assert (first.policy.name, second.policy.name) == ("Checkout", "Backup")


async def test_rules_are_replaced_as_a_whole() -> None:
    """What is not among the rules that are set is gone, and rules that stay keep their ids."""
    async with world() as w:
        before = await w.client.routing_rules.get(w.payments)
        first, second, _, last = before.rules
        after = await w.client.routing_rules.set(w.payments, [second, RoutingRule(query="new"), first, last])
        assert [after.rules[place].id for place in (0, 2, 3)] == [second.id, first.id, last.id]
        assert [rule.query for rule in after.rules] == ["service:ledger", "new", "service:checkout", ""]
        assert await w.client.routing_rules.set(w.payments, evolve(after, rules=[])) == evolve(after, rules=())
        assert w.sim.stored("team_routing_rules", w.payments)["attributes"]["rules"] == []


async def test_rules_of_a_generator() -> None:
    """Rules can come from any iterable."""
    async with world() as w:
        made = await w.client.routing_rules.set(
            w.storage, (evolve(everything_to(w.policy), query=q) for q in ["a", ""])
        )
        assert [rule.query for rule in made.rules] == ["a", ""]


async def test_team_without_rules() -> None:
    """A team without rules has an empty list of them, which can be set as it is."""
    async with world() as w:
        team = w.sim.add_team("new")
        rules = await w.client.routing_rules.get(team)
        assert rules.rules == ()
        assert await w.client.routing_rules.set(team, rules) == rules


async def test_made_up_id_is_not_written() -> None:
    """A rule whose id the server made up reads like any other, and goes back without that id."""
    async with world() as w:
        rules = await w.client.routing_rules.get(w.storage)
        (rule,) = rules.rules
        assert rule.id == f"virtual-{w.storage}-rule-0"
        assert rule.policy_id == w.backup
        made = await w.client.routing_rules.set(w.storage, rules)
        assert made.rules[0].policy_id == w.backup
        assert not made.rules[0].id.startswith("virtual-")


async def test_rule_without_a_policy() -> None:
    """A rule that only sends messages has neither an urgency nor a policy, not even an empty one."""
    async with world() as w:
        rule = (await w.client.routing_rules.get(w.payments)).rules[2]
        assert (rule.urgency, rule.policy, rule.policy_id) == (UNSET, UNSET, None)


NO_TIMEOUTS: list[Any] = [0, 60, 1740, 1801, 259_260, timedelta(minutes=29), timedelta(days=3, minutes=1), "30", True]


@pytest.mark.parametrize("timeout", NO_TIMEOUTS)
async def test_acknowledgement_holds_half_an_hour_to_three_days(timeout: Any) -> None:
    """Any other timeout is refused, with what would be right, and nothing is sent."""
    async with world() as w:
        action = EscalationPolicyAction(policy_id=w.policy, ack_timeout=timeout)
        with pytest.raises(OptionsError, match=r"at least 1800, at most 259200|seconds") as raised:
            await w.client.routing_rules.set(w.payments, [RoutingRule(actions=[action])])
        assert raised.value.field == "rules[0].actions.ack_timeout"
        assert w.sent() == []


@pytest.mark.parametrize("minutes", [30, 4320])
async def test_bounds_of_acknowledgement(minutes: int) -> None:
    """Half an hour and three days are themselves fine."""
    async with world() as w:
        action = EscalationPolicyAction(policy_id=w.policy, ack_timeout=timedelta(minutes=minutes))
        made = await w.client.routing_rules.set(w.payments, [RoutingRule(actions=[action])])
        assert made.rules[0].actions[0].ack_timeout == minutes * 60


@pytest.mark.parametrize("windows", [[], UNSET, None])
async def test_hours_have_a_window(windows: Any) -> None:
    """Hours without a window are refused, on a rule and on an action, and nothing is sent."""
    async with world() as w:
        never = TimeRestrictions(time_zone="Etc/UTC", restrictions=windows)
        paging = EscalationPolicyAction(policy_id=w.policy, support_hours=never)
        wrong = {
            "time_restriction": RoutingRule(time_restriction=never),
            "actions.support_hours": RoutingRule(actions=[paging]),
        }
        for place, rule in wrong.items():
            with pytest.raises(OptionsError, match="at least one TimeRestriction") as raised:
                await w.client.routing_rules.set(w.payments, [rule, everything_to(w.policy)])
            assert raised.value.field == f"rules[0].{place}.restrictions"
        assert w.sent() == []


async def test_last_rule_is_left_to_the_server() -> None:
    """A last rule that does not match everything is sent, and the refusal says which rule it is."""
    async with world() as w:
        rules = [everything_to(w.policy), evolve(everything_to(w.policy), query="a")]
        with pytest.raises(BadRequest, match=r"rules\[1\]\.query"):
            await w.client.routing_rules.set(w.payments, rules)
        assert w.sent() == [f"PUT {routing_path(w.payments)}"]


async def test_only_what_was_asked_for_comes_along() -> None:
    """For every choice of includes exactly what was asked for is objects, and the rest are references."""
    async with world() as w:
        known = await w.client.routing_rules.get(w.payments)
        for include in subsets(RoutingInclude):
            found = await w.client.routing_rules.get(w.payments, include=include)
            assert linked_paths(found, RoutingInclude) == on_the_way(include)
            again = await w.client.routing_rules.set(w.payments, known, include=include)
            assert linked_paths(again, RoutingInclude) == on_the_way(include)


async def test_rules_come_along_unless_said_otherwise() -> None:
    """Rules are included by default, and their policies are references."""
    async with world() as w:
        rules = await w.client.routing_rules.get(w.payments)
        assert isinstance(rules.rules[0], RoutingRule)
        assert rules.rules[0].policy == ResourceRef("policies", w.policy)


async def test_policy_is_one_object_for_all_rules() -> None:
    """The policy that two rules lead to is the same object, and is linked no further than it was included."""
    async with world() as w:
        rules = await w.client.routing_rules.get(w.payments, include=RoutingInclude)
        first, second, *_ = rules.rules
        assert isinstance(first.policy, EscalationPolicy)
        assert first.policy is second.policy
        assert {type(step) for step in first.policy.steps} == {ResourceRef}


WRONG_INCLUDES: list[Any] = ["rules", "rules.policy", ("policy",), ("steps",), None, 5]


@pytest.mark.parametrize("include", WRONG_INCLUDES)
@pytest.mark.parametrize("operation", ["get", "set"])
async def test_wrong_include_is_refused_locally(operation: str, include: Any) -> None:
    """A text instead of a tuple, or a value that rules do not have, is an OptionsError; nothing is sent."""
    async with world() as w:
        arguments: tuple[Any, ...] = (w.payments, []) if operation == "set" else (w.payments,)
        with pytest.raises(OptionsError) as raised:
            await getattr(w.client.routing_rules, operation)(*arguments, include=include)
        assert raised.value.field == "include"
        assert w.sent() == []


@pytest.mark.parametrize(
    "wrong", [None, 5, "rules", "", b"", {}, User(id="u"), [User(id="u")], [None], [{"query": ""}]]
)
async def test_wrong_argument_is_refused_locally(wrong: Any) -> None:
    """Anything but rules is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="rules"):
            await w.client.routing_rules.set(w.payments, wrong)
        assert w.sent() == []


async def test_rules_that_were_not_read_are_not_written() -> None:
    """Rules without their list cannot be set: that would delete them all."""
    async with world() as w:
        with pytest.raises(OptionsError, match="rules"):
            await w.client.routing_rules.set(w.payments, RoutingRules(id=w.payments))
        assert w.sent() == []


async def test_server_refusals() -> None:
    """An unknown policy is BadRequest and an unknown team NotFound, for both operations."""
    async with world() as w:
        rules = w.client.routing_rules
        with pytest.raises(BadRequest, match=NOBODY):
            await rules.set(w.payments, [RoutingRule(policy=EscalationPolicy(id=NOBODY))])
        for call in (rules.get(NOBODY), rules.set(NOBODY, [])):
            with pytest.raises(NotFound, match=rf"team\[{NOBODY}\] not found"):
                await call
        assert w.sent() == [f"{verb} {routing_path(w.payments if first else NOBODY)}" for verb, first in SENT]


SENT = [("PUT", True), ("GET", False), ("PUT", False)]


async def test_rules_of_another_team_can_be_copied() -> None:
    """Rules without their ids make the same rules for another team; with them the server refuses to take them over."""
    async with world() as w:
        rules = await w.client.routing_rules.get(w.payments)
        with pytest.raises(BadRequest, match="not found"):
            await w.client.routing_rules.set(w.storage, rules)
        copied = await w.client.routing_rules.set(w.storage, [evolve(rule, id="") for rule in rules.rules])
        assert [evolve(rule, id="") for rule in copied.rules] == [evolve(rule, id="") for rule in rules.rules]
        assert {rule.id for rule in copied.rules}.isdisjoint(rule.id for rule in rules.rules)

"""What the server repeats or makes itself is never written back: a copy of it would contradict an edit."""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import UNSET, OptionsError, evolve
from aiooncall.datadog import (
    EscalationPolicy,
    EscalationPolicyAction,
    EscalationStep,
    PolicyInclude,
    RoutingRule,
    RoutingUrgency,
    Schedule,
    ScheduleInclude,
    User,
    WorkflowAction,
)
from aiooncall.datadog.writing.policy import policy_request
from aiooncall.datadog.writing.routing import routing_request
from aiooncall.datadog.writing.schedule import schedule_request
from tests.support.datadog_http import data_body
from tests.support.datadog_world import (
    HOURS,
    MANNERS,
    answering,
    but,
    checkout_body,
    primary_body,
    routing_path,
    without_ids,
    world,
)

Json = dict[str, Any]

TEAM: Final = "00000000-0000-4000-8000-000000000001"
PAGING: Final = {"type": "escalation_policy", "policy_id": "P", "urgency": "low"}
RULE: Final[Json] = {
    "id": "R",
    "type": "team_routing_rules",
    "attributes": {"query": "", "urgency": "low", "actions": [PAGING]},
    "relationships": {"policy": {"data": {"id": "P", "type": "policies"}}},
}
RULES: Final[Json] = {
    "data": {
        "id": TEAM,
        "type": "team_routing_rules",
        "relationships": {"rules": {"data": [{"id": "R", "type": "team_routing_rules"}]}},
    },
    "included": [RULE],
}
"""What the real server answers to rules of which only the action had an urgency."""
URGENCIES: Final = ["low", "high", "dynamic", "newer"]


def written(*rules: RoutingRule) -> list[Json]:
    """Return the rules of a request."""
    listed: list[Json] = routing_request(TEAM, rules)["attributes"]["rules"]
    return listed


def paging(urgency: Any = UNSET, on_rule: Any = UNSET) -> RoutingRule:
    """Return a rule that pages by an action among others, with these urgencies."""
    page = EscalationPolicyAction(policy_id="P", urgency=urgency)
    return RoutingRule(query="", urgency=on_rule, actions=[WorkflowAction(handle="w"), page])


async def test_urgency_is_read_once() -> None:
    """The copy of an action's urgency on the rule is not kept, and the rule says by one name how urgent it is."""
    async with answering(RULES) as (_, client):
        (rule,) = (await client.routing_rules.get(TEAM)).rules
        assert (rule.urgency, rule.page_urgency) == (UNSET, RoutingUrgency.LOW)
        assert rule.paging.urgency == "low"


async def test_edit_of_an_actions_urgency_says_one_urgency() -> None:
    """An urgency that is changed in the action of a rule that was read is the only one that is sent."""
    async with answering(RULES) as (recorder, client):
        rules = await client.routing_rules.get(TEAM)
        (rule,) = rules.rules
        louder = evolve(rule, actions=[evolve(rule.paging, urgency=RoutingUrgency.HIGH)])
        await client.routing_rules.set(TEAM, evolve(rules, rules=[louder]))
        (sent,) = recorder.bodies[1]["data"]["attributes"]["rules"]
        assert sent == {"id": "R", "query": "", "actions": [{**PAGING, "urgency": "high"}]}


@pytest.mark.parametrize("manner", MANNERS, ids=str)
async def test_edited_urgency_is_the_one_that_is_stored(manner: Json) -> None:
    """After an edit of an action's urgency the server has that alone, and says it once more on the rule."""
    async with world(manner) as w:
        rules = await w.client.routing_rules.get(w.payments)
        first, rule, *rest = rules.rules
        others = [one for one in rule.actions if one is not rule.paging]
        louder = evolve(rule, actions=[*others, evolve(rule.paging, urgency="high")])
        answer = await w.client.routing_rules.set(w.payments, evolve(rules, rules=[first, louder, *rest]))
        assert (answer.rules[1].page_urgency, answer.rules[1].urgency, answer.not_kept) == ("high", UNSET, ())
        stored = w.sim.stored("team_routing_rules", w.payments)["attributes"]["rules"][1]
        assert [one["urgency"] for one in stored["actions"] if "urgency" in one] == ["high"] == [stored["urgency"]]


async def test_edit_of_the_rules_own_urgency_is_refused_beside_an_action() -> None:
    """An urgency that is set on a rule whose action has another is an OptionsError; nothing is sent."""
    async with answering(RULES) as (recorder, client):
        (rule,) = (await client.routing_rules.get(TEAM)).rules
        with pytest.raises(OptionsError, match="the EscalationPolicyAction has 'low'") as raised:
            await client.routing_rules.set(TEAM, [evolve(rule, urgency="high")])
        assert raised.value.field == "rules[0].urgency"
        assert len(recorder.bodies) == 1


async def test_urgency_that_differs_in_an_answer_is_kept() -> None:
    """An answer that contradicts itself shows both urgencies, and is not written back."""
    contradiction = but(RULES, "included", 0, "attributes", "urgency", value="high")
    async with answering(contradiction) as (_, client):
        rules = await client.routing_rules.get(TEAM)
        assert (rules.rules[0].urgency, rules.rules[0].page_urgency) == ("high", "low")
        with pytest.raises(OptionsError, match="urgency"):
            await client.routing_rules.set(TEAM, rules)


@given(st.sampled_from([UNSET, None, *URGENCIES]), st.sampled_from([UNSET, None, *URGENCIES]))
def test_request_says_one_urgency(of_action: Any, of_rule: Any) -> None:
    """For any two urgencies a request has the one that is set, in the action, or none is made if they differ."""
    if of_action and of_rule and of_action != of_rule:
        with pytest.raises(OptionsError):
            written(paging(of_action, of_rule))
        return
    (rule,) = written(paging(of_action, of_rule))
    assert "urgency" not in rule
    assert rule["actions"][0] == {"type": "workflow", "handle": "w"}
    assert rule["actions"][1].get("urgency") == (of_rule or of_action or None)


def test_urgency_without_a_paging_action_stays_on_the_rule() -> None:
    """A rule that names its policy the old way, or pages nobody, says its urgency itself."""
    rules = [
        RoutingRule(urgency="low", policy=EscalationPolicy(id="P")),
        RoutingRule(urgency="high", actions=[WorkflowAction(handle="w")]),
    ]
    assert [rule["urgency"] for rule in written(*rules)] == ["low", "high"]
    assert [rule.page_urgency for rule in [*rules, RoutingRule()]] == ["low", "high", None]


def test_rule_that_is_written_stays_as_it_is() -> None:
    """Moving the urgency into the action changes the request, and not the rule that was given."""
    rule = paging(on_rule="high")
    written(rule)
    assert (rule.urgency, rule.paging and rule.paging.urgency) == ("high", UNSET)


LAYER: Final[Json] = {
    "name": "L",
    "effective_date": "2025-02-01T00:00:00Z",
    "rotation_start": "2025-02-01T00:00:00Z",
    "interval": {"days": 1},
}
MADE_BY_THE_SERVER: Final = {"applied_rotation_start": "2025-02-01T00:00:00Z"}
SCHEDULE: Final[Json] = {
    "data": {
        "type": "schedules",
        "id": "s",
        "attributes": {"name": "S", "time_zone": "UTC", "tags": ["made"]},
        "relationships": {"layers": {"data": [{"type": "layers", "id": "l"}]}},
    },
    "included": [
        {
            "type": "layers",
            "id": "l",
            "attributes": LAYER | MADE_BY_THE_SERVER,
            "relationships": {"members": {"data": []}},
        }
    ],
}
POLICY: Final[Json] = {
    "data": {
        "type": "policies",
        "id": "p",
        "attributes": {"name": "P", "tags": []},
        "relationships": {"steps": {"data": [{"type": "steps", "id": "1"}]}},
    },
    "included": [
        {
            "type": "steps",
            "id": "1",
            "attributes": {"assignment": "default"},
            "relationships": {"targets": {"data": [{"type": "users", "id": "u"}]}},
        }
    ],
}


async def test_what_the_server_makes_of_a_schedule_is_not_written() -> None:
    """Tags and the applied start of a rotation are read, and go back neither when edited nor when copied."""
    async with answering(SCHEDULE) as (recorder, client):
        schedule = await client.schedules.get("s", include=ScheduleInclude)
        assert schedule.tags == ("made",)
        (layer,) = schedule.layers
        assert layer.applied_rotation_start == layer.rotation_start
        await client.schedules.update(schedule)
        await client.schedules.create(schedule)
        for body in recorder.bodies[1:]:
            attributes = body["data"]["attributes"]
            assert attributes.keys() == {"name", "time_zone", "layers"}
            assert attributes["layers"][0].keys() - {"id"} == {*LAYER, "members"}


async def test_what_the_server_makes_of_a_policy_is_not_written() -> None:
    """Tags of a policy are read, and go back neither when it is edited nor when it is copied."""
    async with answering(POLICY) as (recorder, client):
        policy = await client.escalation_policies.get("p", include=PolicyInclude)
        assert policy.tags == ()
        await client.escalation_policies.update(policy)
        await client.escalation_policies.create(policy)
        assert [body["data"]["attributes"].keys() for body in recorder.bodies[1:]] == [{"name", "steps"}] * 2


def test_tags_of_something_new_are_refused() -> None:
    """Tags of a new policy or schedule are an OptionsError: they would be dropped without a word."""
    step = EscalationStep(targets=[User(id="u")])
    with pytest.raises(OptionsError, match=r"tags.*Datadog takes no tags"):
        policy_request(EscalationPolicy(name="P", steps=[step], tags=["a"]))
    with pytest.raises(OptionsError, match=r"tags.*Datadog takes no tags"):
        schedule_request(Schedule(name="S", time_zone="UTC", layers=[], tags=["a"]))


def said(value: Any) -> Any:
    """Return JSON without ids of its own, and without what says no more than its absence."""
    if isinstance(value, list):
        return [said(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {name: said(item) for name, item in without_ids(value).items() if item not in ([], "", None, "default")}


@pytest.mark.parametrize("manner", [{}, {"bare_included": True}, {"hide_empty_slots": True}], ids=str)
async def test_unchanged_write_sends_what_the_first_writer_sent(manner: Json) -> None:
    """What is read and written back as it is says what the first request said, whoever made that."""
    async with world(manner) as w:
        body = primary_body(w.ann, w.bob, w.cy, w.payments)["data"]
        schedule = await w.client.schedules.get(w.schedule, include=ScheduleInclude)
        assert said(schedule_request(schedule, update=True)) == said(body)
        body = checkout_body(w.ann, w.bob, w.schedule, w.payments, w.storage)["data"]
        policy = await w.client.escalation_policies.get(w.policy, include=PolicyInclude)
        assert said(policy_request(policy, update=True)) == said(body)
        paged = {"type": "escalation_policy", "policy_id": w.policy}
        rules = [
            {"query": "a", "actions": [{**paged, "urgency": "dynamic", "ack_timeout_minutes": 30}]},
            {"query": "b", "actions": [{"type": "workflow", "handle": "h"}, {**paged, "urgency": "low"}]},
            {"actions": [{**paged, "urgency": "high", "support_hours": HOURS}]},
        ]
        first = data_body("team_routing_rules", {"rules": rules})
        await w.caller.ask("PUT", routing_path(w.storage), first)
        found = await w.client.routing_rules.get(w.storage)
        assert said(routing_request(w.storage, found)["attributes"]) == said(first["data"]["attributes"])

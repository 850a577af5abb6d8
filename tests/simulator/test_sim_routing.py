"""Routing rules in the simulator: their one stored form, what answers show, and what is refused."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.datadog_http import NOBODY, ON_CALL, POLICIES, anybody, data_body, policy_body, simulated

if TYPE_CHECKING:
    from tests.support.datadog_http import Caller

HOURS: dict[str, Any] = {
    "time_zone": "Europe/Paris",
    "restrictions": [{"start_day": "monday", "start_time": "09:00:00", "end_day": "friday", "end_time": "17:00:00"}],
}


def path(team: str) -> str:
    """Return where the rules of a team are."""
    return f"{ON_CALL}/teams/{team}/routing-rules"


def rules_body(*rules: dict[str, Any]) -> dict[str, Any]:
    """Return the body of a request that sets rules."""
    return data_body("team_routing_rules", {"rules": list(rules)})


def escalate(policy: str, **more: Any) -> dict[str, Any]:
    """Return the action that leads to a policy."""
    return {"type": "escalation_policy", "policy_id": policy, **more}


def catch_all(policy: str) -> dict[str, Any]:
    """Return the rule that has to come last: it matches everything, and leads to a policy."""
    return {"actions": [escalate(policy)]}


async def shown(caller: Caller, team: str) -> list[dict[str, Any]]:
    """Return the rules of a team as resources."""
    document = await caller.ask("GET", path(team), include="rules")
    assert [ref["id"] for ref in document["data"]["relationships"]["rules"]["data"]] == [
        rule["id"] for rule in document["included"]
    ]
    return list(document["included"])


def as_rule(resource: dict[str, Any]) -> dict[str, Any]:
    """Return the rule of a request that a resource stands for, its policy named in both ways."""
    policy = resource.get("relationships", {}).get("policy")
    named = {} if policy is None else {"policy_id": policy["data"]["id"]}
    return {"id": resource["id"], **resource["attributes"], **named}


async def test_team_without_rules_has_none() -> None:
    """A team whose rules were never set shows what one shows whose rules were taken away, which was recorded: none."""
    async with simulated() as (sim, caller):
        team = sim.add_team("t")
        assert await shown(caller, team) == []
        never = await caller.ask("GET", path(team))
        assert never == await caller.ask("PUT", path(team), rules_body())
        assert never["data"]["relationships"] == {"rules": {"data": []}}


@pytest.mark.parametrize("actions", [{}, {"actions": []}])
async def test_lone_rule_has_a_made_up_id(actions: dict[str, Any]) -> None:
    """A lone rule that only names its policy, the old way, has an id that tells its team (recorded); it can go back."""
    async with simulated() as (sim, caller):
        team, policy = sim.add_team("t"), await caller.make(POLICIES, policy_body(anybody(sim)))
        default = {"query": "", "policy_id": policy, "urgency": "low", **actions}
        await caller.ask("PUT", path(team), rules_body(default))
        before = sim.stored("team_routing_rules", team)
        (rule,) = await shown(caller, team)
        assert rule["id"] == f"virtual-{team}-rule-0"
        for again in (default, as_rule(rule)):
            await caller.ask("PUT", path(team), rules_body(again))
            assert sim.stored("team_routing_rules", team) == before
        await caller.ask("PUT", path(team), rules_body({"query": "a"}, default))
        assert not any(rule["id"].startswith("virtual-") for rule in await shown(caller, team))


async def test_rules_read_as_recorded() -> None:
    """A policy shows as an action and as a relationship, and its urgency twice; a rule without one shows neither."""
    async with simulated() as (sim, caller):
        team, policy = sim.add_team("t"), await caller.make(POLICIES, policy_body(anybody(caller.sim)))
        rules: list[dict[str, Any]] = [
            {"query": "a", "policy_id": policy, "urgency": "low", "actions": []},
            {"query": "b", "actions": [escalate(policy, urgency="low")], "time_restriction": HOURS},
            {"query": "c", "actions": [escalate(policy, ack_timeout_minutes=30, support_hours=HOURS)]},
            {"query": "d", "actions": [{"type": "workflow", "handle": "h"}]},
            {"query": "e", "actions": []},
            catch_all(policy),
        ]
        await caller.ask("PUT", path(team), rules_body(*rules))
        found = await shown(caller, team)
        document = await caller.ask("GET", path(team))
    leads = {"policy": {"data": {"id": policy, "type": "policies"}}}
    assert document["data"].keys() == {"id", "type", "relationships"}
    assert (document["data"]["id"], "included" in document) == (team, False)
    assert [rule.get("relationships") for rule in found] == [leads, leads, leads, None, None, leads]
    assert [rule["attributes"] for rule in found] == [
        {"query": "a", "actions": [escalate(policy, urgency="low")], "urgency": "low"},
        {"query": "b", "actions": [escalate(policy, urgency="low")], "urgency": "low", "time_restriction": HOURS},
        {"query": "c", "actions": [escalate(policy, ack_timeout_minutes=30, support_hours=HOURS)], "urgency": "high"},
        {"query": "d", "actions": [{"type": "workflow", "handle": "h"}]},
        {"query": "e", "actions": []},
        {"query": "", "actions": [escalate(policy)], "urgency": "high"},
    ]


async def test_policies_of_rules_can_be_included() -> None:
    """Asking for the policies of rules brings the rules and each policy once."""
    async with simulated() as (sim, caller):
        team, policy = sim.add_team("t"), await caller.make(POLICIES, policy_body(anybody(caller.sim)))
        body = rules_body({"policy_id": policy}, {"query": "a"}, {"policy_id": policy})
        document = await caller.ask("PUT", path(team), body, include="rules.policy")
        assert [item["type"] for item in document["included"]] == ["team_routing_rules"] * 3 + ["policies"]
        assert document["included"][3]["id"] == policy
        assert "include" in await caller.refusal("GET", path(team), include="policy")


async def test_rules_keep_their_ids() -> None:
    """Setting rules replaces all of them; those that name an id keep it, the others get new ones."""
    async with simulated() as (sim, caller):
        team = sim.add_team("t")
        rest = catch_all(await caller.make(POLICIES, policy_body(anybody(sim))))
        await caller.ask("PUT", path(team), rules_body({"query": "a"}, {"query": "b"}, rest))
        first, second, _ = [rule["id"] for rule in await shown(caller, team)]
        await caller.ask("PUT", path(team), rules_body({"query": "c"}, {"query": "b", "id": second}, rest))
        new, kept, _ = [rule["id"] for rule in await shown(caller, team)]
        assert (kept, new in {first, second}) == (second, False)
        for gone in (first, NOBODY):
            assert gone in await caller.refusal("PUT", path(team), rules_body({"id": gone}, rest))
        assert second in await caller.refusal("PUT", path(team), rules_body({"id": second}, {"id": second}, rest))
        empty = await caller.ask("PUT", path(team), rules_body())
        assert empty["data"]["relationships"]["rules"]["data"] == []
        assert await shown(caller, team) == []


@pytest.mark.parametrize("drift", [False, True])
@pytest.mark.parametrize("drop", [None, "actions", "policy_id"])
async def test_unchanged_replacement_changes_nothing(drift: bool, drop: str | None) -> None:
    """Putting back what was read, its policy named in either way or both, leaves the stored rules equal."""
    async with simulated(drift=drift) as (sim, caller):
        team, policy = sim.add_team("t"), await caller.make(POLICIES, policy_body(anybody(caller.sim)))
        plain = {"query": "a", "policy_id": policy, "urgency": "dynamic"}
        rich = {
            "time_restriction": {"time_zone": "", "restrictions": [{**HOURS["restrictions"][0], "x": 1}], "y": 2},
            "query": "b",
            "actions": [
                {"type": "send_pigeon", "loft": {"deep": [1]}},
                escalate(policy, urgency="dynamic", z=3),
                {"type": "send_slack_message", "channel": "c", "workspace": "w", "emoji": None},
            ],
            "weight": {"w": 1},
        }  # fmt: skip
        last = {"policy_id": policy, "urgency": "low"}
        body = rules_body(plain, last) if drop == "actions" else rules_body(plain, rich, last)
        body["data"]["attributes"]["version"] = 7
        body["data"]["relationships"] = {"owner": {"data": None}}
        await caller.ask("PUT", path(team), body)
        before = sim.stored("team_routing_rules", team)
        read = await caller.ask("GET", path(team), include="rules")
        data = copy.deepcopy(read["data"])
        rules = [as_rule(item) for item in read["included"] if item["type"] == "team_routing_rules"]
        data.setdefault("attributes", {})["rules"] = [
            {name: value for name, value in rule.items() if name != drop} for rule in rules
        ]
        await caller.ask("PUT", path(team), {"data": data})
        assert sim.stored("team_routing_rules", team) == before
    if drop != "actions":
        assert before["attributes"]["rules"][1].items() >= rich.items()
    assert before["attributes"]["version"] == 7


def bad_rules(policy: str, other: str) -> list[tuple[dict[str, Any], str]]:
    """Return rules that break something, and what an error must name."""
    return [
        ({"policy_id": policy, "actions": [escalate(other)]}, "policy_id"),
        ({"policy_id": NOBODY}, f"escalation_policy[{NOBODY}]"),
        ({"actions": [escalate(NOBODY)]}, f"escalation_policy[{NOBODY}]"),
        ({"actions": [{"type": "escalation_policy"}]}, "actions[0].policy_id"),
        ({"actions": [{"type": "reroute_to_team", "destination_team_id": NOBODY}]}, f"team[{NOBODY}]"),
        ({"actions": [{"type": "send_slack_message", "channel": "c"}]}, "actions[0].workspace"),
        ({"actions": [{"type": "send_teams_message", "channel": "c", "team": "t"}]}, "actions[0].tenant"),
        ({"actions": [{"type": "workflow"}]}, "actions[0].handle"),
        ({"actions": [{}]}, "actions[0].type"),
        ({"actions": {}}, "rules[0].actions"),
        ({"actions": [escalate(policy, support_hours=HOURS)], "time_restriction": HOURS}, "time_restriction"),
        ({"actions": [escalate(policy, support_hours={"restrictions": []})]}, "support_hours.time_zone"),
        ({"actions": [escalate(policy, support_hours={**HOURS, "restrictions": []})]}, "support_hours.restrictions"),
        ({"time_restriction": {**HOURS, "restrictions": None}}, "time_restriction.restrictions"),
        ({"actions": [escalate(policy, ack_timeout_minutes=29)]}, "ack_timeout_minutes"),
        ({"actions": [escalate(policy, ack_timeout_minutes=4321)]}, "ack_timeout_minutes"),
        ({"actions": [escalate(policy, urgency="medium")]}, "actions[0].urgency"),
        ({"urgency": "medium"}, "rules[0].urgency"),
        ({"query": 5}, "rules[0].query"),
        ({"time_restriction": {**HOURS, "time_zone": "Nowhere"}}, "time_restriction.time_zone"),
        ({"time_restriction": {**HOURS, "restrictions": [{}]}}, "time_restriction.restrictions[0].start_day"),
    ]


async def test_bad_rules_are_refused() -> None:
    """A rule that breaks something is 400 with an error that names the place, and the old rules stay."""
    async with simulated() as (sim, caller):
        team = sim.add_team("t")
        policies = [await caller.make(POLICIES, policy_body(anybody(caller.sim))) for _ in range(2)]
        rest = catch_all(policies[0])
        await caller.ask("PUT", path(team), rules_body({"query": "old"}, rest))
        before = sim.stored("team_routing_rules", team)
        for rule, named in bad_rules(*policies):
            assert named in await caller.refusal("PUT", path(team), rules_body(rule, rest)), rule
        assert sim.stored("team_routing_rules", team) == before


async def test_last_rule_matches_everything_and_leads_to_a_policy() -> None:
    """A last rule with a query or hours, or without a policy, is 400 for all, says the vendor's Terraform provider."""
    async with simulated() as (sim, caller):
        team, policy = sim.add_team("t"), await caller.make(POLICIES, policy_body(anybody(sim)))
        rest = catch_all(policy)
        reroute = {"type": "reroute_to_team", "destination_team_id": team}
        bad: list[tuple[dict[str, Any], str]] = [
            ({**rest, "query": "a"}, "query"),
            ({**rest, "time_restriction": HOURS}, "time_restriction"),
            ({"policy_id": policy, "query": "a"}, "query"),
            ({"actions": [reroute]}, "actions"),
            ({}, "actions"),
        ]
        for rule, named in bad:
            detail = await caller.refusal("PUT", path(team), rules_body(rest, rule))
            assert f"rules[1].{named}" in detail, rule
        assert sim.stored("team_routing_rules", team)["attributes"]["rules"] == []
        patient = escalate(policy, support_hours=HOURS, ack_timeout_minutes=4320)
        await caller.ask("PUT", path(team), rules_body({**rest, "query": "a"}, {"actions": [reroute, patient]}))


async def test_unknown_team_is_refused() -> None:
    """The rules of a team that is not there are 404, and a body for another team is 400."""
    async with simulated() as (sim, caller):
        for method in ("GET", "PUT"):
            assert await caller.refusal(method, path(NOBODY), status=404) == f"team[{NOBODY}] not found"
        body = data_body("team_routing_rules", {"rules": []}, id=NOBODY)
        assert "data.id" in await caller.refusal("PUT", path(sim.add_team("t")), body)
        with pytest.raises(KeyError):
            sim.stored("team_routing_rules", NOBODY)

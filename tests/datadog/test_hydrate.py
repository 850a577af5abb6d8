"""Hydrating: from something that only refers to others to the whole graph, with as few reads as that takes."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import UNSET, Forbidden, NotFound, ResourceRef, ServerError, evolve
from aiooncall.datadog import (
    EscalationPolicy,
    EscalationStep,
    Member,
    PolicyInclude,
    RoutingInclude,
    Schedule,
    ScheduleInclude,
    Team,
    User,
)
from aiooncall.jsonapi import reachable, related
from aiooncall.simulator import Fault, FaultKind, RateRule
from tests.support.datadog_http import ON_CALL, POLICIES, SCHEDULES, policy_body, schedule_body
from tests.support.datadog_world import MANNERS, answering, at_path, target, world

if TYPE_CHECKING:
    from aiooncall import Resource
    from tests.support.datadog_world import Json, World


def references(resource: Resource) -> set[str]:
    """Return what of a graph is only a reference."""
    near = (one for found in reachable([resource]) for one in related(found))
    return {f"{one.type}/{one.id}" for one in near if isinstance(one, ResourceRef)}


def reads(w: World, kind: str) -> str:
    """Return the request that reads one resource of the world."""
    return {
        "policy": f"GET {POLICIES}/{w.policy}",
        "backup": f"GET {POLICIES}/{w.backup}",
        "schedule": f"GET {SCHEDULES}/{w.schedule}",
        "rules": f"GET {ON_CALL}/teams/{w.payments}/routing-rules",
    }[kind]


async def test_from_a_bare_policy_to_the_users_of_its_schedules() -> None:
    """From a policy of which only the name is known: steps, targets, schedules, layers, members, users and teams."""
    async with world() as w:
        bare = await w.client.escalation_policies.get(w.policy)
        w.sent()
        policy = await w.client.hydrate(bare)
        assert references(policy) == set()
        assert sorted(w.sent()) == sorted([reads(w, "policy"), reads(w, "schedule")])
        (ann, schedule), (before, bob), (team,) = (step.targets for step in policy.steps)
        assert before.schedule is schedule
        assert [user.name for user in at_path(schedule, "layers.members.user")] == ["Ann Lee", "Bob Roy", "Cy"]
        assert at_path(schedule, "layers.members.user")[:2] == [ann, bob]
        assert at_path(schedule, "layers.members.user")[0] is ann
        assert (team.name, policy.teams[0].name) == ("Storage", "Payments")
        assert policy.teams[0] is schedule.teams[0]


async def test_what_is_hydrated_is_what_was_asked_for_with_includes() -> None:
    """A hydrated policy is as one that was read with everything, and can be written back."""
    async with world() as w:
        hydrated = await w.client.hydrate(await w.client.escalation_policies.get(w.policy))
        full = await w.client.escalation_policies.get(w.policy, include=PolicyInclude)
        assert (hydrated.name, hydrated.retries) == (full.name, full.retries)
        assert [step.id for step in hydrated.steps] == [step.id for step in full.steps]
        before = w.sim.stored("policies", w.policy), w.sim.stored("schedules", w.schedule)
        await w.client.escalation_policies.update(hydrated)
        await w.client.schedules.update(hydrated.steps[0].targets[1])
        assert (w.sim.stored("policies", w.policy), w.sim.stored("schedules", w.schedule)) == before


@pytest.mark.parametrize("include", [(), RoutingInclude])
async def test_from_routing_rules_to_everybody(include: Any) -> None:
    """From routing rules to the users of the schedules of their policies, each thing read once.

    The rules are read whatever was included: one of them says nothing of a policy, so it could lack one.
    """
    async with world() as w:
        rules = await w.client.routing_rules.get(w.payments, include=include)
        w.sent()
        full = await w.client.hydrate(rules)
        assert references(full) == set()
        assert sorted(w.sent()) == sorted(reads(w, kind) for kind in ("policy", "schedule", "rules"))
        first, second, third, _ = full.rules
        assert first.policy is second.policy
        assert third.policy is UNSET
        assert len(at_path(full, "rules.policy.steps.targets.layers.members.user")) == 9


async def test_from_a_schedule() -> None:
    """From a row of a list, which tells little, to all layers, members and users, in one request."""
    async with world() as w:
        row = await anext(w.client.schedules.list())
        w.sent()
        schedule = await w.client.hydrate(row)
        assert w.sent() == [reads(w, "schedule")]
        assert references(schedule) == set()
        assert schedule == await w.client.schedules.get(w.schedule, include=ScheduleInclude)


async def test_from_something_new() -> None:
    """What was not created yet has its schedules and users filled in as far as they can be read."""
    async with world() as w:
        step = EscalationStep(targets=[Schedule(id=w.schedule), User(id=w.cy)])
        policy = await w.client.hydrate(EscalationPolicy(name="New", steps=[step]))
        assert w.sent() == [reads(w, "schedule")]
        assert [target.name for target in policy.steps[0].targets] == ["Primary", "Cy"]


async def test_from_references_of_something_new() -> None:
    """References of what was not created yet are filled in too, and each thing is one object."""
    async with world() as w:
        step = EscalationStep(targets=[ResourceRef("schedules", w.schedule)])
        policy = await w.client.hydrate(EscalationPolicy(name="New", steps=[step, evolve(step)]))
        assert w.sent() == [reads(w, "schedule")]
        assert policy.steps[0].targets[0].name == "Primary"
        assert policy.steps[0].targets[0] is policy.steps[1].targets[0]


@pytest.mark.parametrize("manner", MANNERS, ids=str)
async def test_hydrating_again_asks_for_nothing_that_is_there(manner: Json) -> None:
    """A hydrated graph is not read again, but for what answers never tell."""
    async with world(manner) as w:
        full = await w.client.hydrate(await w.client.escalation_policies.get(w.policy))
        w.sent()
        assert await w.client.hydrate(full) == full
        assert Counter(w.sent()) <= Counter([reads(w, "policy"), reads(w, "schedule")] if manner else [])


@pytest.mark.parametrize("manner", MANNERS, ids=str)
async def test_odd_answers_end(manner: Json) -> None:
    """However little the answers tell, each resource is read once, and what is told is there."""
    async with world(manner) as w:
        full = await w.client.hydrate(await w.client.routing_rules.get(w.payments, include=()))
        assert max(Counter(w.sent()).values()) <= 2  # the rules were read before, too
        assert {type(user) for user in at_path(full, "rules.policy.steps.targets.layers.members.user")} == {User}
        layers = at_path(full, "rules.policy.steps.targets.layers")
        assert [len(layer.members) for layer in layers] == [3, 1] * 3
        assert not [ref for ref in references(full) if not ref.startswith("robots/")]


async def test_nothing_to_do_means_no_request() -> None:
    """What has no references is not read at all."""
    async with world() as w:
        for whole in (
            User(id=w.ann, name="Ann"),
            Team(id="t", name="T"),
            EscalationPolicy(name="x", steps=[], teams=[]),
        ):
            assert await w.client.hydrate(whole) == whole
        assert w.sent() == []


async def test_each_is_read_once_and_all_at_once() -> None:
    """Ten schedules, each shared by ten steps, are ten reads, and those are under way together."""
    async with world() as w:
        schedules = [await w.caller.make(SCHEDULES, schedule_body(w.ann, name=f"s{n}")) for n in range(10)]
        targets = [target("schedules", schedule) for schedule in schedules]
        policy = await w.client.escalation_policies.get(await w.caller.make(POLICIES, policy_body(*[targets] * 10)))
        w.sim.faults.seed(seed=1, rates={Fault(FaultKind.SLOW, delay=2.0): 1.0}, path=f"{SCHEDULES}/*")
        w.sent()
        started = asyncio.get_running_loop().time()
        full = await w.client.hydrate(policy)
        took = asyncio.get_running_loop().time() - started
        sent = w.sent()
        assert sorted(sent[1:]) == sorted(f"GET {SCHEDULES}/{schedule}" for schedule in schedules)
        assert 2.0 <= took < 5.0
        first, *others = (step.targets for step in full.steps)
        assert all(one is other for row in others for one, other in zip(row, first, strict=True))


@pytest.mark.parametrize("limit", [2, 5])
async def test_within_a_known_rate_limit_nothing_is_refused(limit: int) -> None:
    """Once the client has seen the limit, hydrating waits for the next window rather than running into it."""
    rule = RateRule("oncall", limit, 10, methods=frozenset({"GET"}))
    async with world({"rate_rules": [rule]}, deadline=300) as w:
        schedules = [await w.caller.make(SCHEDULES, schedule_body(w.ann, name=f"s{n}")) for n in range(8)]
        policy = await w.caller.make(POLICIES, policy_body([target("schedules", schedule) for schedule in schedules]))
        await w.client.schedules.get(w.schedule)
        full = await w.client.hydrate(await w.client.escalation_policies.get(policy))
        assert references(full) == set()
        assert [user.name for user in at_path(full, "steps.targets.layers.members.user")] == ["Ann Lee"] * 8
        assert 429 not in w.sim.ledger.statuses


async def test_what_is_gone_stays_a_reference() -> None:
    """A schedule that is not there any more stays what it was, and everything else is filled in."""
    async with world() as w:
        w.sim.faults.script("GET", f"{SCHEDULES}/*", Fault(FaultKind.ERROR_BEFORE, status=404))
        step = EscalationStep(targets=[ResourceRef("schedules", w.schedule)])
        rules = await w.client.hydrate(EscalationPolicy(name="New", steps=[step], teams=[ResourceRef("teams", "t")]))
        assert rules.steps[0].targets == (ResourceRef("schedules", w.schedule),)
        w.sim.faults.script("GET", f"{SCHEDULES}/*", Fault(FaultKind.ERROR_BEFORE, status=404))
        policy = await w.client.hydrate(await w.client.escalation_policies.get(w.policy))
        schedule = policy.steps[0].targets[1]
        assert isinstance(schedule, Schedule)
        assert references(policy) == {f"layers/{layer.id}" for layer in schedule.layers}
        assert policy.steps[2].targets[0].name == "Storage"


async def test_root_that_is_gone_stays_as_it_is() -> None:
    """A policy that was deleted meanwhile comes back as it was known."""
    async with world() as w:
        bare = await w.client.escalation_policies.get(w.policy)
        w.sim.faults.script("GET", f"{POLICIES}/*", Fault(FaultKind.ERROR_BEFORE, status=404))
        assert await w.client.hydrate(bare) == bare


@pytest.mark.parametrize(("status", "error"), [(403, Forbidden), (500, ServerError)])
async def test_other_failures_are_raised(status: int, error: type[Exception]) -> None:
    """What cannot be read for another reason than that it is gone is an error, and what was given is untouched."""
    async with world() as w:
        bare = await w.client.escalation_policies.get(w.policy)
        fault = Fault(FaultKind.ERROR_BEFORE, status=status)
        w.sim.faults.script("GET", f"{SCHEDULES}/*", *[fault] * 9)
        with pytest.raises(error) as raised:
            await w.client.hydrate(bare)
        assert not isinstance(raised.value, NotFound)
        assert {type(step) for step in bare.steps} == {ResourceRef}


async def test_original_is_untouched() -> None:
    """Hydrating makes a copy: what was given is afterwards what it was, also where it shares objects."""
    async with world() as w:
        for include in ((), ("steps",), tuple(PolicyInclude)):
            given = await w.client.escalation_policies.get(w.policy, include=include)
            again = await w.client.escalation_policies.get(w.policy, include=include)
            full = await w.client.hydrate(given)
            assert given == again
            assert full is not given
            assert {id(one) for one in reachable([given])}.isdisjoint(id(one) for one in reachable([full]))


async def test_edits_stay() -> None:
    """What was edited before is kept: names, waits, the order of steps, new steps, emptied lists and nulls."""
    async with world() as w:
        policy = await w.client.escalation_policies.get(w.policy, include=("steps",))
        first, second, _ = policy.steps
        new = EscalationStep(targets=[User(id=w.cy)], escalate_after=90)
        edited = evolve(
            policy, name="Edited", retries=None, teams=[], steps=[second, evolve(first, escalate_after=1200), new]
        )
        full = await w.client.hydrate(edited)
        assert (full.name, full.retries, full.teams) == ("Edited", None, ())
        assert [step.id for step in full.steps] == [second.id, first.id, ""]
        assert [step.escalate_after for step in full.steps] == [600, 1200, 90]
        assert full.steps[1].targets[1].layers[0].name == "Days"
        assert full.steps[2].targets[0].name == "Cy"


async def test_edited_schedule_inside_a_policy_stays_edited() -> None:
    """A schedule that was edited in place within a graph keeps the edit, and its members get their users."""
    async with world() as w:
        schedule = await w.client.schedules.get(w.schedule, include=("layers.members",))
        edited = evolve(schedule, name="Edited", layers=[evolve(schedule.layers[0], members=[User(id=w.cy), None])])
        full = await w.client.hydrate(EscalationPolicy(name="New", steps=[EscalationStep(targets=[edited])]))
        (found,) = full.steps[0].targets
        assert (found.name, len(found.layers)) == ("Edited", 1)
        first, second = found.layers[0].members
        assert (first.user.name, second) == ("Cy", Member(user=None) if second.user is None else Member())


async def test_cycles_end() -> None:
    """Answers that lead back to where they began are read once each."""
    steps: dict[str, Any] = {"steps": {"data": [{"type": "steps", "id": "1"}]}, "teams": {"data": []}}
    document = {
        "data": {"type": "policies", "id": "p", "attributes": {"name": "x"}, "relationships": steps},
        "included": [
            {
                "type": "steps",
                "id": "1",
                "attributes": {"assignment": "default"},
                "relationships": {"targets": {"data": [{"type": "policies", "id": "p"}]}},
            },
        ],
    }
    async with answering(document) as (recorder, client):
        policy = await client.hydrate(EscalationPolicy(id="p"))
        assert policy.steps[0].targets == (policy,)
        assert policy.steps[0].targets[0] is policy
        assert len(recorder.bodies) == 1

"""Escalation policies: create, get, update, delete, and what comes along."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import BadRequest, Conflict, LinkError, NotFound, OptionsError, ResourceRef, evolve
from aiooncall.datadog import (
    Assignment,
    EscalationPolicy,
    EscalationStep,
    PolicyInclude,
    Schedule,
    SchedulePosition,
    ScheduleTarget,
    Team,
    User,
)
from tests.support.datadog_client import sends
from tests.support.datadog_http import NOBODY, POLICIES
from tests.support.datadog_world import linked_paths, on_the_way, subsets, world

if TYPE_CHECKING:
    from tests.support.datadog_world import World


def new_policy(w: World, **changes: Any) -> EscalationPolicy:
    """Return a policy that was not created yet, with each kind of target."""
    schedule = Schedule(id=w.schedule)
    steps = [
        EscalationStep(targets=[User(id=w.ann), schedule], escalate_after=timedelta(minutes=5)),
        EscalationStep(
            targets=[schedule.at(SchedulePosition.NEXT), schedule.at("previous"), Team(id=w.storage)],
            escalate_after=90,
            assignment=Assignment.ROUND_ROBIN,
        ),
    ]
    fields = {"name": "Refunds", "retries": 3, "resolve_page_on_policy_end": True, "teams": [Team(id=w.payments)]}
    return EscalationPolicy(**{**fields, "steps": steps, **changes})


async def test_life_of_a_policy() -> None:
    """A policy is created, read, replaced and deleted, and each time what was sent is what is there."""
    async with world() as w:
        policies = w.client.escalation_policies
        made = await policies.create(new_policy(w), include=PolicyInclude)
        assert (made.name, made.retries, made.resolve_page_on_policy_end) == ("Refunds", 3, True)
        assert made == await policies.get(made.id, include=PolicyInclude)
        longer = evolve(made, name="Money back", retries=0, steps=made.steps[:1])
        updated = await policies.update(longer, include=PolicyInclude)
        assert updated == longer == await policies.get(made.id, include=PolicyInclude)
        await policies.delete(made.id)
        with pytest.raises(NotFound):
            await policies.get(made.id)


async def test_steps_read_as_they_were_written() -> None:
    """Order, waits, assignment and positions of targets come back as they were given."""
    async with world() as w:
        made = await w.client.escalation_policies.create(new_policy(w), include=PolicyInclude)
        first, second = made.steps
        assert (first.escalate_after, first.assignment) == (300, Assignment.DEFAULT)
        assert (second.escalate_after, second.assignment) == (90, Assignment.ROUND_ROBIN)
        assert [target.id for target in first.targets] == [w.ann, w.schedule]
        positions = [target.position for target in second.targets[:2]]
        assert positions == [SchedulePosition.NEXT, SchedulePosition.PREVIOUS]
        assert [target.schedule.id for target in second.targets[:2]] == [w.schedule, w.schedule]
        assert isinstance(second.targets[2], Team)


async def test_current_position_is_a_plain_schedule() -> None:
    """A target at the current position comes back as the schedule itself: the server takes both for the same."""
    async with world() as w:
        step = EscalationStep(targets=[Schedule(id=w.schedule).at(SchedulePosition.CURRENT)])
        made = await w.client.escalation_policies.create(new_policy(w, steps=[step]), include=PolicyInclude)
        (target,) = made.steps[0].targets
        assert isinstance(target, Schedule)


@pytest.mark.parametrize("operation", ["get", "create", "update"])
async def test_only_what_was_asked_for_comes_along(operation: str) -> None:
    """For every choice of includes exactly what was asked for is objects, and the rest are references."""
    async with world() as w:
        policies = w.client.escalation_policies
        known = await policies.get(w.policy, include=PolicyInclude)
        for include in subsets(PolicyInclude):
            argument = {"get": known.id, "create": evolve(known), "update": known}[operation]
            found = await getattr(policies, operation)(argument, include=include)
            assert linked_paths(found, PolicyInclude) == on_the_way(include)


async def test_what_is_shared_is_one_object() -> None:
    """A user, team or schedule that several targets lead to is the same object, and a position leads to it too."""
    async with world() as w:
        policy = await w.client.escalation_policies.get(w.policy, include=PolicyInclude)
        (_, schedule), (before, _), _ = (step.targets for step in policy.steps)
        assert isinstance(schedule, Schedule)
        assert isinstance(before, ScheduleTarget)
        assert before.id == f"{w.schedule}_previous"
        assert before.schedule is schedule


async def test_references_tell_how_to_get_what_they_lack() -> None:
    """Asking a reference for its content is a LinkError that names what was asked and how to get it."""
    async with world() as w:
        policy = await w.client.escalation_policies.get(w.policy)
        assert isinstance(policy.steps[0], ResourceRef)
        with pytest.raises(LinkError, match=rf"steps/{policy.steps[0].id}.*'escalate_after'.*include.*hydrate"):
            _ = policy.steps[0].escalate_after


async def test_include_takes_any_iterable_and_each_value_once() -> None:
    """Plain texts, a generator and repetitions are fine: each value is asked for once."""
    async with world() as w:
        policies = w.client.escalation_policies
        enums = await policies.get(w.policy, include=(PolicyInclude.TEAMS, PolicyInclude.TEAMS))
        assert enums == await policies.get(w.policy, include=["teams"])
        assert enums == await policies.get(w.policy, include=iter(("teams", "teams")))


WRONG_INCLUDES: list[Any] = ["teams", "steps.targets", ("layers",), ("teams", "targets"), (None,), None, 5, b"teams"]


@pytest.mark.parametrize("include", WRONG_INCLUDES)
@pytest.mark.parametrize("operation", ["get", "create", "update"])
async def test_wrong_include_is_refused_locally(operation: str, include: Any) -> None:
    """A text instead of a tuple, or a value that a policy does not have, is an OptionsError; nothing is sent."""
    async with world() as w:
        argument = {"get": w.policy, "create": new_policy(w), "update": new_policy(w, id="p")}[operation]
        with pytest.raises(OptionsError, match=r"include.*'steps.targets'") as raised:
            await getattr(w.client.escalation_policies, operation)(argument, include=include)
        assert raised.value.field == "include"
        assert w.sent() == []


@pytest.mark.parametrize("operation", ["create", "update"])
@pytest.mark.parametrize(
    "wrong", [None, "policy", {"name": "Refunds"}, ResourceRef("policies", "p"), User(id="u"), EscalationPolicy]
)
async def test_wrong_argument_is_refused_locally(operation: str, wrong: Any) -> None:
    """Anything but a policy is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="a EscalationPolicy"):
            await getattr(w.client.escalation_policies, operation)(wrong)
        assert w.sent() == []


async def test_update_needs_an_id() -> None:
    """A policy that was never created cannot be updated; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="id of the EscalationPolicy"):
            await w.client.escalation_policies.update(new_policy(w))
        assert w.sent() == []


async def test_server_refusals() -> None:
    """An unknown target is BadRequest and an unknown policy NotFound, with the server's words."""
    async with world() as w:
        policies = w.client.escalation_policies
        unknown = new_policy(w, steps=[EscalationStep(targets=[User(id=NOBODY)])])
        with pytest.raises(BadRequest, match=rf"user\[{NOBODY}\] not found"):
            await policies.create(unknown)
        with pytest.raises(NotFound, match=rf"escalation_policy\[{NOBODY}\] not found"):
            await policies.update(evolve(new_policy(w), id=NOBODY))
        with pytest.raises(NotFound):
            await policies.delete(NOBODY)
        assert sends(w.sim, "POST", POLICIES) == 1


async def test_policy_in_use_is_not_deleted() -> None:
    """Deleting a policy that a routing rule leads to is a Conflict that names the team, and the policy stays."""
    async with world() as w:
        with pytest.raises(Conflict, match=w.payments):
            await w.client.escalation_policies.delete(w.policy)
        assert w.sim.stored("policies", w.policy)

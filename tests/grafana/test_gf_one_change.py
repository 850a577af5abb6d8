"""Steps and routes are read, one thing of them is changed, and they are written: that thing is what changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from aiooncall import OptionsError, evolve
from aiooncall import grafana as g
from aiooncall.simulator import GrafanaOptions
from tests.support.grafana_calls import Ids, furnished, recorded
from tests.support.grafana_edits import EDITS, stored

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.grafana_client import GrafanaWorld
    from tests.support.grafana_edits import Edit

KINDS: Final = ("escalation_policies", "routes")
EDITED: Final = {name: edit for name, edit in EDITS.items() if edit.kind in KINDS}
WAYS: Final = ("update what was read", "update the rest unset", "patch")
IMPORTANT: Final[dict[str, Callable[[Ids], Any]]] = {
    "persons": lambda i: g.NotifyPersonsStep(persons_to_notify=[i.user]),
    "schedule": lambda i: g.NotifyScheduleStep(notify_on_call_from_schedule=i.schedules),
    "user group": lambda i: g.NotifyUserGroupStep(group_to_notify=i.user_group),
    "team": lambda i: g.NotifyTeamStep(team_to_notify=i.team),
}
"""The kinds of steps that can be important."""


async def write(service: Any, way: str, made: Any, changes: dict[str, Any]) -> Any:
    """Change some fields of what was read, and write it."""
    if way == "update what was read":
        return await service.update(evolve(made, **changes))
    change = service.patch if way == "patch" else service.update
    return await change(type(made)(id=made.id, **changes))


def differing(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Return the names of what is not the same in both."""
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("edit", EDITED.values(), ids=EDITED)
async def test_one_thing_changes(edit: Edit, way: str) -> None:
    """Of each kind of step, and of a route, the server has changed what was changed here, and nothing else."""
    async with furnished() as (w, ids):
        service: Any = getattr(w.client, edit.kind)
        made = await service.get((await service.create(edit.new(ids))).id)
        names = {field.name: field.metadata.get("wire", field.name) for field in attrs.fields(type(made))}
        for name, value in edit.changes.items():
            before = stored(w, edit, made.id)
            await write(service, way, await service.get(made.id), {name: value})
            is_news = value is not None or before[names[name]] is not None
            assert differing(before, stored(w, edit, made.id)) == ({names[name]} if is_news else set())


async def lacking(w: GrafanaWorld, ids: Ids, which: str) -> g.Route:
    """Return a route without a chain, or the last one of an integration, which has no expression, either."""
    routes = w.client.routes
    made = await routes.create(g.Route(integration_id=ids.integrations, routing_regex="x", escalation_chain_id=None))
    last = [route async for route in routes.list(integration_id=ids.integrations)][-1]
    found = made if which == "chainless" else last
    w.sim.ledger.requests.clear()
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("which", ["chainless", "last"])
async def test_one_thing_of_a_route_that_lacks_some(which: str, way: str) -> None:
    """A route without a chain, and a last one, are written back as they were read, but for what is changed."""
    async with furnished() as (w, ids):
        route = await lacking(w, ids, which)
        before = w.sim.grafana.stored("routes", route.id)
        slack = g.SlackRouting(channel_id=ids.channel, enabled=False)
        written = await write(w.client.routes, way, route, {"slack": slack})
        after = w.sim.grafana.stored("routes", route.id)
        assert differing(before, after) == {"slack"}
        assert after["slack"] == {"channel_id": ids.channel, "enabled": False}
        assert (written.escalation_chain_id, written.routing_regex) == (None, route.routing_regex)
        await write(w.client.routes, way, route, {"escalation_chain_id": ids.escalation_chains})
        assert w.sim.grafana.stored("routes", route.id)["escalation_chain_id"] == ids.escalation_chains


@pytest.mark.parametrize("name", ["escalation_chain_id", "routing_regex"])
@pytest.mark.parametrize("method", ["update", "patch"])
async def test_what_a_route_cannot_lose(method: str, name: str) -> None:
    """None for the chain or the expression of a route that has one is refused here, after a look and no write."""
    async with furnished() as (w, ids):
        made = await w.client.routes.create(EDITS["route"].new(ids))
        w.sim.ledger.requests.clear()
        gone: dict[str, Any] = {name: None}
        with pytest.raises(OptionsError) as raised:
            await getattr(w.client.routes, method)(evolve(made, **gone))
        assert (raised.value.field, w.sent()) == (name, [f"GET routes/{made.id}/"])


STEPS: Final[dict[str, Any]] = {
    "duration": g.WaitStep,
    "notify_on_call_from_schedule": g.NotifyScheduleStep,
    "group_to_notify": g.NotifyUserGroupStep,
    "team_to_notify": g.NotifyTeamStep,
    "webhook_id": g.TriggerWebhookStep,
    "notify_if_time_from": g.ContinueAtTimeStep,
    "notify_if_time_to": g.ContinueAtTimeStep,
}
"""What a step can lack, and its kind."""


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", STEPS)
async def test_one_thing_of_a_step_that_lacks_some(name: str, way: str) -> None:
    """A step without what it needs is written back as it was read, but for what is changed, and can be made again."""
    async with furnished() as (w, ids):
        steps = w.client.escalation_policies
        await steps.create(g.ResolveStep(escalation_chain_id=ids.escalation_chains))
        step = await steps.create(STEPS[name](escalation_chain_id=ids.escalation_chains))
        before = w.sim.grafana.stored("escalation_policies", step.id)
        written = await write(steps, way, step, {"position": 0})
        assert differing(before, w.sim.grafana.stored("escalation_policies", step.id)) == {"position"}
        assert getattr(written, name) is None
        again = await steps.create(step)
        assert (type(again), getattr(again, name)) == (STEPS[name], None)


async def test_step_whose_schedule_is_gone() -> None:
    """A step whose schedule was deleted can be changed, also to another schedule."""
    async with furnished() as (w, ids):
        steps: Any = w.client.escalation_policies
        step = await steps.create(EDITS["notify schedule"].new(ids))
        await w.client.schedules.delete(ids.schedules)
        other = await w.client.schedules.create(g.CalendarSchedule(name="Other", time_zone="UTC"))
        found = await steps.get(step.id)
        assert (await steps.update(evolve(found, important=False))).notify_on_call_from_schedule is None
        assert (await steps.update(evolve(found, notify_on_call_from_schedule=other.id))).important is True


@pytest.mark.parametrize("method", ["update", "patch"])
@pytest.mark.parametrize("edit", ["notify schedule", "trigger webhook", "wait"])
async def test_what_a_step_cannot_lose(edit: str, method: str) -> None:
    """None for what a step has is refused here, after a look and no write."""
    name = next(name for name, kind in STEPS.items() if isinstance(EDITS[edit].new(Ids()), kind))
    async with furnished() as (w, ids):
        steps: Any = w.client.escalation_policies
        made = await steps.create(EDITS[edit].new(ids))
        w.sim.ledger.requests.clear()
        with pytest.raises(OptionsError) as raised:
            await getattr(steps, method)(evolve(made, **{name: None}))
        assert (raised.value.field, w.sent()) == (name, [f"GET escalation_policies/{made.id}/"])


def important(w: GrafanaWorld, step: Any) -> Any:
    """Return whether the server takes a step for important."""
    return w.sim.grafana.stored("escalation_policies", step.id)["important"]


@pytest.mark.parametrize("is_important", [True, False])
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", IMPORTANT)
async def test_importance_stays(kind: str, way: str, is_important: bool) -> None:
    """A step is as important as it was after a write that does not say; one that says so changes it, without a read."""
    async with furnished() as (w, ids):
        steps = w.client.escalation_policies
        new = evolve(IMPORTANT[kind](ids), escalation_chain_id=ids.escalation_chains, important=is_important)
        made: Any = await steps.create(new)
        before = w.sim.grafana.stored("escalation_policies", made.id)
        await write(steps, way, made, {"position": 0})
        assert differing(before, w.sim.grafana.stored("escalation_policies", made.id)) == {"position"}
        w.sim.ledger.requests.clear()
        await write(steps, way, made, {"important": not is_important})
        assert important(w, made) is not is_important
        assert len(w.requests()) == 1


async def test_importance_outlives_the_kind_of_step(monkeypatch: pytest.MonkeyPatch) -> None:
    """An important step that becomes another kind stays important; one that was of a kind without it is not."""
    async with furnished() as (w, ids):
        steps = w.client.escalation_policies
        new = g.NotifyPersonsStep(escalation_chain_id=ids.escalation_chains, important=True)
        made = await steps.create(new)
        await steps.patch(g.NotifyTeamStep(id=made.id, team_to_notify=ids.team))
        assert important(w, made)
        await steps.patch(g.WaitStep(id=made.id, duration=60))
        sent = recorded(w.client, monkeypatch)
        await steps.patch(g.NotifyTeamStep(id=made.id, team_to_notify=ids.team))
        assert not important(w, made)
        assert [one.route.partition(" ")[0] for one in sent] == ["GET", "PATCH"]
        assert sent[1].body == {"type": "notify_team_members", "team_to_notify": ids.team}


async def test_importance_of_a_kind_that_is_not_known() -> None:
    """A step of a kind that this version does not know is as important as it was when it becomes another one."""
    async with furnished(GrafanaOptions(drift=True)) as (w, ids):
        steps = w.client.escalation_policies
        new = g.NotifyPersonsStep(escalation_chain_id=ids.escalation_chains, important=True)
        made = await steps.create(new)
        assert isinstance(made, g.UnknownStep)
        await steps.patch(g.NotifyTeamStep(id=made.id, team_to_notify=ids.team))
        assert important(w, made)


@pytest.mark.parametrize("value", [True, None, 1])
@pytest.mark.parametrize("method", ["create", "update", "patch"])
async def test_next_person_is_never_important(method: str, value: Any) -> None:
    """An important step that tells the next person would be hidden from everybody: it is refused, and not sent."""
    async with furnished() as (w, ids):
        step = g.NotifyNextPersonStep(id="E1", escalation_chain_id=ids.escalation_chains, important=value)
        with pytest.raises(OptionsError) as raised:
            await getattr(w.client.escalation_policies, method)(step)
        assert (raised.value.field, w.sent()) == ("important", [])

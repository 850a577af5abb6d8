"""Creating, reading, changing and deleting: what is sent, what the server then has, and what survives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import UNSET, BadRequest, NotFound, evolve
from aiooncall import grafana as g
from aiooncall.codec import unstructure
from aiooncall.codec.fields import read_only_names
from aiooncall.simulator import GrafanaOptions
from tests.support.grafana_calls import CALLS, KINDS, furnished, recorded, saying
from tests.support.grafana_edits import EDITS, stored, within

if TYPE_CHECKING:
    from tests.support.grafana_calls import Ids
    from tests.support.grafana_client import GrafanaWorld
    from tests.support.grafana_edits import Edit

ASTERISKS: Final = "*" * 16
KNOWN: Final = {name: edit for name, edit in EDITS.items() if name != "notify persons"}
"""Those that drifting answers do not turn into something else."""
SECRETS: Final = ("password", "authorization_header")
SETTLED: Final = {
    "schedules": "type", "integrations": "type", "routes": "integration_id", "shift_swaps": "beneficiary"
}  # fmt: skip
"""What can be chosen for a new one only."""
DRIFTING: Final = GrafanaOptions(drift=True)


async def create(w: GrafanaWorld, edit: Edit, ids: Ids) -> tuple[Any, Any]:
    """Create what an edit is about; return its service, and it as a read by id shows it."""
    service = getattr(w.client, edit.kind)
    made = await service.create(edit.new(ids))
    return service, await service.get(made.id)


def visible(edit: Edit, ids: Ids) -> Any:
    """Return what was created as JSON, with asterisks for what is never shown."""
    told = unstructure(edit.new(ids))
    if told.get("position") == -1:  # after the one that is there
        told["position"] = 1
    return told | {name: ASTERISKS for name in SECRETS if name in told}


def test_everything_that_can_be_edited_is() -> None:
    """There is an edit for each kind of thing, each kind of step and each kind of shift."""
    assert {edit.kind for edit in EDITS.values()} == set(KINDS)
    ids: Any = type("Anything", (), {"__getattr__": lambda _, name: name})()
    steps = {type(edit.new(ids)) for edit in EDITS.values() if edit.kind == "escalation_policies"}
    assert steps | {g.UnknownStep} == set(g.EscalationPolicy.__args__)
    shifts = {edit.new(ids).type for edit in EDITS.values() if edit.kind == "on_call_shifts"}
    assert shifts == set(g.ShiftType)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
async def test_life(edit: Edit) -> None:
    """What is created is what was asked for and what is read; an update changes it, and after a delete it is gone."""
    async with furnished() as (w, ids):
        service = getattr(w.client, edit.kind)
        made = await service.create(edit.new(ids))
        assert within(visible(edit, ids), unstructure(made))
        assert type(made) is type(edit.new(ids))
        assert await service.get(made.id) == made
        assert made.id in [row.id async for row in service.list()]
        changed = await service.update(evolve(made, **edit.changes))
        for name, value in edit.changes.items():
            assert getattr(changed, name) == getattr(evolve(made, **{name: value}), name)
        assert within(unstructure(await service.get(made.id)), unstructure(changed))
        assert await service.delete(made.id) is None
        with pytest.raises(NotFound):
            await service.get(made.id)
        with pytest.raises(KeyError):
            stored(w, edit, made.id)


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
async def test_create_sends_what_is_set(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A create sends what is set and nothing else, neither an id nor what the server makes."""
    async with furnished() as (w, ids):
        sent = recorded(w.client, monkeypatch)
        await getattr(w.client, edit.kind).create(evolve(edit.new(ids), id="ignored"))
        assert sent[0].body == {name: value for name, value in unstructure(edit.new(ids)).items() if name != "id"}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
async def test_copy(edit: Edit) -> None:
    """What was read can be created again; but for its secrets and what the server makes it is the same."""
    async with furnished() as (w, ids):
        service, made = await create(w, edit, ids)
        copy = await service.create(evolve(made, **{"name": "Copy"} if getattr(made, "name", UNSET) else {}))
        assert copy.id != made.id
        told, again = unstructure(made), unstructure(copy)
        own = {"id", "name", "position", "default_route", *SECRETS} | read_only_names(type(made))
        assert {name for name in told.keys() | again.keys() if told.get(name) != again.get(name)} <= own


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
async def test_patch_sends_only_what_is_set(edit: Edit, monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch sends what is set, null for None, and nothing else; everything else stays as it was."""
    async with furnished() as (w, ids):
        service, made = await create(w, edit, ids)
        before = stored(w, edit, made.id)
        sent = recorded(w.client, monkeypatch)
        more = {"text": made.text} if edit.kind == "resolution_notes" else {}
        answer = await service.patch(type(made)(id=made.id, **more | edit.part))
        assert [one.body for one in sent if one.body is not None] == [edit.sent]
        after = stored(w, edit, made.id)
        assert after == {**before, **edit.sent}
        assert within({"id": made.id, **edit.sent}, unstructure(answer))


@pytest.mark.parametrize("rules", [GrafanaOptions(), DRIFTING], ids=["known", "drifting"])
@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
async def test_update_without_a_change(edit: Edit, rules: GrafanaOptions, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is read and written back stays what it was, whatever of it this version does not know."""
    async with furnished(rules) as (w, ids):
        service, made = await create(w, edit, ids)
        before = stored(w, edit, made.id)
        sent = recorded(w.client, monkeypatch)
        again = await service.update(made)
        assert stored(w, edit, made.id) == before
        assert again == evolve(made, **{"updated_at": again.updated_at} if hasattr(made, "updated_at") else {})
        body = sent[-1].body
        assert body.get("robot_score") == (0.5 if rules.drift else None)
        assert not body.keys() & {"id", SETTLED.get(edit.kind, "id"), *read_only_names(type(made))}


@pytest.mark.parametrize("edit", KNOWN.values(), ids=KNOWN)
async def test_edit_of_what_is_not_all_known(edit: Edit) -> None:
    """One field of a thing is changed; what this version does not know of it stays on the server as it was."""
    async with furnished(DRIFTING) as (w, ids):
        service, made = await create(w, edit, ids)
        before = stored(w, edit, made.id)
        name, value = next((name, value) for name, value in edit.changes.items())
        await service.update(evolve(made, **{name: value}))
        after = stored(w, edit, made.id)
        assert {key for key in after if after[key] != before[key]} <= {name, "action_to_trigger"}


async def test_unknown_values_stay_texts() -> None:
    """A value that this version does not know is its text, and a step of an unknown kind is an UnknownStep."""
    async with furnished(DRIFTING) as (w, ids):
        _, step = await create(w, EDITS["notify persons"], ids)
        assert isinstance(step, g.UnknownStep)
        assert (step.kind, step.extra["persons_to_notify"]) == ("call_robot", [ids.user, ids.other])
        assert (await w.client.alert_groups.get(ids.firing)).state == "snoozed_by_robot"
        assert (await w.client.users.get(ids.user)).role == "robot_operator"
        assert (await w.client.resolution_notes.get(ids.resolution_notes)).source == "Robot"
        assert (await w.client.shift_swaps.get(ids.shift_swaps)).status == "robot_wanted"
        _, route = await create(w, EDITS["route"], ids)
        assert (route.routing_type, route.slack.extra) == ("robot_regex", {"robot_score": 0.5})


@pytest.mark.parametrize(("name", "kind"), [("schedules", g.UnknownSchedule), ("escalation_policies", g.UnknownStep)])
async def test_unknown_kind_goes_back_as_it_came(name: str, kind: type) -> None:
    """A schedule or step of an unknown kind keeps all of its fields; only the schedule's settled type is left out."""
    answer = {
        "id": "X1", "type": "robotic", "name": "R", "shifts": None, "slack": {"a": [1]}, "duration": 5,
        "x": {"y": None}, "escalation_chain_id": "F1", "position": 3, "team_id": None,
    }  # fmt: skip
    async with saying(answer, answer) as (recorder, client):
        service = getattr(client, name)
        found = await service.get("X1")
        assert (type(found), found.kind) == (kind, "robotic")
        assert await service.update(found) == found
        kept = {key: value for key, value in answer.items() if key != "id" and (name, key) != ("schedules", "type")}
        assert recorder.bodies == [None, kept]


async def test_schedule_made_in_the_browser() -> None:
    """A web schedule can be created and read here; the server refuses to change it, and that is told."""
    async with furnished() as (w, ids):
        new = g.WebSchedule(name="Web", time_zone="UTC", shifts=[ids.on_call_shifts])
        made: Any = await w.client.schedules.create(new)
        assert (type(made), made.shifts, made.on_call_now) == (g.WebSchedule, (ids.on_call_shifts,), ())
        for change in (w.client.schedules.update, w.client.schedules.patch):
            with pytest.raises(BadRequest, match="not enabled"):
                await change(g.WebSchedule(id=made.id, name="Other"))
        await w.client.schedules.delete(made.id)


async def test_new_route_says_that_it_has_no_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server wants to hear that a new route has no chain; an old route's integration is not sent again."""
    async with furnished() as (w, ids):
        sent = recorded(w.client, monkeypatch)
        made = await w.client.routes.create(g.Route(integration_id=ids.integrations, routing_regex="x"))
        assert sent[0].body == {
            "integration_id": ids.integrations, "routing_regex": "x", "escalation_chain_id": None
        }  # fmt: skip
        await w.client.routes.update(evolve(made, escalation_chain_id=UNSET, position=0))
        assert sent[1].body.keys().isdisjoint({"integration_id", "escalation_chain_id"})


@pytest.mark.parametrize("name", ["webhook", "action"])
@pytest.mark.parametrize("kept", [True, False])
async def test_filter_of_a_webhook(name: str, kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that leaves the filter out keeps it, at the price of a read; with a filter there is no such read."""
    async with furnished() as (w, ids):
        service, made = await create(w, EDITS[name], ids)
        wanted = [ids.integrations] if kept else None
        await service.patch(type(made)(id=made.id, integration_filter=wanted))
        w.sim.ledger.requests.clear()
        sent = recorded(w.client, monkeypatch)
        for change in (service.patch, service.update):
            answer = await change(type(made)(id=made.id, name="Renamed", url="https://example.com/"))
            assert answer.integration_filter == (tuple(wanted) if wanted else None)
        assert stored(w, EDITS[name], made.id)["integration_filter"] == wanted
        assert [request.method for request in w.requests()] == ["GET", "PATCH", "GET", "PUT"]
        assert sent[1].body == {"name": "Renamed", "url": "https://example.com/", "integration_filter": wanted}


@pytest.mark.parametrize("name", ["webhook", "action"])
async def test_secrets_of_a_webhook(name: str) -> None:
    """Secrets come as asterisks and stay when they go back so; a new one replaces the old, None removes it."""
    async with furnished() as (w, ids):
        service, made = await create(w, EDITS[name], ids)
        assert (made.password, made.authorization_header) == (ASTERISKS, ASTERISKS)
        await service.update(evolve(made, url="https://example.com/2", authorization_header="Basic new"))
        known = stored(w, EDITS[name], made.id)
        assert (known["password"], known["authorization_header"]) == ("pass-word-0123", "Basic new")
        await service.patch(type(made)(id=made.id, password=None))
        assert stored(w, EDITS[name], made.id)["password"] is None


@pytest.mark.parametrize("name", ["webhook", "action"])
async def test_secrets_are_not_told(name: str) -> None:
    """A webhook's secrets are in neither its text nor an error, even if the server repeats them."""
    secrets = {"password": "pass-word-0123", "authorization_header": "Bearer secret-0123"}
    said = {"detail": f"{secrets['password']} and {secrets['authorization_header']} are no good"}
    async with saying(said, status=400) as (_, client):
        async with furnished() as (_, ids):
            new = EDITS[name].new(ids)
        for call in (getattr(client, EDITS[name].kind).create, getattr(client, EDITS[name].kind).update):
            with pytest.raises(BadRequest, match="are no good") as raised:
                await call(evolve(new, id="WH1"))
            for text in (repr(new), str(raised.value), repr(raised.value.errors), repr(vars(raised.value))):
                assert not [secret for secret in (*secrets.values(), "X-Token") if secret in text]


def test_addresses_that_are_secrets() -> None:
    """The text of an integration does not have the addresses that alerts can be sent to."""
    found = g.Integration(
        id="C1",
        link="https://x/secret-1/",
        inbound_email="secret-2@x",
        heartbeat=g.Heartbeat(link="https://x/secret-3/"),
    )
    assert "secret" not in repr(found)
    assert "https" not in repr(g.WebhookResponse(request_headers="https secret"))


async def test_delete_of_what_went_meanwhile_is_told() -> None:
    """A second delete of one thing is NotFound: only a repeated attempt may find it gone."""
    async with furnished() as (w, ids):
        await CALLS["webhooks.delete"](w.client, ids)
        with pytest.raises(NotFound):
            await CALLS["webhooks.delete"](w.client, ids)

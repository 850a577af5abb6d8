"""One valid call of every public method that the Grafana OnCall client has, by its name, on a world made for that."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import attrs
import orjson

from aiooncall import evolve
from aiooncall import grafana as g
from aiooncall.client.base import core_of
from aiooncall.simulator.http.server import HttpServer
from tests.support.datadog_world import Recorder, everything
from tests.support.grafana_client import grafana_client, grafana_world
from tests.support.grafana_http import GrafanaCaller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import pytest

    from aiooncall.simulator import GrafanaOptions
    from tests.support.grafana_client import GrafanaWorld

EXPORT_TOKEN: Final = "export-token"
LATER: Final = datetime(2027, 2, 1, 9, tzinfo=UTC)
"""Virtual time begins in January 2027."""
KINDS: Final = (
    *("schedules", "on_call_shifts", "escalation_chains", "escalation_policies", "personal_notification_rules"),
    *("resolution_notes", "integrations", "routes", "shift_swaps", "webhooks", "actions"),
)
"""What can be created, read, changed and deleted."""


@attrs.frozen(kw_only=True)
class Ids:
    """What the calls are about. By default nothing has these ids."""

    user: str = "user-1"
    other: str = "user-2"
    team: str = "team-1"
    channel: str = "channel-1"
    user_group: str = "user_group-1"
    firing: str = "group-1"
    acknowledged: str = "group-2"
    resolved: str = "group-3"
    silenced: str = "group-4"
    organization: str = "organization-1"
    schedules: str = "schedules-1"
    on_call_shifts: str = "on_call_shifts-1"
    escalation_chains: str = "escalation_chains-1"
    escalation_policies: str = "escalation_policies-1"
    personal_notification_rules: str = "personal_notification_rules-1"
    resolution_notes: str = "resolution_notes-1"
    integrations: str = "integrations-1"
    routes: str = "routes-1"
    shift_swaps: str = "shift_swaps-1"
    webhooks: str = "webhooks-1"
    actions: str = "actions-1"

    @classmethod
    def all(cls, value: Any) -> Ids:
        """Return the same id for everything."""
        return cls(**{field.name: value for field in attrs.fields(cls)})


NEW: Final[dict[str, Callable[[Ids], Any]]] = {
    "schedules": lambda i: g.CalendarSchedule(name="New", team_id=i.team, time_zone="Europe/Paris"),
    "on_call_shifts": lambda i: g.OnCallShift(
        name="New",
        type=g.ShiftType.RECURRENT_EVENT,
        start=datetime(2027, 1, 1, 9),  # noqa: DTZ001 (shifts are in local time)
        duration=timedelta(hours=8),
        frequency=g.Frequency.DAILY,
        users=[i.user],
    ),
    "escalation_chains": lambda i: g.EscalationChain(name="New", team_id=i.team),
    "escalation_policies": lambda i: g.NotifyPersonsStep(
        escalation_chain_id=i.escalation_chains, persons_to_notify=[i.user, i.other], important=True
    ),
    "personal_notification_rules": lambda i: g.PersonalNotificationRule(
        user_id=i.user, type=g.RuleType.WAIT, duration=timedelta(minutes=15)
    ),
    "resolution_notes": lambda i: g.ResolutionNote(alert_group_id=i.firing, text="Restarted it"),
    "integrations": lambda i: g.Integration(type="webhook", name="New", team_id=i.team),
    "routes": lambda i: g.Route(
        integration_id=i.integrations, escalation_chain_id=i.escalation_chains, routing_regex="us-(east|west)"
    ),
    "shift_swaps": lambda i: g.ShiftSwap(
        schedule=i.schedules, swap_start=LATER, swap_end=LATER + timedelta(hours=8), beneficiary=i.user
    ),
    "webhooks": lambda i: g.Webhook(
        name="New",
        url="https://example.com/hook",
        http_method="POST",
        trigger_type=g.TriggerType.RESOLVE,
        password="hook-password",
        integration_filter=[i.integrations],
    ),
    "actions": lambda i: g.Action(
        name="New", url="https://example.com/action", password="action-password", integration_filter=[i.integrations]
    ),
}
"""A new one of each kind."""


def old(kind: str, ids: Ids) -> Any:
    """Return what the one of a kind that is there already should become."""
    name = {"name": "Old"} if hasattr(new := NEW[kind](ids), "name") else {}
    return evolve(new, id=getattr(ids, kind), **name)


Call = Callable[[Any, Ids], Awaitable[Any]]


def _crud(kind: str) -> dict[str, Call]:
    def change(name: str) -> Call:
        return lambda c, i: getattr(getattr(c, kind), name)(old(kind, i))

    def by_id(name: str) -> Call:
        return lambda c, i: getattr(getattr(c, kind), name)(getattr(i, kind))

    return {
        f"{kind}.create": lambda c, i: getattr(c, kind).create(NEW[kind](i)),
        f"{kind}.list": lambda c, _: everything(getattr(c, kind).list()),
        f"{kind}.get": by_id("get"),
        f"{kind}.update": change("update"),
        f"{kind}.patch": change("patch"),
        f"{kind}.delete": by_id("delete"),
    }


CALLS: Final[dict[str, Call]] = {
    **{name: call for kind in KINDS for name, call in _crud(kind).items()},
    "paging.page": lambda c, i: c.paging.page(users=[i.user], title="Down"),
    "paging.add_responders": lambda c, i: c.paging.add_responders(i.firing, [i.user]),
    "alert_groups.list": lambda c, _: everything(c.alert_groups.list()),
    "alert_groups.get": lambda c, i: c.alert_groups.get(i.firing),
    "alert_groups.delete": lambda c, i: c.alert_groups.delete(i.firing),
    "alert_groups.acknowledge": lambda c, i: c.alert_groups.acknowledge(i.firing),
    "alert_groups.unacknowledge": lambda c, i: c.alert_groups.unacknowledge(i.acknowledged),
    "alert_groups.resolve": lambda c, i: c.alert_groups.resolve(i.firing),
    "alert_groups.unresolve": lambda c, i: c.alert_groups.unresolve(i.resolved),
    "alert_groups.silence": lambda c, i: c.alert_groups.silence(i.firing, 600),
    "alert_groups.unsilence": lambda c, i: c.alert_groups.unsilence(i.silenced),
    "alert_groups.act": lambda c, i: c.alert_groups.act("acknowledge", i.firing),
    "alerts.list": lambda c, _: everything(c.alerts.list()),
    "users.list": lambda c, _: everything(c.users.list()),
    "users.get": lambda c, i: c.users.get(i.user),
    "users.export": lambda c, i: c.users.export(i.user, EXPORT_TOKEN),
    "teams.list": lambda c, _: everything(c.teams.list()),
    "teams.get": lambda c, i: c.teams.get(i.team),
    "schedules.final_shifts": lambda c, i: everything(
        c.schedules.final_shifts(i.schedules, date(2027, 1, 1), date(2027, 2, 1))
    ),
    "schedules.export": lambda c, i: c.schedules.export(i.schedules, EXPORT_TOKEN),
    "integrations.start_maintenance": lambda c, i: c.integrations.start_maintenance(
        i.integrations, mode="debug", duration=timedelta(hours=1)
    ),
    "integrations.stop_maintenance": lambda c, i: c.integrations.stop_maintenance(i.integrations),
    "shift_swaps.take": lambda c, i: c.shift_swaps.take(i.shift_swaps, benefactor=i.other),
    "user_groups.list": lambda c, _: everything(c.user_groups.list()),
    "slack_channels.list": lambda c, _: everything(c.slack_channels.list()),
    "webhooks.responses": lambda c, i: everything(c.webhooks.responses(i.webhooks)),
    "organizations.list": lambda c, _: everything(c.organizations.list()),
    "organizations.get": lambda c, i: c.organizations.get(i.organization),
    "info.get": lambda c, _: c.info.get(),
    "phone.make_call": lambda c, _: c.phone.make_call("ann@example.com", "The database is down"),
    "phone.send_sms": lambda c, _: c.phone.send_sms("ann@example.com", "The database is down"),
}


async def make_ids(w: GrafanaWorld) -> Ids:
    """Make one of everything by bare requests, which are not in the ledger afterwards."""
    admin = w.sim.grafana
    user, other = admin.add_user("ann", phone=True), admin.add_user("bob")
    team, channel = admin.add_team("ops"), admin.add_slack_channel("ops")
    user_group = admin.add_user_group("ops")
    states = {state: admin.add_alert_group(state, state=state) for state in ("firing", "acknowledged", "resolved")}
    silenced = admin.add_alert_group("silenced", state="silenced")
    async with aiohttp.ClientSession() as session:
        caller = GrafanaCaller(session, w.sim)
        made = {"organization": admin._world.organization_id, "user_group": user_group}
        for kind, body in _bodies(user, team, states["firing"]):
            made[kind] = await caller.make(kind, **{name: made.get(str(value), value) for name, value in body.items()})
    w.sim.ledger.requests.clear()
    return Ids(user=user, other=other, team=team, channel=channel, silenced=silenced, **states, **made)


def _bodies(user: str, team: str, group: str) -> list[tuple[str, dict[str, Any]]]:
    """Return what to make, in order; a kind's name stands for the id of the one that was made before."""
    shift = {"type": "single_event", "start": "2027-01-20T09:00:00", "duration": 3600, "users": [user]}
    swap = {"swap_start": "2027-03-01T00:00:00Z", "swap_end": "2027-03-02T00:00:00Z", "beneficiary": user}
    hook = {"url": "https://example.com/old", "http_method": "POST", "trigger_type": "resolve"}
    return [
        ("escalation_chains", {"name": "Old", "team_id": team}),
        ("escalation_policies", {"escalation_chain_id": "escalation_chains", "type": "wait", "duration": 300}),
        ("personal_notification_rules", {"user_id": user, "type": "notify_by_email"}),
        ("resolution_notes", {"alert_group_id": group, "text": "Looking"}),
        ("integrations", {"type": "webhook", "name": "Old", "team_id": team}),
        ("routes", {"integration_id": "integrations", "escalation_chain_id": None, "routing_regex": "old"}),
        ("on_call_shifts", {"name": "Old", **shift}),
        ("schedules", {"type": "calendar", "name": "Old", "time_zone": "UTC", "team_id": team}),
        ("shift_swaps", {"schedule": "schedules", **swap}),
        ("webhooks", {"name": "Old", **hook}),
        ("actions", {"name": "Old", "url": "https://example.com/old"}),
    ]


@asynccontextmanager
async def furnished(rules: GrafanaOptions | None = None, **options: Any) -> AsyncIterator[tuple[GrafanaWorld, Ids]]:
    """Yield a world that has one of everything."""
    async with grafana_world(rules, **options) as w:
        yield w, await make_ids(w)


@asynccontextmanager
async def saying(*answers: Any, status: int = 200, **options: Any) -> AsyncIterator[tuple[Recorder, Any]]:
    """Yield a client of a server that gives these answers: bytes, or anything that is JSON."""
    raw = [answer if isinstance(answer, bytes) else orjson.dumps(answer) for answer in answers]
    recorder = Recorder([(status, body) for body in raw])
    origin = HttpServer(recorder.handle)
    await origin.start("127.0.0.1", 0)
    try:
        async with grafana_client(origin.url, **options) as client:
            yield recorder, client
    finally:
        await origin.close()


@attrs.frozen
class Sent:
    """One request as the client hands it to its transport; `body` is its JSON, None without one."""

    route: str
    ids: tuple[str, ...]
    body: Any
    query: Any


def recorded(client: Any, monkeypatch: pytest.MonkeyPatch) -> list[Sent]:
    """Return a list that fills with whatever the client sends from now on."""
    sent: list[Sent] = []
    core = core_of(client)
    prepare = core._prepare

    def noted(endpoint: Any, ids: tuple[str, ...], body: bytes | None, *values: Any, **options: Any) -> Any:
        sent.append(Sent(endpoint.route, ids, None if body is None else orjson.loads(body), options.get("query")))
        return prepare(endpoint, ids, body, *values, **options)

    monkeypatch.setattr(core, "_prepare", noted)
    return sent


def things(w: GrafanaWorld) -> int:
    """Return how many objects there are that can be created."""
    return sum(len(list(w.sim.grafana._world[kind])) for kind in KINDS)

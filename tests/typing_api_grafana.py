"""What type checkers make of the public API of Grafana OnCall. Never executed: mypy and pyright read it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, assert_type

from aiooncall import (
    UNSET,
    AlertGroup,
    AlertGroupState,
    CallRate,
    ClientOptions,
    DeleteMode,
    FanOut,
    GrafanaOnCall,
    OnCall,
    PagedGroup,
    PagedUser,
    Report,
    Responder,
    UnsetType,
    evolve,
)
from aiooncall.audit import Audit
from aiooncall.grafana import (
    Action,
    Alert,
    CalendarSchedule,
    ChainWithSteps,
    ContinueAtTimeStep,
    DefaultRoute,
    EscalationChain,
    FinalShift,
    Frequency,
    ICalSchedule,
    Info,
    Integration,
    MaintenanceMode,
    NotifyPersonsStep,
    OnCallShift,
    Organization,
    PersonalNotificationRule,
    ResolutionNote,
    Route,
    RuleType,
    Schedule,
    ShiftSwap,
    ShiftType,
    SlackChannel,
    SlackRouting,
    Team,
    TriggerType,
    UnknownSchedule,
    UnknownStep,
    User,
    UserGroup,
    UserRole,
    WaitStep,
    Webhook,
    WebhookResponse,
    WebSchedule,
)
from aiooncall.simulator import GrafanaOptions, Simulator

if TYPE_CHECKING:
    from aiooncall import (
        SessionPool,
    )
    from aiooncall.grafana import (
        EscalationPolicy,
    )


async def opening(pool: SessionPool) -> None:
    """A client is a context manager of its own type, and can be made from the environment."""
    options = ClientOptions(rate_limit=CallRate(calls=600, per=timedelta(minutes=1)))
    async with GrafanaOnCall("https://oncall.example.com", "token", options=options) as gf:
        assert_type(gf, GrafanaOnCall)
    stack = "https://example.grafana.net"
    GrafanaOnCall("https://x", "glsa_1", stack_url=stack, auth_scheme="Bearer", limit_group="robot", pool=pool)
    assert_type(GrafanaOnCall.from_env({"GRAFANA_ONCALL_URL": "https://x"}, pool=pool), GrafanaOnCall)


async def paging(gf: GrafanaOnCall) -> None:
    """Paging takes users by id or object, or a team, and returns the group."""
    paged = await gf.paging.page(users=[PagedUser("U1", important=True), "U2"], title="Down", reconcile=True)
    assert_type(paged, PagedGroup)
    assert_type((paged.id, paged.alert_group, paged.reconciled), tuple[str, AlertGroup | None, bool])
    assert_type(await gf.paging.page(team="T1", message="x", source_url="https://x", important=True), PagedGroup)
    assert_type(await gf.paging.add_responders("I1", {"U1"}), PagedGroup)


async def groups(gf: GrafanaOnCall, since: datetime) -> None:
    """Alert groups are listed, read and acted on, one or many."""
    found = gf.alert_groups.list(
        state=AlertGroupState.FIRING, team_id=None, started_at=(since, since), labels={"a": "b"}
    )
    assert_type(found, AsyncIterator[AlertGroup])
    group = await gf.alert_groups.get("I1")
    assert_type(group, AlertGroup)
    assert_type(group.id, str)
    assert_type(group.state, AlertGroupState | str)
    assert_type(group.title, str | UnsetType | None)
    assert_type(group.resolved_at, datetime | UnsetType | None)
    assert_type(group.last_alert, Alert | UnsetType | None)
    assert_type(await gf.alert_groups.acknowledge(group.id), None)
    assert_type(await gf.alert_groups.silence(group.id, timedelta(hours=1)), None)
    await gf.alert_groups.silence(group.id, None)
    assert_type(await gf.alert_groups.delete(group.id, mode=DeleteMode.DELETE), None)
    assert_type(gf.alert_groups.resolve_many(found, concurrency=4), FanOut)
    assert_type(await gf.alert_groups.acknowledge_many(["I1"]), Report)
    assert_type(await gf.alert_groups.silence_many([group], 600), Report)
    assert_type([alert async for alert in gf.alerts.list(alert_group_id="I1")], list[Alert])


async def people(gf: GrafanaOnCall) -> None:
    """Users, teams and what chat systems have can be read."""
    user = await gf.users.get("current")
    assert_type(user, User)
    role: UserRole | str | UnsetType | None = user.role
    assert role
    assert_type([one async for one in gf.users.list(roles=[UserRole.ADMIN, "none"], short=True)], list[User])
    assert_type(await gf.users.export("U1", "export-token"), str)
    assert_type(await gf.teams.get("T1"), Team)
    assert_type([one async for one in gf.teams.list(name="ops")], list[Team])
    assert_type([one async for one in gf.user_groups.list(slack_handle="ops")], list[UserGroup])
    assert_type([one async for one in gf.slack_channels.list()], list[SlackChannel])
    assert_type(await gf.organizations.get("O1"), Organization)
    assert_type(await gf.info.get(), Info)
    assert_type(await gf.phone.make_call("ann@example.com", "Down"), None)
    assert_type(await gf.phone.send_sms("ann@example.com", "Down"), None)


async def schedules(gf: GrafanaOnCall, start: datetime) -> None:
    """A schedule is one of several classes; shifts take durations and times as Python has them."""
    made = await gf.schedules.create(CalendarSchedule(name="S", time_zone="UTC", shifts=["O1"]))
    # The class that was given is the class that comes back, for a type checker only as far as the union says.
    known: Schedule = made
    match known:
        case CalendarSchedule() | WebSchedule():
            assert_type(known.shifts, Sequence[str] | UnsetType | None)
        case ICalSchedule():
            assert_type(known.ical_url_primary, str | UnsetType | None)
        case UnknownSchedule():
            assert_type(known.kind, str)
    assert_type([one async for one in gf.schedules.list(team_id=None)], list[Schedule])
    assert_type(await gf.audit(teams=["T1"], urgencies=["high"]), Audit)
    assert_type([one async for one in gf.schedules.final_shifts("S1", start, date(2028, 1, 1))], list[FinalShift])
    assert_type(await gf.schedules.export("S1", "export-token"), str)
    shift = await gf.on_call_shifts.create(
        OnCallShift(
            name="s",
            type=ShiftType.ROLLING_USERS,
            start=start,
            time_zone="Europe/Paris",
            duration=3600,
            frequency=Frequency.DAILY,
            rolling_users=[["U1"], ["U2", "U3"]],
        )
    )
    assert_type(shift, OnCallShift)
    assert_type(shift.start, datetime | UnsetType | None)
    assert_type(await gf.on_call_shifts.update(evolve(shift, until=None)), OnCallShift)
    swap = await gf.shift_swaps.create(ShiftSwap(schedule="S1", swap_start=start, swap_end=start, beneficiary="U1"))
    assert_type(await gf.shift_swaps.take(swap.id, benefactor="U2"), ShiftSwap)
    assert_type(await gf.shift_swaps.get(swap.id, starting_after=start), ShiftSwap)


async def escalation(gf: GrafanaOnCall) -> None:
    """A step is one of several classes, told apart by matching."""
    chain = await gf.escalation_chains.create(EscalationChain(name="c", team_id=None))
    assert_type(chain, EscalationChain)
    drawable = await gf.escalation_chains.with_steps(chain.id)
    assert_type(drawable, ChainWithSteps)
    assert_type(drawable.tree(), str)
    await gf.escalation_policies.create(WaitStep(escalation_chain_id=chain.id, duration=timedelta(minutes=5)))
    await gf.escalation_policies.create(ContinueAtTimeStep(notify_if_time_from=time(9), notify_if_time_to="17:00:00Z"))
    step = await gf.escalation_policies.get("E1")
    same: EscalationPolicy = step
    match same:
        case WaitStep():
            assert_type(same.duration, float | UnsetType | None)
        case NotifyPersonsStep():
            assert_type(same.persons_to_notify, Sequence[str] | UnsetType | None)
        case UnknownStep():
            assert_type(same.kind, str | UnsetType | None)
        case _:
            assert_type(same.position, int | UnsetType | None)
    assert_type(await gf.escalation_policies.delete("E1"), None)


async def configuring(gf: GrafanaOnCall) -> None:
    """Every service takes and returns its own model."""
    rule = PersonalNotificationRule(user_id="U1", type=RuleType.WAIT, duration=timedelta(minutes=5), important=True)
    assert_type(await gf.personal_notification_rules.create(rule), PersonalNotificationRule)
    assert_type(await gf.resolution_notes.patch(ResolutionNote(id="M1", text="x")), ResolutionNote)
    integration = await gf.integrations.create(
        Integration(type="webhook", default_route=DefaultRoute(slack=SlackRouting(enabled=False)))
    )
    assert_type(integration, Integration)
    assert_type(integration.maintenance_mode, MaintenanceMode | str | UnsetType | None)
    assert_type(await gf.integrations.start_maintenance("C1", mode="debug", duration=60), Integration)
    assert_type(await gf.integrations.stop_maintenance("C1"), Integration)
    assert_type([one async for one in gf.integrations.list(team_id=UNSET)], list[Integration])
    assert_type(await gf.routes.create(Route(integration_id="C1", routing_regex="x", position=0)), Route)
    hook = Webhook(name="w", url="https://x", http_method="POST", trigger_type=TriggerType.RESOLVE)
    assert_type(await gf.webhooks.create(hook), Webhook)
    assert_type([one async for one in gf.webhooks.responses("WH1")], list[WebhookResponse])
    assert_type(await gf.actions.patch(Action(id="K1", password=None)), Action)


async def on_call(gf: GrafanaOnCall) -> None:
    """Who is on call has one shape for all providers."""
    who = await gf.who_is_on_call(team="T1", at=datetime.now(UTC))
    assert_type(who, OnCall)
    assert_type(who.current, tuple[Responder, ...])
    assert_type(who.current[0].end, datetime | None)
    assert_type(await gf.who_is_on_call(schedule="S1"), OnCall)


async def simulating() -> None:
    """The simulator has a Grafana half."""
    async with Simulator(grafana=GrafanaOptions(paging="both", limit=None)) as sim:
        assert_type(sim.grafana_url, str)
        assert_type(sim.grafana.add_user("ann", role="admin", phone=True), str)
        assert_type(sim.grafana.stored("users", "U1"), dict[str, Any])

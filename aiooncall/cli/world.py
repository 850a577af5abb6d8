"""Teams to try things on: on both halves of a simulator, each with people, a schedule and an escalation."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from aiooncall import DatadogOnCall, GrafanaOnCall
from aiooncall.datadog import (
    EscalationPolicy,
    EscalationPolicyAction,
    EscalationStep,
    Interval,
    Layer,
    Member,
    RoutingRule,
    Schedule,
    Team,
    User,
)
from aiooncall.grafana import (
    CalendarSchedule,
    EscalationChain,
    NotifyScheduleStep,
    OnCallShift,
    WaitStep,
)

if TYPE_CHECKING:
    from aiooncall.simulator import Simulator

NAMES: Final = ("Ann", "Ben", "Chi")
BEGUN: Final = datetime(2026, 1, 5, 9, tzinfo=UTC)
"""When the rotations began, a Monday."""
SERVICE_ACCOUNT: Final = "glsa_simulator"
"""The token that sets teams up: a service account has a limit of its own, so that nobody else's is used up."""
STACK: Final = "https://example.grafana.net"


async def add_teams(sim: Simulator, number: int) -> list[str]:
    """Put teams in, and return their handles, which are their names in Grafana: `team-1` and so on."""
    handles = [f"team-{one}" for one in range(1, number + 1)]
    if handles:
        url = sim.datadog_url
        async with (
            DatadogOnCall("simulator", "simulator", api_url=url, paging_url=url) as dd,
            GrafanaOnCall(sim.grafana_url, SERVICE_ACCOUNT, stack_url=STACK) as gf,
        ):
            for handle in handles:
                await asyncio.gather(_add_to_datadog(sim, dd, handle), _add_to_grafana(sim, gf, handle))
    return handles


async def _add_to_datadog(sim: Simulator, dd: DatadogOnCall, handle: str) -> None:
    people = [User(id=sim.add_user(f"{name} of {handle}")) for name in NAMES]
    team = sim.add_team(handle, members=[user.id for user in people])
    weeks = Layer(
        name="Weeks",
        effective_date=BEGUN,
        rotation_start=BEGUN,
        interval=Interval(days=7),
        members=[Member(user=user) for user in people],
    )
    rota = await dd.schedules.create(
        Schedule(name=f"Rota of {handle}", time_zone="UTC", layers=[weeks], teams=[Team(id=team)])
    )
    steps = [
        EscalationStep(targets=[rota], escalate_after=timedelta(minutes=5)),
        EscalationStep(targets=[people[-1]], escalate_after=timedelta(minutes=15)),
    ]
    policy = await dd.escalation_policies.create(EscalationPolicy(name=f"Pages of {handle}", steps=steps))
    await dd.routing_rules.set(
        team, [RoutingRule(actions=[EscalationPolicyAction(policy_id=policy.id, urgency="high")])]
    )


async def _add_to_grafana(sim: Simulator, gf: GrafanaOnCall, handle: str) -> None:
    people = [[sim.grafana.add_user(f"{name.lower()}.{handle}")] for name in NAMES]
    team = sim.grafana.add_team(handle)
    shift = await gf.on_call_shifts.create(
        OnCallShift(
            name=f"Weeks of {handle}",
            type="rolling_users",
            start=BEGUN.replace(tzinfo=None),
            duration=timedelta(weeks=1),
            time_zone="UTC",
            frequency="weekly",
            interval=1,
            week_start="MO",
            rolling_users=people,
            start_rotation_from_user_index=0,
            team_id=team,
        )
    )
    rota = await gf.schedules.create(
        CalendarSchedule(name=f"Rota of {handle}", time_zone="UTC", shifts=[shift.id], team_id=team)
    )
    chain = await gf.escalation_chains.create(EscalationChain(name=f"Pages of {handle}", team_id=team))
    await gf.escalation_policies.create(
        NotifyScheduleStep(escalation_chain_id=chain.id, notify_on_call_from_schedule=rota.id)
    )
    await gf.escalation_policies.create(WaitStep(escalation_chain_id=chain.id, duration=300))

"""A simulator with teams, policies and schedules of both providers, for commands that show who is on call."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiooncall import DatadogOnCall, GrafanaOnCall
from aiooncall.datadog import (
    EscalationPolicy,
    EscalationPolicyAction,
    EscalationStep,
    Layer,
    RoutingRule,
    Schedule,
    Team,
    TimeRestriction,
    User,
)
from aiooncall.grafana import CalendarSchedule, EscalationChain, OnCallShift
from tests.support.command_line import SECRETS, Shell, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

MONDAY: Final = datetime(2031, 1, 6, tzinfo=UTC)
DAY: Final = timedelta(days=1)
NIGHTS: Final = TimeRestriction(start_day="monday", start_time="20:00:00", end_day="tuesday", end_time="08:00:00")
OF_THE_WEEK: Final = ("--from", "2031-01-06")


@attrs.frozen
class World:
    """Shells on both halves of a simulator; each half has two schedules, of which the second one has gaps."""

    datadog: Shell
    grafana: Shell
    ids: dict[str, str]

    def both(self) -> tuple[Shell, Shell]:
        """Return the shells."""
        return self.datadog, self.grafana

    def requests(self) -> list[str]:
        """Return the paths that were asked for since this was asked last."""
        paths = [request.path for request in self.datadog.sim.ledger.requests]
        self.datadog.sim.ledger.requests.clear()
        return paths


@contextmanager
def coverage_world() -> Iterator[World]:
    """Yield a world."""
    with shell() as datadog:
        ids = asyncio.run(_of_datadog(datadog)) | asyncio.run(_of_grafana(datadog))
        yield World(datadog, Shell(datadog.sim, "grafana"), ids)


async def _of_datadog(run: Shell) -> dict[str, str]:
    sim = run.sim
    ann, ben = (User(id=sim.add_user(name)) for name in ("Ann Lee", "Ben Roth"))
    pay, web = Team(id=sim.add_team("pay", "Payments")), Team(id=sim.add_team("web", "Web"))
    always: dict[str, Any] = {"effective_date": MONDAY - DAY, "rotation_start": MONDAY - DAY, "interval": DAY}
    async with DatadogOnCall("k", "a", api_url=run.url(), paging_url=run.url()) as dd:
        days = Layer(name="Days", members=[ann, ben], **always)
        nights = Layer(name="Nights", members=[ann], restrictions=[NIGHTS], **always)
        primary = await dd.schedules.create(Schedule(name="Primary", time_zone="UTC", layers=[days], teams=[pay]))
        second = await dd.schedules.create(Schedule(name="Nights", time_zone="UTC", layers=[nights], teams=[web]))
        steps = [EscalationStep(targets=[primary], escalate_after=300)]
        policy = await dd.escalation_policies.create(EscalationPolicy(name="Checkout", steps=steps))
        await dd.routing_rules.set(pay.id, [RoutingRule(actions=[EscalationPolicyAction(policy_id=policy.id)])])
    return {"PRIMARY": primary.id, "NIGHTS": second.id, "POLICY": policy.id, "PAY": pay.id, "WEB": web.id}


async def _of_grafana(run: Shell) -> dict[str, str]:
    sim = run.sim.grafana
    ben, crew = sim.add_user("ben"), sim.add_team("crew")
    idle = sim.add_team("idle")
    async with GrafanaOnCall(run.sim.grafana_url, SECRETS["GRAFANA_ONCALL_ACCESS_TOKEN"]) as gf:

        async def schedule(name: str, hours: int, team: str | None) -> str:
            shift = await gf.on_call_shifts.create(
                OnCallShift(
                    name=name, type="rolling_users", start=MONDAY.replace(tzinfo=None), time_zone="UTC",
                    duration=timedelta(hours=hours), frequency="daily", interval=1, rolling_users=[[ben]],
                    start_rotation_from_user_index=0,
                )
            )  # fmt: skip
            new = CalendarSchedule(name=name, time_zone="UTC", shifts=[shift.id], team_id=team)
            return (await gf.schedules.create(new)).id

        whole, half = await schedule("Whole", 24, crew), await schedule("Half", 12, None)
        chain = await gf.escalation_chains.create(EscalationChain(name="Chain"))
    return {"WHOLE": whole, "HALF": half, "CHAIN": chain.id, "CREW": crew, "IDLE": idle}

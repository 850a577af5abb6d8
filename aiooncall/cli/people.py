"""`aiooncall who`, `policy` and `schedule`: whom a page reaches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from aiooncall.cli.command import command
from aiooncall.cli.printing import plain, print_facts, print_json, print_on_call, say
from aiooncall.cli.settings import Settings
from aiooncall.cli.times import WRITTEN, utc
from aiooncall.datadog.resources.includes import PolicyInclude
from aiooncall.grafana.client import GrafanaOnCall

policies: typer.Typer = typer.Typer(help="Escalation policies.", no_args_is_help=True)
schedules: typer.Typer = typer.Typer(help="Schedules.", no_args_is_help=True)
AHEAD = timedelta(days=7)
"""How far a schedule is shown."""

At = Annotated[datetime | None, typer.Option(help="When, in UTC unless it has a zone; now unless given.", **WRITTEN)]


def add_who(app: typer.Typer) -> None:
    """Add the command `who`."""
    command(app)(who)


async def who(
    settings: Settings,
    team: Annotated[str | None, typer.Option(help="Id of a team; for Datadog its handle, too.")] = None,
    schedule: Annotated[str | None, typer.Option(help="Id of a schedule.")] = None,
    at: At = None,
) -> None:
    """Show who is on call, who was, and who comes next."""
    async with settings.client() as client:
        found = await client.who_is_on_call(team=team, schedule=schedule, at=utc(at))
    print_on_call(found, as_json=settings.json)


@command(policies, "show")
async def show_policy(settings: Settings, policy_id: Annotated[str, typer.Argument()]) -> None:
    """Show whom an escalation policy reaches, step by step; for Grafana, an escalation chain."""
    async with settings.client() as client:
        if isinstance(client, GrafanaOnCall):
            chain = await client.escalation_chains.get(policy_id)
            steps = [step async for step in client.escalation_policies.list(escalation_chain_id=policy_id)]
            if settings.json:
                print_json({"chain": plain(chain), "steps": [plain(step) for step in steps]})
            else:
                rows = {f"{number}.": _words(plain(step)) for number, step in enumerate(steps, 1)}
                print_facts(rows, title=chain.name or chain.id)
            return
        policy = await client.hydrate(await client.escalation_policies.get(policy_id, include=PolicyInclude))
    if settings.json:
        print_json(policy)
    else:
        say(policy.tree())


@command(schedules, "show")
async def show_schedule(settings: Settings, schedule_id: Annotated[str, typer.Argument()], at: At = None) -> None:
    """Show a schedule and who is on call by it."""
    when = utc(at)
    async with settings.client() as client:
        found = await client.schedules.get(schedule_id)
        on_call = await client.who_is_on_call(schedule=schedule_id, at=when)
        if isinstance(client, GrafanaOnCall):
            start = when or datetime.now(UTC)
            shifts = [plain(one) async for one in client.schedules.final_shifts(schedule_id, start, start + AHEAD)]
        else:
            shifts = []
    if settings.json:
        print_json({"schedule": plain(found), "on_call": plain(on_call), "shifts": shifts})
        return
    say(found.name or found.id)
    print_on_call(on_call, as_json=False)
    if shifts:
        print_facts({f"{one['shift_start']} to {one['shift_end']}": one.get("user_username") for one in shifts})


def _words(step: dict[str, object]) -> str:
    """Return what a step says, besides which one it is."""
    known = {"id", "escalation_chain_id", "position", "type"}
    said = {name: value for name, value in step.items() if name not in known}
    details = ", ".join(f"{name} {value}" for name, value in said.items() if value not in (None, "", []))
    return f"{step.get('type')}" + (f": {details}" if details else "")

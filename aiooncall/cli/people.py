"""`aiooncall who`, `policy` and `schedule`: whom a page reaches."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from aiooncall.cli.command import command
from aiooncall.cli.everybody import print_everybody
from aiooncall.cli.grouping import make_group
from aiooncall.cli.printing import print_facts, print_json, print_on_call, say
from aiooncall.cli.records import plain
from aiooncall.cli.settings import Settings
from aiooncall.cli.teams import known_by
from aiooncall.cli.times import WRITTEN, utc
from aiooncall.cli.trees import say_tree
from aiooncall.datadog.models.policy import EscalationPolicy
from aiooncall.datadog.resources.includes import PolicyInclude
from aiooncall.grafana.client import GrafanaOnCall
from aiooncall.grafana.models.chain import ChainWithSteps

policies: typer.Typer = make_group("Escalation policies.")
schedules: typer.Typer = make_group("Schedules.")
AHEAD = timedelta(days=7)
"""How far a schedule is shown."""

At = Annotated[datetime | None, typer.Option(help="When, in UTC unless it has a zone; now unless given.", **WRITTEN)]


def add_who(app: typer.Typer) -> None:
    """Add the command `who`."""
    command(app)(who)


async def who(
    settings: Settings,
    team: Annotated[
        str | None, typer.Option(help="Id of a team; or with Datadog its handle, with Grafana its name.")
    ] = None,
    schedule: Annotated[str | None, typer.Option(help="Id of a schedule.")] = None,
    at: At = None,
) -> None:
    """Show who is on call, who was, and who comes next; without an id, who is on call for each team."""
    async with settings.client() as client:
        if team is None and schedule is None:
            await print_everybody(client, utc(at), as_json=settings.json)
            return
        team = team and await known_by(client, team)
        found = await client.who_is_on_call(team=team, schedule=schedule, at=utc(at))
    print_on_call(found, as_json=settings.json)


@command(policies, "show")
async def show_policy(settings: Settings, policy_id: Annotated[str, typer.Argument(metavar="POLICY_ID")]) -> None:
    """Show whom an escalation policy reaches, step by step; for Grafana, an escalation chain."""
    found: ChainWithSteps | EscalationPolicy
    async with settings.client() as client:
        if isinstance(client, GrafanaOnCall):
            found = chain = await client.escalation_chains.with_steps(policy_id)
            told = {"chain": plain(chain.chain), "steps": [plain(step) for step in chain.steps]}
        else:
            found = await client.hydrate(await client.escalation_policies.get(policy_id, include=PolicyInclude))
            told = plain(found)
    if settings.json:
        print_json(told)
    else:
        say_tree(found.tree())


@command(schedules, "show")
async def show_schedule(
    settings: Settings, schedule_id: Annotated[str, typer.Argument(metavar="SCHEDULE_ID")], at: At = None
) -> None:
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
    people: dict[str, list[str]] = {}
    for one in shifts:
        people.setdefault(f"{one['shift_start']} to {one['shift_end']}", []).append(str(one.get("user_username")))
    print_facts({when: ", ".join(names) for when, names in people.items()})

"""`aiooncall team list`, `policy list` and `schedule list`: what there is, with the ids that other commands take."""

from __future__ import annotations

from typing import Annotated

import typer

from aiooncall.cli.command import command
from aiooncall.cli.grouping import make_group
from aiooncall.cli.lists import print_list
from aiooncall.cli.rows import policy_rows, schedule_rows, team_rows
from aiooncall.cli.settings import Settings

teams: typer.Typer = make_group("Teams.")

Limit = Annotated[int, typer.Option(min=1, help="How many at most.")]
TeamOption = Annotated[
    str | None, typer.Option("--team", help="Id of a team; or with Datadog its handle, with Grafana its name.")
]


def add_lists(policies: typer.Typer, schedules: typer.Typer) -> None:
    """Add the lists of policies and schedules to their groups of commands."""
    command(policies, "list")(list_policies)
    command(schedules, "list")(list_schedules)


@command(teams, "list")
async def list_teams(settings: Settings, limit: Limit = 100) -> None:
    """List teams."""
    async with settings.client() as client:
        rows = team_rows(client)
        await print_list(rows, limit, columns=("id", "handle", "name"), as_json=settings.json)


async def list_policies(settings: Settings, limit: Limit = 100) -> None:
    """List escalation policies; for Grafana, escalation chains."""
    async with settings.client() as client:
        await print_list(policy_rows(client), limit, columns=("id", "name"), as_json=settings.json)


async def list_schedules(settings: Settings, team: TeamOption = None, limit: Limit = 100) -> None:
    """List schedules, all or those of a team."""
    async with settings.client() as client:
        rows = schedule_rows(client, team)
        await print_list(rows, limit, columns=("id", "time_zone", "name"), as_json=settings.json)

"""`aiooncall alert`: pages of Datadog teams, by a key that Datadog knows."""

from __future__ import annotations

from typing import Annotated

import typer

from aiooncall.cli.command import command
from aiooncall.cli.grouping import make_group, pages_people
from aiooncall.cli.printing import print_json, say
from aiooncall.cli.settings import Settings
from aiooncall.cli.teams import handle_of
from aiooncall.datadog.models.alert import AlertLink, AlertLinkCategory

app: typer.Typer = make_group("Alerts of Datadog, which page a team once for a key.")

Team = Annotated[str, typer.Option(help="Handle or id of the team.")]
Message = Annotated[str | None, typer.Option(help="What it is about.")]


@command(app)
@pages_people
async def trigger(
    settings: Settings,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="The headline.")],
    team: Team,
    key: Annotated[str, typer.Option(help="What the page is known by; while it is triggered there is no second one.")],
    message: Message = None,
    priority: Annotated[int | None, typer.Option(help="From 1, the highest, to 5.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Such as service:checkout; any number of them.")] = None,
    runbook: Annotated[list[str] | None, typer.Option(help="URL of a runbook; any number of them.")] = None,
    dashboard: Annotated[list[str] | None, typer.Option(help="URL of a dashboard; any number of them.")] = None,
) -> None:
    """Page a team, unless a page of the key is triggered."""
    links = [
        *(AlertLink(url, AlertLinkCategory.RUNBOOK) for url in runbook or ()),
        *(AlertLink(url, AlertLinkCategory.DASHBOARD) for url in dashboard or ()),
    ]
    async with settings.datadog() as dd:
        await dd.alerts.trigger(
            title,
            team=await handle_of(dd, team),
            key=key,
            message=message,
            priority=priority,
            tags=tag or (),
            links=links,
        )
    _accepted(settings, key, "trigger")


@command(app)
async def recover(
    settings: Settings,
    key: Annotated[str, typer.Argument(metavar="KEY", help="As `alert trigger` took it.")],
    team: Team,
    title: Annotated[str | None, typer.Option(help="The headline of the recovery.")] = None,
    message: Message = None,
) -> None:
    """End the page of a key, if there is one."""
    async with settings.datadog() as dd:
        await dd.alerts.recover(key, team=await handle_of(dd, team), title=title, message=message)
    _accepted(settings, key, "recover")


def _accepted(settings: Settings, key: str, verb: str) -> None:
    if settings.json:
        print_json({"key": key, "accepted": verb})
    else:
        say(f"accepted: {verb} {key}")

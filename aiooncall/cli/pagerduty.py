"""`aiooncall pagerduty`: Datadog's PagerDuty services."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from aiooncall.cli.asking import ask
from aiooncall.cli.command import command
from aiooncall.cli.grouping import make_group
from aiooncall.cli.printing import print_json, say
from aiooncall.cli.settings import Settings, read_secrets

app: typer.Typer = make_group("PagerDuty services of Datadog.")

KEY = "PAGERDUTY_SERVICE_KEY"
Name = Annotated[str, typer.Argument(metavar="NAME", help="How messages mention it, as @pagerduty-NAME.")]


@command(app)
async def create(settings: Settings, name: Name) -> None:
    """Create a service; its key comes from PAGERDUTY_SERVICE_KEY, the file of --secrets, or a prompt."""
    async with settings.datadog() as dd:
        await dd.pagerduty_services.create(name, _key(settings))
    _done(settings, "created", name)


@command(app)
async def get(settings: Settings, name: Name) -> None:
    """Show whether a service is there."""
    async with settings.datadog() as dd:
        found = await dd.pagerduty_services.get(name)
    _done(settings, "found", found.name)


@command(app)
async def update(settings: Settings, name: Name) -> None:
    """Change the key of a service; it comes from where `create` takes it."""
    async with settings.datadog() as dd:
        await dd.pagerduty_services.update(name, _key(settings))
    _done(settings, "updated", name)


@command(app)
async def delete(settings: Settings, name: Name) -> None:
    """Delete a service."""
    async with settings.datadog() as dd:
        await dd.pagerduty_services.delete(name)
    _done(settings, "deleted", name)


def _key(settings: Settings) -> str:
    given = None if settings.secrets is None else read_secrets(settings.secrets).get(KEY)
    return given or os.environ.get(KEY) or ask(KEY)


def _done(settings: Settings, what: str, name: str) -> None:
    if settings.json:
        print_json({"service_name": name, "status": what})
    else:
        say(f"{what}: {name}")

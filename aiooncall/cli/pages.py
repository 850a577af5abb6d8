"""`aiooncall page`: pages of Datadog On-Call."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from aiooncall.bulk.selection import item_of
from aiooncall.cli.command import ExitCode, command
from aiooncall.cli.printing import item_json, print_facts, print_items, print_json, say, say_paged
from aiooncall.cli.settings import Settings
from aiooncall.cli.times import WRITTEN, utc
from aiooncall.client.delivery import Delivery
from aiooncall.datadog.models.page import TeamHandle, TeamId, Urgency, UserId
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall.bulk.models import Item
    from aiooncall.datadog.models.page import Page, Target

app: typer.Typer = typer.Typer(help="Pages of Datadog On-Call.", no_args_is_help=True)

PageId = Annotated[str, typer.Argument(metavar="PAGE_ID")]


@command(app)
async def create(
    settings: Settings,
    title: Annotated[str, typer.Argument(help="The headline.")],
    team: Annotated[str | None, typer.Option(help="Handle or id of the team to page.")] = None,
    team_id: Annotated[str | None, typer.Option(help="Id of the team to page.")] = None,
    user: Annotated[str | None, typer.Option(help="Id of the user to page.")] = None,
    urgency: Annotated[Urgency, typer.Option()] = Urgency.HIGH,
    description: Annotated[str | None, typer.Option()] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Such as service:checkout; any number of them.")] = None,
    dedup_key: Annotated[
        str | None,
        typer.Option(help="Finds the page again if the answer is lost; does not stop a second page with the same key."),
    ] = None,
    unless_open: Annotated[
        bool, typer.Option("--unless-open", help="Page nobody if a page with the key is open; look for one first.")
    ] = False,
    delivery: Annotated[Delivery, typer.Option(help="In doubt: raise it, or page again.")] = Delivery.AT_MOST_ONCE,
) -> None:
    """Page a team or a user, once."""
    target = _target(team, team_id, user)
    async with settings.datadog() as dd:
        page = await dd.pages.create(
            title,
            target=target,
            urgency=urgency,
            description=description,
            tags=tag or (),
            dedup_key=dedup_key,
            unless_open=unless_open,
            delivery=delivery,
        )
    if settings.json:
        print_json(page)
    else:
        say_paged(page)


@command(app)
async def find(
    settings: Settings, dedup_key: Annotated[str, typer.Argument(metavar="DEDUP_KEY", help="As `page create` took it.")]
) -> ExitCode:
    """Show the newest page with a dedup key; 1 if there is none."""
    async with settings.datadog() as dd:
        page = await dd.pages.find(dedup_key)
    if page is None:
        typer.echo("nothing found", err=True)
        return ExitCode.FAILED
    _show(page, settings)
    return ExitCode.DONE


@command(app, "list")
async def list_(
    settings: Settings,
    query: Annotated[str | None, typer.Argument(help="Such as 'status:triggered'.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only those created since.", **WRITTEN)] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
) -> None:
    """List pages, as JSON lines on request."""
    async with settings.datadog() as dd:
        await print_items(_items(dd.pages.list(query, since=utc(since))), limit, as_json=settings.json)


@command(app)
async def get(settings: Settings, page_id: PageId) -> None:
    """Show a page."""
    async with settings.datadog() as dd:
        _show(await dd.pages.get(page_id), settings)


def _show(page: Page, settings: Settings) -> None:
    if settings.json:
        print_json(page)
    else:
        print_facts(item_json(item_of(page)))


@command(app)
async def ack(settings: Settings, page_id: PageId) -> None:
    """Acknowledge a page."""
    async with settings.datadog() as dd:
        await dd.pages.acknowledge(page_id)
    _accepted(settings, page_id, "acknowledge")


@command(app)
async def escalate(settings: Settings, page_id: PageId) -> None:
    """Escalate a page to its next step, once."""
    async with settings.datadog() as dd:
        await dd.pages.escalate(page_id)
    _accepted(settings, page_id, "escalate")


@command(app)
async def resolve(settings: Settings, page_id: PageId) -> None:
    """Resolve a page; this cannot be undone."""
    async with settings.datadog() as dd:
        await dd.pages.resolve(page_id)
    _accepted(settings, page_id, "resolve")


def _accepted(settings: Settings, page_id: str, verb: str) -> None:
    if settings.json:
        print_json({"id": page_id, "accepted": verb})
    else:
        say(f"accepted: {verb} {page_id}")


def _target(team: str | None, team_id: str | None, user: str | None) -> Target:
    given = [one for one in (team, team_id, user) if one is not None]
    if len(given) != 1:
        raise OptionsError("--team, --team-id, --user", given, "exactly one of them")
    if team is not None:
        return TeamHandle(team)
    return TeamId(team_id) if team_id is not None else UserId(user or "")


async def _items(pages: AsyncIterator[Page]) -> AsyncIterator[Item]:
    async for page in pages:
        yield item_of(page)

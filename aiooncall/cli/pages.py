"""`aiooncall page`: pages of Datadog On-Call."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Final

import typer

from aiooncall.bulk.selection import item_of
from aiooncall.cli.acting import Action, PageIds, act_on_each
from aiooncall.cli.command import ExitCode, command
from aiooncall.cli.grouping import make_group, pages_people
from aiooncall.cli.printing import print_items, print_json, print_thing, say_paged
from aiooncall.cli.settings import Settings
from aiooncall.cli.times import PAST, utc
from aiooncall.client.delivery import Delivery
from aiooncall.datadog.models.page import TeamHandle, TeamId, Urgency, UserId
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping

    from aiooncall.bulk.models import Item
    from aiooncall.datadog.models.page import Page, Target

app: typer.Typer = make_group("Pages of Datadog On-Call.")

PageId = Annotated[str, typer.Argument(metavar="PAGE_ID")]
ACKNOWLEDGE: Final = Action(verb="acknowledge", command=("page", "ack"), result="accepted")
ESCALATE: Final = Action(verb="escalate", command=("page", "escalate"), result="accepted", repeatable=False)
RESOLVE: Final = Action(verb="resolve", command=("page", "resolve"), result="accepted")
TARGETS: Final[Mapping[str, Callable[[str], Target]]] = {"team": TeamHandle, "team_id": TeamId, "user": UserId}
"""What the options for a target make of their values."""


@command(app)
@pages_people
async def create(
    settings: Settings,
    title: Annotated[str, typer.Argument(metavar="TITLE", help="The headline.")],
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
    target = _target(team=team, team_id=team_id, user=user)
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
    print_thing(page, as_json=settings.json)
    return ExitCode.DONE


@command(app, "list")
async def list_(
    settings: Settings,
    query: Annotated[str | None, typer.Argument(metavar="QUERY", help="Such as 'status:triggered'.")] = None,
    since: Annotated[datetime | None, typer.Option(help="Only those created since; 1h is an hour ago.", **PAST)] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
) -> None:
    """List pages, as JSON lines on request."""
    async with settings.datadog() as dd:
        await print_items(_items(dd.pages.list(query, since=utc(since))), limit, as_json=settings.json)


@command(app)
async def get(settings: Settings, page_id: PageId) -> None:
    """Show all that is known of a page."""
    async with settings.datadog() as dd:
        print_thing(await dd.pages.get(page_id), as_json=settings.json)


@command(app)
async def ack(settings: Settings, page_ids: PageIds) -> ExitCode:
    """Acknowledge pages."""
    async with settings.datadog() as dd:
        return await act_on_each(settings, ACKNOWLEDGE, page_ids, dd.pages.acknowledge)


@command(app)
@pages_people
async def escalate(settings: Settings, page_ids: PageIds) -> ExitCode:
    """Escalate pages to their next step, each once."""
    async with settings.datadog() as dd:
        return await act_on_each(settings, ESCALATE, page_ids, dd.pages.escalate)


@command(app)
async def resolve(settings: Settings, page_ids: PageIds) -> ExitCode:
    """Resolve pages; this cannot be undone."""
    async with settings.datadog() as dd:
        return await act_on_each(settings, RESOLVE, page_ids, dd.pages.resolve)


@command(app)
@pages_people
async def reroute(
    settings: Settings,
    page_ids: PageIds,
    team: Annotated[str | None, typer.Option(help="Handle or id of the team that gets them.")] = None,
    user: Annotated[str | None, typer.Option(help="Id of the user who gets them.")] = None,
) -> ExitCode:
    """Send pages to another team or user, each once."""
    target = _target(team=team, user=user)
    option = f"--team={team}" if team is not None else f"--user={user}"
    action = Action(verb="reroute", command=("page", "reroute", option), result="accepted", repeatable=False)
    async with settings.datadog() as dd:
        return await act_on_each(settings, action, page_ids, partial(dd.pages.reroute, target=target))


def _target(**options: str | None) -> Target:
    """Return whom the one option that was given names."""
    names = {name: f"--{name.replace('_', '-')}" for name in options}
    given = {name: value for name, value in options.items() if value is not None}
    if len(given) != 1:
        raise OptionsError(", ".join(names.values()), [*given.values()], "exactly one of them")
    ((name, value),) = given.items()
    try:
        return TARGETS[name](value)
    except OptionsError as wrong:
        raise OptionsError(names[name], value, wrong.expected) from None


async def _items(pages: AsyncIterator[Page]) -> AsyncIterator[Item]:
    async for page in pages:
        yield item_of(page)

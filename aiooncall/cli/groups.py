"""`aiooncall group`: alert groups of Grafana OnCall, and paging people there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from aiooncall._base.unset import UNSET
from aiooncall.bulk.selection import item_of
from aiooncall.cli.command import command
from aiooncall.cli.printing import item_json, print_facts, print_items, print_json, say, say_paged
from aiooncall.cli.settings import Settings
from aiooncall.client.delivery import Delivery
from aiooncall.grafana.models.alert_group import AlertGroupState, DeleteMode
from aiooncall.grafana.models.paging import PagedUser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall.bulk.models import Item
    from aiooncall.grafana.models.alert_group import AlertGroup

app: typer.Typer = typer.Typer(help="Alert groups of Grafana OnCall.", no_args_is_help=True)

GroupId = Annotated[str, typer.Argument(metavar="ALERT_GROUP_ID")]


@command(app)
async def page(
    settings: Settings,
    title: Annotated[str | None, typer.Argument(help="The headline.")] = None,
    user: Annotated[list[str] | None, typer.Option(help="Id of a user to page; can be given more than once.")] = None,
    team: Annotated[str | None, typer.Option(help="Id of the team to page, instead of users.")] = None,
    message: Annotated[str | None, typer.Option(help="What it is about.")] = None,
    source_url: Annotated[str | None, typer.Option(help="Where to find the cause.")] = None,
    important: Annotated[bool, typer.Option("--important", help="By the rules for important pages.")] = False,
    group: Annotated[str | None, typer.Option(help="Add the users to this alert group.")] = None,
    delivery: Annotated[Delivery, typer.Option(help="In doubt: raise it, or page again.")] = Delivery.AT_MOST_ONCE,
) -> None:
    """Page users or a team, once."""
    people = [PagedUser(one, important=important) for one in user] if user else None
    async with settings.grafana() as gf:
        paged = await gf.paging.page(
            users=people,
            team=team,
            title=title,
            message=message,
            source_url=source_url,
            alert_group_id=group,
            important=important and people is None,
            delivery=delivery,
        )
    if settings.json:
        print_json({"id": paged.id, "reconciled": paged.reconciled, "maybe_twice": paged.maybe_twice})
    else:
        say_paged(paged)


@command(app, "list")
async def list_(
    settings: Settings,
    state: Annotated[AlertGroupState | None, typer.Option(help="Only those in this state.")] = None,
    team: Annotated[str | None, typer.Option(help="Only those of a team.")] = None,
    integration: Annotated[str | None, typer.Option(help="Only those of an integration.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
) -> None:
    """List alert groups, as JSON lines on request."""
    async with settings.grafana() as gf:
        found = gf.alert_groups.list(state=state, team_id=team or UNSET, integration_id=integration)
        await print_items(_items(found), limit, as_json=settings.json)


@command(app)
async def get(settings: Settings, alert_group_id: GroupId) -> None:
    """Show an alert group."""
    async with settings.grafana() as gf:
        found = await gf.alert_groups.get(alert_group_id)
    if settings.json:
        print_json(found)
    else:
        print_facts(item_json(item_of(found)))


@command(app)
async def ack(settings: Settings, alert_group_id: GroupId) -> None:
    """Acknowledge an alert group."""
    await _act(settings, "acknowledge", alert_group_id)


@command(app)
async def unack(settings: Settings, alert_group_id: GroupId) -> None:
    """Take an acknowledgement back."""
    await _act(settings, "unacknowledge", alert_group_id)


@command(app)
async def resolve(settings: Settings, alert_group_id: GroupId) -> None:
    """Resolve an alert group."""
    await _act(settings, "resolve", alert_group_id)


@command(app)
async def unresolve(settings: Settings, alert_group_id: GroupId) -> None:
    """Open a resolved alert group again."""
    await _act(settings, "unresolve", alert_group_id)


@command(app)
async def silence(
    settings: Settings,
    alert_group_id: GroupId,
    duration: Annotated[float | None, typer.Option("--for", min=1, help="Seconds; for ever without it.")] = None,
) -> None:
    """Silence an alert group."""
    await _act(settings, "silence", alert_group_id, duration)


@command(app)
async def unsilence(settings: Settings, alert_group_id: GroupId) -> None:
    """End the silence of an alert group."""
    await _act(settings, "unsilence", alert_group_id)


@command(app)
async def delete(
    settings: Settings,
    alert_group_id: GroupId,
    mode: Annotated[DeleteMode, typer.Option(help="wipe clears what it says, delete removes it.")] = DeleteMode.WIPE,
) -> None:
    """Delete an alert group, or what it says."""
    async with settings.grafana() as gf:
        await gf.alert_groups.delete(alert_group_id, mode=mode)
    _done(settings, str(mode), alert_group_id)


async def _act(settings: Settings, verb: str, alert_group_id: str, duration: float | None = None) -> None:
    async with settings.grafana() as gf:
        await gf.alert_groups.act(verb, alert_group_id, duration=duration)
    _done(settings, verb, alert_group_id)


def _done(settings: Settings, verb: str, alert_group_id: str) -> None:
    if settings.json:
        print_json({"id": alert_group_id, "done": verb})
    else:
        say(f"done: {verb} {alert_group_id}")


async def _items(groups: AsyncIterator[AlertGroup]) -> AsyncIterator[Item]:
    async for group in groups:
        yield item_of(group)

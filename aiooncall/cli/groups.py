"""`aiooncall group`: alert groups of Grafana OnCall, and paging people there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from aiooncall._base.unset import UNSET
from aiooncall.bulk.selection import item_of
from aiooncall.cli.acting import Action, GroupIds, act_on_each
from aiooncall.cli.command import ExitCode, command
from aiooncall.cli.grouping import make_group, pages_people
from aiooncall.cli.printing import print_items, print_json, print_thing, say_paged
from aiooncall.cli.settings import Settings
from aiooncall.cli.teams import id_of
from aiooncall.cli.times import LASTING
from aiooncall.client.delivery import Delivery
from aiooncall.errors import OptionsError
from aiooncall.grafana.models.alert_group import AlertGroupState, DeleteMode
from aiooncall.grafana.models.paging import PagedUser

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall.bulk.models import Item
    from aiooncall.grafana.models.alert_group import AlertGroup

app: typer.Typer = make_group("Alert groups of Grafana OnCall.")

GroupId = Annotated[str, typer.Argument(metavar="ALERT_GROUP_ID")]


@command(app)
@pages_people
async def page(
    settings: Settings,
    title: Annotated[str | None, typer.Argument(metavar="TITLE", help="The headline.")] = None,
    user: Annotated[list[str] | None, typer.Option(help="Id of a user to page; can be given more than once.")] = None,
    team: Annotated[str | None, typer.Option(help="Name or id of the team to page, instead of users.")] = None,
    message: Annotated[str | None, typer.Option(help="What it is about.")] = None,
    source_url: Annotated[str | None, typer.Option(help="Where to find the cause.")] = None,
    important: Annotated[bool, typer.Option("--important", help="By the rules for important pages.")] = False,
    group: Annotated[str | None, typer.Option(help="Add the users to this alert group.")] = None,
    delivery: Annotated[Delivery, typer.Option(help="In doubt: raise it, or page again.")] = Delivery.AT_MOST_ONCE,
) -> None:
    """Page users or a team, once."""
    people = [_paged(one, important=important) for one in dict.fromkeys(user)] if user else None
    async with settings.grafana() as gf:
        paged = await gf.paging.page(
            users=people,
            team=team and await id_of(gf, team),
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
    team: Annotated[str | None, typer.Option(help="Only those of a team, by its name or id.")] = None,
    integration: Annotated[str | None, typer.Option(help="Only those of an integration.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 100,
) -> None:
    """List alert groups, as JSON lines on request."""
    async with settings.grafana() as gf:
        team_id = UNSET if team is None else await id_of(gf, team)
        found = gf.alert_groups.list(state=state, team_id=team_id, integration_id=integration)
        await print_items(_items(found), limit, as_json=settings.json)


@command(app)
async def get(settings: Settings, alert_group_id: GroupId) -> None:
    """Show all that is known of an alert group."""
    async with settings.grafana() as gf:
        found = await gf.alert_groups.get(alert_group_id)
    print_thing(found, as_json=settings.json)


@command(app)
async def ack(settings: Settings, alert_group_ids: GroupIds) -> ExitCode:
    """Acknowledge alert groups."""
    return await _act(settings, "acknowledge", alert_group_ids)


@command(app)
async def unack(settings: Settings, alert_group_ids: GroupIds) -> ExitCode:
    """Take acknowledgements back."""
    return await _act(settings, "unacknowledge", alert_group_ids)


@command(app)
async def resolve(settings: Settings, alert_group_ids: GroupIds) -> ExitCode:
    """Resolve alert groups."""
    return await _act(settings, "resolve", alert_group_ids)


@command(app)
async def unresolve(settings: Settings, alert_group_ids: GroupIds) -> ExitCode:
    """Open resolved alert groups again."""
    return await _act(settings, "unresolve", alert_group_ids)


@command(app)
async def silence(
    settings: Settings,
    alert_group_ids: GroupIds,
    duration: Annotated[
        float | None, typer.Option("--for", help="How long, such as 2h; for ever without it.", **LASTING)
    ] = None,
) -> ExitCode:
    """Silence alert groups."""
    lasting = () if duration is None else ("--for", f"{duration:g}")
    async with settings.grafana() as gf:
        silence_one = partial(gf.alert_groups.silence, duration=duration)
        return await act_on_each(settings, _action("silence", *lasting), alert_group_ids, silence_one)


@command(app)
async def unsilence(settings: Settings, alert_group_ids: GroupIds) -> ExitCode:
    """End the silence of alert groups."""
    return await _act(settings, "unsilence", alert_group_ids)


@command(app)
async def delete(
    settings: Settings,
    alert_group_ids: GroupIds,
    mode: Annotated[DeleteMode, typer.Option(help="wipe clears what it says, delete removes it.")] = DeleteMode.WIPE,
) -> ExitCode:
    """Delete alert groups, or what they say."""
    action = Action(verb=str(mode), command=("group", "delete", f"--mode={mode}"), result="done")
    async with settings.grafana() as gf:
        return await act_on_each(settings, action, alert_group_ids, partial(gf.alert_groups.delete, mode=mode))


async def _act(settings: Settings, verb: str, alert_group_ids: list[str]) -> ExitCode:
    async with settings.grafana() as gf:
        return await act_on_each(settings, _action(verb), alert_group_ids, getattr(gf.alert_groups, verb))


def _action(verb: str, *options: str) -> Action:
    """Return what is known of a verb, whose commands are shorter: `acknowledge` is `group ack`."""
    return Action(verb=verb, command=("group", verb.replace("acknowledge", "ack"), *options), result="done")


def _paged(user: str, *, important: bool) -> PagedUser:
    if not user:
        raise OptionsError("--user", user, "the id of a user")
    return PagedUser(user, important=important)


async def _items(groups: AsyncIterator[AlertGroup]) -> AsyncIterator[Item]:
    async for group in groups:
        yield item_of(group)

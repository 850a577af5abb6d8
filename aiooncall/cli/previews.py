"""`aiooncall schedule preview`: whom other members of a rotation would put on call, before anybody writes it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Final

import orjson
import typer
from attrs import evolve

from aiooncall.cli.command import ExitCode, command
from aiooncall.cli.coverage import Days, From, span
from aiooncall.cli.printing import print_json, say
from aiooncall.cli.settings import Settings
from aiooncall.datadog.models.people import User
from aiooncall.datadog.models.schedule import Layer, Member
from aiooncall.datadog.resources.includes import ScheduleInclude
from aiooncall.errors import OptionsError
from aiooncall.jsonapi import each

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.datadog.models.schedule import Schedule

EMPTY: Final = "none"
"""What stands for an empty slot among members."""


def add_preview(schedules: typer.Typer) -> None:
    """Add the command to those of schedules."""
    command(schedules, "preview")(preview_members)


async def preview_members(
    settings: Settings,
    schedule_id: Annotated[str, typer.Argument()],
    layer: Annotated[str | None, typer.Option(help="Name of the rotation; the only one unless given.")] = None,
    member: Annotated[
        list[str] | None, typer.Option(help="Id of a user, or `none`; in this order, instead of all members.")
    ] = None,
    add: Annotated[list[str] | None, typer.Option(help="Id of a user to add at the end; any number.")] = None,
    remove: Annotated[list[str] | None, typer.Option(help="Id of a user to take out; any number.")] = None,
    keep_current: Annotated[
        bool, typer.Option("--keep-current", help="Move the rotation, so that who is on call at first stays so.")
    ] = False,
    start: From = None,
    days: Days = 28,
) -> ExitCode:
    """Show whom other members of a rotation put on call, and instead of whom; 4 if there are new gaps."""
    begin, end = span(start, days)
    async with settings.datadog() as client:
        schedule = await client.schedules.get(schedule_id, include=ScheduleInclude)
        edited = with_members(schedule, layer, members=member, add=add or (), remove=remove or ())
        found = await client.schedules.preview(edited, begin, end, keep_current=keep_current, at=begin)
    if settings.json:
        print_json(orjson.loads(found.to_json()))
    else:
        say(found.to_text())
    return ExitCode.FOUND if found.new_gaps else ExitCode.DONE


def with_members(
    schedule: Schedule, name: str | None, *, members: Iterable[str] | None, add: Iterable[str], remove: Iterable[str]
) -> Schedule:
    """Return a schedule one of whose layers has other members.

    Args:
        schedule: with its layers and their members.
        name: the layer's name; the only layer if None.
        members: ids of users in their order, or `none` for an empty slot, instead of those who are there.
        add: ids of users to add at the end.
        remove: ids of users to take out.

    Raises:
        OptionsError: there is no such layer or several, somebody to take out is not in it, or nobody would be left.
    """
    layers = list(each(schedule.layers, Layer))
    chosen = _chosen(layers, name)
    present = list(each(chosen.members, Member)) if members is None else [_member(one) for one in members]
    for user in remove:
        kept = [one for one in present if not one.user or one.user.id != user]
        if kept == present:
            raise OptionsError("--remove", user, f"the id of a member of the layer {chosen.name!r}")
        present = kept
    present += [_member(one) for one in add]
    if not present:
        raise OptionsError("--remove", list(remove), "somebody who is left, or --member none")
    return evolve(schedule, layers=[evolve(one, members=present) if one is chosen else one for one in layers])


def _chosen(layers: Sequence[Layer], name: str | None) -> Layer:
    found = [one for one in layers if name in {None, one.name}]
    if len(found) != 1:
        raise OptionsError("--layer", name, f"one of {', '.join(repr(one.name) for one in layers) or 'no layers'}")
    return found[0]


def _member(user: str) -> Member:
    return Member(user=None if user == EMPTY else User(id=user))

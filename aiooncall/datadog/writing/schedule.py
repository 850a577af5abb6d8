"""How a schedule is written (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from aiooncall._base.unset import UNSET
from aiooncall._base.validation import aware, count, text
from aiooncall._base.zones import time_zone
from aiooncall.datadog.models.people import User
from aiooncall.datadog.models.schedule import Interval, Layer, Member
from aiooncall.datadog.writing.common import (
    attributes_of,
    content,
    item,
    no_tags,
    owners,
    parts,
    ref_of,
    relationships,
    restrictions,
    top_level,
)
from aiooncall.errors import OptionsError
from aiooncall.jsonapi import identifier

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiooncall._base.json import Json
    from aiooncall.datadog.models.schedule import Schedule
    from aiooncall.jsonapi import ResourceRef


MOST_DAYS: Final = 400
MOST_SECONDS: Final = 2_592_000
SHORTEST_TURN: Final = timedelta(hours=1)
"""Bounds of an interval (https://docs.datadoghq.com/api/latest/on-call/)."""


def schedule_request(schedule: Schedule, *, update: bool = False) -> Json:
    """Return what a request for `schedule` holds; on creation without the ids of it and of its layers.

    Raises:
        OptionsError: something about it is wrong.
        LinkError: a layer or a member is only a reference.
        LossyWrite: something came with it that a request has no place for.
    """
    text("name", schedule.name)
    no_tags(schedule)
    text("time_zone", schedule.time_zone)
    time_zone("time_zone", schedule.time_zone, stored=update)
    layers = parts("layers", schedule.layers)
    if not layers:  # https://registry.terraform.io/providers/DataDog/datadog/latest/docs/resources/on_call_schedule
        raise OptionsError("layers", len(layers), "at least one Layer")
    written = [_layer(f"layers[{number}]", layer, update=update) for number, layer in enumerate(layers)]
    _check_names(layers)
    return {
        **top_level(schedule, update=update),
        "attributes": {**attributes_of(schedule), "layers": written},
        **relationships(schedule, owners(schedule.teams)),
    }


def _check_names(layers: Sequence[Layer | ResourceRef]) -> None:
    names: set[str] = set()
    for number, layer in enumerate(layers):
        name = text(f"layers[{number}].name", layer.name)
        if name in names:
            raise OptionsError(f"layers[{number}].name", name, "a name that no other layer of the schedule has")
        names.add(name)


def _layer(field: str, given: object, *, update: bool) -> Json:
    layer: Layer = content(field, given, Layer)
    aware(f"{field}.effective_date", layer.effective_date)
    aware(f"{field}.rotation_start", layer.rotation_start)
    if layer.end_date is not UNSET and layer.end_date is not None:
        aware(f"{field}.end_date", layer.end_date)
    _check_interval(f"{field}.interval", layer.interval)
    restrictions(f"{field}.restrictions", layer.restrictions or ())
    time_zone(f"{field}.time_zone", layer.time_zone, stored=bool(layer.id), may_be_empty=True)
    members = parts(f"{field}.members", layer.members)
    written = [_member(f"{field}.members[{number}]", member) for number, member in enumerate(members)]
    identity = {"id": layer.id} if update and layer.id else {}
    return {**identity, **item(field, layer), "members": written}


def _member(field: str, given: object) -> Json:
    member: Member = content(field, given, Member)
    rest = item(field, member)
    if member.user is UNSET or member.user is None:
        return rest
    return {**rest, "user": {"id": identifier(ref_of(f"{field}.user", member.user, User))["id"]}}


def _check_interval(field: str, interval: object) -> None:
    if not isinstance(interval, Interval) or not (interval.days or interval.seconds):
        raise OptionsError(field, interval, "an Interval with days or seconds, or a timedelta")
    days = count(f"{field}.days", interval.days or 0, least=0, most=MOST_DAYS)
    length = count(f"{field}.seconds", interval.seconds or 0, least=0, most=MOST_SECONDS)
    if timedelta(days, length) < SHORTEST_TURN:
        raise OptionsError(field, interval, "an hour or more")

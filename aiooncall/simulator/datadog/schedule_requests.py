"""Reads schedules, as strictly as the vendor documents them.

https://docs.datadoghq.com/api/latest/on-call/create-on-call-schedule/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.simulator.datadog.reading import part_ids, read_relationships, read_windows, read_zone
from aiooncall.simulator.http.times import read_instant, write_instant

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.fields import Fields
    from aiooncall.simulator.datadog.json_api import Json
    from aiooncall.simulator.datadog.world import World

_MAX_DAYS: Final = 400
_MAX_SECONDS: Final = 2_592_000
# https://docs.datadoghq.com/api/latest/on-call/create-on-call-schedule/
_MIN_SECONDS: Final = 3_600
_DAY: Final = 86_400


def read_schedule(data: Fields, world: World, old: Json | None) -> Json:
    """Return the schedule that a request describes, which keeps the ids of the layers of the old one."""
    attributes = data.child("attributes")
    layers = attributes.children("layers")
    if not layers:
        raise attributes.refusal("layers", "must hold a layer")
    ids = part_ids(layers, [layer["id"] for layer in old["attributes"]["layers"]] if old else [], world)
    _check_names(layers)
    known = attributes.with_known(
        name=attributes.text("name"),
        tags=attributes.texts("tags") or (old["attributes"]["tags"] if old else []),  # nothing in a request clears them
        time_zone=read_zone(attributes),
        layers=[_read_layer(layer, layer_id, world) for layer, layer_id in zip(layers, ids, strict=True)],
    )
    return data.with_known(attributes=known, relationships=read_relationships(data, world, "layers"))


def _check_names(layers: list[Fields]) -> None:
    names = [layer.text("name") for layer in layers]
    for at, layer in enumerate(layers):
        if names[at] in names[:at]:
            raise layer.refusal("name", f"{names[at]!r} is the name of another layer")


def _read_layer(layer: Fields, layer_id: str, world: World) -> Json:
    members = layer.children("members")
    if not members:
        raise layer.refusal("members", "must hold a member or an empty slot")
    return layer.with_known(
        id=layer_id,
        applied_rotation_start=None,
        effective_date=_instant(layer, "effective_date"),
        end_date=_instant(layer, "end_date") if layer.has("end_date") else None,
        interval=_read_interval(layer.child("interval")),
        members=[_read_member(member, world) for member in members],
        restrictions=read_windows(layer) or None,
        rotation_start=_instant(layer, "rotation_start"),
        time_zone=read_zone(layer) if layer.optional_text("time_zone") else None,
    )


def _read_interval(interval: Fields) -> Json:
    days = interval.integer("days", 0, _MAX_DAYS) or None
    seconds = interval.integer("seconds", 0, _MAX_SECONDS) or None
    if (days or 0) * _DAY + (seconds or 0) < _MIN_SECONDS:
        raise interval.refusal("days", "days and seconds must be an hour together")
    return interval.with_known(days=days, seconds=seconds)


def _read_member(member: Fields, world: World) -> Json:
    """Return a member; its id follows from its place, and one without a user is an empty slot."""
    user = member.optional_child("user")
    if user is None or not user.optional_text("id"):
        return member.with_known(id=None, user=None)
    return member.with_known(id=None, user=user.with_known(id=world.users.named(user, "id")))


def _instant(layer: Fields, name: str) -> str:
    at = read_instant(layer.text(name))
    if at is None:
        raise layer.refusal(name, "must be an RFC 3339 date and time")
    return write_instant(at)

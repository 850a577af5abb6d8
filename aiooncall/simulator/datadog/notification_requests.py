"""Reads notification channels and rules, as strictly as the vendor documents them.

https://docs.datadoghq.com/api/latest/on-call/create-an-on-call-notification-channel-for-a-user/
https://docs.datadoghq.com/api/latest/on-call/create-an-on-call-notification-rule-for-a-user/
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aiooncall.simulator.datadog.fields import Fields
    from aiooncall.simulator.datadog.json_api import Json
    from aiooncall.simulator.datadog.world import Table

_E164: Final = re.compile(r"\+[1-9]\d{6,14}", re.ASCII)
_ADDRESS: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_FORMATS: Final = frozenset({"html", "text"})
_CATEGORIES: Final = ("high_urgency", "low_urgency")
_METHODS: Final = ("sms", "voice")
_REGIONS: Final = {"+1": "us", "+33": "fr", "+44": "gb", "+49": "de", "+81": "jp"}
_NOWHERE: Final = "zz"


def read_channel(data: Fields) -> Json:
    """Return the channel that a request describes, without an id."""
    attributes = data.child("attributes")
    config = attributes.child("config")
    kind = config.choice("type", ("phone", "email"))
    read = _read_phone(config) if kind == "phone" else _read_email(config)
    return data.with_known(attributes=attributes.with_known(active=True, config=read))


def read_rule(data: Fields, channels: Table) -> Json:
    """Return the rule that a request describes, without an id; it must have one of the user's channels."""
    attributes = data.optional_child("attributes")
    known: Json = {"category": "high_urgency", "delay_minutes": 0}
    if attributes is not None:
        known = attributes.with_known(
            category=attributes.choice("category", _CATEGORIES, "high_urgency"),
            channel_settings=_read_settings(attributes.optional_child("channel_settings")),
            delay_minutes=attributes.integer("delay_minutes", 0) or 0,
        )
    relationships = data.child("relationships")
    channel = relationships.child("channel")
    target = channel.child("data")
    ref = target.with_known(
        id=channels.named(target, "id"), type=target.choice("type", (channels.kind,), channels.kind)
    )
    return data.with_known(
        attributes=known, relationships=relationships.with_known(channel=channel.with_known(data=ref))
    )


def _read_phone(config: Fields) -> Json:
    number = config.text("number")
    if not _E164.fullmatch(number):
        raise config.refusal("number", "must be in E.164 form, such as +14155550123")
    return config.with_known(
        number=number,
        formatted_number=_as_people_write(number),
        region=next((region for prefix, region in _REGIONS.items() if number.startswith(prefix)), _NOWHERE),
        verified=False,
        sms_subscribed_at=None,
    )


def _as_people_write(number: str) -> str:
    """Return a number in the form that recordings have, which are of American ones only; others as they are."""
    if not number.startswith("+1"):
        return number
    return f"{number[:2]} {number[2:5]}-{number[5:8]}-{number[8:]}"


def _read_email(config: Fields) -> Json:
    address, formats = config.text("address"), config.texts("formats")
    if not _ADDRESS.fullmatch(address):
        raise config.refusal("address", "must be an email address")
    if not formats or not _FORMATS.issuperset(formats):
        raise config.refusal("formats", "must hold html or text")
    return config.with_known(address=address, formats=formats)


def _read_settings(settings: Fields | None) -> Json | None:
    if settings is None:
        return None
    return settings.with_known(type=settings.choice("type", ("phone",)), method=settings.choice("method", _METHODS))

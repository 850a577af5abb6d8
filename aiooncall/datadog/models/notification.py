"""How a person is reached: channels, and the rules that choose among them.

https://docs.datadoghq.com/api/latest/on-call/
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

import attrs

from aiooncall._base.datetimes import to_seconds
from aiooncall._base.unset import UNSET, Omittable, UnsetType
from aiooncall.codec.fields import REQUIRED, UNIT, WIRE, listed, read_only
from aiooncall.codec.model import Model
from aiooncall.datadog.models.variant import UnknownVariant
from aiooncall.datadog.models.written import Written
from aiooncall.jsonapi import ResourceRef, to_one


class EmailFormat(StrEnum):
    """What an email's body is written in."""

    HTML = "html"
    TEXT = "text"


class NotificationCategory(StrEnum):
    """Which pages a notification rule is for."""

    HIGH_URGENCY = "high_urgency"
    LOW_URGENCY = "low_urgency"


class PhoneMethod(StrEnum):
    """How a phone is used."""

    SMS = "sms"
    VOICE = "voice"


@attrs.define(kw_only=True)
class PhoneConfig(Model):
    """A phone. To create one, only the number is given.

    Attributes:
        number: in E.164 form, such as `+15550100`.
        formatted_number: the number as people write it.
        region: the code of the number's region.
        verified: whether its owner confirmed it.
        sms_subscribed_at: when its owner agreed to receive messages.
        extra: what the class has no name for.
    """

    type: ClassVar[str] = "phone"

    number: str
    formatted_number: str | UnsetType = read_only(required=True)
    region: str | UnsetType = read_only(required=True)
    verified: bool | UnsetType = read_only(required=True)
    sms_subscribed_at: Omittable[datetime] = read_only()


@attrs.define(kw_only=True)
class EmailConfig(Model):
    """An email address."""

    type: ClassVar[str] = "email"

    address: str
    formats: Sequence[EmailFormat | str] = listed(default=(EmailFormat.HTML,), metadata={REQUIRED: True})


@attrs.define(kw_only=True)
class PushConfig(Model):
    """An app on a device. It registers itself and cannot be created here."""

    type: ClassVar[str] = "push"

    device_name: str
    application_name: str


ChannelConfig = PhoneConfig | EmailConfig | PushConfig | UnknownVariant


@attrs.define(kw_only=True, eq=False, repr=False)
class NotificationChannel(Written):
    """One way to reach a user."""

    type: ClassVar[str] = "notification_channels"

    config: Omittable[ChannelConfig] = UNSET
    active: Omittable[bool] = read_only()


@attrs.define(kw_only=True)
class PhoneSettings(Model):
    """How a rule uses a phone."""

    type: ClassVar[str] = "phone"

    method: PhoneMethod | str


@attrs.define(kw_only=True, eq=False, repr=False)
class NotificationRule(Written):
    """When a user is told by a channel.

    Attributes:
        channel: the channel.
        category: which pages it is for.
        delay: how long after the page: seconds, or a timedelta; whole minutes on the wire.
        channel_settings: how the channel is used.
    """

    type: ClassVar[str] = "notification_rules"

    channel: NotificationChannel | ResourceRef | UnsetType | None = to_one()
    category: Omittable[NotificationCategory | str] = UNSET
    delay: Omittable[float] = attrs.field(
        default=UNSET, converter=to_seconds, metadata={WIRE: "delay_minutes", UNIT: 60}
    )
    channel_settings: Omittable[PhoneSettings | UnknownVariant] = UNSET

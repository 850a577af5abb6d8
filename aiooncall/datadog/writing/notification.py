"""How notification channels and rules are written (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from aiooncall._base.unset import UNSET
from aiooncall._base.validation import whole_units
from aiooncall.codec import writable
from aiooncall.datadog.models.notification import EmailConfig, NotificationChannel, PhoneConfig
from aiooncall.datadog.models.variant import UnknownVariant
from aiooncall.datadog.writing.common import attributes_of, ref_of, relationships, top_level
from aiooncall.errors import OptionsError
from aiooncall.jsonapi import identifier

if TYPE_CHECKING:
    from aiooncall._base.json import Json
    from aiooncall.datadog.models.notification import NotificationRule


_E164 = re.compile(r"\+[1-9]\d{1,14}", re.ASCII)
"""https://www.itu.int/rec/T-REC-E.164"""
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")


def channel_request(channel: NotificationChannel, *, update: bool = False) -> Json:
    """Return what a request to create `channel` holds; a channel cannot be changed.

    Raises:
        OptionsError: something about it is wrong.
    """
    return {**top_level(channel, update=update), "attributes": {"config": _config(channel.config)}}


def _config(config: object) -> Json:
    if isinstance(config, PhoneConfig):
        if not isinstance(config.number, str) or not _E164.fullmatch(config.number):
            raise OptionsError("config.number", config.number, "a number in E.164 form, such as '+15550100'")
    elif isinstance(config, EmailConfig):
        if not isinstance(config.address, str) or not _ADDRESS.fullmatch(config.address):
            raise OptionsError("config.address", config.address, "an email address")
        if not config.formats:
            raise OptionsError("config.formats", config.formats, "at least one of html, text")
    elif not isinstance(config, UnknownVariant):
        raise OptionsError("config", config, "a PhoneConfig or an EmailConfig: an app registers itself")
    return writable(config)


def rule_request(rule: NotificationRule, *, update: bool = False) -> Json:
    """Return what a request for `rule` holds.

    Raises:
        OptionsError: something about it is wrong.
    """
    if rule.delay is not UNSET and rule.delay is not None:
        whole_units("delay", rule.delay, 60, 0)
    known = {}
    if rule.channel is not UNSET and rule.channel is not None:
        known = {"channel": {"data": identifier(ref_of("channel", rule.channel, NotificationChannel))}}
    return {
        **top_level(rule, update=update),
        "attributes": attributes_of(rule),
        **relationships(rule, known),
    }

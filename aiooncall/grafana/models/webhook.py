"""Outgoing webhooks, and actions, which are their old form.

https://grafana.com/docs/oncall/latest/oncall-api-reference/outgoing_webhooks/
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from aiooncall._base.unset import UNSET, Omittable
from aiooncall.codec.fields import listed, read_only
from aiooncall.codec.model import Model


class TriggerType(StrEnum):
    """What makes a webhook send."""

    ESCALATION = "escalation"
    ALERT_GROUP_CREATED = "alert group created"
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    SILENCE = "silence"
    UNSILENCE = "unsilence"
    UNRESOLVE = "unresolve"
    UNACKNOWLEDGE = "unacknowledge"
    STATUS_CHANGE = "status change"
    PERSONAL_NOTIFICATION = "personal notification"


def _hidden() -> Any:  # noqa: ANN401 (as attrs.field)
    return attrs.field(default=UNSET, repr=False)


@attrs.define(kw_only=True)
class Webhook(Model):
    """What is sent where, and when. Answers show passwords and the like as asterisks.

    Attributes:
        integration_filter: ids of the integrations it is for; the server clears it on a write that leaves it out.
    """

    id: str = read_only(required=True)
    name: Omittable[str] = UNSET
    url: Omittable[str] = UNSET
    http_method: Omittable[str] = UNSET
    trigger_type: Omittable[TriggerType | str] = UNSET
    is_webhook_enabled: Omittable[bool] = UNSET
    team: Omittable[str] = UNSET
    data: Omittable[str] = UNSET
    headers: Omittable[str] = _hidden()
    username: Omittable[str] = UNSET
    password: Omittable[str] = _hidden()
    authorization_header: Omittable[str] = _hidden()
    trigger_template: Omittable[str] = UNSET
    forward_all: Omittable[bool] = UNSET
    integration_filter: Omittable[Sequence[str]] = listed()
    preset: Omittable[str] = read_only()


@attrs.define(kw_only=True)
class WebhookResponse(Model):
    """What a webhook sent, and what it got."""

    timestamp: Omittable[datetime] = UNSET
    url: Omittable[str] = UNSET
    request_trigger: Omittable[str] = UNSET
    request_headers: Omittable[str] = _hidden()
    request_data: Omittable[str] = UNSET
    status_code: Omittable[int] = UNSET
    content: Omittable[str] = UNSET
    event_data: Omittable[str] = UNSET


@attrs.define(kw_only=True)
class Action(Model):
    """A webhook in its old form."""

    id: str = read_only(required=True)
    name: Omittable[str] = UNSET
    url: Omittable[str] = UNSET
    http_method: Omittable[str] = UNSET
    trigger_type: Omittable[TriggerType | str] = UNSET
    is_webhook_enabled: Omittable[bool] = UNSET
    team_id: Omittable[str] = UNSET
    user: Omittable[str] = UNSET
    data: Omittable[str] = UNSET
    headers: Omittable[str] = _hidden()
    password: Omittable[str] = _hidden()
    authorization_header: Omittable[str] = _hidden()
    trigger_template: Omittable[str] = UNSET
    forward_whole_payload: Omittable[bool] = UNSET
    integration_filter: Omittable[Sequence[str]] = listed()

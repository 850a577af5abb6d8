"""Outgoing webhooks, and actions, which are their old form.

https://grafana.com/docs/oncall/latest/oncall-api-reference/outgoing_webhooks/
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from aiooncall._base.unset import UNSET, Maybe
from aiooncall.codec.fields import listed, read_only


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
class Webhook:
    """What is sent where, and when. Answers show passwords and the like as asterisks.

    Attributes:
        integration_filter: ids of the integrations it is for; the server clears it on a write that leaves it out.
    """

    id: str = read_only(required=True)
    name: Maybe[str] = UNSET
    url: Maybe[str] = UNSET
    http_method: Maybe[str] = UNSET
    trigger_type: Maybe[TriggerType | str] = UNSET
    is_webhook_enabled: Maybe[bool] = UNSET
    team: Maybe[str] = UNSET
    data: Maybe[str] = UNSET
    headers: Maybe[str] = _hidden()
    username: Maybe[str] = UNSET
    password: Maybe[str] = _hidden()
    authorization_header: Maybe[str] = _hidden()
    trigger_template: Maybe[str] = UNSET
    forward_all: Maybe[bool] = UNSET
    integration_filter: Maybe[Sequence[str]] = listed()
    preset: Maybe[str] = read_only()
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class WebhookResponse:
    """What a webhook sent, and what it got."""

    timestamp: Maybe[datetime] = UNSET
    url: Maybe[str] = UNSET
    request_trigger: Maybe[str] = UNSET
    request_headers: Maybe[str] = _hidden()
    request_data: Maybe[str] = UNSET
    status_code: Maybe[int] = UNSET
    content: Maybe[str] = UNSET
    event_data: Maybe[str] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Action:
    """A webhook in its old form."""

    id: str = read_only(required=True)
    name: Maybe[str] = UNSET
    url: Maybe[str] = UNSET
    http_method: Maybe[str] = UNSET
    trigger_type: Maybe[TriggerType | str] = UNSET
    is_webhook_enabled: Maybe[bool] = UNSET
    team_id: Maybe[str] = UNSET
    user: Maybe[str] = UNSET
    data: Maybe[str] = UNSET
    headers: Maybe[str] = _hidden()
    password: Maybe[str] = _hidden()
    authorization_header: Maybe[str] = _hidden()
    trigger_template: Maybe[str] = UNSET
    forward_whole_payload: Maybe[bool] = UNSET
    integration_filter: Maybe[Sequence[str]] = listed()
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])

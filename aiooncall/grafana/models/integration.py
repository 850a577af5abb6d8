"""Integrations, their routes and templates.

https://grafana.com/docs/oncall/latest/oncall-api-reference/integrations/
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from aiooncall._base.unset import UNSET, Maybe
from aiooncall.codec.fields import read_only


class MaintenanceMode(StrEnum):
    """What an integration does while it is maintained: tell nobody (DEBUG), or gather all alerts in one group."""

    DEBUG = "debug"
    MAINTENANCE = "maintenance"


class RoutingType(StrEnum):
    """What a route's expression is written in. LABELS can be read and not written."""

    REGEX = "regex"
    JINJA2 = "jinja2"
    LABELS = "labels"


@attrs.define(kw_only=True)
class SlackRouting:
    """Whether and where a route posts in Slack."""

    channel_id: Maybe[str] = UNSET
    enabled: Maybe[bool] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class BackendRouting:
    """Whether and where a route posts in another messaging backend."""

    id: Maybe[str] = UNSET
    enabled: Maybe[bool] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class DefaultRoute:
    """Where the alerts of an integration go that no other route takes. Further backends are in `extra`."""

    id: Maybe[str] = read_only()
    escalation_chain_id: Maybe[str] = UNSET
    slack: Maybe[SlackRouting] = UNSET
    telegram: Maybe[BackendRouting] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Route:
    """Where the alerts of an integration go that match an expression. Further backends are in `extra`."""

    id: str = read_only(required=True)
    integration_id: Maybe[str] = UNSET
    escalation_chain_id: Maybe[str] = UNSET
    routing_type: Maybe[RoutingType | str] = UNSET
    routing_regex: Maybe[str] = UNSET
    position: Maybe[int] = UNSET
    is_the_last_route: Maybe[bool] = read_only()
    slack: Maybe[SlackRouting] = UNSET
    telegram: Maybe[BackendRouting] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Template:
    """How a message is written; None takes the default."""

    title: Maybe[str] = UNSET
    message: Maybe[str] = UNSET
    image_url: Maybe[str] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Templates:
    """How an integration groups and shows alerts; None resets to the default."""

    grouping_key: Maybe[str] = UNSET
    resolve_signal: Maybe[str] = UNSET
    acknowledge_signal: Maybe[str] = UNSET
    source_link: Maybe[str] = UNSET
    slack: Maybe[Template] = UNSET
    web: Maybe[Template] = UNSET
    sms: Maybe[Template] = UNSET
    phone_call: Maybe[Template] = UNSET
    telegram: Maybe[Template] = UNSET
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Heartbeat:
    """The address that has to be called regularly; it is a secret."""

    link: Maybe[str] = attrs.field(default=UNSET, repr=False)
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])


@attrs.define(kw_only=True)
class Integration:
    """Where alerts come in.

    Attributes:
        type: what sends the alerts, such as `webhook`.
        link: the address to send alerts to. Whoever knows it can send them: it is a secret.
        inbound_email: the same, for email.
    """

    id: str = read_only(required=True)
    type: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    description_short: Maybe[str] = UNSET
    team_id: Maybe[str] = UNSET
    link: Maybe[str] = attrs.field(default=UNSET, repr=False, metadata={"read_only": True})
    inbound_email: Maybe[str] = attrs.field(default=UNSET, repr=False, metadata={"read_only": True})
    default_route: Maybe[DefaultRoute] = UNSET
    templates: Maybe[Templates] = UNSET
    heartbeat: Maybe[Heartbeat] = read_only()
    maintenance_mode: Maybe[MaintenanceMode | str] = read_only()
    maintenance_started_at: Maybe[datetime] = read_only()
    maintenance_end_at: Maybe[datetime] = read_only()
    extra: dict[str, Any] = attrs.field(factory=dict[str, Any])

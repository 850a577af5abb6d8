"""Integrations, their routes and templates.

https://grafana.com/docs/oncall/latest/oncall-api-reference/integrations/
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from aiooncall._base.unset import UNSET, Omittable
from aiooncall.codec.fields import read_only
from aiooncall.codec.model import Model


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
class SlackRouting(Model):
    """Whether and where a route posts in Slack."""

    channel_id: Omittable[str] = UNSET
    enabled: Omittable[bool] = UNSET


@attrs.define(kw_only=True)
class BackendRouting(Model):
    """Whether and where a route posts in another messaging backend."""

    id: Omittable[str] = UNSET
    enabled: Omittable[bool] = UNSET


@attrs.define(kw_only=True)
class DefaultRoute(Model):
    """Where the alerts of an integration go that no other route takes. Further backends are in `extra`."""

    id: Omittable[str] = read_only()
    escalation_chain_id: Omittable[str] = UNSET
    slack: Omittable[SlackRouting] = UNSET
    telegram: Omittable[BackendRouting] = UNSET


@attrs.define(kw_only=True)
class Route(Model):
    """Where the alerts of an integration go that match an expression. Further backends are in `extra`."""

    id: str = read_only(required=True)
    integration_id: Omittable[str] = UNSET
    escalation_chain_id: Omittable[str] = UNSET
    routing_type: Omittable[RoutingType | str] = UNSET
    routing_regex: Omittable[str] = UNSET
    position: Omittable[int] = UNSET
    is_the_last_route: Omittable[bool] = read_only()
    slack: Omittable[SlackRouting] = UNSET
    telegram: Omittable[BackendRouting] = UNSET


@attrs.define(kw_only=True)
class Template(Model):
    """How a message is written; None takes the default."""

    title: Omittable[str] = UNSET
    message: Omittable[str] = UNSET
    image_url: Omittable[str] = UNSET


@attrs.define(kw_only=True)
class Templates(Model):
    """How an integration groups and shows alerts; None resets to the default."""

    grouping_key: Omittable[str] = UNSET
    resolve_signal: Omittable[str] = UNSET
    acknowledge_signal: Omittable[str] = UNSET
    source_link: Omittable[str] = UNSET
    slack: Omittable[Template] = UNSET
    web: Omittable[Template] = UNSET
    sms: Omittable[Template] = UNSET
    phone_call: Omittable[Template] = UNSET
    telegram: Omittable[Template] = UNSET


@attrs.define(kw_only=True)
class Heartbeat(Model):
    """The address that has to be called regularly; it is a secret."""

    link: Omittable[str] = attrs.field(default=UNSET, repr=False)


@attrs.define(kw_only=True)
class Integration(Model):
    """Where alerts come in.

    Attributes:
        type: what sends the alerts, such as `webhook`.
        link: the address to send alerts to. Whoever knows it can send them: it is a secret.
        inbound_email: the same, for email.
    """

    id: str = read_only(required=True)
    type: Omittable[str] = UNSET
    name: Omittable[str] = UNSET
    description_short: Omittable[str] = UNSET
    team_id: Omittable[str] = UNSET
    link: Omittable[str] = read_only(shown=False)
    inbound_email: Omittable[str] = read_only(shown=False)
    default_route: Omittable[DefaultRoute] = UNSET
    templates: Omittable[Templates] = UNSET
    heartbeat: Omittable[Heartbeat] = read_only()
    maintenance_mode: Omittable[MaintenanceMode | str] = read_only()
    maintenance_started_at: Omittable[datetime] = read_only()
    maintenance_end_at: Omittable[datetime] = read_only()

"""Alert groups and their alerts (https://grafana.com/docs/oncall/latest/oncall-api-reference/alertgroups/)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

import attrs

from aiooncall._base.unset import UNSET, Omittable
from aiooncall.codec.fields import listed, read_only, required
from aiooncall.codec.model import Model


class AlertGroupState(StrEnum):
    """Where an alert group is in its life."""

    FIRING = "firing"
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    SILENCED = "silenced"


class DeleteMode(StrEnum):
    """How an alert group is deleted: only its content goes, or all of it."""

    WIPE = "wipe"
    DELETE = "delete"


@attrs.define(kw_only=True)
class LabelPart(Model):
    """One half of a label."""

    id: Omittable[str] = UNSET
    name: Omittable[str] = UNSET


@attrs.define(kw_only=True)
class Label(Model):
    """A label: a key and a value."""

    key: LabelPart
    value: LabelPart


@attrs.define(kw_only=True)
class Permalinks(Model):
    """Where people can see an alert group."""

    web: Omittable[str] = UNSET
    slack: Omittable[str] = UNSET
    slack_app: Omittable[str] = UNSET
    telegram: Omittable[str] = UNSET


@attrs.define(kw_only=True)
class Alert(Model):
    """One alert as it arrived; `payload` is whatever the source sent."""

    id: str = read_only(required=True)
    alert_group_id: Omittable[str] = UNSET
    created_at: Omittable[datetime] = UNSET
    payload: Any = UNSET


@attrs.define(kw_only=True)
class AlertGroup(Model):
    """Alerts that are handled as one.

    Attributes:
        state: where it is in its life; a value unknown here stays the server's text.
        title: what it is called; None until the server has rendered it, and after a wipe.
        resolved_by: a user's id; None if it resolved by itself.
    """

    id: str = read_only(required=True)
    state: AlertGroupState | str = required()
    title: Omittable[str] = UNSET
    created_at: Omittable[datetime] = UNSET
    alerts_count: Omittable[int] = UNSET
    integration_id: Omittable[str] = UNSET
    route_id: Omittable[str] = UNSET
    team_id: Omittable[str] = UNSET
    acknowledged_at: Omittable[datetime] = UNSET
    acknowledged_by: Omittable[str] = UNSET
    resolved_at: Omittable[datetime] = UNSET
    resolved_by: Omittable[str] = UNSET
    silenced_at: Omittable[datetime] = UNSET
    labels: Omittable[Sequence[Label]] = listed()
    permalinks: Omittable[Permalinks] = UNSET
    last_alert: Omittable[Alert] = UNSET

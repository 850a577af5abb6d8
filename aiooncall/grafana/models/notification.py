"""How a user is told, and what is noted of an alert group.

https://grafana.com/docs/oncall/latest/oncall-api-reference/personal_notification_rules/
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import attrs

from aiooncall._base.datetimes import to_seconds
from aiooncall._base.unset import UNSET, Omittable
from aiooncall.codec.fields import UNIT, read_only
from aiooncall.codec.model import Model


class RuleType(StrEnum):
    """What a personal notification rule does."""

    WAIT = "wait"
    SLACK = "notify_by_slack"
    SMS = "notify_by_sms"
    PHONE_CALL = "notify_by_phone_call"
    TELEGRAM = "notify_by_telegram"
    EMAIL = "notify_by_email"
    MOBILE_APP = "notify_by_mobile_app"
    MOBILE_APP_CRITICAL = "notify_by_mobile_app_critical"
    WEBHOOK = "notify_by_webhook"
    MATTERMOST = "notify_by_mattermost"
    MSTEAMS = "notify_by_msteams"


@attrs.define(kw_only=True)
class PersonalNotificationRule(Model):
    """One step of how a user is told.

    Attributes:
        position: its place among the user's rules, counted from 0; -1 puts it last.
        duration: for a wait: 1, 5, 15, 30 or 60 minutes, as seconds or a timedelta.
        important: whether it belongs to the rules for important pages.
    """

    id: str = read_only(required=True)
    user_id: Omittable[str] = UNSET
    type: Omittable[RuleType | str] = UNSET
    position: Omittable[int] = UNSET
    duration: Omittable[float] = attrs.field(default=UNSET, converter=to_seconds, metadata={UNIT: 1})
    important: Omittable[bool] = UNSET


@attrs.define(kw_only=True)
class ResolutionNote(Model):
    """What somebody wrote about an alert group. Only notes made in the browser or here can be changed."""

    id: str = read_only(required=True)
    alert_group_id: Omittable[str] = UNSET
    text: Omittable[str] = UNSET
    author: Omittable[str] = read_only()
    source: Omittable[str] = read_only()
    created_at: Omittable[datetime] = read_only()

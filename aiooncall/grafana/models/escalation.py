"""Escalation chains and their steps, which Grafana calls escalation policies.

https://grafana.com/docs/oncall/latest/oncall-api-reference/escalation_policies/
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import time
from enum import StrEnum
from typing import ClassVar, Final

import attrs

from aiooncall._base.datetimes import to_seconds
from aiooncall._base.unset import UNSET, Omittable
from aiooncall.codec.fields import UNIT, WIRE, listed, read_only
from aiooncall.codec.model import Model
from aiooncall.errors import OptionsError


def _as_text(value: Omittable[str | time]) -> Omittable[str]:
    if not isinstance(value, time):
        return value
    if value.utcoffset():
        raise OptionsError("time of day", value, "a time in UTC")
    return f"{value:%H:%M:%S}Z"


@attrs.define(kw_only=True)
class EscalationChain(Model):
    """Who is told of an alert group, in which order: its steps are escalation policies that name it."""

    id: str = read_only(required=True)
    name: Omittable[str] = UNSET
    team_id: Omittable[str] = UNSET


@attrs.define(kw_only=True)
class _Step(Model):
    """What every step has: its chain, and its place in it, counted from 0."""

    id: str = read_only(required=True)
    escalation_chain_id: Omittable[str] = UNSET
    position: Omittable[int] = UNSET


@attrs.define(kw_only=True)
class WaitStep(_Step):
    """Wait: `duration` is seconds or a timedelta, 1 minute to 1 day."""

    type: ClassVar[str] = "wait"
    duration: Omittable[float] = attrs.field(default=UNSET, converter=to_seconds, metadata={UNIT: 1})


@attrs.define(kw_only=True)
class NotifyPersonsStep(_Step):
    """Notify users, all of them."""

    type: ClassVar[str] = "notify_persons"
    persons_to_notify: Omittable[Sequence[str]] = listed()
    important: Omittable[bool] = UNSET


@attrs.define(kw_only=True)
class NotifyNextPersonStep(_Step):
    """Notify one of several users, each time the next. It cannot be important: the engine would hide such a step."""

    type: ClassVar[str] = "notify_person_next_each_time"
    persons_to_notify_next_each_time: Omittable[Sequence[str]] = listed()
    important: Omittable[bool] = UNSET


@attrs.define(kw_only=True)
class NotifyScheduleStep(_Step):
    """Notify whoever is on call for a schedule."""

    type: ClassVar[str] = "notify_on_call_from_schedule"
    notify_on_call_from_schedule: Omittable[str] = UNSET
    important: Omittable[bool] = UNSET


@attrs.define(kw_only=True)
class NotifyUserGroupStep(_Step):
    """Notify a user group."""

    type: ClassVar[str] = "notify_user_group"
    group_to_notify: Omittable[str] = UNSET
    important: Omittable[bool] = UNSET


@attrs.define(kw_only=True)
class NotifyTeamStep(_Step):
    """Notify the members of a team."""

    type: ClassVar[str] = "notify_team_members"
    team_to_notify: Omittable[str] = UNSET
    important: Omittable[bool] = UNSET


@attrs.define(kw_only=True)
class NotifyChannelStep(_Step):
    """Notify everybody in the Slack channel."""

    type: ClassVar[str] = "notify_whole_channel"


@attrs.define(kw_only=True)
class TriggerWebhookStep(_Step):
    """Trigger a webhook."""

    type: ClassVar[str] = "trigger_webhook"
    webhook_id: Omittable[str] = attrs.field(default=UNSET, metadata={WIRE: "action_to_trigger"})


@attrs.define(kw_only=True)
class ResolveStep(_Step):
    """Resolve the alert group."""

    type: ClassVar[str] = "resolve"


@attrs.define(kw_only=True)
class ContinueAtTimeStep(_Step):
    """Go on only at a time of day, in UTC: a text HH:MM:SSZ, or a `datetime.time`."""

    type: ClassVar[str] = "notify_if_time_from_to"
    notify_if_time_from: Omittable[str] = attrs.field(default=UNSET, converter=_as_text)
    notify_if_time_to: Omittable[str] = attrs.field(default=UNSET, converter=_as_text)


@attrs.define(kw_only=True)
class ContinueOnAlertsStep(_Step):
    """Go on only if so many alerts came in so many minutes."""

    type: ClassVar[str] = "notify_if_num_alerts_in_window"
    num_alerts_in_window: Omittable[int] = UNSET
    num_minutes_in_window: Omittable[int] = UNSET


@attrs.define(kw_only=True)
class RepeatStep(_Step):
    """Start again from the first step."""

    type: ClassVar[str] = "repeat_escalation"


@attrs.define(kw_only=True)
class DeclareIncidentStep(_Step):
    """Declare an incident."""

    type: ClassVar[str] = "declare_incident"
    severity: Omittable[str] = UNSET


@attrs.define(kw_only=True)
class UnknownStep(_Step):
    """A step of a kind that this version does not know, or of none; it goes back as it came."""

    kind: Omittable[str] = attrs.field(default=UNSET, metadata={WIRE: "type"})


EscalationPolicy = (
    WaitStep
    | NotifyPersonsStep
    | NotifyNextPersonStep
    | NotifyScheduleStep
    | NotifyUserGroupStep
    | NotifyTeamStep
    | NotifyChannelStep
    | TriggerWebhookStep
    | ResolveStep
    | ContinueAtTimeStep
    | ContinueOnAlertsStep
    | RepeatStep
    | DeclareIncidentStep
    | UnknownStep
)


class Told(StrEnum):
    """What a step can tell."""

    USER = "user"
    TEAM = "team"
    SCHEDULE = "schedule"
    USER_GROUP = "user_group"
    WEBHOOK = "webhook"


TOLD: Final = {
    "persons_to_notify": Told.USER,
    "persons_to_notify_next_each_time": Told.USER,
    "notify_on_call_from_schedule": Told.SCHEDULE,
    "team_to_notify": Told.TEAM,
    "group_to_notify": Told.USER_GROUP,
    "webhook_id": Told.WEBHOOK,
}
"""By the field of a step that has an id, or several."""


def told_by(step: EscalationPolicy) -> Iterator[tuple[Told, str]]:
    """Yield the kind and the id of all that a step tells."""
    for field, kind in TOLD.items():
        value = getattr(step, field, None)
        for identifier in (value,) if isinstance(value, str) else value or ():
            yield kind, identifier

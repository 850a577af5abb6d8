"""Schedules (https://grafana.com/docs/oncall/latest/oncall-api-reference/schedules/)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import attrs

from aiooncall._base.unset import UNSET, Omittable
from aiooncall.codec.fields import WIRE, listed, read_only
from aiooncall.codec.model import Model


@attrs.define(kw_only=True)
class SlackSettings(Model):
    """Where a schedule shows up in Slack."""

    channel_id: Omittable[str] = UNSET
    user_group_id: Omittable[str] = UNSET


@attrs.define(kw_only=True)
class WebSchedule(Model):
    """A schedule that is made in the browser.

    Attributes:
        time_zone: an IANA name; needed to create it.
        shifts: ids of on-call shifts; the server drops those that it does not know.
        on_call_now: ids of the users on call right now.
    """

    type: ClassVar[str] = "web"

    id: str = read_only(required=True)
    name: Omittable[str] = UNSET
    team_id: Omittable[str] = UNSET
    time_zone: Omittable[str] = UNSET
    shifts: Omittable[Sequence[str]] = listed()
    slack: Omittable[SlackSettings] = UNSET
    on_call_now: Omittable[Sequence[str]] = read_only()


@attrs.define(kw_only=True)
class CalendarSchedule(Model):
    """A schedule that is made of shifts by the API, with overrides from a calendar or the browser."""

    type: ClassVar[str] = "calendar"

    id: str = read_only(required=True)
    name: Omittable[str] = UNSET
    team_id: Omittable[str] = UNSET
    time_zone: Omittable[str] = UNSET
    shifts: Omittable[Sequence[str]] = listed()
    ical_url_overrides: Omittable[str] = UNSET
    enable_web_overrides: Omittable[bool] = UNSET
    slack: Omittable[SlackSettings] = UNSET
    on_call_now: Omittable[Sequence[str]] = read_only()


@attrs.define(kw_only=True)
class ICalSchedule(Model):
    """A schedule that is read from a calendar."""

    type: ClassVar[str] = "ical"

    id: str = read_only(required=True)
    name: Omittable[str] = UNSET
    team_id: Omittable[str] = UNSET
    ical_url_primary: Omittable[str] = UNSET
    ical_url_overrides: Omittable[str] = UNSET
    slack: Omittable[SlackSettings] = UNSET
    on_call_now: Omittable[Sequence[str]] = read_only()


@attrs.define(kw_only=True)
class UnknownSchedule(Model):
    """A schedule of a kind that this version does not know; it goes back as it came."""

    kind: str = attrs.field(metadata={WIRE: "type"})
    id: str = read_only(required=True)
    name: Omittable[str] = UNSET
    team_id: Omittable[str] = UNSET
    on_call_now: Omittable[Sequence[str]] = read_only()


Schedule = WebSchedule | CalendarSchedule | ICalSchedule | UnknownSchedule


@attrs.define(kw_only=True)
class FinalShift(Model):
    """Somebody's time on call, after all rotations and overrides; cut to what was asked for."""

    user_id: str = attrs.field(metadata={WIRE: "user_pk"})
    start: datetime = attrs.field(metadata={WIRE: "shift_start"})
    end: datetime = attrs.field(metadata={WIRE: "shift_end"})
    user_email: Omittable[str] = UNSET
    user_username: Omittable[str] = UNSET

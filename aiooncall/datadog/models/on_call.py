"""Who is on call (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

import attrs

from aiooncall._base.unset import UNSET, Omittable, UnsetType
from aiooncall.datadog.models.people import User
from aiooncall.datadog.models.schedule import Schedule, SchedulePosition
from aiooncall.jsonapi import Resource, ResourceRef, to_many, to_one


@attrs.define(kw_only=True, eq=False, repr=False)
class Shift(Resource):
    """One turn of one user."""

    type: ClassVar[str] = "shifts"

    start: Omittable[datetime] = UNSET
    end: Omittable[datetime] = UNSET
    user: User | ResourceRef | UnsetType | None = to_one()


@attrs.define(kw_only=True, eq=False, repr=False)
class ScheduleResponder(Resource):
    """Who holds one position of a schedule: their shifts."""

    type: ClassVar[str] = "schedule_oncall_responder"

    position: Omittable[SchedulePosition | str] = UNSET
    shifts: Sequence[Shift | ResourceRef] | UnsetType = to_many()


@attrs.define(kw_only=True, eq=False, repr=False)
class ScheduleResponders(Resource):
    """Who is on call for a schedule at one instant, by position."""

    type: ClassVar[str] = "schedule_oncall_responders"

    scheduled_at: Omittable[datetime] = UNSET
    schedule: Schedule | ResourceRef | UnsetType | None = to_one()
    responders: Sequence[ScheduleResponder | ResourceRef] | UnsetType = to_many()


@attrs.define(kw_only=True, eq=False, repr=False)
class Escalation(Resource):
    """Who would be reached by a later step."""

    type: ClassVar[str] = "escalation_policy_steps"

    responders: Sequence[User | ResourceRef] | UnsetType = to_many()


@attrs.define(kw_only=True, eq=False, repr=False)
class TeamOnCall(Resource):
    """Who is on call for a team now: those reached at once, and those that later steps reach."""

    type: ClassVar[str] = "team_oncall_responders"

    responders: Sequence[User | ResourceRef] | UnsetType = to_many()
    escalations: Sequence[Escalation | ResourceRef] | UnsetType = to_many()

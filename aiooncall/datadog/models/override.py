"""Overrides: somebody stands in on a schedule (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import attrs

from aiooncall._base.unset import UNSET, Omittable, UnsetType
from aiooncall.datadog.models.people import User
from aiooncall.datadog.models.schedule import Schedule
from aiooncall.jsonapi import Resource, ResourceRef, to_one


@attrs.define(kw_only=True, eq=False, repr=False)
class Override(Resource):
    """A time in which somebody stands in on a schedule.

    Attributes:
        start: when it begins, aware.
        end: when it is over, aware.
        inactive: whether it has no effect, for example because it is over; the server says so.
        user: who is on call in that time.
        overridden_user: whose place it is; the place of whoever would be on call, unless given.
        schedule: the schedule.
    """

    type: ClassVar[str] = "overrides"

    start: Omittable[datetime] = UNSET
    end: Omittable[datetime] = UNSET
    inactive: Omittable[bool] = UNSET
    user: User | ResourceRef | UnsetType | None = to_one()
    overridden_user: User | ResourceRef | UnsetType | None = to_one()
    schedule: Schedule | ResourceRef | UnsetType | None = to_one()

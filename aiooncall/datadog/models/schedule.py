"""Schedules: layers in which members take turns (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

import attrs

from aiooncall._base.unset import UNSET, Omittable, UnsetType
from aiooncall.codec.fields import as_tuple, listed, or_unset, read_only, required, spelt
from aiooncall.codec.model import Model
from aiooncall.datadog.models.people import Team, User
from aiooncall.datadog.models.restriction import TimeRestriction
from aiooncall.datadog.models.written import Written
from aiooncall.jsonapi import TO_MANY, Resource, ResourceRef, Unread, to_many, to_one


class SchedulePosition(StrEnum):
    """A slot of a schedule, as seen from one moment."""

    PREVIOUS = "previous"
    CURRENT = "current"
    NEXT = "next"


@attrs.define(kw_only=True)
class Interval(Model):
    """How long one turn takes: days of the calendar, which follow daylight saving, and seconds on top.

    Attributes:
        days: whole days, at most 400.
        seconds: seconds, at most 2 592 000.
        extra: what the class has no name for.
    """

    days: Omittable[int] = spelt(or_unset)
    seconds: Omittable[int] = spelt(or_unset)


def _interval(length: Interval | timedelta | UnsetType | None) -> Interval | UnsetType | None:
    """Return `length` as an interval: whole days are days, what is left is seconds."""
    if not isinstance(length, timedelta):
        return length
    return Interval(days=length.days or UNSET, seconds=length.seconds or UNSET)


@attrs.define(kw_only=True, eq=False, repr=False)
class Member(Resource):
    """One place in a rotation; without a user nobody is on call for that turn."""

    type: ClassVar[str] = "members"
    is_part: ClassVar[bool] = True

    user: User | ResourceRef | UnsetType | None = to_one()


def _members(
    given: Iterable[Member | User | ResourceRef | None] | UnsetType,
) -> Sequence[Member | Unread] | UnsetType:
    return given if isinstance(given, UnsetType) else tuple(map(_member, given))


def _member(given: Member | User | ResourceRef | None) -> Member | ResourceRef:
    if isinstance(given, Member) or (isinstance(given, ResourceRef) and given.type == Member.type):
        return given
    return Member() if given is None else Member(user=given)


@attrs.define(kw_only=True, eq=False, repr=False)
class Layer(Resource):
    """One rotation of a schedule. Where layers overlap, the later one counts.

    Attributes:
        name: unique in the schedule.
        effective_date: when the layer begins to count.
        end_date: when it stops to count.
        rotation_start: when the first turn begins.
        interval: how long a turn takes; a timedelta may be given.
        time_zone: an IANA name, where it differs from the schedule's.
        restrictions: windows of the week outside of which the layer puts nobody on call.
        members: who takes turns, in order; users may be given, and None for an empty place.
        applied_rotation_start: the server's own note of when the rotation starts; it is not written.
    """

    type: ClassVar[str] = "layers"
    is_part: ClassVar[bool] = True

    name: Omittable[str] = UNSET
    effective_date: Omittable[datetime] = UNSET
    end_date: Omittable[datetime] = UNSET
    rotation_start: Omittable[datetime] = UNSET
    interval: Omittable[Interval] = attrs.field(default=UNSET, converter=_interval)
    time_zone: Omittable[str] = spelt(or_unset)
    restrictions: Omittable[Sequence[TimeRestriction]] = listed()
    members: Sequence[Member | Unread] | UnsetType = attrs.field(default=UNSET, converter=_members, metadata=TO_MANY)
    applied_rotation_start: Omittable[datetime] = read_only()


def _layers(given: Iterable[Layer] | UnsetType) -> Sequence[Layer | Unread] | UnsetType:
    return as_tuple(given)


@attrs.define(kw_only=True, eq=False, repr=False)
class Schedule(Written):
    """Who is on call when.

    Attributes:
        name: the display name.
        time_zone: an IANA name, such as `Europe/Paris`.
        tags: tags of the schedule, as the server tells them; requests have no place for them, so they are not written.
        layers: the rotations; later ones count before earlier ones.
        teams: who owns it.
    """

    type: ClassVar[str] = "schedules"

    name: Omittable[str] = UNSET
    time_zone: Omittable[str] = UNSET
    tags: Omittable[Sequence[str]] = read_only(several=True)
    layers: Sequence[Layer | Unread] | UnsetType = attrs.field(default=UNSET, converter=_layers, metadata=TO_MANY)
    teams: Sequence[Team | ResourceRef] | UnsetType = to_many()

    @property
    def label(self) -> str:
        """What to call the schedule: the name, else the id."""
        return self.name or self.id

    def at(self, position: SchedulePosition | str) -> ScheduleTarget:
        """Return the target "whoever is on this schedule at `position`", for an escalation step."""
        return ScheduleTarget(schedule=self, position=position)


@attrs.define(kw_only=True, eq=False, repr=False)
class ScheduleTarget(Resource):
    """Whoever holds a certain position of a schedule. A plain schedule as a target means the current one."""

    type: ClassVar[str] = "schedule_target"
    is_part: ClassVar[bool] = True

    position: SchedulePosition | str | UnsetType = required()
    schedule: Schedule | ResourceRef | UnsetType = to_one()

    @property
    def name(self) -> Omittable[str]:
        """The name of the schedule.

        Raises:
            LinkError: the schedule was not read.
        """
        return self.schedule.name if self.schedule else UNSET

    @property
    def plain(self) -> Resource | ResourceRef:
        """The schedule, if its current position is meant: the server answers with that, whichever was sent.

        https://github.com/DataDog/terraform-provider-datadog/issues/3502
        """
        is_current = self.position == SchedulePosition.CURRENT and not self.extra
        return self.schedule if is_current and self.schedule else self

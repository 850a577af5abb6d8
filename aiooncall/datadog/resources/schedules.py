"""Schedules: create, get, list, update, delete, and who is on call (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from aiooncall._base.datetimes import format_datetime
from aiooncall._base.json import as_object
from aiooncall._base.unset import UNSET
from aiooncall._base.validation import aware, count, one_of
from aiooncall._base.zones import zone_info
from aiooncall.client.composite import composite
from aiooncall.client.pagination import paginate
from aiooncall.coverage.periods import LONGEST, period
from aiooncall.datadog import keeping
from aiooncall.datadog.keeping import Plan
from aiooncall.datadog.layers import rotations_of, stand_ins_of
from aiooncall.datadog.models.on_call import ScheduleResponders, Shift
from aiooncall.datadog.models.schedule import Layer, Member, Schedule, SchedulePosition
from aiooncall.datadog.previews.schedules import schedule_preview, unnamed, with_names
from aiooncall.datadog.resources.base import Collection, read_many, read_one
from aiooncall.datadog.resources.includes import (
    WITH_LAYERS,
    WITH_PEOPLE,
    RespondersInclude,
    ScheduleInclude,
    ShiftInclude,
    include_query,
    included,
)
from aiooncall.datadog.resources.overrides import Overrides
from aiooncall.datadog.resources.users import people_by_id
from aiooncall.datadog.writing.schedule import schedule_request
from aiooncall.errors import OptionsError
from aiooncall.jsonapi import ResourceRef, each
from aiooncall.transport.crud import crud
from aiooncall.transport.endpoint import Endpoint

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import datetime

    from aiooncall._base.json import Json
    from aiooncall.coverage.periods import Time
    from aiooncall.datadog.models.override import Override
    from aiooncall.datadog.previews.schedules import SchedulePreview

ENDPOINTS = crud("/api/v2/on-call/schedules", "schedule_id")
ON_CALL: Final = Endpoint("GET", f"{ENDPOINTS.get.template}/on-call")
RESPONDERS: Final = Endpoint("GET", f"{ENDPOINTS.get.template}/responders")

LARGEST_PAGE: Final = 100
"""Rows in one request at most (https://docs.datadoghq.com/api/latest/on-call/)."""
_MOMENT: Final = timedelta(seconds=1)
"""The time in which the overrides of one instant are looked for."""


class Schedules(Collection[Schedule]):
    """The schedules of one Datadog account."""

    _kind = Schedule
    _endpoints = ENDPOINTS
    _includes = ScheduleInclude
    _request = staticmethod(schedule_request)

    @cached_property
    def overrides(self) -> Overrides:
        """The times in which somebody stands in."""
        return Overrides(self._core)

    async def _call(
        self, endpoint: Endpoint, *ids: str, include: Iterable[str] = (), body: Json | None = None, **query: str
    ) -> Schedule:
        asked = included(include, self._includes)  # an iterator can be read only once
        schedule = await super()._call(endpoint, *ids, include=asked, body=body, **query)
        if any(value.startswith(ScheduleInclude.LAYERS_MEMBERS) for value in asked):
            _mark_empty_slots(schedule)
        return schedule

    async def list(
        self, query: str | None = None, *, page_size: int = LARGEST_PAGE, include: Iterable[str] = ()
    ) -> AsyncIterator[Schedule]:
        """Yield schedules as they are read, request by request. Rows do not say which layers they have.

        Args:
            query: a part of the name, with `*` for anything, or `team.id:<id>`, or `user.id:(<id> OR <id>)`.
            page_size: rows in one request, at most 100.
            include: what the answers bring along: the teams, or nothing.
        """
        fixed = {"page[size]": str(count("page_size", page_size, most=LARGEST_PAGE))}
        fixed |= include_query(include, (ScheduleInclude.TEAMS,))
        fixed |= {"filter[query]": query} if query else {}

        async def fetch(number: int | None) -> tuple[list[Schedule], int | None]:
            place = {} if number is None else {"page[number]": str(number)}
            read = partial(read_many, kind=Schedule)
            graph = await self._core.fetch(ENDPOINTS.list, query={**fixed, **place}, read=read)
            return graph.data, _next_page(graph.meta.get("page"))

        async for schedule in paginate(fetch, lambda row: row.id):
            yield schedule

    @composite
    async def preview(
        self,
        edited: Schedule,
        start: datetime,
        end: datetime,
        *,
        keep_current: bool = False,
        at: datetime | None = None,
    ) -> SchedulePreview:
        """Return whom an edit would put on call, and instead of whom; nothing is written.

        It takes one request for the schedule as it is, one for each 45 days of overrides, and one more after each page
        that had any. Names of members that neither the schedule nor the edit tells are looked for in the list of users.

        Args:
            edited: the schedule as `update` would take it, with its id.
            start: an aware datetime.
            end: an aware datetime that is not before it, and at most 366 days after it.
            keep_current: whether to move the start of rotations so that whoever is on call at `at` stays on call. The
                schedule to write is then the preview's `edited`.
            at: the instant at which to tell who is on call, an aware datetime; now unless given.

        Raises:
            OptionsError: an argument is wrong, or something about the schedule, or this machine does not know a time
                zone of it; nothing was sent. Or whoever is on call cannot stay by moving rotations.
            LinkError: a layer or a member was not included when it was read.
            NotFound: there is no such schedule.
        """
        time, moment = period(start, end, longest=LONGEST), self._core.instant("at", at).astimezone(UTC)
        self._written(edited)
        zone_info("time_zone", edited.time_zone)
        planned = Plan(edited, rotations_of(edited))
        found = await self.get(edited.id, include=WITH_LAYERS)
        present = Plan(found, rotations_of(found))
        stand_ins = stand_ins_of(await self._overrides_of(edited.id, time, moment))
        users = await people_by_id(self._core, unnamed((present, planned)))
        planned = with_names(planned, (present,), users)
        if keep_current:
            planned = keeping.keep_current(present, planned, stand_ins, moment)
        return schedule_preview(present, planned, stand_ins, time, moment)

    async def _overrides_of(self, schedule_id: str, time: Time, at: datetime) -> Iterable[Override]:
        """Return the overrides of a time, and of an instant that is not in it, each once."""
        times = [] if time[0] <= at < time[1] else [(at, at + _MOMENT)]
        times += [time] if time[0] < time[1] else []
        found = [one for span in times async for one in self.overrides.list(schedule_id, *span, include=WITH_PEOPLE)]
        return {one.id: one for one in found}.values()

    async def on_call(self, schedule_id: str, *, at: datetime | None = None, include: Iterable[str] = ()) -> Shift:
        """Return the shift that is on; Datadog recommends `responders` instead.

        Args:
            schedule_id: the schedule.
            at: an aware datetime; now unless given.
            include: what the answer brings along.

        Raises:
            NotFound: there is no such schedule, or nobody is on call.
        """
        query = {**_instant(at), **include_query(include, ShiftInclude)}
        return await self._core.fetch(ON_CALL, schedule_id, query=query, read=partial(read_one, kind=Shift))

    async def responders(
        self,
        schedule_id: str,
        *,
        at: datetime | None = None,
        positions: Iterable[SchedulePosition | str] = (SchedulePosition.CURRENT,),
        include: Iterable[str] = (RespondersInclude.RESPONDERS_SHIFTS_USER,),
    ) -> ScheduleResponders:
        """Return who is on call for a schedule, by position.

        Args:
            schedule_id: the schedule.
            at: an aware datetime; now unless given.
            positions: any of previous, current and next.
            include: what the answer brings along.
        """
        query = {**_instant(at), **_positions(positions), **include_query(include, RespondersInclude)}
        read = partial(read_one, kind=ScheduleResponders)
        return await self._core.fetch(RESPONDERS, schedule_id, query=query, read=read)


def _mark_empty_slots(schedule: Schedule) -> None:
    """Tell empty slots from members that were not asked for.

    Datadog includes an empty slot without a user, or leaves it out although members were asked for.
    """
    for layer in schedule.layers or ():
        if isinstance(layer, Layer) and layer.members:
            layer.members = [_slot(member) for member in each(layer.members, Member)]


def _slot(member: Member | ResourceRef) -> Member:
    if isinstance(member, ResourceRef):
        return Member(id=member.id, user=None)
    if member.user is UNSET:
        member.user = None
    return member


def _next_page(meta: object) -> int | None:
    following = (as_object(meta) or {}).get("next_number")
    return following if isinstance(following, int) else None


def _instant(at: datetime | None) -> dict[str, str]:
    return {} if at is None else {"filter[at_ts]": format_datetime(aware("at", at).astimezone(UTC))}


def _positions(positions: Iterable[SchedulePosition | str]) -> dict[str, str]:
    wanted = f"a tuple of {', '.join(SchedulePosition)}"
    if isinstance(positions, str) or not isinstance(positions, Iterable):
        raise OptionsError("positions", positions, wanted)
    chosen = dict.fromkeys([one_of("positions", position, SchedulePosition) for position in positions])
    return {"filter[position]": ",".join(chosen)} if chosen else {}

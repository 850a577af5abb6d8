"""Overrides of a schedule: create, list, delete (https://docs.datadoghq.com/api/latest/on-call/)."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from aiooncall._base.datetimes import format_datetime
from aiooncall._base.seen_keys import SeenKeys
from aiooncall._base.validation import count
from aiooncall.client.delivery import Delivery, deliver
from aiooncall.client.reconcile import reconciled
from aiooncall.codec import dumps
from aiooncall.datadog.models.override import Override
from aiooncall.datadog.resources.base import read_many
from aiooncall.datadog.resources.includes import OverrideInclude, include_query
from aiooncall.datadog.resources.listing import numbered
from aiooncall.datadog.writing.override import matching, overrides_given, overrides_request, time_range
from aiooncall.errors import ApiError, CodecError, TransportError
from aiooncall.transport.crud import crud
from aiooncall.transport.endpoint import About

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aiooncall.client.core import ApiCore

ENDPOINTS = crud("/api/v2/on-call/schedules/{schedule_id}/overrides", "override_id")

LONGEST_RANGE: Final = timedelta(days=45)
"""The longest time that one request can cover (https://docs.datadoghq.com/api/latest/on-call/)."""
LARGEST_PAGE: Final = 50
"""Rows in one request at most (same page)."""


class Overrides:
    """The overrides of one Datadog account's schedules."""

    def __init__(self, core: ApiCore) -> None:
        self._core = core

    async def create(
        self,
        schedule_id: str,
        overrides: Override | Iterable[Override],
        *,
        reconcile: bool = False,
        include: Iterable[str] = (),
    ) -> tuple[Override, ...]:
        """Let people stand in on a schedule, once.

        Args:
            schedule_id: the schedule.
            overrides: who stands in and when, each with `start`, `end` and `user`, and with `overridden_user` if it is
                one person's place only. One, or many that are sent with one request.
            reconcile: when the answer was lost, look for up to `reconcile_timeout` for overrides of the same schedule,
                person and time. One that was there before counts as well: it does the same.
            include: what the answer brings along.

        Returns:
            The overrides as the server has them, as many as were given.

        Raises:
            OptionsError: something about one of them is wrong; nothing was sent.
            AmbiguousOutcome: it was sent, and whether all of them were created is unknown; it was not sent again.
            NotFound: there is no such schedule.
        """
        wanted = overrides_given(overrides)
        body, query = dumps({"data": overrides_request(wanted)}), include_query(include, OverrideInclude)
        read, about = partial(_read_created, wanted=len(wanted)), _about(schedule_id, wanted)
        watch = self._core.watch(ENDPOINTS.create, schedule_id, about=about)
        said: dict[str, Any] = {"query": query, "body": body, "about": about, "watch": watch}
        send = partial(self._core.fetch, ENDPOINTS.create, schedule_id, read=read, **said)
        find = partial(reconciled, partial(self._look, schedule_id, wanted, query), self._core.options)
        made = await deliver(self._core, send, find if reconcile else None, Delivery.AT_MOST_ONCE, watch)
        return made.result

    def list(
        self,
        schedule_id: str,
        start: datetime,
        end: datetime,
        *,
        page_size: int = LARGEST_PAGE,
        include: Iterable[str] = (),
    ) -> AsyncIterator[Override]:
        """Yield the overrides in a time once each, as they are read, request by request.

        One request covers at most 45 days, so a longer time takes several.

        Args:
            schedule_id: the schedule.
            start: an aware datetime.
            end: an aware datetime after it.
            page_size: rows in one request, at most 50.
            include: what the answers bring along.

        Raises:
            OptionsError: an argument is wrong; nothing was sent.
            NotFound: there is no such schedule.
        """
        begin, until = time_range("start", start, "end", end)
        size = count("page_size", page_size, most=LARGEST_PAGE)
        return self._between(schedule_id, begin, until, size, include_query(include, OverrideInclude))

    async def delete(self, schedule_id: str, override_id: str) -> None:
        """Take an override away: whoever would be on call without it is on call again.

        Raises:
            NotFound: there is no such schedule or override.
        """
        await self._core.delete(ENDPOINTS.delete, schedule_id, override_id)

    async def _between(
        self, schedule_id: str, start: datetime, end: datetime, size: int, query: Mapping[str, str]
    ) -> AsyncIterator[Override]:
        recent = SeenKeys()
        for begin, until in time_slices(start, end):
            asked = {**query, "filter[start]": format_datetime(begin), "filter[end]": format_datetime(until)}
            rows = numbered(
                self._core, ENDPOINTS.list, schedule_id, kind=Override, query=asked, size=size, most=LARGEST_PAGE
            )
            async for override in rows:
                if recent.is_new(override.id):  # one that goes on over the end of a slice is in the next one too
                    yield override

    async def _look(
        self, schedule_id: str, wanted: Sequence[Override], query: Mapping[str, str]
    ) -> tuple[Override, ...] | None:
        """Return overrides that do what was wanted, if all of it shows up."""
        times = [time_range("start", override.start, "end", override.end) for override in wanted]
        first, last = min(start for start, _ in times), max(end for _, end in times)
        with suppress(ApiError, TransportError, CodecError):  # a look that does not work proves nothing
            rows = self._between(schedule_id, first, last, LARGEST_PAGE, query)
            return matching(wanted, [override async for override in rows])
        return None


def time_slices(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Split a time into slices that one request can cover: in UTC, in order, and no longer than needed.

    Args:
        start: where the first one begins, aware.
        end: where the last one ends, aware.
    """
    begin, end = start.astimezone(UTC), end.astimezone(UTC)
    while begin < end:
        until = min(begin + LONGEST_RANGE, end)
        yield begin, until
        begin = until


def _read_created(body: bytes, wanted: int) -> tuple[Override, ...]:
    made = tuple(read_many(body, Override).data)
    if len(made) != wanted:
        raise CodecError(f"expected {wanted} overrides as created, got {len(made)}", path="$.data")
    return made


def _about(schedule_id: str, wanted: Sequence[Override]) -> About:
    first = wanted[0]
    person = first.user.id if first.user else ""
    named = {"schedule_id": schedule_id, "user": person, "start": str(first.start), "end": str(first.end)}
    more = {"overrides": str(len(wanted))} if len(wanted) > 1 else {}
    return About({**named, **more}, "schedules.overrides.list tells whether it is there")

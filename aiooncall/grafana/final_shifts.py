"""Who is on call when, over any stretch of time: the server answers for a year at most, and to the minute."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.checks import aware
from aiooncall.errors import OptionsError
from aiooncall.grafana.models.schedule import FinalShift
from aiooncall.grafana.service import read_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from aiooncall.client.base import BaseClient
    from aiooncall.transport.messages import Endpoint

LONGEST: Final = timedelta(days=365)
"""What one request covers at most: grafana/oncall, engine/apps/public_api/serializers/schedules_base.py."""


async def final_shifts(
    client: BaseClient, endpoint: Endpoint, schedule_id: str, start: date, end: date
) -> AsyncIterator[FinalShift]:
    """Yield the shifts between `start` and `end`; one that goes on over the edge of a request is one shift."""
    first, last = _instant("start", start), _instant("end", end)
    if last < first:
        raise OptionsError("end", end, "a time that is not before start")
    open_ones: list[FinalShift] = []
    for since, until in _windows(first, last):
        query = {"start_date": f"{since:%Y-%m-%dT%H:%M}", "end_date": f"{until:%Y-%m-%dT%H:%M}"}
        rows = await client.fetch(endpoint, schedule_id, query=query, read=_rows)
        shifts = _joined(open_ones, rows, since)
        open_ones = [shift for shift in shifts if shift.end == until < last]
        for shift in shifts:
            if (cut := _cut(shift, first, last)) and shift not in open_ones:
                yield cut


def _rows(body: bytes) -> list[FinalShift]:
    return list(read_page(body, FinalShift)[0])


def _instant(field: str, moment: object) -> datetime:
    """Return a datetime in UTC; a date is its midnight."""
    if isinstance(moment, date) and not isinstance(moment, datetime):
        return datetime.combine(moment, time(), UTC)
    return aware(field, moment).astimezone(UTC)


def _windows(first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Cut a stretch of time into what one request covers, in whole minutes that hold all of it."""
    since = first.replace(second=0, microsecond=0)
    end = (last + timedelta(minutes=1, microseconds=-1)).replace(second=0, microsecond=0)
    while True:
        until = min(since + LONGEST, end)
        yield since, until
        if until == end:
            return
        since = until


def _joined(before: Iterable[FinalShift], rows: Iterable[FinalShift], edge: datetime) -> list[FinalShift]:
    """Return all shifts by their start; one that begins at the edge continues one of the same user that ended there."""
    waiting: defaultdict[str, list[FinalShift]] = defaultdict(list)
    for shift in before:
        waiting[shift.user_id].append(shift)
    joined = [
        attrs.evolve(row, start=waiting[row.user_id].pop().start) if row.start == edge and waiting[row.user_id] else row
        for row in rows
    ]
    return sorted([*joined, *(shift for left in waiting.values() for shift in left)], key=lambda shift: shift.start)


def _cut(shift: FinalShift, first: datetime, last: datetime) -> FinalShift | None:
    start, end = max(shift.start, first), min(shift.end, last)
    return attrs.evolve(shift, start=start, end=end) if start < end else None

"""Who is on call when, over any stretch of time: the server answers for a year at most, and to the minute."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall._base.validation import aware
from aiooncall.errors import OptionsError
from aiooncall.grafana.models.schedule import FinalShift
from aiooncall.grafana.resources.base import read_page

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator

    from aiooncall.client.core import ApiCore
    from aiooncall.transport.endpoint import Endpoint

LONGEST: Final = timedelta(days=365)
"""The longest time that one request can cover: grafana/oncall, engine/apps/public_api/serializers/schedules_base.py."""
OVERLAP: Final = timedelta(minutes=1)
"""How far two requests overlap: the shortest time that can be asked for."""


async def final_shifts(
    core: ApiCore, endpoint: Endpoint, schedule_id: str, start: date, end: date
) -> AsyncIterator[FinalShift]:
    """Yield the shifts between `start` and `end`; one that goes on from request to request is one shift.

    The server cuts shifts to what is asked for, so at the end of a request one that goes on looks like one that is
    over. A little before its end the two look different: it is there that a request and the next one meet.
    """
    first, last = _instant("start", start), _instant("end", end)
    if last < first:
        raise OptionsError("end", end, "a time that is not before start")
    going_on: list[FinalShift] = []
    for since, until, seam in _windows(first, last):
        query = {"start_date": f"{since:%Y-%m-%dT%H:%M}", "end_date": f"{until:%Y-%m-%dT%H:%M}"}
        rows = await core.fetch(endpoint, schedule_id, query=query, read=_rows)
        shifts = _joined(going_on, rows, since)
        going_on = [shift for shift in shifts if seam and shift.start < seam < shift.end]
        for shift in shifts:
            if (seam is None or shift.end <= seam) and (cut := _cut(shift, first, last)):
                yield cut


def _rows(body: bytes) -> list[FinalShift]:
    return list(read_page(body, FinalShift)[0])


def _instant(field: str, moment: object) -> datetime:
    """Return a datetime in UTC; a date is its midnight."""
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime.combine(moment, time(), UTC)
    return aware(field, moment).astimezone(UTC)


def _windows(first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime, datetime | None]]:
    """Yield where each request begins and ends, and where the next one begins; in whole minutes that hold all."""
    since = first.replace(second=0, microsecond=0)
    end = (last + timedelta(minutes=1, microseconds=-1)).replace(second=0, microsecond=0)
    while True:
        if since + LONGEST >= end:
            yield since, end, None
            return
        seam = since + LONGEST - OVERLAP
        yield since, since + LONGEST, seam
        since = seam


def _joined(before: Iterable[FinalShift], rows: Iterable[FinalShift], seam: datetime) -> list[FinalShift]:
    """Return all shifts by their start; one that begins at the seam continues one of its user that went on there."""
    waiting: defaultdict[str, list[FinalShift]] = defaultdict(list)
    for shift in before:
        waiting[shift.user_id].append(shift)
    joined = [
        attrs.evolve(row, start=waiting[row.user_id].pop().start) if row.start <= seam and waiting[row.user_id] else row
        for row in rows
    ]
    return sorted([*joined, *(shift for left in waiting.values() for shift in left)], key=lambda shift: shift.start)


def _cut(shift: FinalShift, first: datetime, last: datetime) -> FinalShift | None:
    start, end = max(shift.start, first), min(shift.end, last)
    return attrs.evolve(shift, start=start, end=end) if start < end else None

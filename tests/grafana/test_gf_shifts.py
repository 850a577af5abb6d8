"""Who will be on call in Grafana OnCall, in the shape of all providers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import NotFound, OptionsError
from aiooncall import grafana as g
from aiooncall.coverage import Person, changes, gaps
from tests.support.datadog_world import everything
from tests.support.grafana_client import NOTHING, grafana_world

if TYPE_CHECKING:
    from tests.support.grafana_client import GrafanaWorld

START: Final = datetime(2031, 3, 28, tzinfo=UTC)
DAY: Final = timedelta(days=1)


async def daily(w: GrafanaWorld, *turns: list[str]) -> str:
    """Make a schedule of days in Paris, and return its id."""
    rotation = g.OnCallShift(
        name="Daily", type="rolling_users", start=datetime(2031, 3, 1, 9),  # noqa: DTZ001 (on the wall)
        duration=timedelta(hours=12),
        frequency="daily", interval=1, rolling_users=turns, start_rotation_from_user_index=0, time_zone="Europe/Paris",
    )  # fmt: skip
    made = await w.client.on_call_shifts.create(rotation)
    schedule = await w.client.schedules.create(g.CalendarSchedule(name="P", time_zone="UTC", shifts=[made.id]))
    w.sim.ledger.requests.clear()
    return schedule.id


async def test_shifts_are_final_shifts() -> None:
    """Shifts are the final shifts in the common shape: in one request, by start, cut, in UTC over a clock change."""
    async with grafana_world() as w:
        ann, ben = (w.sim.grafana.add_user(name) for name in ("ann", "ben"))
        schedule = await daily(w, [ann], [ben, ann])
        start, end = START + timedelta(hours=10), START + 4 * DAY
        found = await w.client.shifts(schedule, start, end)
        assert len(w.sent()) == 1
        rows = await everything(w.client.schedules.final_shifts(schedule, start, end))
        assert [(one.person and one.person.id, one.start, one.end) for one in found] == sorted(
            [(row.user_id, row.start, row.end) for row in rows], key=lambda row: (row[1], row[2], row[0])
        )
        assert {one.start.hour for one in found} == {7, 8, 10}
        assert {one.schedule for one in found} == {schedule}
        assert {one.start.tzinfo for one in found} == {UTC}
        assert next(one.person for one in found if one.label == "ann") == Person(id=ann)
        assert await everything(w.client.shifts.stream(schedule, start, end)) == found


async def test_gaps_and_changes_of_a_schedule() -> None:
    """Between two days nobody is on call, and an edit of the rotation is told with names."""
    async with grafana_world() as w:
        ann, ben = (w.sim.grafana.add_user(name) for name in ("ann", "ben"))
        schedule = await daily(w, [ann], [ben])
        before = await w.client.shifts(schedule, START, START + 2 * DAY)
        assert [gap.length.total_seconds() / 3600 for gap in gaps(before, START, START + 2 * DAY)] == [8, 12, 4]
        assert gaps(await w.client.shifts(schedule, START, START), START, START) == []
        (rotation,) = await everything(w.client.on_call_shifts.list())
        rotation.rolling_users = [[ann]]
        await w.client.on_call_shifts.update(rotation)
        after = await w.client.shifts(schedule, START, START + 2 * DAY)
        assert {change.summary for change in changes(before, after)} == {"ann instead of ben"}


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (START.replace(tzinfo=None), START, "start"),
        (START, START.date(), "end"),
        (START, START - DAY, "end"),
        (START, START + 367 * DAY, "end"),
    ],
)
async def test_bad_times_of_shifts(start: Any, end: Any, field: str) -> None:
    """Naive times, dates, an end before the start and more than a year are refused, and nothing is sent."""
    async with grafana_world() as w:
        for asked in (w.client.shifts("S", start, end), everything(w.client.shifts.stream("S", start, end))):
            with pytest.raises(OptionsError) as raised:
                await asked
            assert raised.value.field == field
        assert w.sent() == []


async def test_shifts_of_nothing() -> None:
    """An unknown schedule is NotFound."""
    async with grafana_world() as w:
        with pytest.raises(NotFound):
            await w.client.shifts(NOTHING, START, START + DAY)

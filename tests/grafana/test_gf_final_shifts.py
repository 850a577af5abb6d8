"""Final shifts of Grafana OnCall over any stretch of time: nothing lost, nothing twice, nothing in pieces."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import attrs
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import NotFound, OptionsError
from aiooncall import grafana as g
from aiooncall.grafana.resources.final_shifts import final_shifts
from aiooncall.grafana.resources.schedules import FINAL_SHIFTS
from tests.support.datadog_world import everything
from tests.support.grafana_calls import recorded
from tests.support.grafana_client import NOTHING, grafana_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.support.grafana_client import GrafanaWorld

Span = tuple[datetime, datetime, str]

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
START: Final = datetime(2027, 1, 18, 9, tzinfo=UTC)
PARIS: Final = ZoneInfo("Europe/Paris")


def naive(moment: datetime) -> datetime:
    """Return what clocks show, without a zone."""
    return moment.replace(tzinfo=None)


async def scheduled(w: GrafanaWorld, *shifts: g.OnCallShift) -> str:
    """Make a schedule of shifts and return its id; the requests for that are not in the ledger."""
    made = [await w.client.on_call_shifts.create(shift) for shift in shifts]
    schedule = await w.client.schedules.create(
        g.WebSchedule(name="Primary", time_zone="UTC", shifts=[shift.id for shift in made])
    )
    w.sim.ledger.requests.clear()
    return schedule.id


def single(start: datetime, length: timedelta, *users: str) -> g.OnCallShift:
    """Return a shift that happens once."""
    return g.OnCallShift(name="s", type="single_event", start=start, time_zone="UTC", duration=length, users=users)


def spans(found: Iterable[g.FinalShift]) -> list[Span]:
    """Return who is on call when."""
    return [(shift.start, shift.end, shift.user_id) for shift in found]


async def test_final_shifts_of_years(monkeypatch: pytest.MonkeyPatch) -> None:
    """Years are asked for one by one; a shift over an edge is one, and what only ends or begins there is its own."""
    async with grafana_world() as w:
        ann, bob, cy = (w.sim.grafana.add_user(name) for name in ("ann", "bob", "cy"))
        edge = START + 365 * DAY
        schedule = await scheduled(
            w,
            single(START - DAY, 800 * DAY, ann),
            single(edge - DAY, DAY, bob),
            single(edge, HOUR, cy),
            single(edge - HOUR, 2 * HOUR, cy),
        )
        sent = recorded(w.client, monkeypatch)
        found = await everything(w.client.schedules.final_shifts(schedule, START, START + 1000 * DAY))
        assert sorted(spans(found)) == sorted(
            [
                (START, START + 799 * DAY, ann),
                (edge - DAY, edge, bob),
                (edge, edge + HOUR, cy),
                (edge - HOUR, edge + HOUR, cy),
            ]
        )
        asked = [(one.query["start_date"], one.query["end_date"]) for one in sent]
        assert asked == [
            ("2027-01-18T09:00", "2028-01-18T09:00"),
            ("2028-01-18T08:59", "2029-01-17T08:59"),
            ("2029-01-17T08:58", "2029-10-14T09:00"),
        ]
        assert found[0].user_username in {"ann", "bob", "cy"}


async def test_final_shifts_agree_with_small_windows() -> None:
    """Three years at once are what stretches of 73 days are together, with rotations, overrides and summer time."""
    async with grafana_world() as w:
        ann, bob, cy = (w.sim.grafana.add_user(name) for name in ("ann", "bob", "cy"))
        rotation = g.OnCallShift(
            name="r", type="rolling_users", start=naive(START), duration=DAY, frequency="daily", interval=3,
            rolling_users=[[ann], [bob, cy]], start_rotation_from_user_index=0, time_zone="Europe/Paris",
        )  # fmt: skip
        override = g.OnCallShift(
            name="o", type="override", start=naive(START), duration=30 * DAY, time_zone="UTC", users=[cy]
        )
        schedule = await scheduled(w, rotation, override, single(START + 360 * DAY, 20 * DAY, cy))
        end = START + 1095 * DAY
        whole = await everything(w.client.schedules.final_shifts(schedule, START, end))
        parts: list[g.FinalShift] = []
        for days in range(0, 1095, 73):
            since = START + days * DAY
            parts += await everything(w.client.schedules.final_shifts(schedule, since, since + 73 * DAY))
        assert covered(spans(whole)) == covered(spans(parts))
        assert len(whole) > 300


def covered(found: Iterable[Span]) -> dict[tuple[str, datetime], int]:
    """Return at which instants how many shifts of each user begin more than end; joined or cut, it is the same."""
    changes: Counter[tuple[str, datetime]] = Counter()
    for start, end, user in found:
        changes[user, start] += 1
        changes[user, end] -= 1
    return {change: number for change, number in changes.items() if number}


@attrs.frozen
class Server:
    """Answers with those of some shifts that are in the window, cut to it, as the engine does."""

    shifts: list[Span]
    windows: list[timedelta] = attrs.field(factory=list[timedelta])

    async def fetch(
        self, endpoint: object, schedule: str, *, query: dict[str, str], read: Callable[[bytes], Any]
    ) -> Any:
        """Answer one request."""
        since, until = (datetime.fromisoformat(query[name] + "Z") for name in ("start_date", "end_date"))
        self.windows.append(until - since)
        rows = [
            {"user_pk": user, "shift_start": max(start, since).isoformat(), "shift_end": min(end, until).isoformat()}
            for start, end, user in self.shifts
            if start < until and end > since
        ]
        return read(orjson.dumps({"next": None, "results": rows}))


def found_by(server: Server, start: datetime, end: datetime) -> list[Span]:
    """Return the final shifts that are found on a server."""
    client: Any = server
    return spans(asyncio.run(everything(final_shifts(client, FINAL_SHIFTS, "S1", start, end))))


def cut(shifts: Iterable[Span], start: datetime, end: datetime) -> list[Span]:
    """Return what of shifts is in a stretch of time."""
    pieces = [(max(begin, start), min(finish, end), user) for begin, finish, user in shifts]
    return sorted(piece for piece in pieces if piece[0] < piece[1])


async def test_shifts_that_meet_at_an_edge() -> None:
    """Shifts of one person that follow each other stay as many as they are, also where years meet, or nearly do."""
    for offset in (-2, -1, 0, 1, 2):
        days = [START + number * DAY + offset * MINUTE for number in range(-1, 801)]
        shifts = [(begin, begin + DAY, "a") for begin in days]
        client: Any = Server(shifts)
        found = spans(await everything(final_shifts(client, FINAL_SHIFTS, "S1", START, START + 800 * DAY)))
        assert found == cut(shifts, START, START + 800 * DAY)


HOURS: Final = st.integers(-2000, 30_000)
MINUTES: Final = HOURS.map(lambda hours: hours * 60) | st.sampled_from(
    [edge + offset for edge in (365 * 1440, 730 * 1440, 1095 * 1440) for offset in range(-4, 2)]
)
SECONDS: Final = st.integers(-100 * 86_400, 1200 * 86_400)


@given(
    st.dictionaries(st.sampled_from("abc"), st.dictionaries(MINUTES, st.booleans(), max_size=8)),
    SECONDS | st.just(0),
    SECONDS,
)
def test_final_shifts_of_any_stretch(minutes: dict[str, dict[int, bool]], first: int, last: int) -> None:
    """Of shifts that do not overlap, each comes exactly once, whole, and cut to the second to what was asked for."""
    start, end = sorted(START + timedelta(seconds=offset) for offset in (first, last))
    shifts = [
        (START + begin * MINUTE, START + finish * MINUTE, user)
        for user, times in minutes.items()
        for begin, finish in pairwise(sorted(times))
        if times[begin]
    ]
    server = Server(shifts)
    assert sorted(found_by(server, start, end)) == cut(shifts, start, end)
    assert max(server.windows) <= 365 * DAY
    assert sum(server.windows, timedelta()) - (end - start) < (len(server.windows) + 1) * MINUTE


@given(
    st.lists(st.tuples(MINUTES, st.integers(1, 1_200_000), st.sampled_from("ab")), max_size=6),
    st.integers(0, 1000),
)
def test_final_shifts_that_overlap(drawn: list[tuple[int, int, str]], days: int) -> None:
    """Shifts may overlap, touch and be equal: at each instant as many are there as should be."""
    shifts = [(START + begin * MINUTE, START + (begin + length) * MINUTE, user) for begin, length, user in drawn]
    end = START + days * DAY
    assert covered(found_by(Server(shifts), START, end)) == covered(cut(shifts, START, end))


async def test_final_shifts_by_dates_and_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A date is its midnight in UTC; seconds are rounded in the request and exact in what is found."""
    async with grafana_world() as w:
        ann = w.sim.grafana.add_user("ann")
        schedule = await scheduled(w, single(START, DAY, ann))
        sent = recorded(w.client, monkeypatch)
        dated = w.client.schedules.final_shifts(schedule, date(2027, 1, 18), date(2027, 1, 19))
        assert spans(await everything(dated)) == [(START, START + 15 * HOUR, ann)]
        since, until = START.astimezone(PARIS) + timedelta(seconds=30.5), START + timedelta(seconds=90)
        exact = w.client.schedules.final_shifts(schedule, since, until)
        assert spans(await everything(exact)) == [(since, until, ann)]
        assert await everything(w.client.schedules.final_shifts(schedule, START, START)) == []
        late = await scheduled(w, single(START + timedelta(seconds=40), DAY, ann))
        before = w.client.schedules.final_shifts(late, START, START + timedelta(seconds=30))
        assert await everything(before) == []
        assert [(one.query["start_date"], one.query["end_date"]) for one in sent if one.query] == [
            ("2027-01-18T00:00", "2027-01-19T00:00"),
            ("2027-01-18T09:00", "2027-01-18T09:02"),
            ("2027-01-18T09:00", "2027-01-18T09:00"),
            ("2027-01-18T09:00", "2027-01-18T09:01"),
        ]


@pytest.mark.parametrize(
    ("start", "end", "field"),
    [
        (naive(START), START, "start"),
        (START, naive(START), "end"),
        ("2027-01-18", START, "start"),
        (START, None, "end"),
        (START, START - MINUTE, "end"),
        (date(2027, 1, 19), START, "end"),
        (START, date.max, "end"),
        (date.min, START, "start"),
    ],
)
async def test_final_shifts_between_what_is_no_times(start: Any, end: Any, field: str) -> None:
    """What is no time, the ends of the calendar and an end before the start are refused by name; nothing is sent."""
    async with grafana_world() as w:
        with pytest.raises(OptionsError) as raised:
            await everything(w.client.schedules.final_shifts("S1", start, end))
        assert (raised.value.field, w.sent()) == (field, [])


async def test_final_shifts_of_nothing() -> None:
    """An unknown schedule is NotFound, and a schedule without shifts has none."""
    async with grafana_world() as w:
        with pytest.raises(NotFound):
            await everything(w.client.schedules.final_shifts(NOTHING, START, START + DAY))
        assert await everything(w.client.schedules.final_shifts(await scheduled(w), START, START + 900 * DAY)) == []

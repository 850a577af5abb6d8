"""Times in Grafana OnCall: of shifts, of swaps, and of what is asked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import UNSET, NotFound, OptionsError, evolve
from aiooncall import grafana as g
from aiooncall.grafana.resources.on_call_shifts import _local
from tests.support.datadog_world import everything
from tests.support.grafana_calls import NEW, furnished, recorded
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from aiooncall import GrafanaOnCall

Span = tuple[datetime, datetime, str]

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
MINUTE: Final = timedelta(minutes=1)
START: Final = datetime(2027, 1, 18, 9, tzinfo=UTC)
PARIS: Final = ZoneInfo("Europe/Paris")
TWICE: Final = [datetime(2027, 10, 31, hour, 30, tzinfo=UTC) for hour in (0, 1)]
"""Both are half past two in Paris, where clocks are set back at three."""


def naive(moment: datetime) -> datetime:
    """Return what clocks show, without a zone."""
    return moment.replace(tzinfo=None)


@pytest.mark.parametrize("name", ["start", "rotation_start"])
@pytest.mark.parametrize("method", ["create", "update", "patch"])
async def test_shift_times_that_are_sent(method: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A naive time is sent as it is; an aware one as the clocks of the shift's time zone show it."""
    async with furnished() as (w, ids):
        sent = recorded(w.client, monkeypatch)
        change = getattr(w.client.on_call_shifts, method)
        for number, (moment, zone, text) in enumerate(
            [
                (naive(START), UNSET, "2027-01-18T09:00:00"),
                (naive(START), "Asia/Tokyo", "2027-01-18T09:00:00"),
                (START, "Europe/Paris", "2027-01-18T10:00:00"),
                (START.astimezone(PARIS), "America/New_York", "2027-01-18T04:00:00"),
                (datetime(2027, 7, 1, tzinfo=timezone(-5 * HOUR)), "Europe/Paris", "2027-07-01T07:00:00"),
            ]
        ):
            shift = evolve(NEW["on_call_shifts"](ids), id=ids.on_call_shifts, time_zone=zone, **{name: moment})
            answer = await change(shift)
            assert sent[number].body[name] == text
            assert getattr(answer, name) == datetime.fromisoformat(text)


@pytest.mark.parametrize("name", ["start", "rotation_start"])
@pytest.mark.parametrize(
    ("moment", "zone", "reason"),
    [
        (START, UNSET, "time_zone"),
        (START, None, "time_zone"),
        (TWICE[0], "Europe/Paris", "show once"),
        (TWICE[1], "Europe/Paris", "show once"),
        (START.replace(microsecond=1), "UTC", "whole seconds"),
        (naive(START).replace(microsecond=1), "UTC", "whole seconds"),
        (naive(START).replace(microsecond=1), UNSET, "whole seconds"),
        (date(2027, 1, 18), UNSET, "a datetime"),
    ],
    ids=str,
)
async def test_shift_times_that_are_refused(name: str, moment: Any, zone: Any, reason: str) -> None:
    """A time that the server cannot be told exactly is refused by its name, and nothing is sent."""
    async with furnished() as (w, ids):
        shift = evolve(NEW["on_call_shifts"](ids), id=ids.on_call_shifts, time_zone=zone, **{name: moment})
        shifts = w.client.on_call_shifts
        for change in (shifts.create, shifts.update, shifts.patch):
            with pytest.raises(OptionsError, match=reason) as raised:
                await change(shift)
            assert raised.value.field == name
        assert w.sent() == []


ENDLESS: Final[dict[str, Any]] = {"type": "recurrent_event", "frequency": "daily", "interval": 1}


@pytest.mark.parametrize("zone", [UNSET, None, "UTC", "America/New_York", "Asia/Tokyo", "Europe/Paris"])
@pytest.mark.parametrize("method", ["create", "update", "patch"])
async def test_end_of_a_shift_travels_in_utc(method: str, zone: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a shift stops to repeat is sent in UTC whatever the shift's zone is, and comes back as the same instant."""
    async with furnished() as (w, ids):
        change, sent = getattr(w.client.on_call_shifts, method), recorded(w.client, monkeypatch)
        for end in (START, START.astimezone(PARIS), *TWICE, TWICE[1].astimezone(PARIS), TWICE[0].astimezone(PARIS)):
            shift = evolve(NEW["on_call_shifts"](ids), id=ids.on_call_shifts, time_zone=zone, until=end, **ENDLESS)
            made = await change(shift)
            assert sent[-1].body["until"] == f"{end.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
            assert (made.until, made.until.tzinfo) == (end.astimezone(UTC), UTC)
            assert made.start == shift.start
        await w.client.on_call_shifts.update(made)
        assert sent[-1].body["until"] == f"{end.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"
        await w.client.on_call_shifts.patch(g.OnCallShift(id=made.id, until=None))
        assert sent[-1].body == {"until": None}


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        (naive(START), "an aware datetime"),
        (START.replace(microsecond=1), "whole seconds"),
        (START.date(), "an aware datetime"),
        ("2027-01-18T09:00:00", "an aware datetime"),
        (datetime.max.replace(tzinfo=UTC), "a time in the years"),
    ],
    ids=str,
)
async def test_ends_that_are_refused(moment: Any, reason: str) -> None:
    """An end that is no instant is refused by its name, and not taken for one in some zone."""
    async with furnished() as (w, ids):
        shift = evolve(NEW["on_call_shifts"](ids), id=ids.on_call_shifts, time_zone="UTC", until=moment)
        shifts = w.client.on_call_shifts
        for change in (shifts.create, shifts.update, shifts.patch):
            with pytest.raises(OptionsError, match=reason) as raised:
                await change(shift)
            assert raised.value.field == "until"
        assert w.sent() == []


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1)),  # noqa: DTZ001 (it is taken as UTC)
    st.sampled_from(["Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC"]),
    st.integers(-14 * 60, 14 * 60),
)
def test_local_time_is_the_same_instant(moment: datetime, zone: str, offset: int) -> None:
    """What is sent for an instant is that instant, and it is refused only if clocks show another one alike."""
    instant = moment.replace(microsecond=0, tzinfo=UTC)
    clock = ZoneInfo(zone)
    shown = instant.astimezone(clock)
    alike = {shown.replace(fold=fold).astimezone(UTC) for fold in (0, 1)}
    given = instant.astimezone(timezone(offset * MINUTE))
    if len(alike) == 1:
        local = _local("start", given, zone)
        assert isinstance(local, datetime)
        assert (local.tzinfo, local.replace(tzinfo=clock).astimezone(UTC)) == (None, instant)
    else:
        with pytest.raises(OptionsError):
            _local("start", given, zone)


async def test_swap_times(monkeypatch: pytest.MonkeyPatch) -> None:
    """The times of a swap go with their offset, and come back as the same instants."""
    async with furnished() as (w, ids):
        sent = recorded(w.client, monkeypatch)
        start, end = START.astimezone(PARIS) + 30 * DAY, START + 31 * DAY + timedelta(microseconds=5)
        made = await w.client.shift_swaps.create(evolve(NEW["shift_swaps"](ids), swap_start=start, swap_end=end))
        body = sent[0].body
        assert (body["swap_start"], body["swap_end"]) == ("2027-02-17T10:00:00+01:00", "2027-02-18T09:00:00.000005Z")
        assert (made.swap_start, made.swap_end) == (start, end)
        found = await everything(w.client.shift_swaps.list(starting_after=start))
        assert [swap.id for swap in found] == [made.id, ids.shift_swaps]
        assert sent[1].query[0] == ("starting_after", "2027-02-17T10:00:00+01:00")


async def test_swap_that_has_begun() -> None:
    """A swap that has begun is hidden, unless one looks back."""
    async with furnished() as (w, ids):
        await w.clock.sleep(60 * 86_400)
        with pytest.raises(NotFound):
            await w.client.shift_swaps.get(ids.shift_swaps)
        found = await w.client.shift_swaps.get(ids.shift_swaps, starting_after=START)
        assert (found.id, found.status) == (ids.shift_swaps, g.SwapStatus.PAST_DUE)


@pytest.mark.parametrize(
    ("between", "query"),
    [
        ((START, START), "2027-01-18T09:00:00_2027-01-18T09:00:00"),
        ((START.astimezone(PARIS), START + DAY), "2027-01-18T09:00:00_2027-01-19T09:00:00"),
        (
            (START + timedelta(seconds=0.9), START + timedelta(seconds=1.1)),
            "2027-01-18T09:00:00_2027-01-18T09:00:02",
        ),
    ],
)
async def test_groups_between_two_times(
    gf: GrafanaOnCall, between: Any, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The times that groups began between are sent in UTC, in whole seconds that leave nothing out."""
    sent = recorded(gf, monkeypatch)
    assert await everything(gf.alert_groups.list(started_at=between)) == []
    assert ("started_at", query) in sent[0].query


@pytest.mark.parametrize(
    "between", [(naive(START), START), (START, naive(START)), (START, START - DAY), [START, START], (START,), START]
)
async def test_groups_between_what_is_no_times(between: Any) -> None:
    """Naive times, the later one first, and anything that is not a pair are refused."""
    async with grafana_world() as w:
        with pytest.raises(OptionsError) as raised:
            await everything(w.client.alert_groups.list(started_at=between))
        assert (raised.value.field, w.sent()) == ("started_at", [])

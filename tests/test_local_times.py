"""Times without a zone: read as they are, and made of an instant wherever that says enough."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aiooncall import PreciseTime
from aiooncall._base.datetimes import in_zone, parse_datetime, parse_local

if TYPE_CHECKING:
    from datetime import tzinfo

PARIS = ZoneInfo("Europe/Paris")
ZONES = st.sampled_from(
    [UTC, timezone(timedelta(hours=5, minutes=45)), *map(ZoneInfo, (
        "Europe/Paris", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC",
        "Pacific/Apia", "Africa/Casablanca", "Europe/Dublin",
    ))]
)  # fmt: skip
INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2037, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 (by Hypothesis's rules)


def twice(moment: datetime, zone: tzinfo) -> bool:
    """Return whether the clocks of `zone` show what they show at `moment` at another instant too."""
    local = moment.astimezone(zone).replace(tzinfo=None)
    return len({local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}) == 2


@given(moment=INSTANTS, zone=ZONES, own=ZONES)
@example(moment=datetime(2026, 10, 25, 0, 30, tzinfo=UTC), zone=PARIS, own=UTC)
@example(moment=datetime(2026, 10, 25, 1, 30, tzinfo=UTC), zone=PARIS, own=PARIS)
def test_local_time_stands_for_its_instant(moment: datetime, zone: tzinfo, own: tzinfo) -> None:
    """A local time is naive and stands for the instant that it was made of; there is none where it stands for two."""
    local = in_zone(moment.astimezone(own), zone)
    if local is None:
        assert twice(moment, zone)
        return
    assert not twice(moment, zone)
    assert (local.tzinfo, local.fold) == (None, 0)
    assert local.replace(tzinfo=zone).astimezone(UTC) == moment


@pytest.mark.parametrize(
    ("utc", "local"),
    [
        ("2026-03-29T00:59:59", "2026-03-29T01:59:59"),
        ("2026-03-29T01:00:00", "2026-03-29T03:00:00"),
        ("2026-10-24T23:59:59", "2026-10-25T01:59:59"),
        ("2026-10-25T00:00:00", None),
        ("2026-10-25T01:59:59", None),
        ("2026-10-25T02:00:00", "2026-10-25T03:00:00"),
    ],
)
def test_when_clocks_change(utc: str, local: str | None) -> None:
    """Paris: the hour that is left out in spring is never made, and the one that comes twice in autumn is none."""
    found = in_zone(datetime.fromisoformat(utc).replace(tzinfo=UTC), PARIS)
    assert (found and found.isoformat()) == local


def test_digits_beyond_microseconds_are_of_the_other_zone() -> None:
    """What is made of a precise time does not keep the text of another zone."""
    precise = parse_datetime("2026-07-10T09:31:38.803561233-05:00")
    assert isinstance(precise, PreciseTime)
    found = in_zone(precise, PARIS)
    assert found is not None
    assert (found.isoformat(), getattr(found, "text", "")) == ("2026-07-10T16:31:38.803561", "")


@given(moment=st.datetimes())
def test_local_texts_survive(moment: datetime) -> None:
    """A time without a zone comes back as it was written, naive."""
    assert parse_local(moment.isoformat()) == moment
    found = parse_local(moment.isoformat())
    assert found is not None
    assert found.tzinfo is None


@pytest.mark.parametrize("text", ["2026-01-01T09:00:00Z", "2026-01-01T09:00:00+00:00", "2026-01-01T11:00:00+02:00"])
def test_zone_in_the_text_is_kept(text: str) -> None:
    """A text that says its zone after all is read as that instant."""
    assert parse_local(text) == datetime(2026, 1, 1, 9, tzinfo=UTC)


def test_no_time_is_none() -> None:
    """Null stays None."""
    assert parse_local(None) is None


@pytest.mark.parametrize("value", [5, 5.5, True, [], {}, b"2026-01-01"])
def test_local_time_is_a_text(value: object) -> None:
    """Anything but a text or null is an error that says what it was."""
    with pytest.raises(TypeError, match=type(value).__name__):
        parse_local(value)


@pytest.mark.parametrize("text", ["", "noon", "2026-13-01T00:00:00", "2026-01-01T25:00:00"])
def test_no_time_at_all(text: str) -> None:
    """A text that is no time is a ValueError."""
    with pytest.raises(ValueError, match=f"expected an RFC 3339 time, got {text!r}"):
        parse_local(text)

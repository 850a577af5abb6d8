"""Points in time and times of day: every spelling is read, and nothing that it says is lost."""

from __future__ import annotations

import copy
import pickle
import re
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import UNSET, PreciseTime
from aiooncall._base.datetimes import format_datetime, parse_datetime, parse_time, to_seconds
from tests.support.graphs import moments

EIGHT = datetime(2027, 1, 15, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "microsecond"),
    [
        ("2027-01-15T08:00:00Z", 0), ("2027-01-15T08:00:00.5Z", 500_000), ("2027-01-15T08:00:00.123Z", 123_000),
        ("2027-01-15T08:00:00.123456Z", 123_456), ("2027-01-15T08:00:00.123456789Z", 123_456),
        ("2027-01-15T08:00:00.000000001Z", 0), ("2027-01-15T08:00:00.999999999+00:00", 999_999),
        ("2027-01-15T10:30:00.25+02:30", 250_000), ("2027-01-14T23:00:00-09:00", 0), ("2027-01-15T08:00:00", 0),
        ("2027-01-15 08:00:00Z", 0), ("2027-01-15T08:00:00.1234567", 123_456),
    ],
)  # fmt: skip
def test_times_of_every_spelling(text: str, microsecond: int) -> None:
    """A time is read whatever its offset and its number of digits, and is aware."""
    moment = parse_datetime(text)
    assert moment == EIGHT.replace(microsecond=microsecond)
    assert moment.utcoffset() is not None


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2027-01-15t08:00:00z", EIGHT),
        ("2027-01-15t08:00:00.5z", EIGHT.replace(microsecond=500_000)),
        ("2027-01-15T09:00:00+01:00", EIGHT),
        ("2016-12-31T23:59:60Z", datetime(2017, 1, 1, tzinfo=UTC)),
        ("2016-12-31t23:59:60.25z", datetime(2017, 1, 1, 0, 0, 0, 250_000, tzinfo=UTC)),
        ("2017-01-01T00:59:60+01:00", datetime(2017, 1, 1, tzinfo=UTC)),
    ],
)
def test_forms_that_are_rare(text: str, instant: datetime) -> None:
    """Lower-case letters and leap seconds are read as RFC 3339 has them, and written as they came."""
    moment = parse_datetime(text)
    assert moment == instant
    assert format_datetime(moment) == text


@pytest.mark.parametrize("text", ["2027-01-15T08:00:61Z", "2027-01-15T08:60:00Z", "9999-12-31T23:59:60Z", "tz", ""])
def test_no_time_is_an_error(text: str) -> None:
    """What spells no time is an error, and no other one than ValueError or OverflowError."""
    with pytest.raises((ValueError, OverflowError)):
        parse_datetime(text)


OFFSETS = st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(moment=st.datetimes(timezones=OFFSETS), digits=st.integers(6, 9))
def test_times_survive(moment: datetime, digits: int) -> None:
    """Any time that has been written comes back as the same instant, whatever follows its microseconds."""
    text = moment.isoformat(timespec="microseconds")
    longer = text[:26] + "9" * (digits - 6) + text[26:]
    assert parse_datetime(longer) == moment
    assert parse_datetime(format_datetime(moment)) == moment


def normal(text: str) -> str:
    """Return an RFC 3339 time with nine digits of a second and Z for UTC."""
    whole, fraction, offset = re.fullmatch(r"(.{19})\.?(\d*)(.+)", text).groups()  # type: ignore[union-attr]  # (it matches)
    return f"{whole}.{fraction.ljust(9, '0')}{offset.replace('+00:00', 'Z')}"


@given(text=moments())
def test_texts_survive(text: str) -> None:
    """Any RFC 3339 text goes back with the same digits and the same offset."""
    assert normal(format_datetime(parse_datetime(text))) == normal(text)


@pytest.mark.parametrize("value", [None, 5, 5.5, True, [], {}, EIGHT])
def test_time_is_a_text(value: object) -> None:
    """A time on the wire is text; anything else is an error that says what it was."""
    with pytest.raises(TypeError, match=type(value).__name__):
        parse_datetime(value)
    with pytest.raises(TypeError, match=type(value).__name__):
        parse_time(value)


@pytest.mark.parametrize("text", ["2027-01-15T08:00:00.123456Z", "2027-01-15T08:00:00.123456000Z", "2027-01-15"])
def test_plain_time_is_a_datetime(text: str) -> None:
    """A time that fits is a plain datetime, even with zeros beyond."""
    assert type(parse_datetime(text)) is datetime


TEXT = "2026-07-10T09:31:38.803561233-05:00"
PRECISE = parse_datetime(TEXT)


def test_precise_time() -> None:
    """Digits beyond microseconds make a datetime that keeps its text, knows the nanosecond and compares as usual."""
    assert isinstance(PRECISE, PreciseTime)
    assert (PRECISE.text, PRECISE.nanosecond, PRECISE.microsecond) == (TEXT, 803_561_233, 803_561)
    plain = parse_datetime("2026-07-10T14:31:38.803561Z")
    assert plain == PRECISE
    assert hash(PRECISE) == hash(plain)
    assert plain + timedelta(microseconds=1) > PRECISE
    assert PRECISE.utcoffset() == timedelta(hours=-5)
    assert format_datetime(PRECISE) == TEXT


@pytest.mark.parametrize(
    ("fraction", "nanosecond"),
    [(".0000001", 100), (".000000001", 1), (".999999999", 999_999_999), (",12345678", 123_456_780)],
)
def test_nanoseconds(fraction: str, nanosecond: int) -> None:
    """The nanosecond counts up to nine digits, after a point or a comma."""
    assert PreciseTime.parse(f"2027-01-15T08:00:00{fraction}Z").nanosecond == nanosecond


def test_precise_time_of_few_digits() -> None:
    """A precise time can be made of any text, too, and is UTC if that says nothing."""
    found = PreciseTime.parse("2027-01-15T08:00:00")
    assert (found, found.nanosecond) == (EIGHT, 0)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda moment: pickle.loads(pickle.dumps(moment))])
def test_precise_time_survives_copies(again: Any) -> None:
    """A precise time has its text and its nanosecond after pickling and copying."""
    found = again(PRECISE)
    assert (type(found), found, found.text, found.nanosecond) == (PreciseTime, PRECISE, TEXT, 803_561_233)


def later(moment: datetime) -> datetime:
    """Return a day after `moment`."""
    return moment + timedelta(days=1)


def in_tokyo(moment: datetime) -> datetime:
    """Return `moment` as Tokyo has it."""
    return moment.astimezone(ZoneInfo("Asia/Tokyo"))


@pytest.mark.parametrize("compute", [later, in_tokyo, lambda moment: moment.replace(year=2027)])
def test_computed_time_says_what_it_is(compute: Any) -> None:
    """What is computed from a precise time is written as itself, never with the old text, and can be copied."""
    found, plain = compute(PRECISE), compute(datetime.fromisoformat(TEXT))
    assert found == plain != PRECISE or compute is in_tokyo
    assert format_datetime(found) == plain.isoformat()
    for twin in (copy.copy(found), copy.deepcopy(found), pickle.loads(pickle.dumps(found))):
        assert (twin, twin.isoformat()) == (found, plain.isoformat())
    assert found.nanosecond == 803_561_000


def test_differences_are_plain() -> None:
    """The difference of two times is a timedelta, precise or not."""
    assert later(PRECISE) - PRECISE == timedelta(days=1)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (EIGHT, "2027-01-15T08:00:00Z"),
        (EIGHT.replace(microsecond=5), "2027-01-15T08:00:00.000005Z"),
        (EIGHT.astimezone(timezone(timedelta(hours=-5))), "2027-01-15T03:00:00-05:00"),
        (EIGHT.astimezone(ZoneInfo("Europe/London")), "2027-01-15T08:00:00Z"),
        (EIGHT.astimezone(ZoneInfo("Asia/Kathmandu")), "2027-01-15T13:45:00+05:45"),
    ],
)
def test_times_are_written_with_their_offset(moment: datetime, text: str) -> None:
    """A time is written with the offset that it has; UTC is Z, by whatever name."""
    assert format_datetime(moment) == text


@pytest.mark.parametrize(("text", "expected"), [("00:00:00", time()), ("23:59:59", time(23, 59, 59))])
def test_time_of_day(text: str, expected: time) -> None:
    """A time of day as it should be is one."""
    assert parse_time(text) == expected
    assert expected.isoformat() == text


@pytest.mark.parametrize(
    "text",
    ["", "9:00:00", "24:00:00", "17:00:60", "17:00:00Z", "17:00:00.5", "T17:00:00", "noon", "1\u0667:00:00"],
)
def test_odd_time_of_day_stays_text(text: str) -> None:
    """A time of day in any other spelling stays the text that the server sent."""
    assert parse_time(text) == text


@given(text=st.text())
def test_any_text_is_a_time_of_day(text: str) -> None:
    """No text for a time of day is refused, and each goes back as it came."""
    found = parse_time(text)
    assert (found.isoformat() if isinstance(found, time) else found) == text


@pytest.mark.parametrize(
    ("given_", "seconds"), [(timedelta(minutes=2), 120.0), (90, 90), (0.5, 0.5), (None, None), (UNSET, UNSET)]
)
def test_durations(given_: Any, seconds: object) -> None:
    """A duration is seconds, or a timedelta; what is null or unset stays so."""
    assert to_seconds(given_) == seconds

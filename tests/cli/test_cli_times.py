"""Times and durations as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall.cli.times import UNITS, parse_duration, parse_rate, parse_time
from tests.support.command_line import ran

NOW: Final = datetime(2031, 4, 12, 7, 30, 5, tzinfo=UTC)
MIDNIGHT: Final = datetime(2031, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("90", 90), ("90s", 90), ("30m", 1800), ("1h", 3600), ("1h30m", 5400), ("1h 30m", 5400), ("1.5h", 5400),
        ("2d", 172_800), ("1w", 604_800), ("2 hours", 7200), ("1 Day", 86_400), ("0.5", 0.5),
    ],
)  # fmt: skip
def test_durations(text: str, length: float) -> None:
    """A duration is a number with a unit, several of them, or bare seconds."""
    assert parse_duration(text) == length


@pytest.mark.parametrize("text", ["", "h", "-1h", "1x", "1h?", "1h and 5m", "0", "0s", "inf", "nan", "40000d", "1,5h"])
def test_no_durations(text: str) -> None:
    """What is no duration, or makes no sense as one, is refused with an example of what would be right."""
    with pytest.raises(ValueError, match="30m"):
        parse_duration(text)


@given(st.lists(st.tuples(st.integers(1, 999), st.sampled_from(sorted(UNITS))), min_size=1, max_size=4))
def test_parts_add_up(parts: list[tuple[int, str]]) -> None:
    """A duration of several parts is as long as all of them together."""
    assert parse_duration(" ".join(f"{number}{unit}" for number, unit in parts)) == sum(
        number * UNITS[unit] for number, unit in parts
    )


@given(st.text(max_size=20))
def test_any_text(text: str) -> None:
    """Any text is a time in UTC or a ValueError, never another error."""
    try:
        assert parse_time(text, NOW, past=True).tzinfo is UTC
    except ValueError as wrong:
        assert "yesterday" in str(wrong)  # noqa: PT017 (either outcome is right)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("now", NOW),
        ("today", MIDNIGHT),
        ("yesterday", MIDNIGHT - timedelta(days=1)),
        ("Tomorrow 18:00", MIDNIGHT + timedelta(days=1, hours=18)),
        ("7:05", MIDNIGHT + timedelta(hours=7, minutes=5)),
        ("2h ago", NOW - timedelta(hours=2)),
        ("in 30 minutes", NOW + timedelta(minutes=30)),
        ("2031-04-12", MIDNIGHT),
        ("2031-04-12 07:30", NOW.replace(second=0)),
        ("2031-04-12T09:30:05+02:00", NOW),
        ("2031-04-12T07:30:05.000Z", NOW),
    ],
)
def test_times(text: str, moment: datetime) -> None:
    """A time is ISO 8601, a time of day, a day's name, or so long ago or ahead; without a zone it is UTC."""
    assert parse_time(text, NOW) == moment
    assert parse_time(text, NOW.astimezone(timezone(timedelta(hours=5)))) == moment


def test_bare_durations() -> None:
    """A bare duration is past where only the past makes sense; elsewhere it has to say which way."""
    assert parse_time("1h", NOW, past=True) == NOW - timedelta(hours=1)
    with pytest.raises(ValueError, match="in 30m"):
        parse_time("1h", NOW)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["page", "list", "--since", "soon"], "'--since': got 'soon'; expected a time such as 2031-04-12"),
        (["who", "--at", "1h"], "'--at': got '1h'; expected a time such as 2031-04-12"),
        (["group", "silence", "x", "--for", "long"], "'--for': got 'long'; expected a duration such as 90s"),
        (["bulk", "verify", "x", "--wait", "-1"], "'--wait': got '-1'; expected a duration such as 90s"),
    ],
)
def test_wrong_on_the_command_line(words: list[str], told: str) -> None:
    """A wrong time or duration is 2, with the option, the text and examples of what would be right."""
    done = ran(*words, COLUMNS="200")
    assert (done.code, done.out) == (2, "")
    assert told in " ".join(done.err.replace("│", " ").split())


@pytest.mark.parametrize(
    ("text", "calls", "per"),
    [("300/1m", 300, 60), ("20/s", 20, 1), (" 20 / s ", 20, 1), ("20/10s", 20, 10), ("5/2", 5, 2)],
)
def test_rates(text: str, calls: int, per: float) -> None:
    """A rate is calls and the time that they are for; a bare number in that is seconds."""
    assert (parse_rate(text).calls, parse_rate(text).per) == (calls, per)


@pytest.mark.parametrize("text", ["", "/", "300", "300/", "/s", "0/s", "-1/s", "1.5/s", "20/0s", "20/s/s", "20/x"])
def test_no_rates(text: str) -> None:
    """What is no rate is refused; calls alone are none: in a second or in a minute, nobody said."""
    with pytest.raises(ValueError, match="300/1m"):
        parse_rate(text)

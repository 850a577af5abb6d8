"""Times and durations as people write them on the command line. Without a zone a time is UTC.

A time is `2031-04-12`, `2031-04-12T07:30`, `2031-04-12 07:30:00+02:00`, `07:30` for today, `now`, `today`, `yesterday`,
`tomorrow`, `yesterday 07:30`, `2h ago`, `in 30m` or, for what is past, `2h`. A duration is `90`, `90s`, `30m`, `1h30m`,
`1.5h`, `2d` or `1w`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

import typer

from aiooncall._base.validation import MOST_SECONDS
from aiooncall.options import CallRate

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

UNITS: Final = {
    **dict.fromkeys(("w", "week", "weeks"), 604_800),
    **dict.fromkeys(("d", "day", "days"), 86_400),
    **dict.fromkeys(("h", "hour", "hours"), 3600),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
}
"""The units of a duration, in seconds."""
DAYS: Final = {"yesterday": -1, "today": 0, "tomorrow": 1}
A_TIME: Final = "a time such as 2031-04-12, 2031-04-12T07:30+02:00, 07:30, yesterday, '2h ago' or 'in 30m'"
A_DURATION: Final = "a duration such as 90s, 30m, 1h30m, 2d"
YEARS: Final = range(1970, 9000)
"""Before and after these there is room for all that is added to a time, such as days and zones."""
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]+)", re.ASCII)
_SECONDS = re.compile(r"\d+(?:\.\d+)?", re.ASCII).fullmatch
_CLOCK = re.compile(r"\d{1,2}:\d\d(?::\d\d)?", re.ASCII).fullmatch


def parse_duration(text: str, *, may_be_none: bool = False) -> float:
    """Return the seconds of a duration; a bare number is seconds.

    Args:
        text: as it was written.
        may_be_none: whether it may be 0.

    Raises:
        ValueError: it is no duration, is 0 where that makes no sense, or takes more than some 30 years.
    """
    said = text.strip().lower()
    length = float(said) if _SECONDS(said) else _sum_of_parts(said)
    if not 0 <= length < MOST_SECONDS or (length == 0 and not may_be_none):
        raise ValueError(f"expected {A_DURATION}")
    return length


def _sum_of_parts(said: str) -> float:
    parts = _PART.findall(said)
    if not parts or _PART.sub("", said).strip() or any(unit not in UNITS for _, unit in parts):
        raise ValueError(f"expected {A_DURATION}")
    return sum(float(number) * UNITS[unit] for number, unit in parts)


def parse_rate(text: str) -> CallRate:
    """Return a rate: calls and the duration that they are for, as in `300/1m`; `20/s` is 20 in one second.

    Raises:
        ValueError: it is no rate.
    """
    calls, _, per = (part.strip() for part in text.partition("/"))
    try:
        return CallRate(calls=int(calls), per=parse_duration(per if per[:1].isdigit() else f"1 {per or '?'}"))
    except ValueError:
        raise ValueError("expected calls and a duration, such as 300/1m or 20/s") from None


def parse_time(text: str, now: datetime, *, past: bool = False) -> datetime:
    """Return a time in UTC.

    Args:
        text: as it was written.
        now: what `now`, `today` and durations count from.
        past: whether a bare duration counts back from now; otherwise it has to say `ago` or `in`.

    Raises:
        ValueError: it is no time.
    """
    said = " ".join(text.split())
    try:
        found = _from_words(said.lower(), now.astimezone(UTC), past=past) or datetime.fromisoformat(said)
        at = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(f"expected {A_TIME}") from None
    if at.year not in YEARS:
        raise ValueError(f"expected a time in the years {YEARS[0]} to {YEARS[-1]}, such as yesterday")
    return at


def _from_words(said: str, now: datetime, *, past: bool) -> datetime | None:
    """Return the time that is said with words or as a time of day; None for what may be an ISO date."""
    day, _, clock = said.partition(" ")
    if day in DAYS:
        return _at(now + timedelta(days=DAYS[day]), clock or "00:00")
    if _CLOCK(said):
        return _at(now, said)
    ahead = _ahead(said, past=past)
    return None if ahead is None else now + timedelta(seconds=ahead)


def _ahead(said: str, *, past: bool) -> float | None:
    """Return how many seconds a time is ahead of now; None if it is not said so."""
    if said == "now":
        return 0
    if said.startswith("in "):
        return parse_duration(said[3:])
    if said.endswith(" ago"):
        return -parse_duration(said[:-4])
    return -parse_duration(said) if past and _PART.match(said) else None


def _at(day: datetime, clock: str) -> datetime:
    return datetime.combine(day.date(), time.fromisoformat(clock.zfill(len("00:00"))), UTC)


def _read_time(text: str) -> datetime:
    return _told(lambda: parse_time(text, datetime.now(UTC)), text)


def _read_past(text: str) -> datetime:
    return _told(lambda: parse_time(text, datetime.now(UTC), past=True), text)


def _read_duration(text: str | float) -> float:
    return _told(lambda: parse_duration(str(text)), str(text))  # what is usual comes as a number


def _read_wait(text: str | float) -> float:
    return _told(lambda: parse_duration(str(text), may_be_none=True), str(text))


def _read_rate(text: str) -> CallRate:
    return _told(lambda: parse_rate(text), text)


def _told(read: Callable[[], T], text: str) -> T:
    try:
        return read()
    except ValueError as wrong:
        raise typer.BadParameter(f"got {text!r}; {wrong}") from None


WRITTEN: Final[dict[str, Any]] = {"metavar": "TIME", "parser": _read_time}
"""How an option takes a time."""
PAST: Final[dict[str, Any]] = {"metavar": "TIME", "parser": _read_past}
"""How an option takes a time that is past; a duration counts back from now."""
LASTING: Final[dict[str, Any]] = {"metavar": "DURATION", "parser": _read_duration}
"""How an option takes a duration."""

WAITING: Final[dict[str, Any]] = {"metavar": "DURATION", "parser": _read_wait}
"""How an option takes a duration that may be 0."""

AT_A_RATE: Final[dict[str, Any]] = {"metavar": "RATE", "parser": _read_rate}
"""How an option takes a rate."""


def utc(moment: datetime | None) -> datetime | None:
    """Return a time in UTC, if there is one; without a zone it is in UTC already."""
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)

"""Instants, zones and times of day as requests write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

# https://datatracker.ietf.org/doc/html/rfc3339#section-5.6
_INSTANT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)", re.ASCII)
_TIME_OF_DAY: Final = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?|24:00(?::00)?", re.ASCII)


def read_instant(text: str) -> datetime | None:
    """Return the instant that an RFC 3339 text names, in UTC; None if it is no such text."""
    if not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def write_instant(at: datetime) -> str:
    """Return an instant in UTC as RFC 3339, with a fraction only if it has one."""
    return at.replace(tzinfo=None).isoformat() + "Z"


def is_time_zone(name: str) -> bool:
    """Tell whether there is a time zone of that name."""
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError):
        return False
    return bool(name)


def read_time_of_day(text: str) -> str | None:
    """Return a time of day as HH:MM:SS, None if it is none; 24:00:00 is the end of a day."""
    if not _TIME_OF_DAY.fullmatch(text):
        return None
    return text if text.count(":") > 1 else f"{text}:00"

"""What an argument has to be before it is sent. Each check returns the value, or says what would be right."""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, datetime
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from aiooncall._text import whole
from aiooncall._unset import UNSET
from aiooncall.errors import OptionsError
from aiooncall.options import seconds

if TYPE_CHECKING:
    from enum import StrEnum


def text(field: str, value: object) -> str:
    """Return a text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise OptionsError(field, value, "a non-empty text")
    return value


def bounded(field: str, value: object, most: int) -> str:
    """Return a text that says something in at most so many characters."""
    if not isinstance(value, str) or not value.strip() or len(value) > most or whole(value) != value:
        raise OptionsError(field, value, f"a text of 1 to {most} characters")
    return value


def one_of(field: str, value: object, kind: type[StrEnum]) -> str:
    """Return a value of an enum, or its text, as text."""
    if not isinstance(value, str) or value not in set(kind):
        raise OptionsError(field, value, f"one of {', '.join(kind)}")
    return str(value)


def aware(field: str, value: object) -> datetime:
    """Return a datetime that says in which zone it is."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise OptionsError(field, value, "an aware datetime, such as datetime(2031, 4, 12, tzinfo=UTC)")
    if not MINYEAR < value.year < MAXYEAR:  # in another zone, or a day on, it could not be said
        raise OptionsError(field, value, f"a time in the years {MINYEAR + 1} to {MAXYEAR - 1}")
    return value


def whole_units(field: str, value: object, unit: int, least: int, most: int | None = None) -> None:
    """Check a duration, in seconds, that travels as whole units of so many seconds each."""
    length = seconds(field, value, positive=False)  # type: ignore[arg-type]
    if length % unit or length < least or (most is not None and length > most):
        size = "seconds" if unit == 1 else f"multiples of {unit} seconds"
        raise OptionsError(field, value, f"whole {size}, at least {least}" + (f", at most {most}" if most else ""))


_LIKE_A_ZONE = re.compile(r"[A-Za-z][\w+-]*(/[\w+-]+){0,3}", re.ASCII).fullmatch


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def time_zone(field: str, value: object, *, stored: bool, may_be_empty: bool = False) -> None:
    """Check the name of a time zone; where the machine has no list of them, the server decides.

    So it does for what it has stored: a machine may lack the old names, and those that are newer than itself.

    Args:
        field: its name, for the error.
        value: the name of the zone.
        stored: whether it belongs to something that the server has.
        may_be_empty: whether an empty text is fine.
    """
    if value is UNSET or value is None or (may_be_empty and value == ""):
        return
    known = isinstance(value, str) and (value in _zones() or ((stored or not _zones()) and _LIKE_A_ZONE(value)))
    if not known:
        raise OptionsError(field, value, "the IANA name of a time zone, such as 'Europe/Paris'")

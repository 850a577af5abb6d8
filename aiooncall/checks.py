"""What an argument has to be before it is sent. Each check returns the value, or says what would be right."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from zoneinfo import available_timezones

from aiooncall._unset import UNSET
from aiooncall.errors import OptionsError
from aiooncall.options import seconds


def text(field: str, value: object) -> str:
    """Return a text that says something."""
    if not isinstance(value, str) or not value.strip():
        raise OptionsError(field, value, "a non-empty text")
    return value


def aware(field: str, value: object) -> datetime:
    """Return a datetime that says in which zone it is."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise OptionsError(field, value, "an aware datetime, such as datetime(2031, 4, 12, tzinfo=UTC)")
    return value


def whole_units(field: str, value: object, unit: int, least: int, most: int | None = None) -> None:
    """Check a duration, in seconds, that travels as whole units of so many seconds each."""
    length = seconds(field, value, positive=False)  # type: ignore[arg-type]
    if length % unit or length < least or (most is not None and length > most):
        size = "seconds" if unit == 1 else f"multiples of {unit} seconds"
        raise OptionsError(field, value, f"whole {size}, at least {least}" + (f", at most {most}" if most else ""))


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def time_zone(field: str, value: object, *, may_be_empty: bool = False) -> None:
    """Check the name of a time zone; where the machine has no list of them, the server decides."""
    if value is UNSET or value is None or (may_be_empty and value == ""):
        return
    if not isinstance(value, str) or not value or (_zones() and value not in _zones()):
        raise OptionsError(field, value, "the IANA name of a time zone, such as 'Europe/Paris'")

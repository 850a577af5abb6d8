"""What an argument has to be before it is sent. Each check returns the value, or says what would be right."""

from __future__ import annotations

import re
from datetime import MAXYEAR, MINYEAR, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from aiooncall._base.redaction import MASK
from aiooncall._base.unset import UNSET, UnsetType
from aiooncall._text import whole
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum


Seconds = float | timedelta
"""A duration: seconds, or a timedelta."""

MOST_SECONDS: Final = 1e9
"""A longer duration is taken for a mistake; this is some thirty years."""
_HEADER_SAFE = re.compile(r"[\x21-\x7e]+")


def seconds(field: str, value: Seconds | None, *, positive: bool = True) -> float:
    """Return the duration `value` in seconds.

    Args:
        field: its name, for the error.
        value: seconds or a timedelta.
        positive: whether 0 is refused.

    Raises:
        OptionsError: it is not a number, not finite, negative, or 0 where that makes no sense.
    """
    number = value.total_seconds() if isinstance(value, timedelta) else value
    wanted = f"a {'positive' if positive else 'non-negative'} number of seconds or a timedelta"
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not -MOST_SECONDS < number < MOST_SECONDS:
        raise OptionsError(field, value, wanted)
    if number < 0 or (positive and number == 0):
        raise OptionsError(field, value, wanted)
    return float(number)


def count(field: str, value: int, *, least: int = 1, most: int | None = None) -> int:
    """Return the whole number `value` if it lies between `least` and `most`, else raise OptionsError."""
    wanted = f"a whole number of at least {least}" + (f" and at most {most}" if most is not None else "")
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionsError(field, value, wanted)
    if most is not None and value > most:
        raise OptionsError(field, value, wanted)
    return value


def secret(field: str, value: str | None) -> str:
    """Return the credential `value` if it can travel in a header; its text is never part of the error."""
    if not isinstance(value, str) or not value:
        raise OptionsError(field, None if value is None else MASK, "a non-empty string")
    if not _HEADER_SAFE.fullmatch(value):
        raise OptionsError(field, MASK, "printable ASCII without spaces or line breaks")
    return value


def required(env: Mapping[str, str], *names: str) -> list[str]:
    """Return the values of environment variables, or refuse the first one that is missing or empty."""
    for name in names:
        if not env.get(name):
            raise OptionsError(name, None, "a non-empty environment variable")
    return [env[name] for name in names]


def base_url(field: str, value: str) -> str:
    """Return the http(s) origin and path prefix `value` without a trailing slash, else raise OptionsError."""
    wanted = "an absolute http(s) URL without credentials, query or fragment"
    if not isinstance(value, str):
        raise OptionsError(field, value, wanted)
    try:
        parts = urlsplit(value)
        extras = (parts.query, parts.fragment, parts.username, parts.password)
        plain = bool(parts.hostname) and not any(extras) and parts.port != 0
    except ValueError:
        raise OptionsError(field, MASK, wanted) from None
    if parts.scheme not in {"http", "https"} or not plain or not _HEADER_SAFE.fullmatch(value):
        raise OptionsError(field, mask_url(value), wanted)
    return value.rstrip("/")


def mask_url(url: str | None) -> str:
    """Return `url` for printing, with a password masked."""
    if url is None:
        return "None"
    head, at, tail = url.rpartition("@")
    scheme = head[: head.find("//") + 2] if head.startswith(("http://", "https://")) else ""
    return f"{scheme}{MASK}@{tail}" if at else url


# Fields convert leniently and check afterwards, so that the error can name the field. The converters are named
# functions in the class bodies because that is what type checkers can read.


def proxy_url(field: str, value: str) -> str:
    """Return the http(s) URL of a proxy, else raise OptionsError, which does not show it: it may have a password."""
    try:
        url = urlsplit(value) if isinstance(value, str) and _HEADER_SAFE.fullmatch(value) else None
        usable = url is not None and url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise OptionsError(field, MASK, "an http(s) URL, with user and password if need be")
    return value


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


def needs(resource: object, *names: str) -> None:
    """Refuse a new thing that lacks something; texts must say something."""
    for name in names:
        value: Any = getattr(resource, name)
        if value is UNSET or value is None:
            raise OptionsError(name, value, f"a value: a new {type(resource).__name__} needs one")
        if isinstance(value, str):
            text(name, value)


def at_most(field: str, value: object, longest: int) -> None:
    """Refuse what is no text of at most `longest` characters, if it is set."""
    if value is UNSET or value is None:
        return
    if not isinstance(value, str) or len(value) > longest:
        raise OptionsError(field, value, f"a text of at most {longest} characters")


def number(field: str, value: object, least: int) -> None:
    """Refuse what is not a whole number of at least `least`, if it is set."""
    if value is UNSET or value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionsError(field, value, f"a whole number of at least {least}")


def ids_of(field: str, values: object) -> None:
    """Refuse what is not a list of ids, if it is set."""
    if isinstance(values, UnsetType) or values is None:
        return
    listed: Any = values
    if not isinstance(values, (tuple, list)) or not all(isinstance(one, str) and one for one in listed):
        raise OptionsError(field, listed, "a list of ids")

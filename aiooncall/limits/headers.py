"""Pure: what the headers of an answer say of the rate limit.

Header dialects:

- Datadog sends `X-RateLimit-Limit`, `-Period`, `-Remaining`, `-Reset` (whole seconds) and `-Name`
  (https://docs.datadoghq.com/api/latest/rate-limits/).
- Grafana OnCall sends `RateLimit-Reset` and `Retry-After`, and only with a refusal
  (https://grafana.com/docs/oncall/latest/oncall-api-reference/#rate-limits).

Headers are hints: whatever is absent, malformed or absurd reads as None.
"""

from __future__ import annotations

import re
from calendar import timegm
from email.utils import parsedate_tz
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from multidict import istr

from aiooncall._text import one_line, shortened
from aiooncall.ratelimit import RateLimit

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST_PERIOD: Final = 86_400.0
"""A window longer than a day is taken for garbage, in seconds."""
LONGEST_WAIT: Final = 86_400.0
"""A wait longer than a day is taken for garbage, in seconds."""
LONGEST_DATE: Final = 64
"""A longer text is no date, in characters."""
LONGEST_NAME: Final = 100
"""Of a longer name of a bucket no more is kept, in characters."""
EPOCH_VALUES: Final = 1e9
"""A reset this large is an instant, not a duration."""
LONGEST_COUNT: Final = 9
"""A count of more digits is taken for garbage."""
# istr: lower-cased once, not at every look-up.
_BUCKET_NAME = istr("X-RateLimit-Name")
_LIMIT = istr("X-RateLimit-Limit")
_PERIOD = istr("X-RateLimit-Period")
_REMAINING = istr("X-RateLimit-Remaining")
_RESET = istr("X-RateLimit-Reset")
_PLAIN_RESET = istr("RateLimit-Reset")
_RETRY_AFTER = istr("Retry-After")
_DATE = istr("Date")
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,9})?", re.ASCII)


def parse_rate_limit(
    headers: Mapping[str, str], wall_time: Callable[[], float], *, succeeded: bool = False
) -> RateLimit | None:
    """Return what `headers` say of the rate limit, or None if they say nothing.

    Args:
        headers: an answer's headers, case-insensitive.
        wall_time: returns seconds since the epoch by the local clock, for headers that carry an instant.
        succeeded: whether it was a success: those ask nobody to wait, so `Retry-After` is not looked for.
    """
    get = headers.get
    name, remaining, reset = get(_BUCKET_NAME), get(_REMAINING), get(_RESET)
    retry_after = None if succeeded else get(_RETRY_AFTER)
    if reset is None:
        reset = get(_PLAIN_RESET)
    if name is None and remaining is None and reset is None and retry_after is None:
        return None
    return RateLimit(
        None if name is None else _name(name),
        _limit(get(_LIMIT)),
        _whole(remaining),
        _period(get(_PERIOD)),
        _reset_after(reset, wall_time),
        None if retry_after is None else parse_retry_after(retry_after, wall_time(), get(_DATE)),
    )


def parse_retry_after(value: str | None, wall_time: float, date: str | None = None) -> float | None:
    """Return the seconds that `Retry-After` asks for: a number, or an HTTP date.

    Args:
        value: the header.
        wall_time: seconds since the epoch by the local clock.
        date: the answer's own `Date`: a server counts by its own clock.
    """
    if value is None:
        return None
    number = _number(value)
    if number is not None:
        return number if number <= LONGEST_WAIT else None
    if (at := parse_http_date(value)) is None:
        return None
    now = None if date is None else parse_http_date(date)
    wait = at - (wall_time if now is None else now)
    return max(0.0, wait) if wait <= LONGEST_WAIT else None


def parse_http_date(value: str) -> float | None:
    """Return the instant that an HTTP date names, in seconds since the epoch.

    It has one of three forms and is always in UTC (https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7).
    """
    if len(value) > LONGEST_DATE:
        return None
    try:
        parts = parsedate_tz(value)
        return None if parts is None else float(timegm(parts[:6]) - (parts[9] or 0))
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _reset_after(value: str | None, wall_time: Callable[[], float]) -> float | None:
    number = _number(value)
    if number is not None and number >= EPOCH_VALUES:
        number = max(0.0, number - wall_time())
    return number if number is not None and number <= LONGEST_WAIT else None


# The same few texts come with every answer, so that parsing them is remembered.
@lru_cache(maxsize=256)
def _number(value: str | None) -> float | None:
    if value is None or not _NUMBER.fullmatch(value.strip()):
        return None
    return float(value)


@lru_cache(maxsize=256)
def _period(value: str | None) -> float | None:
    number = _number(value)
    return number if number is not None and 0.0 < number <= LONGEST_PERIOD else None


@lru_cache(maxsize=256)
def _name(value: str) -> str | None:
    return shortened(one_line(value), LONGEST_NAME) or None


@lru_cache(maxsize=256)
def _limit(value: str | None) -> int | None:
    return _whole(value) or None


def _whole(value: str | None) -> int | None:
    return int(value) if value is not None and value.isdecimal() and len(value) <= LONGEST_COUNT else None

"""Pure: what an answer or a failure means for the call, and what its headers say of the rate limit.

Header dialects:

- Datadog sends `X-RateLimit-Limit`, `-Period`, `-Remaining`, `-Reset` (whole seconds) and `-Name`
  (https://docs.datadoghq.com/api/latest/rate-limits/).
- Grafana OnCall sends `RateLimit-Reset` and `Retry-After`, and only with a refusal
  (https://grafana.com/docs/oncall/latest/oncall-api-reference/#rate-limits).

Headers are hints: whatever is absent, malformed or absurd reads as None.
"""

from __future__ import annotations

import enum
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Final

from aiooncall.ratelimit import RateLimit
from aiooncall.transport.messages import Safety

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_PERIOD: Final = 86_400.0
"""A window longer than a day is taken for garbage, in seconds."""
LONGEST_WAIT: Final = 86_400.0
"""A wait longer than a day is taken for garbage, in seconds."""
EPOCH_VALUES: Final = 1e9
"""A reset this large is an instant, not a duration."""
_NUMBER = re.compile(r"\d{1,15}(\.\d{1,9})?", re.ASCII)


class Outcome(enum.StrEnum):
    """What one attempt came to."""

    SUCCESS = "success"
    THROTTLED = "throttled"
    """Refused for the rate limit: nothing happened, anything may be repeated."""
    TRANSIENT = "transient"
    """Failed in a way that may be repeated."""
    REJECTED = "rejected"
    """Refused for good."""
    AMBIGUOUS = "ambiguous"
    """It may have happened, and doing it again would do it twice."""


_MAYBE_DONE: Final = frozenset({408, 500, 502, 503, 504})


def outcome_of_status(status: int, safety: Safety, *, asked_to_wait: bool = False) -> Outcome:
    """Return what an answer with `status` means.

    Args:
        status: the HTTP status.
        safety: whether the request may be repeated blindly.
        asked_to_wait: whether the answer has a `Retry-After`.
    """
    if 200 <= status < 300:  # noqa: PLR2004 (RFC 9110: the success class)
        return Outcome.SUCCESS
    if status == 429 or (status == 503 and asked_to_wait):  # noqa: PLR2004
        return Outcome.THROTTLED
    if status in _MAYBE_DONE:
        return outcome_of_failure(safety, sent=True)
    return Outcome.REJECTED


def outcome_of_failure(safety: Safety, *, sent: bool) -> Outcome:
    """Return what an attempt without an answer means; `sent` says whether the request may have left."""
    return Outcome.AMBIGUOUS if sent and safety is Safety.ONCE else Outcome.TRANSIENT


def parse_rate_limit(headers: Mapping[str, str], wall_time: float) -> RateLimit | None:
    """Return what `headers` say of the rate limit, or None if they say nothing.

    Args:
        headers: an answer's headers, case-insensitive.
        wall_time: seconds since the epoch by the local clock, for headers that carry an instant.
    """
    get = headers.get
    name, remaining, reset = (
        get("X-RateLimit-Name"),
        get("X-RateLimit-Remaining"),
        get("X-RateLimit-Reset") or get("RateLimit-Reset"),
    )
    retry_after = get("Retry-After")
    if name is None and remaining is None and reset is None and retry_after is None:
        return None
    return RateLimit(
        name=name or None,
        limit=_whole(get("X-RateLimit-Limit"), least=1),
        remaining=_whole(remaining),
        period=_bounded(get("X-RateLimit-Period"), LONGEST_PERIOD, above=0.0),
        reset_after=_reset_after(reset, wall_time),
        retry_after=parse_retry_after(retry_after, wall_time),
    )


def parse_retry_after(value: str | None, wall_time: float) -> float | None:
    """Return the seconds that `Retry-After` asks for: a number, or an HTTP date read by the local clock."""
    if value is None:
        return None
    number = _number(value)
    if number is not None:
        return number if number <= LONGEST_WAIT else None
    try:
        wait = parsedate_to_datetime(value).timestamp() - wall_time
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return max(0.0, wait) if wait <= LONGEST_WAIT else None


def _reset_after(value: str | None, wall_time: float) -> float | None:
    number = _number(value)
    if number is None:
        return None
    if number >= EPOCH_VALUES:
        number = max(0.0, number - wall_time)
    return number if number <= LONGEST_WAIT else None


def _number(value: str | None) -> float | None:
    if value is None or not _NUMBER.fullmatch(value.strip()):
        return None
    return float(value)


def _whole(value: str | None, *, least: int = 0) -> int | None:
    if value is None or not value.isdecimal() or not value.isascii() or len(value) > 15:  # noqa: PLR2004
        return None
    number = int(value)
    return number if number >= least else None


def _bounded(value: str | None, most: float, *, above: float) -> float | None:
    number = _number(value)
    return number if number is not None and above < number <= most else None

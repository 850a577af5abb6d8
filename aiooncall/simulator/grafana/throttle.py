"""Sliding limits: a request counts for a while, and says nothing of it until the next one is refused.

Scopes and headers: grafana/oncall, engine/apps/public_api/throttlers
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

import attrs

from aiooncall.simulator.grafana.router import view_of

if TYPE_CHECKING:
    from aiooncall.simulator.grafana.options import GrafanaOptions

Scope: TypeAlias = Literal["public", "info", "phone"]

_SCOPES: Final[dict[str, Scope]] = {"info": "info", "make_call": "phone", "send_sms": "phone"}
_WITHOUT_RESET: Final = frozenset({"escalation", "direct_paging", "teams", "info", "make_call", "send_sms"})
"""Views whose refusals have `Retry-After` only."""


class Bucket:
    """The requests of one caller in one scope that still count."""

    def __init__(self, limit: int, period: float) -> None:
        self._limit = limit
        self._period = period
        self._times: deque[float] = deque()
        self._now = 0.0

    def admits(self, now: float) -> bool:
        """Tell whether one more request fits."""
        self._now = now
        while self._times and self._times[0] <= now - self._period:
            self._times.popleft()
        return len(self._times) < self._limit

    def take(self) -> None:
        """Count the request that `admits` has just let through."""
        self._times.append(self._now)

    def wait(self, now: float) -> int:
        """Return the whole seconds after which a request surely fits that doesn't now."""
        oldest = self._times[0] if self._times else now
        return max(1, math.ceil(oldest + self._period - now))


@attrs.frozen
class Throttle:
    """A bucket as one view speaks of it."""

    bucket: Bucket
    tells_reset: bool

    def admits(self, wall: float) -> bool:
        """Tell whether one more request fits, without counting it."""
        return self.bucket.admits(wall)

    def take(self) -> None:
        """Count the request that `admits` has just let through."""
        self.bucket.take()

    def headers(self, wall: float) -> dict[str, str]:
        """Return no headers: only refusals have any."""
        del wall
        return {}

    def refusal_headers(self, wall: float) -> dict[str, str]:
        """Return the headers of a 429."""
        wait = str(self.bucket.wait(wall))
        return {"Retry-After": wait, **({"RateLimit-Reset": wait} if self.tells_reset else {})}


class Limits:
    """The buckets of all callers: tokens of one user share them."""

    def __init__(self, options: GrafanaOptions) -> None:
        self._limits: dict[Scope, int | None] = {
            "public": options.limit,
            "info": options.info_limit,
            "phone": options.phone_limit,
        }
        self._period = options.period
        self._buckets: dict[tuple[Scope, str], Bucket] = {}

    def window(self, method: str, path: str, key: str) -> Throttle | None:
        """Return what limits a request of a caller, None without a limit or for the calendars, which nobody calls."""
        del method
        view = view_of(path)
        scope = _SCOPES.get(view, "public")
        limit = self._limits[scope]
        if limit is None or not key:
            return None
        bucket = self._buckets.get((scope, key))
        if bucket is None:
            bucket = self._buckets[scope, key] = Bucket(limit, self._period)
        return Throttle(bucket, view not in _WITHOUT_RESET)

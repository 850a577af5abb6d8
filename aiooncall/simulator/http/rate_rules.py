"""Rate limits as the pipeline sees them, and the fixed windows in which Datadog counts.

A fixed window begins at a multiple of its period since the Unix epoch, whenever the first request comes: one of 60
seconds ends with the minute of the server's wall clock, for everybody at once. Hence a client that starts late in a
window can send the limit twice within seconds, and one whose clock is wrong takes another moment for the window's end.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable


@attrs.frozen
class RateRule:
    """A limit on the requests that it covers.

    Attributes:
        name: What the server calls the rule in `X-RateLimit-Name`.
        limit: How many requests a window admits.
        period: The window's length in seconds.
        methods: The HTTP methods it covers; None covers all.
        path_prefix: How a covered path begins.
        per_key: Whether each API key has a window of its own.
        rounding: How the seconds to the window's end become whole; floor can say 0.
        headers: On which answers the rate headers are sent.
        retry_after: Whether a refusal also carries `Retry-After`.
    """

    name: str
    limit: int
    period: float = attrs.field(validator=attrs.validators.gt(0))
    methods: frozenset[str] | None = attrs.field(default=None, kw_only=True)
    path_prefix: str = attrs.field(default="/", kw_only=True)
    per_key: bool = attrs.field(default=True, kw_only=True)
    rounding: Literal["floor", "ceil"] = attrs.field(default="floor", kw_only=True)
    headers: Literal["always", "on_429", "never"] = attrs.field(default="always", kw_only=True)
    retry_after: bool = attrs.field(default=False, kw_only=True)

    def covers(self, method: str, path: str) -> bool:
        """Tell whether a request falls under the rule."""
        return path.startswith(self.path_prefix) and (self.methods is None or method in self.methods)


class Window(Protocol):
    """The window that a caller's requests count in at the moment."""

    def admits(self, wall: float) -> bool:
        """Tell whether one more request fits, without counting it."""
        ...

    def take(self) -> None:
        """Count the request that `admits` has just let through."""
        ...

    def headers(self, wall: float) -> dict[str, str]:
        """Return the rate headers of an answer to a request that was let through."""
        ...

    def refusal_headers(self, wall: float) -> dict[str, str]:
        """Return the headers of a 429."""
        ...


class Limits(Protocol):
    """All limits of one server."""

    def window(self, method: str, path: str, key: str) -> Window | None:
        """Return the window that counts a request of a caller, None if it is not limited."""
        ...


class CalendarWindow:
    """The count of one rule, for one API key or for all, in the calendar window of the last request."""

    __slots__ = ("_constant", "_count", "_index", "rule")

    def __init__(self, rule: RateRule) -> None:
        self.rule: RateRule = rule
        self._index = -1
        self._count = 0
        period = int(rule.period) if rule.period == int(rule.period) else rule.period
        self._constant = {
            "X-RateLimit-Limit": str(rule.limit),
            "X-RateLimit-Period": str(period),
            "X-RateLimit-Name": rule.name,
        }

    def admits(self, wall: float) -> bool:
        """Tell whether one more request fits, without counting it."""
        index = math.floor(wall / self.rule.period)
        if index != self._index:
            self._index, self._count = index, 0
        return self._count < self.rule.limit

    def take(self) -> None:
        """Count the request that `admits` has just let through."""
        self._count += 1

    def headers(self, wall: float) -> dict[str, str]:
        """Return the rate headers of an answer to a request that was let through."""
        if self.rule.headers != "always":
            return {}
        return self._rate_headers(wall, self.rule.limit - self._count)

    def refusal_headers(self, wall: float) -> dict[str, str]:
        """Return the headers of a 429, which claims that nothing remains."""
        headers = {} if self.rule.headers == "never" else self._rate_headers(wall, 0)
        if self.rule.retry_after:
            headers["Retry-After"] = str(math.ceil(self._left(wall)))
        return headers

    def _rate_headers(self, wall: float, remaining: int) -> dict[str, str]:
        left = self._left(wall)
        reset = math.floor(left) if self.rule.rounding == "floor" else math.ceil(left)
        return {**self._constant, "X-RateLimit-Remaining": str(remaining), "X-RateLimit-Reset": str(reset)}

    def _left(self, wall: float) -> float:
        # The product can fall short of `wall` by a float residue when the period is a fraction.
        return max((self._index + 1) * self.rule.period - wall, 0.0)


class Limiter:
    """The windows of all rules; of the rules that cover a request, the first counts."""

    def __init__(self, rules: Iterable[RateRule]) -> None:
        self._rules = tuple(rules)
        self._windows: dict[tuple[str, str | None], CalendarWindow] = {}

    def window(self, method: str, path: str, key: str) -> Window | None:
        """Return the window that counts a request, None if no rule covers it."""
        for rule in self._rules:
            if rule.covers(method, path):
                place = (rule.name, key if rule.per_key else None)
                window = self._windows.get(place)
                if window is None:
                    window = self._windows[place] = CalendarWindow(rule)
                return window
        return None

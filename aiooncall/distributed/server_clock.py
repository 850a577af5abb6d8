"""Pure: what time it is on a server, by the answers that carry its time."""

from __future__ import annotations

from math import inf
from typing import Final

DRIFT: Final = 2e-4
"""How far two clocks may drift apart, in seconds a second (an ordinary crystal stays below 1e-4)."""
MICROSECONDS: Final = 1_000_000


class ServerClock:
    """Translates between a server's clock, in whole microseconds, and the monotonic clock here, in seconds.

    An answer was stamped between sending and receiving. That gives an interval for the difference of the clocks, which
    later answers narrow. What comes before or after what is said by which end of it.
    """

    __slots__ = ("_high", "_learned_at", "_low")

    def __init__(self) -> None:
        self._low = -inf
        self._high = inf
        self._learned_at = 0.0

    @property
    def is_set(self) -> bool:
        """Whether there was an answer yet."""
        return self._high < inf

    def saw(self, sent: float, received: float, stamp: int) -> None:
        """Take in an answer that was stamped `stamp` (microseconds), sent and received here (monotonic seconds)."""
        slack = (received - self._learned_at) * DRIFT
        at = stamp / MICROSECONDS
        low, high = max(self._low - slack, at - received), min(self._high + slack, at - sent)
        if low > high:  # another server, or its clock was set
            low, high = at - received, at - sent
        self._low, self._high, self._learned_at = low, high, received

    def earliest_there(self, here: float) -> int:
        """Return the earliest moment that `here` can be on the server."""
        return int((here + self._low) * MICROSECONDS)

    def latest_there(self, here: float) -> int:
        """Return the latest moment that `here` can be on the server."""
        return int((here + self._high) * MICROSECONDS) + 1

    def earliest_here(self, there: int) -> float:
        """Return the earliest moment that `there` can be here."""
        return there / MICROSECONDS - self._high

    def latest_here(self, there: int) -> float:
        """Return the latest moment that `there` can be here."""
        return there / MICROSECONDS - self._low

"""Pure: where a server's rate-limit window ends, as an interval that every answer can narrow.

Nothing here trusts the local wall clock. All instants are on the caller's monotonic clock, in seconds.

What narrows the interval:

- `Reset` of an answer. The server stamped it between sending and receiving, and rounded it to whole seconds one
  way or the other. A 0 shows that it rounds down; until then both ways are allowed for.
- The window rolling over: an answer of the old window was still sent before the end, an answer of the new one was
  received after it.

Two crystals drift apart, so an interval that is carried to the next window grows a little.
"""

from __future__ import annotations

from math import ceil
from typing import Final

DRIFT: Final = 2e-4
"""How far two clocks may drift apart, in seconds a second (an ordinary crystal stays below 1e-4)."""


class Edge:
    """The interval `[earliest, latest]` in which the current window ends.

    Args:
        earliest: no sooner than this.
        latest: no later than this.

    Attributes:
        rounded_up_by: by how much, in seconds, a `Reset` may have been rounded up.
    """

    __slots__ = ("earliest", "latest", "rounded_up_by")

    def __init__(self, earliest: float, latest: float) -> None:
        self.earliest = earliest
        self.latest = latest
        self.rounded_up_by = 1.0

    @property
    def width(self) -> float:
        """How uncertain the end is, in seconds."""
        return self.latest - self.earliest

    def saw_reset(self, sent: float, received: float, reset_after: float) -> None:
        """Take in that an answer of this window said `reset_after`."""
        if reset_after == 0:
            self.rounded_up_by = 0.0
        earliest = sent + reset_after - self.rounded_up_by
        latest = received + reset_after + 1.0
        if earliest > self.earliest or latest < self.latest:
            self._narrow(earliest, latest)

    def not_before(self, sent: float) -> None:
        """Take in that a request sent at `sent` was still counted in this window."""
        if sent > self.earliest:
            self._narrow(sent, max(self.latest, sent + 1.0))

    def not_after(self, received: float) -> None:
        """Take in that an answer received at `received` belongs to the next window."""
        self._narrow(min(self.earliest, received), received)

    def advance(self, now: float, period: float) -> None:
        """Move to the window that `now` is in, if this one is over at the latest estimate."""
        if now < self.latest:
            return
        windows = max(1, ceil((now - self.latest) / period + 1e-9))
        self.shift(windows * period)

    def shift(self, seconds: float) -> None:
        """Move on by `seconds`, growing by the drift of two clocks."""
        slack = seconds * DRIFT
        self.earliest += seconds - slack
        self.latest += seconds + slack

    def _narrow(self, earliest: float, latest: float) -> None:
        low, high = max(self.earliest, earliest), min(self.latest, latest)
        if low <= high:
            self.earliest, self.latest = low, high
        else:  # the clocks or the server changed their mind: the newest word counts
            self.earliest, self.latest = earliest, latest

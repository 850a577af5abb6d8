"""Pure: where a server's rate-limit window ends, as an interval that every answer can narrow.

Nothing here trusts the local wall clock. All instants are on the caller's monotonic clock, in seconds.

What narrows it is `Reset` of each answer. The server stamped it between sending and receiving, and rounded it to whole
seconds one way or the other. A 0 shows that it rounds down, a number as long as the period that it rounds up; until
then both ways are allowed for. `Reset` changes at the end and whole seconds before it: each of these steps tells as
much as the end does.

Two crystals drift apart, so an end that is far away is less certain, and an interval that is carried to the next
window grows a little.
"""

from __future__ import annotations

from math import ceil
from typing import Final

import attrs

DRIFT: Final = 2e-4
"""How far two clocks may drift apart, in seconds a second (an ordinary crystal stays below 1e-4)."""
AT_ONCE: Final = 1e-3
"""A step that comes within so many seconds is over before a call could tell of it."""


@attrs.define(eq=False, repr=False)
class WindowEnd:
    """The interval `[earliest, latest]` in which the current window ends.

    Attributes:
        earliest: no sooner than this.
        latest: no later than this.
        rounded_up_by: by how much, in seconds, a `Reset` may have been rounded up.
        rounded_down_by: by how much it may have been rounded down.
    """

    earliest: float
    latest: float
    rounded_up_by: float = 1.0
    rounded_down_by: float = 1.0

    @property
    def width(self) -> float:
        """How uncertain the end is, in seconds."""
        return self.latest - self.earliest

    def next_step(self, now: float) -> tuple[float, float]:
        """Return when `Reset` changes next: no sooner than, no later than. The last change is the end itself."""
        whole = max(0, ceil(self.latest - now - AT_ONCE) - 1)
        either_way = self.width >= 1.0 and self.rounded_up_by == self.rounded_down_by  # it is not known which way yet
        return self.earliest + either_way - whole, self.latest - whole

    def saw_reset(self, sent: float, received: float, reset_after: float, period: float | None = None) -> None:
        """Take in that an answer of this window, which is `period` long, said `reset_after`."""
        if reset_after == 0:
            self.rounded_up_by, self.rounded_down_by = 0.0, 1.0
        elif period is not None and reset_after >= period:
            self.rounded_up_by, self.rounded_down_by = 1.0, 0.0  # nothing has longer to go
        drift = reset_after * DRIFT
        soonest, last = sent + reset_after - drift, received + reset_after + drift
        earliest = max(self.earliest, soonest - self.rounded_up_by)
        latest = min(self.latest, last + self.rounded_down_by)
        if earliest <= latest:
            self.earliest, self.latest = earliest, latest
        else:  # the clocks or the server changed their mind, and what was learned of the rounding is not so either
            self.rounded_up_by = self.rounded_down_by = 1.0
            self.earliest, self.latest = soonest - 1.0, last + 1.0

    def agree(self, earliest: float, latest: float, period: float) -> None:
        """Take in when others have found that this window ends, or a later one; what cannot be changes nothing."""
        windows = round((earliest + latest - self.earliest - self.latest) / 2 / period)
        low, high = max(self.earliest, earliest - windows * period), min(self.latest, latest - windows * period)
        if low <= high:
            self.earliest, self.latest = low, high

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

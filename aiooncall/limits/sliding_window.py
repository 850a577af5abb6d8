"""A limit over a sliding window, as Grafana OnCall has it: at most so many calls in any so many seconds.

Everything up to the limit may go at once; from then on each call waits until the one that many places before it is a
window ago. The server counts a request when it arrives, which is later than it was sent by however long it travelled,
so a window is taken to be a little longer than it is.

When the server refuses a call although there was room, its limit is another one, or others use it too. With a refusal
it says when a call may go again: when its oldest call leaves the window. So from then on no more calls go in a window
than went well in this one, and a window is as long as from the oldest of ours until then. A window later it is tried
again whether more will do. What was learned never makes anybody wait longer than the server said.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from aiooncall.limits.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall._base.clock import Clock, Timer
    from aiooncall.options import CallRate

MARGIN: Final = 0.01
"""By which share a window is taken to be longer."""
LEAST_TO_LEARN: Final = 5
"""A refusal after fewer calls in a window tells nothing of the limit."""
STEPS: Final = 100
"""A limit that was learned is tried to be raised so many times in a window, by 1, 2, 4 and so on."""
MOST_IN_FIRST_WINDOW: Final = 4
"""Calls in flight until a whole window has passed: what was called before, by others, the server may still count."""


class SlidingWindow:
    """Hands out turns, and sees to it that `wake` is called when one that was refused is there.

    Args:
        rate: the limit.
        clock: what time it is.
        wake: called when a turn has become free.
        reserve: turns of each window that bulk work leaves alone.
    """

    workers: int | None = None
    """It is this process's own."""

    def __init__(self, rate: CallRate, clock: Clock, wake: Callable[[], None], *, reserve: int = 0) -> None:
        self._most = self._calls = rate.calls
        self._longest = self._period = rate.per * (1 + MARGIN)
        self._clock = clock
        self._wake = wake
        self._reserve = reserve
        self._taken: deque[float] = deque()
        self._raise_at, self._step = 0.0, 1
        self._timer: Timer | None = None
        self._timer_at = 0.0
        self._whole_at = clock.monotonic() + self._longest

    @property
    def free_at(self) -> float:
        """When the next turn is there at the earliest, as far as is known (monotonic seconds); long ago if now."""
        return self._comes_back(self._calls)

    def try_acquire(self, lane: Lane = Lane.INTERACTIVE, in_flight: int = 0) -> bool:
        """Return whether a turn is there for a lane, and use it."""
        now = self._clock.monotonic()
        if now < self._whole_at and in_flight >= MOST_IN_FIRST_WINDOW:
            return False  # the next answer makes room
        while self._taken and self._taken[0] + self._longest <= now:
            self._taken.popleft()
        if self._in_window(now) >= self._calls < self._most and now >= self._raise_at:
            self._raise(now)
        allowed = max(1, self._calls - self._reserve) if lane is Lane.BULK else self._calls
        if self._in_window(now) < allowed:
            self._taken.append(now)
            return True
        at = self._comes_back(allowed)
        raising = now < self._raise_at and self._calls < self._most
        self._wake_at(min(at, self._raise_at) if raising else at, now)
        return False

    def refused(self, retry_after: float | None) -> None:
        """Take in that the server refused a call that had a turn: it did not count it.

        Args:
            retry_after: in how many seconds a call may go, as the server said.
        """
        now = self._clock.monotonic()
        if self._taken:
            self._taken.pop()
        if len(self._taken) < LEAST_TO_LEARN:
            return
        self._calls = min(self._most, len(self._taken))
        if retry_after is not None:
            self._period = min(self._longest, max(now + retry_after - self._taken[0], retry_after) * (1 + MARGIN))
        self._raise_at, self._step = now + self._period, 1

    def _in_window(self, now: float) -> int:
        """Return how many turns were taken within a period."""
        if self._period == self._longest:
            return len(self._taken)
        return sum(at + self._period > now for at in self._taken)

    def _raise(self, now: float) -> None:
        self._calls = min(self._most, self._calls + self._step)
        self._raise_at, self._step = now + self._period / STEPS, self._step * 2

    def _comes_back(self, allowed: int) -> float:
        """Return when fewer than `allowed` turns are taken."""
        over = len(self._taken) - allowed
        return self._taken[over] + self._period if over >= 0 else 0.0

    def _wake_at(self, at: float, now: float) -> None:
        if self._timer is None or at < self._timer_at:
            self.close()
            self._timer_at = at
            self._timer = self._clock.call_later(max(0.0, at - now), self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._wake()

    def close(self) -> None:
        """Stop waiting for a turn."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

"""A limit over a sliding window, as Grafana OnCall has it: at most so many calls in any so many seconds.

Everything up to the limit may go at once; from then on each call waits until the one that many places before it is a
window ago. The server counts a request when it arrives, which is later than it was sent by however long it travelled,
so a window is taken to be a little longer than it is.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from aiooncall.transport.messages import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall._clock import Clock, Timer
    from aiooncall.options import CallRate

MARGIN: Final = 0.01
"""By which share a window is taken to be longer."""
LEAST_TO_LEARN: Final = 5
"""A refusal after fewer calls in a window tells nothing of the limit."""
STEPS: Final = 100
"""A limit that was learned is tried to be raised so many times in a window, by 1, 2, 4 and so on."""


class SlidingPace:
    """Hands out turns, and sees to it that `wake` is called when one that was refused is there.

    When the server refuses a call although there was a turn, its limit is lower, or others use it too: from then on no
    more calls go in a window than went well in this one, until a window later it is tried again whether more will do.

    Args:
        rate: the limit.
        clock: what time it is.
        wake: called when a turn has become free.
        reserve: turns of each window that bulk work leaves alone.
    """

    def __init__(self, rate: CallRate, clock: Clock, wake: Callable[[], None], *, reserve: int = 0) -> None:
        self._most = self._calls = rate.calls
        self._window = rate.per * (1 + MARGIN)
        self._clock = clock
        self._wake = wake
        self._reserve = reserve
        self._taken: deque[float] = deque()
        self._raise_at, self._step = 0.0, 1
        self._alarm: Timer | None = None
        self._alarm_at = 0.0

    @property
    def free_at(self) -> float:
        """When the next turn is there at the earliest (monotonic seconds); long ago if there is one now."""
        return self._comes_back(self._calls)

    def take(self, lane: Lane = Lane.INTERACTIVE) -> bool:
        """Return whether a turn is there for a lane, and use it."""
        now = self._clock.monotonic()
        taken = self._taken
        while taken and taken[0] + self._window <= now:
            taken.popleft()
        if len(taken) >= self._calls < self._most and now >= self._raise_at:
            self._raise(now)
        allowed = max(1, self._calls - self._reserve) if lane is Lane.BULK else self._calls
        if len(taken) < allowed:
            taken.append(now)
            return True
        at = self._comes_back(allowed)
        self._look_again_at(min(at, self._raise_at) if now < self._raise_at and self._calls < self._most else at, now)
        return False

    def refused(self) -> None:
        """Take in that the server refused a call that had a turn: it did not count it."""
        if self._taken:
            self._taken.pop()
        if len(self._taken) >= LEAST_TO_LEARN:
            self._calls = min(self._calls, len(self._taken))
            self._raise_at, self._step = self._clock.monotonic() + self._window, 1

    def _raise(self, now: float) -> None:
        self._calls = min(self._most, self._calls + self._step)
        self._raise_at, self._step = now + self._window / STEPS, self._step * 2

    def _comes_back(self, allowed: int) -> float:
        """Return when fewer than `allowed` turns are taken."""
        over = len(self._taken) - allowed
        return self._taken[over] + self._window if over >= 0 else 0.0

    def _look_again_at(self, at: float, now: float) -> None:
        if self._alarm is None or at < self._alarm_at:
            self.close()
            self._alarm_at = at
            self._alarm = self._clock.call_later(max(0.0, at - now), self._ring)

    def _ring(self) -> None:
        self._alarm = None
        self._wake()

    def close(self) -> None:
        """Stop waiting for a turn."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

"""Pure: the last calls of a window, sent when their answers tell most of its end.

`Reset` changes at the window's end and whole seconds before it. Between which two moments it changes is learned from
calls that would have been sent anyway, and that cannot be refused, as the window has room for them. While a change
before the end is to come, each call goes in the middle of the time in which it may come, which halves that time. Around
the end itself they go one by one, so that the first one in the new window shows that it has begun.

A call that goes around the end may miss its window. So that is only done where the job can spare it: a job of exactly
the size of some windows would need one more for a single call. And nobody waits for what is not worth it: a person who
is held back costs as much time as the wait, and saves a little for each of those who wait for the next window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from aiooncall.limits.lane import Lane

if TYPE_CHECKING:
    from aiooncall.limits.lane import Demand
    from aiooncall.limits.window import Window
    from aiooncall.limits.window_end import WindowEnd

MOST_PROBES: Final = 8
PROBES_AT_END: Final = 4
"""So many of them are kept for the end itself."""
PROBE_SHARE: Final = 16
"""At most one call in so many is a probe."""
SHARP: Final = 0.025
"""An end known to this share of the period needs no probes."""
SHARPEST: Final = 0.1
"""Nor does one that is known to this many seconds."""


class Wanted(NamedTuple):
    """How many calls there are to be, and whether those are all."""

    calls: int
    is_all: bool


class Probes:
    """When the next probe goes.

    Attributes:
        next_at: when (monotonic seconds); None if that was not planned yet.
    """

    __slots__ = ("next_at",)

    def __init__(self) -> None:
        self.next_at: float | None = None

    def forget(self) -> None:
        """Plan anew: a call has gone, or something was learned."""
        self.next_at = None

    def may_go(self, window: Window, now: float, lane: Lane, free: int, wanted: Wanted) -> bool:
        """Return whether one of the last calls of a window may go now.

        Args:
            window: which.
            now: monotonic seconds.
            lane: who waits for the call.
            free: how many calls the window has room for.
            wanted: how many there are to be.
        """
        end, limit = window.end, window.limit or 0
        sharp = min(SHARP * (window.period or 0.0), SHARPEST)
        # Any answer tells more than waiting does, while it is unclear what has been counted.
        if end is None or window.unconfirmed or end.width <= sharp or free > limit // PROBE_SHARE:
            return True
        if wanted.calls <= free:
            return True
        if self.next_at is None:
            spare = (free - wanted.calls) % limit if wanted.is_all else limit
            may_miss = spare >= free and not window.others
            self.next_at = _next_probe(end, now, free, sharp, may_miss=may_miss)
        if now >= self.next_at:
            return True
        saved = min(wanted.calls - free, limit) * end.width / 2
        return lane is Lane.INTERACTIVE and self.next_at - now > saved


def wanted(in_flight: int, lane: Lane, waiting: int, demand: Demand | None) -> Wanted:
    """Return how many calls are wanted before all is done, as far as is known.

    Args:
        in_flight: how many calls are on their way.
        lane: who waits.
        waiting: how many calls wait.
        demand: the job that the first of them belongs to.
    """
    if lane is Lane.INTERACTIVE:
        return Wanted(waiting, is_all=True)
    left = None if demand is None else demand.left
    if left is None:
        return Wanted(waiting + in_flight, is_all=False)  # whoever works through a list comes back for the next item
    return Wanted(waiting + left, is_all=True)


def _next_probe(end: WindowEnd, now: float, free: int, sharp: float, *, may_miss: bool) -> float:
    """Return when the next probe should go.

    Args:
        end: what is known of the window's end.
        now: monotonic seconds.
        free: how many calls are left.
        sharp: how many seconds of uncertainty are little enough.
        may_miss: whether all of them can miss the window without harm.
    """
    first, last = end.next_step(now)
    middle = (max(first, now) + last) / 2
    is_before_end = middle < end.earliest
    if is_before_end and last - first > sharp and free > PROBES_AT_END:
        return max(now, middle)
    if not may_miss:
        return now
    if end.may_round_either_way and last - first <= sharp:
        return max(now, end.latest - 1.0)  # which way `Reset` is rounded shows only in the second before the latest end
    if is_before_end:  # the steps before the end tell no more: the rest goes around the end
        return max(now, (first + last) / 2 + round(end.latest - last))
    first = max(first, now)
    return first + (last - first) / free

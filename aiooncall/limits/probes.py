"""Pure: the last calls of a window, sent when their answers tell most of its end.

`Reset` changes at the window's end and whole seconds before it. Between which two moments it changes is learned from
calls that would have been sent anyway, and that cannot be refused, as the window has room for them. While a change
before the end is to come, each call goes in the middle of the time in which it may come, which halves that time. Around
the end itself they go one by one, so that the first one in the new window shows that it has begun.

A call that goes around the end may miss its window. So that is only done where the job can spare it: a job of exactly
the size of some windows would need one more for a single call, and so may a job whose size nobody knows, which sends no
probes at all. And nobody waits for what is not worth it: a person who is held back costs as much time as the wait, and
saves a little for each of those who wait for the next window.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.limits.lane import Lane

if TYPE_CHECKING:
    from aiooncall.limits.window import Window
    from aiooncall.limits.window_end import WindowEnd

MOST_PROBES: Final = 8
PROBES_AT_END: Final = 4
"""So many of them are kept for the end itself."""
PROBE_SHARE: Final = 16
"""At most one call in so many is a probe."""


def probe_at(window: Window, now: float, lane: Lane, free: int, wanted: int | None, *, planned: float | None) -> float:
    """Return when one of the last calls of a window may go; `now` or sooner if at once.

    Args:
        window: which.
        now: monotonic seconds.
        lane: who waits for the call.
        free: how many calls the window has room for.
        wanted: how many there are to be; None if nobody knows.
        planned: when it was to go, if nothing has gone or was learned since: time alone does not move it.
    """
    end, limit = window.end, window.limit or 0
    # Any answer tells more than waiting does, while it is unclear what has been counted.
    if end is None or window.unconfirmed or free > limit // PROBE_SHARE:
        return now
    if wanted is None or wanted <= free:
        return now
    if planned is None:
        may_miss = (free - wanted) % limit >= free and not window.others
        planned = _next_probe(end, now, free, may_miss=may_miss)
    saved = min(wanted - free, limit) * end.width / 2
    return now if lane is Lane.INTERACTIVE and planned - now > saved else planned


def _next_probe(end: WindowEnd, now: float, free: int, *, may_miss: bool) -> float:
    """Return when the next probe should go.

    Args:
        end: what is known of the window's end.
        now: monotonic seconds.
        free: how many calls are left.
        may_miss: whether all of them can miss the window without harm.
    """
    first, last = end.next_step(now)
    middle = (max(first, now) + last) / 2
    is_before_end = middle < end.earliest
    if is_before_end and free > PROBES_AT_END:
        return max(now, middle)
    if not may_miss:
        return now
    if is_before_end:  # the steps before the end tell no more: the rest goes around the end
        return max(now, (first + last) / 2 + round(end.latest - last))
    first = max(first, now)
    return first + (last - first) / free

"""Pure: what one rate-limit bucket admits, and when to look again. No I/O and no tasks; time is an argument.

The rules, in the order in which they are asked:

1. After a refusal the bucket is closed for everyone until the server's wait is over; then it is probed by one
   call at a time, and opens as answers allow. Of a `Retry-After` that is very long one call does so every 15 minutes.
2. An unknown limit is approached gently: a few calls in flight, one more with every answer.
3. A known window admits what the server said is left, less what is in flight. Whether a call in flight has been
   counted yet cannot be known, so it is taken as not counted. If others use the same limit, they have calls in
   flight as well: as many for each of ours as the server has counted of theirs for each of ours. They may also have
   begun a window that only the time says is whole, so a few calls go until an answer tells.
4. Bulk calls leave a small reserve to people who wait, unless the window is about to end anyway.
5. While the window's end is uncertain and more calls wait than the window has room for, the last few go as scouts,
   one by one over the time in which the next whole second before the end may come. They would have been sent anyway
   and cannot be refused, and the answers show between which two of them the second came. Only where the end itself
   is next, and waiting until it is over for sure would take too much of the next window, do they go around the end.
"""

from __future__ import annotations

from math import ceil, inf
from typing import TYPE_CHECKING, Final

from aiooncall.transport.messages import Lane
from aiooncall.transport.retry import backoff_wait, refusal_wait
from aiooncall.transport.window import FEWEST_ANSWERS, Window

if TYPE_CHECKING:
    from aiooncall.ratelimit import RateLimit
    from aiooncall.transport.bucket import Bucket
    from aiooncall.transport.edge import Edge

FIRST_IN_FLIGHT: Final = 4
"""Calls in flight at first while the limit is unknown."""
CAUTION: Final = 1.5
"""Others may come in bursts: by how much more than what the server has counted of theirs is left to them."""
PATIENCE: Final = 2.0
"""Seconds that a person may wait for the next window; bulk keeps no reserve for a window that ends sooner."""
RESERVE_SHARE: Final = 20
"""One call in so many is kept for people."""
LARGEST_RESERVE: Final = 50
MOST_SCOUTS: Final = 8
SCOUT_SHARE: Final = 16
"""At most one call in so many goes as a scout."""
MOST_FOR_OTHERS: Final = max(LARGEST_RESERVE, MOST_SCOUTS)
SHARP: Final = 0.025
"""An edge known to this share of the period needs no scouts."""
SHARPEST: Final = 0.1
"""Nor does one that is known to this many seconds."""
LATE_SHARE: Final = 0.6
"""Beginning a window late by this share of it still leaves the time to use it up."""
FIRST_BLIND_WAIT: Final = 1.0
"""Seconds to wait after a refusal that does not say how long; doubles with each further one."""
LONGEST_BLIND_WAIT: Final = 30.0
LONGEST_SILENCE: Final = 900.0
"""Seconds of a longer `Retry-After` after which one call looks whether the wait is over: one answer must not shut up
everybody for a day."""


class Permit:
    """The right to send one request: of which bucket, given when, counted in which window."""

    __slots__ = ("bucket", "sent", "window")

    def __init__(self, bucket: Bucket, sent: float, window: int) -> None:
        self.bucket = bucket
        self.sent = sent
        self.window = window


class Gate:
    """Admission to one bucket.

    Args:
        max_in_flight: most calls in flight, whatever the server allows.
    """

    __slots__ = (
        "_max_in_flight",
        "_next_scout",
        "_probing",
        "_ramp",
        "_refusals",
        "closed_until",
        "looks_at",
        "window",
    )

    def __init__(self, max_in_flight: int) -> None:
        self.window = Window()
        self.closed_until = 0.0
        self.looks_at = inf
        """When one call is let through although the server's wait is not over (monotonic seconds)."""
        self._max_in_flight = max_in_flight
        self._ramp = min(FIRST_IN_FLIGHT, max_in_flight)
        self._probing = False
        self._refusals = 0
        self._next_scout: float | None = None

    def try_admit(self, bucket: Bucket, now: float, lane: Lane, backlog: int) -> Permit | None:
        """Return the permit for a call if it may go now; see `admits`."""
        window = self.window
        if not self.admits(now, lane, backlog):
            return None
        window.in_flight += 1
        self._next_scout = None
        if now < self.closed_until:
            self.looks_at = now + LONGEST_SILENCE
        return Permit(bucket, now, window.number)

    def admits(self, now: float, lane: Lane, backlog: int = 0) -> bool:
        """Return whether a call may go now.

        Args:
            now: monotonic seconds.
            lane: who waits for the call.
            backlog: how many calls wait, this one included.
        """
        window = self.window
        if now < self.closed_until or window.in_flight >= self._ramp:
            return self.looks_at <= now < self.closed_until and window.in_flight == 0
        if window.blind or (window.edge is not None and now >= window.edge.latest):
            window.roll_over_if_due(now)
        if self._probing or window.remaining is None:
            return True
        free = window.remaining - window.blind - window.in_flight
        if free > MOST_FOR_OTHERS and not window.crowd:
            return True  # far from the end of the budget
        if window.crowd and window.untold:
            return window.in_flight < FIRST_IN_FLIGHT  # others may have begun it
        free -= ceil(window.in_flight * window.crowd * CAUTION)
        if free <= (0 if lane is Lane.INTERACTIVE else self._reserve(now)):
            return False
        return free > MOST_SCOUTS or self._scout_may_go(now, lane, free, backlog)

    def look_again_at(self, now: float, lane: Lane) -> float | None:
        """Return when a call that was not admitted may go; None if only an answer can change that."""
        if now < self.closed_until:
            return min(self.closed_until, self.looks_at)
        edge, left = self.window.edge, self.window.left
        if self.window.in_flight >= self._ramp or edge is None or left is None:
            return None
        if left > self.window.in_flight:
            if lane is Lane.BULK and self._reserve(now):
                return edge.earliest - PATIENCE
            if self._next_scout is not None:
                return min(self._next_scout, edge.latest)
        return min(edge.latest, self.window.blind_until) if self.window.blind else edge.latest

    def opens_at(self, now: float) -> float:
        """Return the earliest moment at which any new call can go, as far as is known."""
        if now < self.closed_until:
            return min(self.closed_until, self.looks_at)
        edge, exhausted = self.window.edge, self.window.left == 0
        if exhausted and edge is not None and self.window.in_flight == 0 and not self._probing:
            return max(now, edge.earliest)
        return now

    def answered(self, permit: Permit, now: float, said: RateLimit | None) -> None:
        """Take in an answer that was not a refusal."""
        window = self.window
        window.in_flight -= 1
        window.answered += 1
        if not window.answered % FEWEST_ANSWERS:
            window.look_for_others()
        if self._probing and permit.sent <= window.seen_at:
            return  # sent before the refusal: it says nothing of what comes after
        self._refusals = 0
        if self._ramp < self._max_in_flight:
            self._ramp += 1
        if said is not None and not self._probing and window.saw_usual(permit.window, permit.sent, now, said):
            return
        self._answered_unusually(permit, now, said)

    def _answered_unusually(self, permit: Permit, now: float, said: RateLimit | None) -> None:
        window = self.window
        if self._probing:
            self._probing = False
            self.closed_until = min(self.closed_until, now)  # the call that looked was answered: the wait is over
            if said is None or said.remaining is None:
                window.remaining = None
        if said is None:
            window.count_blindly(permit.window, now)
            return
        window.learn(said)
        self._next_scout = None  # what it shows may leave less to find out
        if said.remaining is None:
            window.count_blindly(permit.window, now)
        else:
            window.saw_remaining(permit.window, permit.sent, now, said)

    def refused(self, permit: Permit, now: float, said: RateLimit | None) -> None:
        """Take in a refusal: close the bucket for everyone until the server's wait is over."""
        self.window.in_flight -= 1
        if said is not None:
            self.window.learn(said)
        if permit.window != self.window.number and (said is None or said.retry_after is None):
            return  # it was the previous window that had no room
        self._refusals += 1
        self._ramp = 1
        self._probing = True
        self.closed_until = max(self.closed_until, self._reopening(permit, now, said))
        self.looks_at = now + LONGEST_SILENCE if said is not None and said.retry_after is not None else inf
        self.window.remaining = 0
        self.window.seen_at = now

    def abandoned(self, permit: Permit, now: float, *, sent: bool) -> None:
        """Take back the permit of a call without an answer; if it was sent, the server may have counted it."""
        self.window.in_flight -= 1
        if sent:
            self.window.count_blindly(permit.window, now)

    def pause(self, until: float) -> None:
        """Close the bucket until `until` (monotonic seconds)."""
        self.closed_until = max(self.closed_until, until)

    def close_like(self, other: Gate) -> None:
        """Stay closed for as long as another gate is."""
        if other.closed_until > self.closed_until:
            self.closed_until, self.looks_at = other.closed_until, other.looks_at

    def _reopening(self, permit: Permit, now: float, said: RateLimit | None) -> float:
        if said is not None and said.retry_after is not None:
            return now + refusal_wait(said.retry_after)
        window = self.window
        reset = window.credible_reset(said) if said is not None else None
        if reset is None:
            return now + refusal_wait(backoff_wait(self._refusals, base=FIRST_BLIND_WAIT, cap=LONGEST_BLIND_WAIT))
        if window.edge is None:
            window.start(permit.sent, now, 0, reset)
        else:
            window.saw_same_window(permit.sent, now, 0, reset)
        assert window.edge is not None  # noqa: S101 (narrowing: both branches leave an edge)
        return window.edge.latest

    def _reserve(self, now: float) -> int:
        limit, edge = self.window.limit, self.window.edge
        if limit is None or edge is None or now >= edge.earliest - PATIENCE:
            return 0
        return min(limit // RESERVE_SHARE, LARGEST_RESERVE)

    def _scout_may_go(self, now: float, lane: Lane, free: int, backlog: int) -> bool:
        window = self.window
        edge, period = window.edge, window.period or 0.0
        sharp = min(SHARP * period, SHARPEST)
        # Any answer tells more than waiting does, while it is unclear what has been counted.
        if edge is None or window.blind or edge.width <= sharp:
            return True
        # Whoever works through a list comes back for the next item.
        expected = backlog + window.in_flight if lane is Lane.BULK else backlog
        if expected <= free or free > (window.limit or 0) // SCOUT_SHARE:
            return True
        if lane is Lane.INTERACTIVE and edge.latest - now > PATIENCE:
            return True
        if self._next_scout is None:
            self._next_scout = self._plan_scout(now, free, edge, sharp)
        return now >= self._next_scout

    def _plan_scout(self, now: float, free: int, edge: Edge, sharp: float) -> float:
        start, end = edge.next_tick(now)
        telling = edge.latest - 1.0  # which way `Reset` is rounded shows only in the last second before the latest end
        if edge.may_round_either_way and end <= telling:
            if free == 1:
                return telling
            if end - start <= sharp:
                return now
            free -= end < telling  # one is kept for that
        elif end == edge.latest and edge.width <= LATE_SHARE * (self.window.period or 0.0):
            return now
        start = max(start, now)
        return start + (end - start) / free

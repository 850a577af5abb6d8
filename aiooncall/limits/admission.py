"""Pure: what one rate-limit bucket admits, and when to ask again. No I/O and no tasks; time is an argument.

The questions, in the order in which they are asked:

1. Is it closed? After a refusal it is, for everyone, until the server's wait is over. Of a `Retry-After` that is very
   long one call looks every 15 minutes.
2. Are enough calls in flight? An unknown limit is approached gently: a few of them, one more with every answer. After a
   refusal one call probes alone, and then as many as answers allow.
3. Is the window over? Then a new one is taken to be whole.
4. Is there room? A known window admits what the server said is left, less what is in flight. Whether a call in flight
   has been counted yet cannot be known, so it is taken as not counted.
5. Do others use the limit as well? What the server has counted shows how many calls they make for each of ours. That
   many, times `CAUTION`, are taken to be in flight for each of ours. They may also have begun a window that only the
   time says is whole, so a few calls go until an answer tells.
6. Does a person call? While people do, bulk calls leave a small reserve to them, less of it near the window's end.
7. Is more wanted than the window has room for, while its end is uncertain? Then the last few calls are probes, which
   are sent when their answers tell most of the end.
"""

from __future__ import annotations

import enum
from math import ceil, inf
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall._base.backoff import backoff_wait, refusal_wait
from aiooncall.limits.lane import Lane
from aiooncall.limits.probes import MOST_PROBES, probe_at
from aiooncall.limits.window import FEWEST_ANSWERS, Window
from aiooncall.ratelimit import HeldBy

if TYPE_CHECKING:
    from aiooncall.limits.lane import Demand
    from aiooncall.limits.window import WindowFacts
    from aiooncall.ratelimit import RateLimit

FIRST_IN_FLIGHT: Final = 4
"""Calls in flight at first while the limit is unknown."""
CAUTION: Final = 2.5
"""Others may come in bursts: by how much more than what the server has counted of theirs is left to them. With 1.5 four
clients that share 100 calls in 10 s are refused 0.1 times a call, with this 0.03 times, and no slower."""
SOON: Final = 2.0
"""Seconds that a person may wait for the next window: one that is no longer has no reserve."""
QUARTER: Final = 0.5
"""Seconds from one quarter of the reserve that bulk gets, near a window's end, to the next."""
LAST_QUARTER: Final = 0.1
"""Seconds before a window may end at which bulk gets the last of it, just in time to be sent."""
ROUNDING: Final = 1e-6
"""A moment that was computed is met in spite of what rounding adds to it; a share of a step."""
RESERVE_SHARE: Final = 20
"""One call in so many is kept for people."""
LARGEST_RESERVE: Final = 50
FIRST_UNTOLD_WAIT: Final = 1.0
"""Seconds to wait after a refusal that does not say how long; doubles with each further one."""
LONGEST_UNTOLD_WAIT: Final = 30.0
LONGEST_SILENCE: Final = 900.0
"""Seconds of a longer `Retry-After` after which one call looks whether the wait is over: one answer must not shut up
everybody for a day."""


class State(enum.Enum):
    """What is known of a bucket."""

    UNKNOWN = "unknown"
    """Nothing was said of its limit."""
    KNOWN = "known"
    """How many calls are left in its window."""
    CLOSED = "closed"
    """It was refused, and the wait is not over."""
    PROBING = "probing"
    """The wait is over, and no answer has come since."""


_REFUSED: Final = (State.CLOSED, State.PROBING)


@attrs.define(eq=False, repr=False)
class Admission:
    """Admission to one bucket.

    Attributes:
        max_in_flight: most calls in flight, whatever the server allows.
        window: what is known of its window.
        state: what is known of it at all.
        closed_until: nobody goes before (monotonic seconds).
        looks_at: when one call is let through although the server's wait is not over (monotonic seconds).
        interactive_at: when a person last wanted to call (monotonic seconds).
        counts: whether it counts what is left in the window; where several processes share it, that is done elsewhere.
    """

    max_in_flight: int
    window: Window = attrs.field(init=False, factory=Window)
    state: State = attrs.field(init=False, default=State.UNKNOWN)
    closed_until: float = attrs.field(init=False, default=0.0)
    looks_at: float = attrs.field(init=False, default=inf)
    interactive_at: float = attrs.field(init=False, default=-inf)
    counts: bool = attrs.field(init=False, default=True)
    _ramp: int = attrs.field(init=False)
    _refusals: int = attrs.field(init=False, default=0)
    _probe_at: float | None = attrs.field(init=False, default=None)

    def __attrs_post_init__(self) -> None:
        self._ramp = min(FIRST_IN_FLIGHT, self.max_in_flight)

    def try_admit(self, now: float, lane: Lane, waiting: int, demand: Demand | None = None) -> int | None:
        """Return the number of the window in which a call may go now, if it may; see `admits`."""
        window = self.window
        if lane is Lane.INTERACTIVE:
            self.interactive_at = now
        if not self.admits(now, lane, waiting, demand):
            return None
        window.in_flight += 1
        self._probe_at = None
        if now < self.closed_until:
            self.looks_at = now + LONGEST_SILENCE
        return window.number

    def admits(self, now: float, lane: Lane, waiting: int = 1, demand: Demand | None = None) -> bool:
        """Return whether a call may go now.

        Args:
            now: monotonic seconds.
            lane: who waits for the call.
            waiting: how many calls wait, this one included.
            demand: the job that the call belongs to.
        """
        window = self.window
        if now < self.closed_until or window.in_flight >= self._ramp:
            return self.looks_at <= now < self.closed_until and window.in_flight == 0
        if self.state is State.CLOSED:
            self.state = State.PROBING
        if window.unconfirmed or (window.end is not None and now >= window.end.latest):
            window.roll_over_if_due(now)
        if self.state is State.PROBING or window.remaining is None or not self.counts:
            return True
        free = window.remaining - window.unconfirmed - window.in_flight
        if free > LARGEST_RESERVE and not window.others:
            return True  # far from the end of the budget
        return self._may_be_among_the_last(now, lane, free, waiting, demand)

    def _may_be_among_the_last(self, now: float, lane: Lane, free: int, waiting: int, demand: Demand | None) -> bool:
        """Return whether a call may go although there is not much room, or somebody else uses it too."""
        window = self.window
        if window.others and window.untold:
            return window.in_flight < FIRST_IN_FLIGHT  # others may have begun it
        free -= ceil(window.in_flight * window.others * CAUTION)
        if free <= (0 if lane is Lane.INTERACTIVE else self._reserve(now)):
            return False
        if free > MOST_PROBES:
            return True
        left = 0 if lane is Lane.INTERACTIVE else None if demand is None else demand.left
        wanted = None if left is None else waiting + left
        at = probe_at(window, now, lane, free, wanted, planned=self._probe_at)
        if at > now:
            self._probe_at = at
        return at <= now

    def next_check_at(self, now: float, lane: Lane) -> float | None:
        """Return when a call that was not admitted may go; None if only an answer can change that."""
        if now < self.closed_until:
            return min(self.closed_until, self.looks_at)
        window = self.window
        end, left = window.end, window.left
        if window.in_flight >= self._ramp or end is None or left is None:
            return None
        if left > window.in_flight:
            if lane is Lane.BULK and self._reserve(now):
                released_at = end.earliest - LAST_QUARTER - QUARTER * (self._quarters(now) - 1)
                return min(released_at, self.interactive_at + (window.period or 0.0))
            if self._probe_at is not None:
                return min(self._probe_at, end.latest)
        return min(end.latest, window.unconfirmed_until) if window.unconfirmed else end.latest

    def held_by(self, now: float, lane: Lane) -> HeldBy:
        """Return what a call waits for that was not admitted."""
        window = self.window
        if now < self.closed_until:
            return HeldBy.REFUSAL if self.state is State.CLOSED else HeldBy.PAUSE
        if window.in_flight >= self._ramp:
            return HeldBy.ANSWERS
        if (window.left or 0) <= window.in_flight:
            return HeldBy.LIMIT
        return HeldBy.RESERVE if lane is Lane.BULK and self._reserve(now) else HeldBy.PROBE

    def opens_at(self, now: float) -> float:
        """Return the earliest moment at which any new call can go, as far as is known."""
        if now < self.closed_until:
            return min(self.closed_until, self.looks_at)
        end, used_up = self.window.end, self.window.left == 0
        if used_up and end is not None and self.window.in_flight == 0 and self.state is State.KNOWN:
            return max(now, end.earliest)
        return now

    def answered(self, number: int, sent: float, now: float, said: RateLimit | None) -> None:
        """Take in an answer that was not a refusal.

        Args:
            number: the window that the call was admitted in.
            sent: when it was (monotonic seconds).
            now: when the answer came.
            said: what it said of the limit.
        """
        window = self.window
        window.in_flight -= 1
        window.answered += 1
        if not window.answered % FEWEST_ANSWERS:
            window.look_for_others()
        if self.state in _REFUSED and sent <= window.seen_at:
            return  # sent before the refusal: it says nothing of what comes after
        self._refusals = 0
        if self._ramp < self.max_in_flight:
            self._ramp += 1
        if self.state in _REFUSED:
            self.closed_until = min(self.closed_until, now)  # the call that looked was answered: the wait is over
            if said is None or said.remaining is None:
                window.remaining = None
        self._learn(number, sent, now, said)

    def _learn(self, number: int, sent: float, now: float, said: RateLimit | None) -> None:
        window = self.window
        if said is not None:
            window.learn(said)
            self._probe_at = None  # what it shows may leave less to find out
        if said is None or said.remaining is None:
            window.count_unconfirmed(number, now)
        else:
            window.saw_remaining(number, sent, now, said)
        self.state = State.UNKNOWN if window.remaining is None else State.KNOWN

    def refused(self, sent: float, now: float, said: RateLimit | None) -> None:
        """Take in a refusal: close the bucket for everyone until the server's wait is over."""
        window = self.window
        window.in_flight -= 1
        if said is not None:
            window.learn(said)
        self._refusals += 1
        self._ramp = 1
        self.state = State.CLOSED
        self.closed_until = max(self.closed_until, self._reopening(sent, now, said))
        self.looks_at = now + LONGEST_SILENCE if said is not None and said.retry_after is not None else inf
        window.remaining = 0
        window.seen_at = now

    def abandoned(self, number: int, now: float, *, sent: bool) -> None:
        """Take back a call without an answer; if it was sent, the server may have counted it."""
        self.window.in_flight -= 1
        if sent:
            self.window.count_unconfirmed(number, now)

    def pause(self, until: float) -> None:
        """Close the bucket until `until` (monotonic seconds)."""
        self.closed_until = max(self.closed_until, until)

    def reopen(self, now: float) -> None:
        """Take in that another process found it open."""
        self.closed_until = min(self.closed_until, now)

    def adopt(self, now: float, told: WindowFacts) -> bool:
        """Take over what others know of the window; return whether its limit or its length is new here."""
        window = self.window
        known = window.limit, window.period
        window.adopt(now, told)
        if self.state is State.UNKNOWN:
            self.state = State.KNOWN
        return known != (told.limit, told.period)

    def would_admit(self, now: float, lane: Lane) -> bool:
        """Return whether a call could go by what is known here, whoever counts."""
        counts, self.counts = self.counts, True
        try:
            return self.admits(now, lane)
        finally:
            self.counts = counts

    def _reopening(self, sent: float, now: float, said: RateLimit | None) -> float:
        if said is not None and said.retry_after is not None:
            return now + refusal_wait(said.retry_after)
        window = self.window
        reset = window.credible_reset(said) if said is not None else None
        if reset is None:
            return now + refusal_wait(backoff_wait(self._refusals, base=FIRST_UNTOLD_WAIT, cap=LONGEST_UNTOLD_WAIT))
        window.saw_same_window(sent, now, 0, reset)
        assert window.end is not None  # noqa: S101 (narrowing: it leaves an end)
        return window.end.latest

    def _reserve(self, now: float) -> int:
        """Return how many calls are kept for people: while they call, and less and less as a new window is near."""
        window = self.window
        period = window.period or 0.0
        if window.limit is None or window.end is None or period <= SOON or now - self.interactive_at > period:
            return 0
        return min(window.limit // RESERVE_SHARE, LARGEST_RESERVE) * self._quarters(now) // 4

    def _quarters(self, now: float) -> int:
        """Return how many quarters of the reserve are still kept, so near to the earliest end of the window."""
        assert self.window.end is not None  # noqa: S101 (narrowing: who asks has looked)
        ahead = (self.window.end.earliest - LAST_QUARTER - now) / QUARTER
        return max(0, min(4, ceil(ahead - ROUNDING)))

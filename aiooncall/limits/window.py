"""Pure: what is known of one rate-limit window: how many calls are left in it, and when it ends.

Answers overtake each other, and calls that were sent in one window may be answered in the next. So each answer is
first placed: in this window, in the next one (which proves that this one is over), or in the previous one.
"""

from __future__ import annotations

from itertools import count
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

import attrs

from aiooncall.limits.window_end import WindowEnd

if TYPE_CHECKING:
    from aiooncall.ratelimit import RateLimit

UNKNOWN_WINDOW: Final = 1.0
"""Seconds to wait where a server says that nothing is left but not until when."""
LONGEST_UNTOLD_RESET: Final = 3600.0
"""A longer reset is not believed unless a period confirms it, in seconds."""
FEWEST_ANSWERS: Final = 8
"""After fewer answers it is hard to say how many calls others make for each of ours; it is taken for so many."""

_window_numbers = count(1)


class WindowFacts(NamedTuple):
    """What others know of a window: the limit, how many calls are left, and between when and when it ends."""

    limit: int
    period: float
    left: int
    earliest: float
    latest: float


@attrs.define(eq=False, repr=False)
class Window:
    """The state of the current window.

    Attributes:
        limit: calls in a window.
        period: its length in seconds.
        remaining: calls left at the last word of the server; None while nothing is known of the window.
        first: calls left in it when it began to be known.
        answered: how many calls of it were answered here.
        others: how many calls of others the server counts for each of ours.
        end: when it ends.
        number: tells it from the windows before.
        in_flight: calls under way.
        seen_at: when the lowest `remaining` was seen (monotonic seconds).
        unconfirmed: calls that the server may have counted without saying so.
        unconfirmed_until: when they no longer matter (monotonic seconds).
    """

    limit: int | None = None
    period: float | None = None
    remaining: int | None = None
    first: int | None = None
    answered: int = 0
    others: float = 0.0
    end: WindowEnd | None = None
    number: int = attrs.field(factory=lambda: next(_window_numbers))
    in_flight: int = 0
    seen_at: float = 0.0
    unconfirmed: int = 0
    unconfirmed_until: float = inf
    _unconfirmed_at: float = 0.0
    _straddling: int = 0
    _straddled_at: float = 0.0
    _lowest_reset: float | None = None
    _reset_seen_at: float = 0.0
    _rolled_at: float = -inf

    @property
    def untold(self) -> bool:
        """Whether the window is taken to be whole because it is due, without a word from the server."""
        return self.seen_at < self._rolled_at

    @property
    def left(self) -> int | None:
        """Calls left as far as is known: what the server said, less what it may have counted since."""
        return None if self.remaining is None else max(0, self.remaining - self.unconfirmed)

    def learn(self, said: RateLimit) -> None:
        """Take in the limit and period of an answer."""
        self.limit = said.limit or self.limit
        self.period = said.period or self.period

    def saw_remaining(self, number: int, sent: float, now: float, said: RateLimit) -> None:
        """Take in an answer's `remaining` and `reset_after`.

        Args:
            number: the window that the call was sent in.
            sent: when it was sent.
            now: when the answer arrived.
            said: the answer's headers; `remaining` is known.
        """
        left, reset = said.remaining or 0, self.credible_reset(said)
        if self.remaining is None:
            self.start(sent, now, left, reset)
        elif number != self.number:
            self.count_unconfirmed(self.number, now)  # sent before the roll-over: it may count here
        elif self._proves_roll_over(sent, now, reset):
            self._roll_over_by_proof(sent, now, left, reset)
        else:
            self.saw_same_window(sent, now, left, reset)

    def saw_same_window(self, sent: float, now: float, left: int, reset: float | None) -> None:
        """Take in an answer that, as far as can be told, belongs to this window."""
        if self.unconfirmed and sent >= self._unconfirmed_at:
            self.unconfirmed = 0
        if self.remaining is None or left <= self.remaining:
            self.remaining = left
            self.seen_at = now
        if self.end is None:
            self.start(sent, now, left, reset)
            return
        if now >= self.end.earliest and not self._is_surely_old(now, left, reset, self.end):
            self._straddling += 1  # it may be of the next window, so it proves nothing about the end of this one
            self._straddled_at = now
            return
        self._saw_reset(sent, now, reset)

    def start(self, sent: float, now: float, left: int, reset: float | None) -> None:
        """Begin to know a window from one answer."""
        self.remaining = self.first = left
        self.answered = 0
        self.seen_at = now
        untold = now, now + (self.period or UNKNOWN_WINDOW)
        self.end = WindowEnd(*(untold if reset is None else (-inf, inf)))
        self._saw_reset(sent, now, reset)

    def look_for_others(self) -> None:
        """Find out whether others are more than was known: while calls are in flight, they seem fewer than they are."""
        self.others = max(self.others, self._counted())

    def _counted(self) -> float:
        # What is gone and was neither answered here nor can be on its way from here was taken by others.
        if self.first is None or self.remaining is None:
            return self.others
        theirs = max(0, self.first - self.remaining - self.answered - self.in_flight)
        return theirs / max(self.answered, FEWEST_ANSWERS)

    def adopt(self, now: float, told: WindowFacts) -> None:
        """Take over what others know: the limit and the period, and the rest as far as nothing is known here."""
        self.limit, self.period = told.limit, told.period
        if self.remaining is None or self.end is None:
            self.start(now, now, told.left, None)
            self.end = WindowEnd(told.earliest, told.latest)
        else:
            self.end.agree(told.earliest, told.latest, told.period)

    def count_unconfirmed(self, number: int, now: float) -> None:
        """Count a call that the server may have counted without saying so; a later answer will tell."""
        if number == self.number:
            self.unconfirmed += 1
            self._unconfirmed_at = now
            self.unconfirmed_until = inf if self.period is None else now + self.period

    def roll_over_if_due(self, now: float) -> None:
        """Move to the window that `now` is in; forget everything if its length or limit is unknown."""
        if self.unconfirmed and now >= self.unconfirmed_until:
            self.unconfirmed = 0
        if self.end is None or now < self.end.latest:
            return
        uncertain = self._straddling
        self._number_next()
        if self.period is None or self.limit is None:
            self.end = self.remaining = None
            return
        self.end.advance(now, self.period)
        self.remaining = self.first = self.limit
        self._rolled_at = now
        self._count_in_both(uncertain, now, self.period)

    def credible_reset(self, said: RateLimit) -> float | None:
        """Return the answer's `reset_after`, unless it is longer than the window can be."""
        longest = LONGEST_UNTOLD_RESET if self.period is None else self.period + 1.0
        return said.reset_after if said.reset_after is not None and said.reset_after <= longest else None

    def _proves_roll_over(self, sent: float, now: float, reset: float | None) -> bool:
        # Within a window `Reset` only falls. Answers may overtake each other, so a rise proves something only if the
        # call was sent after the lower number had arrived; and servers that count in several places are a little off
        # at times, so the time must be right too.
        if reset is None or self._lowest_reset is None or (self.end is not None and now < self.end.earliest):
            return False
        return reset > self._lowest_reset and sent >= self._reset_seen_at

    def _is_surely_old(self, now: float, left: int, reset: float | None, end: WindowEnd) -> bool:
        if self.period is not None and reset is not None and reset + 1.0 < self.period - (now - end.earliest):
            return True  # a window that began after the earliest possible end would have longer to go
        if self.limit is None:
            return True
        # In a new window at most the calls that are in flight or were answered since could have been counted.
        return left < self.limit - self._straddling - self.in_flight - 1

    def _saw_reset(self, sent: float, now: float, reset: float | None) -> None:
        if reset is None or self.end is None:
            return
        if self._lowest_reset is None or reset <= self._lowest_reset:
            self._lowest_reset = reset
            self._reset_seen_at = now
        self.end.saw_reset(sent, now, reset, self.period)

    def _roll_over_by_proof(self, sent: float, now: float, left: int, reset: float | None) -> None:
        if self.end is None or self.period is None:
            self.start(sent, now, left, reset)
            return
        uncertain = self._straddling if sent <= self._straddled_at else 0  # what came before, this answer has counted
        self._number_next()
        self.end.shift(self.period)
        self.end.advance(now, self.period)
        self.first, self.answered = self.limit, 1
        self.saw_same_window(sent, now, left, reset)
        self._count_in_both(uncertain, now, self.period)

    def _count_in_both(self, straddling: int, now: float, period: float) -> None:
        """Count answers around the end in the new window too, until an answer to a call of now tells, or it is over."""
        self.unconfirmed, self._unconfirmed_at = straddling, now
        self.unconfirmed_until = self._straddled_at + period

    def _number_next(self) -> None:
        self.others = self._counted()
        self.first, self.answered = None, 0
        self.unconfirmed = self._straddling = 0
        self._lowest_reset = None
        self.number = next(_window_numbers)
        self.remaining = None

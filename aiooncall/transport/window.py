"""Pure: what is known of one rate-limit window: how many calls are left in it, and when it ends.

Answers overtake each other, and calls that were sent in one window may be answered in the next. So each answer is
first placed: in this window, in the next one (which proves that this one is over), or in the previous one.
"""

from __future__ import annotations

from itertools import count
from math import inf
from typing import TYPE_CHECKING, Final

from aiooncall.transport.edge import Edge

if TYPE_CHECKING:
    from aiooncall.ratelimit import RateLimit

UNKNOWN_WINDOW: Final = 1.0
"""Seconds to wait where a server says that nothing is left but not until when."""
LONGEST_BLIND_RESET: Final = 3600.0
"""A longer reset is not believed unless a period confirms it, in seconds."""
FEWEST_ANSWERS: Final = 8
"""After fewer answers it is hard to say how many calls others make for each of ours; it is taken for so many."""

_window_numbers = count(1)


class Window:
    """The state of the current window. `remaining` is None while nothing is known of it.

    `crowd` is how many calls of others the server counts for each of ours.
    """

    __slots__ = (
        "_blind_at",
        "_left_before",
        "_lowest_reset",
        "_maybe_at",
        "_maybe_next",
        "_reset_seen_at",
        "_rolled_at",
        "answered",
        "blind",
        "blind_until",
        "crowd",
        "edge",
        "first",
        "in_flight",
        "limit",
        "number",
        "period",
        "remaining",
        "seen_at",
    )

    def __init__(self) -> None:
        self.limit: int | None = None
        self.period: float | None = None
        self.remaining: int | None = None
        self.first: int | None = None
        self.answered = 0
        self.crowd = 0.0
        self.edge: Edge | None = None
        self.number = next(_window_numbers)
        self.in_flight = 0
        self.seen_at = 0.0
        self._left_before = 0
        self.blind = 0
        self._blind_at = 0.0
        self.blind_until = inf
        self._maybe_next = 0
        self._maybe_at = 0.0
        self._lowest_reset: float | None = None
        self._reset_seen_at = 0.0
        self._rolled_at = -inf

    @property
    def untold(self) -> bool:
        """Whether the window is taken to be whole because it is due, without a word from the server."""
        return self.seen_at < self._rolled_at

    @property
    def left(self) -> int | None:
        """Calls left as far as is known: what the server said, less what it may have counted since."""
        return None if self.remaining is None else max(0, self.remaining - self.blind)

    def learn(self, said: RateLimit) -> None:
        """Take in the limit and period of an answer."""
        if said.limit is not None:
            self.limit = said.limit
        if said.period is not None:
            self.period = said.period

    def saw_usual(self, number: int, sent: float, now: float, said: RateLimit) -> bool:
        """Take in the usual answer: a little less left than before, in the middle of a window.

        This is the short way through `learn` and `saw_remaining`, for nearly every answer of a busy client.

        Returns:
            Whether it was a usual one; if not, nothing was taken in.
        """
        left, reset, before, edge = said.remaining, said.reset_after, self.remaining, self.edge
        if left is None or before is None or edge is None or left >= before or number != self.number:
            return False
        if reset != self._lowest_reset or now >= edge.earliest or self.blind:
            return False
        if said.limit != self.limit or said.period != self.period:
            return False
        if reset is not None:
            # The lower bound rises with every answer of the same reset; the upper one was lowest with the first.
            earliest = sent + reset - edge.rounded_up_by
            if earliest > edge.latest:
                return False
            if earliest > edge.earliest:  # noqa: PLR1730 (the call of `max` costs more than the rest of this)
                edge.earliest = earliest
        self.remaining = left
        self.seen_at = self._reset_seen_at = now
        return True

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
            self._saw_straddler(now, left)
        elif self._proves_roll_over(sent, now, left, reset):
            self._roll_over_by_proof(sent, now, left, reset)
        else:
            self.saw_same_window(sent, now, left, reset)

    def saw_same_window(self, sent: float, now: float, left: int, reset: float | None) -> None:
        """Take in an answer that, as far as can be told, belongs to this window."""
        if self.blind and sent > self._blind_at:
            self.blind = 0
        if self.remaining is None or left <= self.remaining:
            self.remaining = left
            self.seen_at = now
        if self.edge is None:
            self.start(sent, now, left, reset)
            return
        if now >= self.edge.earliest and not self._is_surely_old(now, left, reset, self.edge):
            self._maybe_next += 1  # it may be of the next window, so it proves nothing about the end of this one
            self._maybe_at = now
            return
        if sent > self._maybe_at:
            self._maybe_next = 0
        self.edge.not_before(sent)
        self._saw_reset(sent, now, reset)

    def start(self, sent: float, now: float, left: int, reset: float | None) -> None:
        """Begin to know a window from one answer."""
        self.remaining = self.first = left
        self.answered = 0
        self.seen_at = now
        if reset is None:
            self.edge = Edge(now, now + (self.period or UNKNOWN_WINDOW))
        else:
            self.edge = Edge(-inf, inf)
            self._saw_reset(sent, now, reset)

    def look_for_others(self) -> None:
        """Find out whether others are more than was known: while calls are in flight, they seem fewer than they are."""
        self.crowd = max(self.crowd, self._counted())

    def _counted(self) -> float:
        # What is gone and was neither answered here nor can be on its way from here was taken by others.
        if self.first is None or self.remaining is None:
            return self.crowd
        theirs = max(0, self.first - self.remaining - self.answered - self.in_flight)
        if self.answered < FEWEST_ANSWERS:
            return max(self.crowd, theirs / FEWEST_ANSWERS)
        return theirs / self.answered

    def count_blindly(self, number: int, now: float) -> None:
        """Count a call that the server may have counted without saying so; a later answer will tell."""
        if number == self.number:
            self.blind += 1
            self._blind_at = now
            self.blind_until = inf if self.period is None else now + self.period

    def roll_over_if_due(self, now: float) -> None:
        """Move to the window that `now` is in; forget everything if its length or limit is unknown."""
        if self.blind and now >= self.blind_until:
            self.blind = 0
        if self.edge is None or now < self.edge.latest:
            return
        uncertain = self._maybe_next
        self._number_next()
        if self.period is not None and self.limit is not None:
            self.edge.advance(now, self.period)
            self.remaining = self.first = self.limit
            self._rolled_at = now
            self._distrust(uncertain, now, self.period)
            self.blind_until = self._maybe_at + self.period
        else:
            self.edge = self.remaining = None

    def credible_reset(self, said: RateLimit) -> float | None:
        """Return the answer's `reset_after`, unless it is longer than the window can be."""
        longest = LONGEST_BLIND_RESET if self.period is None else self.period + 1.0
        return said.reset_after if said.reset_after is not None and said.reset_after <= longest else None

    def _saw_straddler(self, now: float, left: int) -> None:
        # Sent before the roll-over, answered after it. More than any call of the old window can have seen can only
        # be of the new one; anything else may be of either, so it is counted until an answer shows otherwise.
        if self.remaining is not None and left > self._left_before:
            self.remaining = min(self.remaining, left)
        else:
            self.count_blindly(self.number, now)

    def _proves_roll_over(self, sent: float, now: float, left: int, reset: float | None) -> bool:
        # Within a window both numbers only fall. Answers may overtake each other, so a rise proves something only if
        # the call was sent after the lower number had arrived; and servers that count in several places are a little
        # off at times, so the time must be right too.
        if self.edge is not None and now < self.edge.earliest:
            return False
        if left > (self.remaining or 0) and sent >= self.seen_at:
            return True
        lowest = self._lowest_reset
        return reset is not None and lowest is not None and reset > lowest and sent >= self._reset_seen_at

    def _is_surely_old(self, now: float, left: int, reset: float | None, edge: Edge) -> bool:
        if self.period is not None and reset is not None and reset + 1.0 < self.period - (now - edge.earliest):
            return True  # a window that began after the earliest possible edge would have longer to go
        if self.limit is None:
            return True
        # In a new window at most the calls that are in flight or were answered since could have been counted.
        return left < self.limit - self._maybe_next - self.in_flight - 1

    def _saw_reset(self, sent: float, now: float, reset: float | None) -> None:
        if reset is None or self.edge is None:
            return
        if self._lowest_reset is None or reset <= self._lowest_reset:
            self._lowest_reset = reset
            self._reset_seen_at = now
        self.edge.saw_reset(sent, now, reset)

    def _roll_over_by_proof(self, sent: float, now: float, left: int, reset: float | None) -> None:
        if self.edge is None or self.period is None:
            self.start(sent, now, left, reset)
            return
        uncertain = self._maybe_next if sent <= self._maybe_at else 0  # what came before, this answer has counted
        self._number_next()
        self.edge.not_after(now)
        self.edge.shift(self.period)
        self.edge.advance(now, self.period)
        self.first, self.answered = self.limit, 1
        self.saw_same_window(sent, now, left, reset)
        self._distrust(uncertain, now, self.period)

    def _distrust(self, calls: int, now: float, period: float) -> None:
        """Count `calls` around the edge in the new window as well; an answer to a call sent from now on will tell."""
        self.blind, self._blind_at, self.blind_until = calls, now, now + period

    def _number_next(self) -> None:
        self.crowd = self._counted()
        self.first, self.answered = None, 0
        self._left_before = (self.remaining or 0) + self.in_flight
        self.blind = self._maybe_next = 0
        self._lowest_reset = None
        self.number = next(_window_numbers)
        self.remaining = None

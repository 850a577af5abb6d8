"""Pure: the turns that a process holds of one window, and what it has to tell of it."""

from __future__ import annotations

from typing import Final

from aiooncall.limits.lane import Lane

FRESH: Final = 1.0
"""Seconds after which turns go back: so nobody hoards them, and a refusal is known everywhere within that time."""


class Stock:
    """Turns, until when they can be used, and whether they are the last ones of a window.

    Attributes:
        for_people: how many are for people alone.
        for_all: how many are for whoever comes.
        until: when they expire (monotonic seconds).
        probing: whether they are to be sent when their answers tell most of the window's end.
    """

    __slots__ = ("for_all", "for_people", "probing", "until")

    def __init__(self) -> None:
        self.for_people: int = 0
        self.for_all: int = 0
        self.until: float = 0.0
        self.probing: bool = False

    @property
    def size(self) -> int:
        """How many there are."""
        return self.for_people + self.for_all

    def fill(self, for_people: int, for_all: int, *, until: float, probing: bool) -> None:
        """Replace what is there."""
        self.for_people, self.for_all = for_people, for_all
        self.until, self.probing = until, probing

    def take(self, lane: Lane, now: float) -> bool:
        """Return whether a turn is there for a lane, and take it."""
        if now >= self.until:
            return False
        if self.for_people and lane is Lane.INTERACTIVE:
            self.for_people -= 1
            return True
        if self.for_all:
            self.for_all -= 1
            return True
        return False

    def take_back(self) -> int:
        """Return how many were not used, and forget them."""
        unused = self.size
        self.for_people = self.for_all = 0
        self.probing = False
        return unused


class Alone:
    """What a process may do of a window while it cannot ask: its part, by how many shared the bucket last.

    Attributes:
        unreported: calls of the window that nobody was told of.
    """

    __slots__ = ("_number", "_used", "unreported")

    def __init__(self) -> None:
        self.unreported: int = 0
        self._number = 0
        self._used = 0

    def may_go(self, number: int, limit: int | None, workers: int) -> bool:
        """Return whether a call may go, and count it.

        Args:
            number: the window, as it is counted here.
            limit: calls allowed in a window; None if unknown.
            workers: how many share them.
        """
        if number != self._number:
            self._number, self._used, self.unreported = number, 0, 0
        if limit is not None and self._used >= max(1, limit // workers):
            return False
        self._used += 1
        self.unreported += 1
        return True


class Unreported:
    """What happened since the others were last told.

    Attributes:
        answered: answers that said nothing of the limit.
        closed_until: until when the bucket is closed (monotonic seconds); 0 if it was not refused.
        found_open: whether a call was answered although the bucket is closed.
    """

    __slots__ = ("answered", "closed_until", "found_open")

    def __init__(self) -> None:
        self.answered: int = 0
        self.closed_until: float = 0.0
        self.found_open: bool = False

    def put_back(self, older: Unreported) -> None:
        """Take back what could not be told."""
        self.answered += older.answered
        self.closed_until = max(self.closed_until, older.closed_until)
        self.found_open = self.found_open or older.found_open

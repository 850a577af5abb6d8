"""One deadline over all the calls that one call by the user consists of.

The deadline is kept in the task's context: tasks that are started inside the block have it too, because they copy the
context, and no function has to hand it on. Once the block is over it binds nobody: a task that goes on longer, such as
one that a hook started, must not be held to it.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from aiooncall._base.clock import Clock


class DeadlineScope:
    """An instant by which everything in a block has to be done."""

    __slots__ = ("_clock", "binds", "until")

    def __init__(self, clock: Clock, until: float) -> None:
        self._clock = clock
        self.until: float = until
        self.binds: bool = True

    @property
    def left(self) -> float:
        """How many seconds are left; none if the instant has passed."""
        return max(0.0, self.until - self._clock.monotonic())


_CURRENT: ContextVar[DeadlineScope | None] = ContextVar("aiooncall_deadline", default=None)


def current_deadline() -> DeadlineScope | None:
    """Return the deadline of the block that runs, if there is one."""
    deadline = _CURRENT.get()
    return deadline if deadline is not None and deadline.binds else None


@contextmanager
def one_deadline(clock: Clock, seconds: float | None) -> Generator[DeadlineScope]:
    """Hold all calls of a block to one deadline; inside of another such block, to that one.

    Args:
        clock: what time it is.
        seconds: from now on; None for no bound.
    """
    if (outer := current_deadline()) is not None:
        yield outer
        return
    deadline = DeadlineScope(clock, inf if seconds is None else clock.monotonic() + seconds)
    token = _CURRENT.set(deadline)
    try:
        yield deadline
    finally:
        deadline.binds = False
        _CURRENT.reset(token)

"""Deadlines of many calls on one timer.

A timer of its own for every call (`asyncio.timeout`, `wait_for`, aiohttp's `total`) costs a tenth of a call. Here a
call only enters its deadline in a set; one timer sleeps until the earliest, which is usually a whole timeout away,
because calls are answered long before.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiooncall._base.clock import Clock, Timer


class Deadline:
    """Cancels a task at `at` (monotonic seconds), and can tell its own cancellation from anybody else's."""

    __slots__ = ("_cancelling", "_timer", "at", "fired", "task")

    def __init__(self, timer: DeadlineTimer, task: asyncio.Task[object]) -> None:
        self._timer = timer
        self.task: asyncio.Task[object] = task
        self.at: float = inf
        self.fired: bool = False
        self._cancelling = task.cancelling()

    def fire(self) -> None:
        """Cancel the task."""
        self.fired = True
        self.task.cancel()

    def set(self, at: float) -> None:
        """Move the deadline to `at` (monotonic seconds; infinite for never)."""
        self.at = at
        timer = self._timer
        timer.active.add(self)
        if at < timer.wakes_at:
            timer.wake_at(at)

    def was_mine(self) -> bool:
        """Return whether the CancelledError just caught came from this deadline alone, and take it back if so."""
        if not self.fired:
            return False
        self.fired = False
        return self.task.uncancel() <= self._cancelling

    async def settle(self) -> None:
        """Swallow a cancellation that was requested too late to interrupt anything."""
        if not self.fired:
            return
        try:
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            if not self.was_mine():
                raise

    def stop(self) -> None:
        """Forget the deadline."""
        self._timer.active.discard(self)


class DeadlineTimer:
    """All deadlines of one event loop, on one timer."""

    def __init__(self, clock: Clock) -> None:
        self.active: set[Deadline] = set()
        self.wakes_at: float = inf
        self._clock = clock
        self._timer: Timer | None = None

    def for_this_task(self) -> Deadline:
        """Return a deadline for the current task, not set yet."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 (narrowing: coroutines run in tasks)
        return Deadline(self, task)

    def close(self) -> None:
        """Stop the timer."""
        self.active.clear()
        self.wake_at(inf)

    def wake_at(self, at: float) -> None:
        """Move the timer to `at` (monotonic seconds)."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self.wakes_at = at
        if at != inf:
            self._timer = self._clock.call_later(max(0.0, at - self._clock.monotonic()), self._wake)

    def _wake(self) -> None:
        now = self._clock.monotonic()
        for deadline in [deadline for deadline in self.active if deadline.at <= now]:
            self.active.discard(deadline)
            deadline.fire()
        self.wake_at(min((deadline.at for deadline in self.active), default=inf))

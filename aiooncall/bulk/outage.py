"""The outage: all workers wait together while nothing can be reached, so that no item fails because of it.

An item that cannot be sent is held. When all workers hold one, that is an outage. Then one worker tries again, after
longer and longer waits, and when it reaches the server all of them go on.

A single item that cannot be sent is no outage. It is tried again as soon as another call reaches the server, if that
call began after this one failed: an older call would prove nothing about the server's present state.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiooncall._base.backoff import backoff_wait
from aiooncall.events import JobPaused, JobResumed

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall._base.clock import Clock
    from aiooncall.events import Event

FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 30.0
"""The longest time between two tries, in seconds."""


class Outage:
    """The waiting room of workers that cannot reach the server.

    Args:
        clock: the clock.
        tell: a function that gets the events of pauses.
        longest: the longest pause, in seconds; after it the job ends.
    """

    def __init__(self, clock: Clock, tell: Callable[[Event], None], longest: float) -> None:
        self._clock = clock
        self._tell = tell
        self._longest = longest
        self._at_work = 0
        self._calls = 0
        self._held: dict[asyncio.Future[bool | None], int] = {}
        self._tries = 0
        self._began = 0.0
        self._next_try: asyncio.Task[None] | None = None
        self._problem = Exception()

    def enter(self) -> None:
        """Count a worker that has taken an item."""
        self._at_work += 1

    def leave(self) -> None:
        """Count a worker that has finished its item."""
        self._at_work -= 1
        self._look()

    def begin(self) -> int:
        """Return a number for a call that begins now."""
        self._calls += 1
        return self._calls

    def answered(self, call: int) -> None:
        """Note that a call reached the server, whatever the server answered."""
        if not self._held or call <= min(self._held.values()):
            return
        if self._tries:
            self._tell(JobResumed(paused=self._clock.monotonic() - self._began))
        over, self._tries = self._tries > 0, 0
        for held, since in list(self._held.items()):
            if (over or since < call) and not held.done():
                held.set_result(over)

    async def wait(self, problem: Exception) -> bool | None:
        """Hold an item that could not be sent until it should be tried again.

        Args:
            problem: the reason.

        Returns:
            Whether there was an outage; None if it lasts longer than the longest pause.
        """
        held: asyncio.Future[bool | None] = asyncio.get_running_loop().create_future()
        self._held[held] = self._calls
        self._problem = problem
        try:
            self._look()
            return await held
        finally:
            del self._held[held]

    def close(self) -> None:
        """Stop the tries."""
        if self._next_try is not None:
            self._next_try.cancel()

    def _look(self) -> None:
        """Start the wait for the next try if all workers hold an item."""
        trying = self._next_try is not None and not self._next_try.done()
        if not trying and self._held and len(self._held) == self._at_work:
            self._next_try = asyncio.create_task(self._try_later())

    async def _try_later(self) -> None:
        await asyncio.sleep(0)  # lets a worker that has finished its item take the next one
        if len(self._held) != self._at_work:
            return
        if not self._tries:
            self._began = self._clock.monotonic()
        self._tries += 1
        wait = backoff_wait(self._tries, base=FIRST_WAIT, cap=LONGEST_WAIT)
        if self._clock.monotonic() + wait > self._began + self._longest:
            self._first().set_result(None)
            return
        self._tell(JobPaused(reason=str(self._problem), next_try=wait))
        await self._clock.sleep(wait)
        self._first().set_result(True)

    def _first(self) -> asyncio.Future[bool | None]:
        """Return the future that has waited longest, or a new one if all were cancelled."""
        return next((held for held in self._held if not held.done()), asyncio.get_running_loop().create_future())

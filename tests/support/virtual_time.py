"""An event loop whose time is virtual: it jumps to the next timer as soon as no socket has anything to say.

Client and simulator share the loop and talk over real loopback sockets, so a test of a 60 s wait takes
milliseconds and still exercises the real network code.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall._base.clock import Timer

EPOCH = 1_800_000_000.25
"""Where virtual wall time starts: a quarter second after a whole one, so that windows don't start aligned."""
GRACE = 0.005
"""Real seconds that loopback traffic gets to arrive before time jumps; a busy kernel may take a time slice for it."""
NUDGE = 1e-6
"""Added to every jump: a float residue would otherwise re-arm a timer at the same instant for ever."""


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for sockets a moment of real time; when they are silent it moves virtual time instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.pending_threads: Callable[[], bool] = lambda: False

    def select(self, timeout: float | None = None) -> Any:
        if timeout is not None and timeout <= 0:
            return super().select(0)
        if timeout is None or self.pending_threads():
            return super().select(timeout)
        ready = super().select(GRACE)
        if not ready:
            self.now += timeout + NUDGE
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """A selector loop on virtual time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        self._in_threads = 0
        self._jumping.pending_threads = lambda: self._in_threads > 0

    def time(self) -> float:
        """Return virtual seconds since the loop was made."""
        return self._jumping.now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]  # looser
        """Run `func` in a thread; virtual time stands still meanwhile."""
        future = super().run_in_executor(executor, func, *args)
        self._in_threads += 1

        def done(_: object) -> None:
            self._in_threads -= 1

        future.add_done_callback(done)
        return future

    async def shutdown_default_executor(self, timeout: float | None = None) -> None:
        """Join the threads; virtual time stands still meanwhile, or it would run into the timeout at once."""
        self._in_threads += 1
        try:
            await super().shutdown_default_executor()
        finally:
            self._in_threads -= 1


class VirtualClock:
    """A clock that reads the running loop's virtual time; its wall clock can be wrong by `skew` seconds."""

    def __init__(self, *, skew: float = 0.0) -> None:
        self.skew = skew

    def monotonic(self) -> float:
        """Return the loop's virtual seconds."""
        return asyncio.get_running_loop().time()

    def time(self) -> float:
        """Return virtual wall time."""
        return EPOCH + self.monotonic() + self.skew

    async def sleep(self, delay: float) -> None:
        """Sleep virtually."""
        await asyncio.sleep(delay)

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call back virtually."""
        return asyncio.get_running_loop().call_later(delay, callback)


def real_seconds() -> float:
    """Return real time, for the few assertions that virtual time really was virtual."""
    return time.perf_counter()

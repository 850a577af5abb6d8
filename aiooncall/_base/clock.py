"""The clock that everything in the package reads: a parameter, so that tests and simulations own time."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable


class Timer(Protocol):
    """A callback that waits for its moment."""

    def cancel(self) -> None:
        """Forget the callback; harmless once it has run."""
        ...


@runtime_checkable
class Clock(Protocol):
    """What a clock can do. All durations are seconds."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary origin; never goes back."""
        ...

    def time(self) -> float:
        """Return seconds since the Unix epoch; may be wrong and may jump."""
        ...

    async def sleep(self, delay: float) -> None:
        """Return after `delay` seconds."""
        ...

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` on the running loop after `delay` seconds."""
        ...


class SystemClock:
    """The machine's clocks and the running event loop's timers."""

    __slots__ = ()

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)

    async def sleep(self, delay: float) -> None:
        """Return after `delay` seconds."""
        await asyncio.sleep(delay)

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Call `callback` on the running loop after `delay` seconds."""
        return asyncio.get_running_loop().call_later(delay, callback)


SYSTEM_CLOCK: Clock = SystemClock()

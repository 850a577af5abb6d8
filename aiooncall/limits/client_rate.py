"""A limit that the user sets, kept by aiolimiter: an even pace with a small burst.

`AsyncLimiter(n, w)` is a leaky bucket, not a window: over any `w` seconds it can let almost `2 n` through. So the
burst is made small and the rate is lowered by it: burst + rate * per = calls, and no stretch of `per` seconds ever
sees more than `calls`.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiolimiter import AsyncLimiter

from aiooncall.limits.lane import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall.options import CallRate

BURST_SHARE: Final = 20
"""One call in so many may go at once; the rest is spread evenly."""


def spread(rate: CallRate) -> tuple[int, float]:
    """Return the burst, and the seconds between two calls after it, that keep `rate` in every window."""
    burst = max(1, rate.calls // BURST_SHARE)
    if rate.calls == burst:
        return burst, rate.per
    return burst, rate.per / (rate.calls - burst)


class ClientRate:
    """Hands out one turn at a time. Only one turn is ever asked of the limiter, so nobody can overtake.

    Args:
        rate: the limit.
        wake: called when a turn has become ready.
    """

    free_at: float = 0.0
    """Unknown: the limiter does not tell."""
    workers: int | None = None
    """It is this process's own."""

    def __init__(self, rate: CallRate, wake: Callable[[], None]) -> None:
        burst, interval = spread(rate)
        self._limiter = AsyncLimiter(burst, burst * interval)
        self._wake = wake
        self._ready = False
        self._fetching: asyncio.Task[None] | None = None

    def try_acquire(self, lane: Lane = Lane.INTERACTIVE, in_flight: int = 0) -> bool:
        """Return whether a turn is there, and use it; otherwise see to it that `wake` is called when one is."""
        del lane, in_flight  # people and bulk work wait in one queue here
        if self._ready:
            self._ready = False
            return True
        if self._fetching is None:
            self._fetching = asyncio.get_running_loop().create_task(self._fetch())
        return False

    async def _fetch(self) -> None:
        await self._limiter.acquire()
        self._ready = True
        self._fetching = None
        self._wake()
        self._ready = False  # nobody wanted it any more; kept, it would go out together with a fresh one

    def refused(self, retry_after: float | None) -> None:
        """Change nothing: the limit is the user's own."""
        del retry_after

    def close(self) -> None:
        """Stop waiting for a turn."""
        if self._fetching is not None:
            self._fetching.cancel()
            self._fetching = None

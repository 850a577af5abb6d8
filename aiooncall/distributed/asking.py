"""What shared turns of all kinds do alike: ask Redis beside the calls, never make a person wait for it, go on alone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from aiooncall.distributed.store import PREFIX, Away
from aiooncall.limits.lane import Lane

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable

    from aiooncall._base.clock import Clock, Timer
    from aiooncall.distributed.store import RedisStore

MOST_PATIENT: Final = 0.05
"""Seconds that a person waits for Redis at most."""


def key_of(*parts: str) -> str:
    """Return the name of a bucket in Redis: it tells neither host nor credential, and is the same for the same ones."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def key(bucket: str, what: str) -> str:
    """Return a key of a bucket; the braces keep all keys of one in one slot of a cluster."""
    return f"{PREFIX}:{{{bucket}}}:{what}"


class Asking:
    """One question to Redis at a time, asked beside the calls.

    Args:
        store: where Redis is.
        ask: asks, and takes in the answer; raises Away if there is none.
        wake: called when there may be turns.
    """

    def __init__(self, store: RedisStore, ask: Callable[[], Awaitable[None]], wake: Callable[[], None]) -> None:
        self.impatient: bool = False
        """Whether a person has waited for Redis for long enough."""
        self._store = store
        self._ask = ask
        self._wake = wake
        self._task: asyncio.Task[None] | None = None
        self._patience: Timer | None = None
        self._alarm: Timer | None = None
        self._alarm_at = 0.0

    @property
    def clock(self) -> Clock:
        """What time it is."""
        return self._store.clock

    def soon(self, lane: Lane) -> None:
        """Ask, unless that is being done; a person is told when it takes too long."""
        if self._task is None:
            self._task = self._store.start(self._run())
        if lane is Lane.INTERACTIVE and self._patience is None:
            self._patience = self.clock.call_later(MOST_PATIENT, self._lose_patience)

    def wake_at(self, at: float) -> None:
        """Wake whoever waits at `at` (monotonic seconds), or when it was asked for before if that is sooner."""
        if self._alarm is not None and self._alarm_at <= at:
            return
        self._forget_alarm()
        self._alarm_at = at
        self._alarm = self.clock.call_later(max(0.0, at - self.clock.monotonic()), self._ring)

    def close(self) -> None:
        """Ask no more."""
        self._forget_alarm()
        self._forget_patience()
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _run(self) -> None:
        try:
            await self._ask()
        except Away:
            pass
        finally:
            self._forget_patience()
            self._task = None
        self._wake()

    def _lose_patience(self) -> None:
        self._patience = None
        self.impatient = True
        self._wake()

    def _forget_patience(self) -> None:
        self.impatient = False
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _ring(self) -> None:
        self._alarm = None
        self._wake()

    def _forget_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

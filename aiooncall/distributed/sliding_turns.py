"""Turns of one limit over a sliding window, taken from Redis, each with the moment from which it counts."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING, Final, NamedTuple

from aiooncall.distributed.asking import Asking, key, key_of
from aiooncall.distributed.server_clock import MICROSECONDS
from aiooncall.distributed.store import Script
from aiooncall.limits.lane import Lane
from aiooncall.limits.sliding_window import MARGIN, MOST_IN_FIRST_WINDOW

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall.distributed.store import RedisStore
    from aiooncall.limits.bucket import Bucket
    from aiooncall.options import CallRate

SCRIPT: Final = Script("sliding_window")
LIFETIME: Final = MARGIN / 2
"""The share of a window for which a turn can be used: later it would count for longer than the others know."""
AHEAD: Final = 0.05
"""The share of a window by which a turn may be taken ahead."""
UNTOLD_WAIT: Final = 1.0
"""Seconds to wait after a refusal that does not say how long."""
TICK: Final = 1e-3
"""Seconds by which a moment is passed to be sure that it is over."""


class Turn(NamedTuple):
    """From when it can be used, until when (monotonic seconds), and what Redis calls it."""

    begins: float
    ends: float
    number: int


class SlidingTurns:
    """The turns that this process holds of one limit.

    Args:
        store: where Redis is.
        account: which host, as whom, and what the server counts.
        rate: the limit.
        reserve: calls of each window that bulk work leaves to people.
        bucket: returns the bucket whose calls wait.
        wake: called when there may be turns.
    """

    def __init__(
        self,
        store: RedisStore,
        account: tuple[str, ...],
        rate: CallRate,
        *,
        reserve: int,
        bucket: Callable[[], Bucket | None],
        wake: Callable[[], None],
    ) -> None:
        name = key_of(*account, "sliding")
        self._keys = tuple(key(name, what) for what in ("state", "workers", "turns"))
        self._store = store
        self._now = store.clock.monotonic
        self._rate = rate
        self._period = rate.per * (1 + MARGIN)
        self._reserve = reserve
        self._bucket = bucket
        self._asking = Asking(store, self._ask, wake)
        self._turns: deque[Turn] = deque()
        self._unused: list[int] = []
        self._used: deque[float] = deque()
        self._opens_at = {Lane.INTERACTIVE: 0.0, Lane.BULK: 0.0}
        self._refused_until = 0.0
        self._whole_at = inf
        self._workers = 0
        self._wake = wake
        store.listen(self._noticed)

    @property
    def workers(self) -> int | None:
        """How many processes share the limit; None while that cannot be told."""
        return None if self._store.away or not self._workers else self._workers

    @property
    def free_at(self) -> float:
        """When a person gets a turn at the earliest, as far as is known (monotonic seconds)."""
        return 0.0 if self._store.away or self._turns else self._opens_at[Lane.INTERACTIVE]

    def try_acquire(self, lane: Lane, in_flight: int) -> bool:
        """Return whether a turn is there for a lane, and use it."""
        now = self._now()
        if self._store.away or (lane is Lane.INTERACTIVE and self._asking.impatient):
            return self._try_alone(lane, now)
        if now < self._whole_at and in_flight >= max(1, MOST_IN_FIRST_WINDOW // max(1, self._workers)):
            return False  # the next answer makes room
        while self._turns and self._turns[0].ends <= now:
            self._unused.append(self._turns.popleft().number)
        if self._turns and self._turns[0].begins <= now:
            self._turns.popleft()
            self._used.append(now)
            return True
        self._ask_later(lane, now)
        return False

    def _ask_later(self, lane: Lane, now: float) -> None:
        if self._turns:
            self._asking.wake_at(self._turns[0].begins + TICK)
        if now < self._opens_at[lane]:
            self._asking.wake_at(self._opens_at[lane])
        elif not self._turns or lane is Lane.INTERACTIVE:
            self._asking.soon(lane)

    def _try_alone(self, lane: Lane, now: float) -> bool:
        """Return whether a call may go while Redis cannot be asked: each process has its part of the limit."""
        while self._used and self._used[0] + self._period <= now:
            self._used.popleft()
        calls = self._rate.calls if lane is Lane.INTERACTIVE else self._rate.calls - self._reserve
        part = max(1, calls // max(1, self._workers))
        if len(self._used) < part:
            self._used.append(now)
            return True
        self._asking.wake_at(self._used[-part] + self._period + TICK)
        return False

    def refused(self, retry_after: float | None) -> None:
        """Take in that the server refused a call that had a turn: everybody is told at once."""
        self._refused_until = self._now() + (UNTOLD_WAIT if retry_after is None else max(retry_after, TICK))
        self._give_back()
        self._asking.soon(Lane.BULK)

    def close(self) -> None:
        """Hand out no more."""
        self._store.unlisten(self._noticed)
        self._asking.close()
        self._turns.clear()

    def _give_back(self) -> None:
        self._unused.extend(turn.number for turn in self._turns)
        self._turns.clear()

    def _noticed(self) -> None:
        """Take in that Redis went away or came back."""
        self._turns.clear()
        self._unused.clear()
        self._opens_at = dict.fromkeys(self._opens_at, 0.0)
        self._wake()

    def _wants(self) -> tuple[int, int]:
        """Return how many calls of people and of bulk work want to go, those that come after the ones in flight too."""
        bucket = self._bucket()
        if bucket is None:
            return 0, 0
        people, bulk = len(bucket.interactive), len(bucket.bulk)
        if bulk:
            demand, flying = bucket.bulk[0].demand, bucket.admission.window.in_flight
            left = None if demand is None else demand.left
            bulk += flying if left is None else min(left, flying)
        return people, bulk

    async def _ask(self) -> None:
        """Tell Redis what is new, and take in what it says."""
        store, unused, refused_until = self._store, self._unused, self._refused_until
        self._unused, self._refused_until = [], 0.0
        people, bulk = self._wants()
        sent = self._now()
        closed = max(0, int((refused_until - sent) * MICROSECONDS))
        limit = (self._rate.calls, self._microseconds(1 + MARGIN), self._reserve, self._microseconds(AHEAD))
        answer = await store.run(SCRIPT, self._keys, (store.worker, people, bulk, *limit, closed, *unused))
        opens, closed_until, self._workers, stamp, since, *turns = answer
        store.there.saw(sent, self._now(), stamp)
        self._whole_at = store.there.latest_here(since) + self._period
        if closed_until > stamp:
            self._give_back()
        self._add(turns)
        self._note_opening(people, bulk, len(turns) // 2, max(self._now(), store.there.latest_here(opens)) + TICK)

    def _microseconds(self, share: float) -> int:
        return int(self._rate.per * share * MICROSECONDS)

    def _add(self, numbers_and_times: list[int]) -> None:
        lifetime = self._rate.per * LIFETIME
        for number, begins in zip(numbers_and_times[::2], numbers_and_times[1::2], strict=True):
            here = self._store.there.latest_here(begins)
            self._turns.append(Turn(here, here + lifetime, number))
        self._turns = deque(sorted(self._turns))
        if self._turns:
            self._asking.wake_at(self._turns[0].begins + TICK)

    def _note_opening(self, people: int, bulk: int, granted: int, opens_at: float) -> None:
        """Note from when on it makes sense to ask again, for each lane that got nothing."""
        if people:
            self._opens_at[Lane.INTERACTIVE] = 0.0 if granted else opens_at
        if bulk:
            self._opens_at[Lane.BULK] = 0.0 if granted > people else opens_at
        bucket = self._bucket()
        if people and not granted and bucket is not None:
            bucket.reject_waiters()

"""One rate-limit bucket: a gate, and the queue of those who wait in front of it."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from aiooncall.ratelimit import BudgetSnapshot
from aiooncall.transport.gate import Gate
from aiooncall.transport.messages import Lane

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall._clock import Clock, Timer
    from aiooncall.transport.gate import Permit


class WontFit(Exception):
    """The bucket opens after the caller's deadline. `opens_at` is on the monotonic clock."""

    def __init__(self, opens_at: float) -> None:
        super().__init__(opens_at)
        self.opens_at = opens_at


class Waiter:
    """Somebody in the queue, until when they can wait, and the future that brings the permit."""

    __slots__ = ("future", "until")

    def __init__(self, until: float, loop: asyncio.AbstractEventLoop) -> None:
        self.until = until
        self.future: asyncio.Future[Permit] = loop.create_future()


class Bucket:
    """A gate with two queues in front: people (interactive) go first, then bulk, each first come first served.

    Args:
        clock: what time it is.
        max_in_flight: most calls in flight.
        take_turn: asks the user's own pace for a turn, if there is one.
    """

    def __init__(self, clock: Clock, max_in_flight: int, take_turn: Callable[[Lane], bool] | None = None) -> None:
        self.gate = Gate(max_in_flight)
        self.name: str | None = None
        self.routes: list[str] = []
        self.used_at = clock.monotonic()
        self.merged_into: Bucket | None = None
        self._clock = clock
        self._take_turn = take_turn
        self.people: deque[Waiter] = deque()
        self.bulk: deque[Waiter] = deque()
        self._alarm: Timer | None = None

    @property
    def waiting(self) -> int:
        """How many calls are in the queues."""
        return len(self.people) + len(self.bulk)

    @property
    def idle(self) -> bool:
        """Whether nobody waits and nothing is in flight."""
        return not self.waiting and self.gate.window.in_flight == 0

    def try_acquire(self, lane: Lane, now: float) -> Permit | None:
        """Return a permit at once if nobody waits and the gate admits."""
        self.used_at = now
        if self.people or (self.bulk and lane is Lane.BULK):
            return None
        if self._take_turn is None:
            return self.gate.try_admit(self, now, lane, 1)
        return self._try_admit(now, lane, 1)

    def _try_admit(self, now: float, lane: Lane, backlog: int) -> Permit | None:
        if self._take_turn is not None and not (self.gate.admits(now, lane, backlog) and self._take_turn(lane)):
            return None
        return self.gate.try_admit(self, now, lane, backlog)

    async def wait(self, lane: Lane, until: float, *, in_front: bool) -> Permit:
        """Queue and return the permit when it is this call's turn.

        Raises:
            WontFit: the bucket is known to open only after `until`.
        """
        opens_at = self.gate.opens_at(self._clock.monotonic())
        if opens_at > until:
            raise WontFit(opens_at)
        waiter = Waiter(until, asyncio.get_running_loop())
        queue = self.queue(lane)
        if in_front:
            queue.appendleft(waiter)
        else:
            queue.append(waiter)
        self.pump()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            self._withdraw(waiter, lane)
            raise

    def _withdraw(self, waiter: Waiter, lane: Lane) -> None:
        bucket = self.final()
        queue = bucket.queue(lane)
        if waiter.future.done() and not waiter.future.cancelled() and waiter.future.exception() is None:
            granted = waiter.future.result()
            bucket.gate.abandoned(granted, self._clock.monotonic(), sent=False)  # cancelled after its turn had come
        elif waiter in queue:
            queue.remove(waiter)
        bucket.pump()

    def queue(self, lane: Lane) -> deque[Waiter]:
        """Return the queue of `lane`."""
        return self.people if lane is Lane.INTERACTIVE else self.bulk

    def pump(self) -> None:
        """Let in whoever may go, then arrange to look again."""
        now = self._clock.monotonic()
        while (lane := self._next_lane()) is not None:
            queue = self.queue(lane)
            if queue[0].future.done():  # cancelled; it withdraws by itself
                queue.popleft()
                continue
            permit = self._try_admit(now, lane, self.waiting)
            if permit is None:
                self._look_again(now, lane)
                return
            queue.popleft().future.set_result(permit)

    def turn_away(self) -> None:
        """Fail those who cannot wait until the bucket opens again."""
        opens_at = self.gate.opens_at(self._clock.monotonic())
        for queue in (self.people, self.bulk):
            for waiter in [waiter for waiter in queue if waiter.until < opens_at]:
                queue.remove(waiter)
                if not waiter.future.done():
                    waiter.future.set_exception(WontFit(opens_at))

    def _next_lane(self) -> Lane | None:
        if self.people:
            return Lane.INTERACTIVE
        return Lane.BULK if self.bulk else None

    def _look_again(self, now: float, lane: Lane) -> None:
        self._silence()
        if self._take_turn is not None and self.gate.admits(now, lane, self.waiting):
            return  # only a turn is missing, and whoever hands them out wakes the bucket
        at = self.gate.look_again_at(now, lane)
        if at is not None:
            self._alarm = self._clock.call_later(max(0.0, at - now), self.pump)

    def _silence(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def final(self) -> Bucket:
        """Return the bucket that this one has become part of, or itself."""
        bucket = self
        while bucket.merged_into is not None:
            bucket = bucket.merged_into
        return bucket

    def merge_into(self, other: Bucket) -> None:
        """Join `other`: the server has told that both are one bucket."""
        self.merged_into = other
        other.gate.window.in_flight += self.gate.window.in_flight
        other.gate.close_like(self.gate)
        for lane in Lane:
            other.queue(lane).extend(self.queue(lane))
            self.queue(lane).clear()
        other.routes.extend(self.routes)
        self._silence()
        other.pump()

    def close(self, reason: Exception) -> None:
        """Fail everybody who waits."""
        self._silence()
        for queue in (self.people, self.bulk):
            while queue:
                waiter = queue.popleft()
                if not waiter.future.done():
                    waiter.future.set_exception(reason)

    def snapshot(self) -> BudgetSnapshot:
        """Return what is known right now."""
        now, window = self._clock.monotonic(), self.gate.window
        left = window.left
        return BudgetSnapshot(
            name=self.name,
            routes=tuple(self.routes),
            limit=window.limit,
            period=window.period,
            remaining=None if left is None else max(0, left - window.in_flight),
            resets_in=None if window.edge is None else max(0.0, window.edge.latest - now),
            closed_for=max(0.0, self.gate.closed_until - now),
            in_flight=window.in_flight,
            waiting=self.waiting,
        )

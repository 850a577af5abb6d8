"""One rate-limit bucket: who may go, and the queue of those who wait."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.limits.lane import Lane
from aiooncall.limits.snapshot import Held, snapshot_of
from aiooncall.ratelimit import HeldBy

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall._base.clock import Clock, Timer
    from aiooncall.limits.admission import Admission
    from aiooncall.limits.lane import Demand
    from aiooncall.limits.turns import KnownLimit, SharedTurns
    from aiooncall.ratelimit import BudgetSnapshot

LONG: Final = 1.0
"""Seconds that a wait has to take for somebody to be told of it."""


class WontFit(Exception):
    """The bucket opens after the caller's deadline. `opens_at` is on the monotonic clock."""

    def __init__(self, opens_at: float) -> None:
        super().__init__(opens_at)
        self.opens_at = opens_at


@attrs.define(eq=False, repr=False)
class Permit:
    """The right to send one request: of which bucket, given when, counted in which window."""

    bucket: Bucket
    sent: float
    window: int


@attrs.define(eq=False, repr=False)
class Waiter:
    """Somebody in the queue, until when they can wait, the job of the call, and the future that brings the permit."""

    until: float
    demand: Demand | None
    future: asyncio.Future[Permit] = attrs.field(factory=lambda: asyncio.get_running_loop().create_future())


@attrs.define(eq=False, repr=False)
class Bucket:
    """Two queues in front of one limit: people (interactive) go first, then bulk, each first come first served.

    Attributes:
        admission: what it admits.
        known: a limit that is known beforehand, if there is one.
        shared: turns that other processes share, if there are any.
        routes: which it is for.
        used_at: when it was last asked (monotonic seconds).
        name: what the server calls it.
        merged_into: the bucket that this one has become part of.
        interactive: people who wait.
        bulk: bulk calls that wait.
    """

    _clock: Clock
    admission: Admission
    known: KnownLimit | None
    _tell_held: Callable[[Bucket], None]
    routes: list[str]
    used_at: float
    name: str | None = None
    merged_into: Bucket | None = None
    shared: SharedTurns | None = None
    interactive: deque[Waiter] = attrs.field(factory=deque[Waiter])
    bulk: deque[Waiter] = attrs.field(factory=deque[Waiter])
    _next_check: Timer | None = None
    _held: Held | None = None
    _told_until: float = 0.0

    @property
    def waiting(self) -> int:
        """How many calls are in the queues."""
        return len(self.interactive) + len(self.bulk)

    @property
    def idle(self) -> bool:
        """Whether nobody waits and nothing is in flight."""
        return not self.waiting and self.admission.window.in_flight == 0

    def try_acquire(self, lane: Lane, now: float, demand: Demand | None) -> Permit | None:
        """Return a permit at once if nobody waits and a call may go."""
        self.used_at = now
        if self.interactive or (self.bulk and lane is Lane.BULK):
            return None
        return self._try_admit(now, lane, 1, demand)

    def _try_admit(self, now: float, lane: Lane, waiting: int, demand: Demand | None) -> Permit | None:
        if self.known is not None or self.shared is not None:
            in_flight = self.admission.window.in_flight
            if not self.admission.admits(now, lane, waiting, demand):
                return None
            if self.known is not None and not self.known.try_acquire(lane, in_flight):
                return None
            if self.shared is not None and not self.shared.try_acquire(lane, in_flight):
                return None
        number = self.admission.try_admit(now, lane, waiting, demand)
        return None if number is None else Permit(self, now, number)

    async def wait(self, lane: Lane, until: float, demand: Demand | None, *, in_front: bool) -> Permit:
        """Queue and return the permit when it is this call's turn.

        Raises:
            WontFit: the bucket is known to open only after `until`.
        """
        opens_at = self._opens_at()
        if opens_at > until:
            raise WontFit(opens_at)
        waiter = Waiter(until, demand)
        queue = self.queue(lane)
        if in_front:
            queue.appendleft(waiter)
        else:
            queue.append(waiter)
        self.dispatch()
        try:
            return await waiter.future
        except asyncio.CancelledError:
            self._withdraw(waiter, lane)
            raise

    def _withdraw(self, waiter: Waiter, lane: Lane) -> None:
        bucket = self.final()
        queue = bucket.queue(lane)
        if waiter.future.done() and not waiter.future.cancelled() and waiter.future.exception() is None:
            granted = waiter.future.result()  # cancelled after its turn had come
            bucket.admission.abandoned(granted.window, self._clock.monotonic(), sent=False)
        elif waiter in queue:
            queue.remove(waiter)
        bucket.dispatch()

    def queue(self, lane: Lane) -> deque[Waiter]:
        """Return the queue of `lane`."""
        return self.interactive if lane is Lane.INTERACTIVE else self.bulk

    def dispatch(self) -> None:
        """Let in whoever may go, then arrange to ask again."""
        now = self._clock.monotonic()
        while (lane := self._next_lane()) is not None:
            queue = self.queue(lane)
            if queue[0].future.done():  # cancelled; it withdraws by itself
                queue.popleft()
                continue
            permit = self._try_admit(now, lane, self.waiting, queue[0].demand)
            if permit is None:
                self._check_later(now, lane)
                return
            self._held = None
            queue.popleft().future.set_result(permit)

    def reject_waiters(self) -> None:
        """Fail those who cannot wait until the bucket opens again."""
        opens_at = self._opens_at()
        for queue in (self.interactive, self.bulk):
            for waiter in [waiter for waiter in queue if waiter.until < opens_at]:
                queue.remove(waiter)
                if not waiter.future.done():
                    waiter.future.set_exception(WontFit(opens_at))

    def _opens_at(self) -> float:
        """Return the earliest moment at which a call that comes now can go, as far as is known."""
        opens_at = self.admission.opens_at(self._clock.monotonic())
        return max([opens_at, *(turns.free_at for turns in (self.known, self.shared) if turns is not None)])

    def _next_lane(self) -> Lane | None:
        if self.interactive:
            return Lane.INTERACTIVE
        return Lane.BULK if self.bulk else None

    def _check_later(self, now: float, lane: Lane) -> None:
        self._forget_check()
        turns = self.known or self.shared
        if turns is not None and self.admission.admits(now, lane, self.waiting, self.queue(lane)[0].demand):
            self._hold(Held(HeldBy.TURN, now, None) if self.shared is None else self.shared.held(now))
            return  # only a turn is missing, and whoever hands them out wakes the bucket
        at = self.admission.next_check_at(now, lane)
        self._hold(Held(self.admission.held_by(now, lane), now, at))
        if at is not None:
            self._next_check = self._clock.call_later(max(0.0, at - now), self.dispatch)

    def _hold(self, held: Held) -> None:
        """Note why the next call waits, and tell if that is new and will take a moment."""
        before, self._held = self._held, held
        if before is not None and before.by == held.by:
            self._held = held._replace(since=before.since)
        elif held.until is not None and held.until >= max(held.since, self._told_until) + LONG:
            self._told_until = held.until
            self._tell_held(self)

    def _forget_check(self) -> None:
        if self._next_check is not None:
            self._next_check.cancel()
            self._next_check = None

    def final(self) -> Bucket:
        """Return the bucket that this one has become part of, or itself."""
        bucket = self
        while bucket.merged_into is not None:
            bucket = bucket.merged_into
        return bucket

    def merge_into(self, other: Bucket) -> None:
        """Join `other`: the server has told that both are one bucket."""
        self.merged_into = other
        mine, theirs = self.admission, other.admission
        theirs.window.in_flight += mine.window.in_flight
        if theirs.closed_until < mine.closed_until:
            theirs.closed_until, theirs.looks_at = mine.closed_until, mine.looks_at
        for lane in Lane:
            other.queue(lane).extend(self.queue(lane))
            self.queue(lane).clear()
        other.routes.extend(self.routes)
        self._forget_check()
        if self.shared is not None:
            self.shared.close()
        other.dispatch()

    def close(self, reason: Exception) -> None:
        """Fail everybody who waits."""
        self._forget_check()
        if self.shared is not None:
            self.shared.close()
        for queue in (self.interactive, self.bulk):
            while queue:
                waiter = queue.popleft()
                if not waiter.future.done():
                    waiter.future.set_exception(reason)

    def snapshot(self) -> BudgetSnapshot:
        """Return what is known right now."""
        routes, now = tuple(self.routes), self._clock.monotonic()
        known = snapshot_of(self.admission, now, name=self.name, routes=routes, waiting=self.waiting, held=self._held)
        turns = self.shared or self.known
        return known if turns is None else attrs.evolve(known, shared_by=turns.workers)

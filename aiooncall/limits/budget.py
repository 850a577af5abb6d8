"""The rate budget: all buckets of one host and credential, shared by every call that goes there."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.errors import ClientClosed
from aiooncall.events import BudgetHeld, BudgetLearned
from aiooncall.limits.admission import Admission
from aiooncall.limits.bucket import Bucket
from aiooncall.limits.sliding_window import SlidingWindow

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiooncall._base.clock import Clock
    from aiooncall.events import BudgetEvent
    from aiooncall.limits.bucket import Permit
    from aiooncall.limits.lane import Demand, Lane
    from aiooncall.limits.sharing import SharedLimits
    from aiooncall.limits.turns import KnownLimit
    from aiooncall.options import CallRate
    from aiooncall.ratelimit import BudgetSnapshot, RateLimit

IDLE_LIFETIME: Final = 900.0
"""Seconds after which an unused bucket is forgotten."""


@attrs.define(eq=False, repr=False)
class LocalBudget:
    """The budget of one process.

    Args:
        clock: what time it is.
        max_in_flight: most calls in flight in one bucket.
        rate: a limit of the user's own, over all buckets but those of `sliding`, kept at an even pace.
        sliding: limits over a sliding window, by bucket, where the server is known to have them.
        reserve: calls of each sliding window that bulk work leaves to people.
        shared: lets other processes share the limits; None if there are none.
    """

    _clock: Clock
    _max_in_flight: int = attrs.field(default=100, kw_only=True, alias="max_in_flight")
    _rate: CallRate | None = attrs.field(default=None, kw_only=True, alias="rate")
    _sliding: Mapping[str, CallRate] = attrs.field(factory=dict[str, "CallRate"], kw_only=True, alias="sliding")
    _reserve: int = attrs.field(default=0, kw_only=True, alias="reserve")
    _shared: SharedLimits | None = attrs.field(default=None, kw_only=True, alias="shared")
    _watchers: list[Callable[[BudgetEvent], None]] = attrs.field(
        init=False, factory=list["Callable[[BudgetEvent], None]"]
    )
    _known: dict[str, KnownLimit] = attrs.field(init=False, factory=dict[str, "KnownLimit"])
    _by_route: dict[str, Bucket] = attrs.field(init=False, factory=dict[str, Bucket])
    _by_name: dict[str, Bucket] = attrs.field(init=False, factory=dict[str, Bucket])

    def try_acquire(self, route: str, lane: Lane, demand: Demand | None = None) -> Permit | None:
        """Return the right to send one request of `route` if it is there without waiting."""
        bucket = self._by_route.get(route) or self._open(route)
        return bucket.try_acquire(lane, self._clock.monotonic(), demand)

    async def acquire(
        self, route: str, lane: Lane, until: float, demand: Demand | None = None, *, in_front: bool = False
    ) -> Permit:
        """Return the right to send one request of `route`, when it is its turn."""
        permit = self.try_acquire(route, lane, demand)
        return permit or await self._by_route[route].wait(lane, until, demand, in_front=in_front)

    def answered(self, permit: Permit, route: str, said: RateLimit | None) -> None:
        """Take in an answer that was not a refusal."""
        bucket = permit.bucket
        if bucket.merged_into is not None or (said is not None and said.name != bucket.name):
            bucket = self._bucket_of(permit, route, said)
        window = bucket.admission.window
        limit, period = window.limit, window.period
        bucket.admission.answered(permit.window, permit.sent, self._clock.monotonic(), said)
        if bucket.shared is not None:
            bucket.shared.answered(said)
        if bucket.interactive or bucket.bulk:
            bucket.dispatch()
        if window.limit != limit or window.period != period:
            self._tell(bucket)

    def refused(self, permit: Permit, route: str, said: RateLimit | None) -> None:
        """Take in a refusal; the bucket is closed for everyone until the server's wait is over."""
        bucket = self._bucket_of(permit, route, said)
        if bucket.known is not None:
            bucket.known.refused(None if said is None else said.retry_after)
        window = bucket.admission.window
        limit, period = window.limit, window.period
        bucket.admission.refused(permit.sent, self._clock.monotonic(), said)
        if bucket.shared is not None:
            bucket.shared.refused()
        bucket.reject_waiters()
        bucket.dispatch()
        if window.limit != limit or window.period != period:
            self._tell(bucket)

    def abandoned(self, permit: Permit, *, sent: bool) -> None:
        """Take back the permit of a request without an answer."""
        bucket = permit.bucket.final()
        bucket.admission.abandoned(permit.window, self._clock.monotonic(), sent=sent)
        bucket.dispatch()

    def pause(self, route: str, until: float) -> None:
        """Close the bucket of `route` until `until` (monotonic seconds)."""
        bucket = self._by_route.get(route) or self._open(route)
        bucket.admission.pause(until)
        bucket.reject_waiters()

    def snapshot(self) -> tuple[BudgetSnapshot, ...]:
        """Return what is known of every bucket."""
        return tuple(self._shown(bucket) for bucket in dict.fromkeys(self._by_route.values()))

    def _shown(self, bucket: Bucket) -> BudgetSnapshot:
        window = self._sliding.get(bucket.routes[0]) if bucket.routes else None
        shown = bucket.snapshot()
        return shown if window is None else attrs.evolve(shown, limit=window.calls, period=window.per)

    def watch(self, tell: Callable[[BudgetEvent], None]) -> None:
        """Give `tell` an event whenever something of a bucket became known or changed, or its calls begin to wait."""
        self._watchers.append(tell)

    def unwatch(self, tell: Callable[[BudgetEvent], None]) -> None:
        """Call `tell` no longer."""
        self._watchers.remove(tell)

    def close(self) -> None:
        """Fail everybody who waits and release what is held."""
        for known in self._known.values():
            known.close()
        self._known.clear()
        for bucket in set(self._by_route.values()):
            bucket.close(ClientClosed("the client was closed while this call waited for its turn"))
        self._by_route.clear()
        self._by_name.clear()

    def _open(self, route: str) -> Bucket:
        self._forget_idle()
        admission, known = Admission(self._max_in_flight), self._known_limit(route)
        bucket = Bucket(self._clock, admission, known, self._tell_held, [route], self._clock.monotonic())
        self._by_route[route] = bucket
        if self._shared is not None and route not in self._sliding:
            bucket.shared = self._shared.window(bucket, self._tell)
        return bucket

    def _forget_idle(self) -> None:
        horizon = self._clock.monotonic() - IDLE_LIFETIME
        for bucket in set(self._by_route.values()):
            if bucket.idle and bucket.used_at < horizon and bucket.admission.closed_until <= self._clock.monotonic():
                self._forget(bucket)

    def _forget(self, bucket: Bucket) -> None:
        for route in bucket.routes:
            self._by_route.pop(route, None)
        if bucket.name is not None:
            self._by_name.pop(bucket.name, None)
        bucket.close(ClientClosed("the bucket was idle"))

    def _known_limit(self, route: str) -> KnownLimit | None:
        """Return the limit of `route` that is known beforehand, if any; it outlives buckets, which are forgotten."""
        rate = self._sliding.get(route)
        name = "" if rate is None else route
        if rate is not None and name not in self._known:
            self._known[name] = self._slide(route, rate)
        elif self._rate is not None and name not in self._known:
            from aiooncall.limits import client_rate  # noqa: PLC0415 (few set a limit of their own)

            self._known[name] = client_rate.ClientRate(self._rate, self._dispatch_all)
        return self._known.get(name)

    def _slide(self, route: str, rate: CallRate) -> KnownLimit:
        if self._shared is None:
            return SlidingWindow(rate, self._clock, self._dispatch_all, reserve=self._reserve)
        return self._shared.sliding(route, rate, self._reserve, partial(self._by_route.get, route), self._dispatch_all)

    def _dispatch_all(self) -> None:
        for bucket in set(self._by_route.values()):
            bucket.dispatch()

    def _bucket_of(self, permit: Permit, route: str, said: RateLimit | None) -> Bucket:
        bucket = permit.bucket.final()
        if said is None or said.name is None or said.name == bucket.name:
            return bucket
        return self._name(bucket, route, said.name)

    def _name(self, bucket: Bucket, route: str, name: str) -> Bucket:
        """Give `route` the bucket that the server calls `name`."""
        named = self._by_name.get(name)
        if bucket.name is not None:  # the server now counts this route elsewhere: calls to come go there
            self._move(bucket, route, name)
            return bucket.final()
        if named is None:
            bucket.name = name
            self._by_name[name] = bucket
            self._tell(bucket)
            return bucket
        for mine in bucket.routes:
            self._by_route[mine] = named
        bucket.merge_into(named)
        return named

    def _move(self, bucket: Bucket, route: str, name: str) -> None:
        if route not in bucket.routes:
            return
        bucket.routes.remove(route)
        target = self._by_name.get(name)
        if target is None:
            target = self._open(route)
            target.name = name
            self._by_name[name] = target
        else:
            target.routes.append(route)
            self._by_route[route] = target
        if not bucket.routes:  # nothing else can bring it forward any more
            if bucket.name is not None:
                self._by_name.pop(bucket.name, None)
            bucket.merge_into(target)

    def _tell(self, bucket: Bucket) -> None:
        for tell in self._watchers:
            tell(BudgetLearned(budget=bucket.snapshot()))

    def _tell_held(self, bucket: Bucket) -> None:
        for tell in self._watchers:
            tell(BudgetHeld(budget=self._shown(bucket)))

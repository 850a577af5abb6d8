"""A fixed-window server and clients of it, as a simulation of discrete events: no loop, no tasks."""

from __future__ import annotations

import heapq
import math
from collections import Counter
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

import attrs

from aiooncall.limits.lane import Lane
from aiooncall.ratelimit import RateLimit

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from aiooncall.limits.admission import Admission

TICK = 1e-4
"""How late a timer fires at least."""


class Sent(NamedTuple):
    """A call that was admitted: in which window, and when."""

    window: int
    at: float


@attrs.define
class Left:
    """A job of which so many calls have not asked to go."""

    left: int | None

    def asks(self) -> None:
        """Take in nothing."""


def admit(admission: Admission, now: float, lane: Lane, waiting: int = 1, left: int | None = None) -> Sent | None:
    """Return what was admitted, if it was."""
    number = admission.try_admit(now, lane, waiting, Left(left))
    return None if number is None else Sent(number, now)


@attrs.define(kw_only=True)
class FixedWindowServer:
    """Counts calls in calendar windows.

    Attributes:
        limit: calls in a window.
        period: length of a window in seconds.
        phase: seconds since the last calendar end when the client's clock shows 0.
        rounds_up: whether `Reset` is rounded up instead of down.
        drift: by how many seconds a second its clock goes faster than the client's.
        passed: calls let through, by window.
    """

    limit: int
    period: float
    phase: float = 0.0
    rounds_up: bool = False
    drift: float = 0.0
    passed: Counter[int] = attrs.field(factory=Counter)

    def call(self, now: float) -> tuple[bool, RateLimit]:
        """Count a call that arrives at `now`; return whether it passed, and the headers of its answer."""
        wall = now * (1 + self.drift) + self.phase
        window = math.floor(wall / self.period)
        passes = self.passed[window] < self.limit
        self.passed[window] += passes
        left = (window + 1) * self.period - wall
        reset = math.ceil(left) if self.rounds_up else math.floor(left)
        return passes, RateLimit("bucket", self.limit, self.limit - self.passed[window], self.period, float(reset))

    def soonest(self, total: int) -> float:
        """Return when the last of `total` calls could have arrived at best, all sent from 0 on."""
        return max(0.0, (math.ceil(total / self.limit) - 1) * self.period - self.phase)

    def lost(self) -> int:
        """Return how many calls of capacity were left unused in windows before the last one."""
        return sum(self.limit - self.passed[window] for window in range(max(self.passed)))


@attrs.define(kw_only=True)
class Client:
    """Sends `total` calls through a admission, as fast as it lets them.

    Attributes:
        admission: what is tested.
        server: what answers.
        total: how many calls must succeed.
        concurrency: most calls that wait or are in flight.
        latency: most seconds from client to server, and back.
        random: decides each latency.
        lane: what the admission is told of the calls.
        tells_all: whether the admission is told how many calls there are.
        garble: replaces an answer's headers.
        refused: how many calls the server refused.
        now: seconds since the start.
    """

    admission: Admission
    server: FixedWindowServer
    total: int
    concurrency: int
    latency: float
    random: random.Random
    lane: Lane = Lane.BULK
    tells_all: bool = True
    garble: Callable[[RateLimit], RateLimit | None] = lambda said: said
    refused: int = 0
    now: float = 0.0
    _pending: int = 0
    _in_flight: int = 0
    _events: list[tuple[float, int, Event]] = attrs.field(factory=list)
    _numbers: count[int] = attrs.field(factory=count)

    def run(self, until: float = math.inf) -> None:
        """Go on until every call has succeeded; fail if that is never, or later than `until`."""
        run_together([self], until)

    def start(self) -> None:
        """Want all calls, from now on."""
        self._pending = self.total

    @property
    def busy(self) -> bool:
        """Whether there are calls to go, or in flight."""
        return bool(self._pending or self._in_flight)

    def next_at(self, now: float) -> float:
        """Send what may be sent at `now`, and return when something happens next."""
        self.now = now
        self._admit()
        at = min(self._event_at(), self._looks_again_at())
        assert at < math.inf, f"stalled at {now} with {self._pending} calls to go"
        return at

    def go_on(self) -> None:
        """Do what happens next."""
        looks_at = self._looks_again_at()
        if looks_at < self._event_at():
            self.now = looks_at
        else:
            self.now, _, event = heapq.heappop(self._events)
            self._happen(event)

    def _event_at(self) -> float:
        return self._events[0][0] if self._events else math.inf

    def _admit(self) -> None:
        while (backlog := min(self.concurrency - self._in_flight, self._pending)) > 0:
            left = self._pending - backlog if self.tells_all else None
            permit = admit(self.admission, self.now, self.lane, backlog, left)
            if permit is None:
                return
            self._pending -= 1
            self._in_flight += 1
            self._later(Event(permit, None))

    def _looks_again_at(self) -> float:
        if not self._pending or self._in_flight == self.concurrency:
            return math.inf
        at = self.admission.next_check_at(self.now, self.lane)
        return math.inf if at is None else max(at, self.now + TICK)

    def _happen(self, event: Event) -> None:
        if event.answer is None:
            self._later(Event(event.permit, self.server.call(self.now)))
            return
        passed, said = event.answer
        self._in_flight -= 1
        if passed:
            self.admission.answered(*event.permit, self.now, self.garble(said))
        else:
            self.refused += 1
            self._pending += 1
            self.admission.refused(event.permit.at, self.now, self.garble(said))

    def _later(self, event: Event) -> None:
        at = self.now + self.random.uniform(0.2, 1.0) * self.latency
        heapq.heappush(self._events, (at, next(self._numbers), event))


class Event(NamedTuple):
    """A call arrives at the server, or its answer at the client."""

    permit: Sent
    answer: tuple[bool, RateLimit] | None


def run_together(clients: list[Client], until: float = math.inf) -> None:
    """Go on until every call of all clients has succeeded; fail if that is never, or later than `until`."""
    for client in clients:
        client.start()
    now = 0.0
    while busy := [client for client in clients if client.busy]:
        ahead = {id(client): client.next_at(now) for client in busy}
        first = min(busy, key=lambda client: ahead[id(client)])
        assert ahead[id(first)] <= until, f"not done at {until}"
        first.go_on()
        now = first.now

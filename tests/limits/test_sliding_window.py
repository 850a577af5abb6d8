"""A limit over a sliding window: never exceeded, and used up to the last turn."""

from __future__ import annotations

import asyncio
from collections import deque

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aiooncall import CallRate
from aiooncall.limits.sliding_window import MARGIN, SlidingWindow
from tests.support.virtual_time import VirtualClock

LATE = 1e-4
"""How late a timer fires at most, in virtual seconds."""


def now() -> float:
    """Return virtual seconds."""
    return VirtualClock().monotonic()


def padded(rate: CallRate) -> float:
    """Return the length of the window that is kept, in seconds."""
    return rate.per * (1 + MARGIN)


class Line:
    """Callers who stand in line for the turns of one pace, and when they got them."""

    def __init__(self, rate: CallRate) -> None:
        self.pace = SlidingWindow(rate, VirtualClock(), self.serve)
        self.waiting: deque[float] = deque()
        self.turns: list[float] = []
        self.woken = 0

    def come(self) -> None:
        """Queue up one more caller."""
        self.waiting.append(now())
        self._serve()

    def serve(self) -> None:
        """Let in whoever has a turn; the pace calls this."""
        self.woken += 1
        self._serve()

    def _serve(self) -> None:
        while self.waiting and self.pace.try_acquire():
            self.waiting.popleft()
            self.turns.append(now())


def best_turns(arrivals: list[float], rate: CallRate) -> list[float]:
    """Return when each caller would get a turn if none were ever lost."""
    turns: list[float] = []
    for number, at in enumerate(arrivals):
        turns.append(at if number < rate.calls else max(at, turns[number - rate.calls] + padded(rate)))
    return turns


RATES = st.builds(CallRate, calls=st.integers(1, 12), per=st.floats(0.5, 90))
GAPS = st.lists(st.one_of(st.just(0.0), st.floats(0, 2), st.floats(0, 100)), min_size=1, max_size=60)


@given(rate=RATES, gaps=GAPS)
@example(rate=CallRate(calls=3, per=60.0), gaps=[0.0] * 20)
@example(rate=CallRate(calls=1, per=0.7), gaps=[0.7] * 20)
async def test_every_window_and_every_turn(rate: CallRate, gaps: list[float]) -> None:
    """However calls come, no window has more than the limit, and each call goes as soon as that allows."""
    line, arrivals = Line(rate), list[float]()
    for gap in gaps:
        await asyncio.sleep(gap)
        arrivals.append(now())
        line.come()
    await asyncio.sleep(len(gaps) * padded(rate) + 1)
    turns = line.turns
    assert all(later - sooner > rate.per for sooner, later in zip(turns, turns[rate.calls :], strict=False))
    assert turns == pytest.approx(best_turns(arrivals, rate), rel=0, abs=len(gaps) * LATE)


@given(rate=RATES, delays=st.lists(st.floats(0, 0.999 * MARGIN), min_size=1, max_size=60))
async def test_travel_times_may_vary(rate: CallRate, delays: list[float]) -> None:
    """Requests that travel for up to a hundredth of a window, each its own time, do not meet in one window either."""
    line = Line(rate)
    for _ in delays:
        line.come()
    await asyncio.sleep(len(delays) * padded(rate) + 1)
    arrivals = sorted(turn + delay * rate.per for turn, delay in zip(line.turns, delays, strict=True))
    assert all(later - sooner > rate.per for sooner, later in zip(arrivals, arrivals[rate.calls :], strict=False))


async def test_a_whole_limit_goes_at_once() -> None:
    """Up to the limit nobody waits, the next one does, and nothing is woken while nobody was refused."""
    line = Line(CallRate(calls=300, per=60))
    for _ in range(300):
        line.come()
    await asyncio.sleep(1000)
    assert (line.turns, line.woken) == ([0.0] * 300, 0)
    for _ in range(301):
        line.come()
    assert (len(line.turns), len(line.waiting)) == (600, 1)


async def test_wakes_once_however_often_it_refused() -> None:
    """Many refusals make one wake-up, when the oldest turn is a window ago and not before; then there is one more."""
    rate = CallRate(calls=2, per=60)
    line = Line(rate)
    line.come()
    await asyncio.sleep(20)
    line.come()
    for _ in range(5):
        line.come()
    assert line.pace.free_at == pytest.approx(padded(rate), abs=LATE)
    await asyncio.sleep(40)
    assert (line.woken, len(line.turns)) == (0, 2)
    await asyncio.sleep(1)
    assert (line.woken, len(line.turns)) == (1, 3)
    await asyncio.sleep(20)
    assert (line.woken, len(line.turns)) == (2, 4)


async def test_turns_free_at_once_are_all_given() -> None:
    """When several turns become free together, one wake-up gives them all."""
    line = Line(CallRate(calls=5, per=10))
    for _ in range(12):
        line.come()
    await asyncio.sleep(11)
    assert (line.woken, len(line.turns)) == (1, 10)


async def test_close_cancels_the_alarm() -> None:
    """A closed pace wakes nobody; closing twice, or before anything happened, does no harm."""
    line = Line(CallRate(calls=1, per=10))
    line.pace.close()
    line.come()
    line.come()
    line.pace.close()
    line.pace.close()
    await asyncio.sleep(100)
    assert (line.woken, len(line.waiting)) == (0, 1)

"""Deadlines of many calls on one timer."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING

import pytest

from aiooncall.transport.deadline import DeadlineTimer
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall._base.clock import Timer
    from aiooncall.transport.deadline import Deadline


class CountingClock(VirtualClock):
    """A virtual clock that counts the timers it is asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.timers: list[Timer] = []

    def call_later(self, delay: float, callback: Callable[[], object]) -> Timer:
        """Count and call back."""
        timer = super().call_later(delay, callback)
        self.timers.append(timer)
        return timer


def deadline_in(deadlines: DeadlineTimer, seconds: float) -> Deadline:
    """Return a deadline for the current task, set."""
    deadline = deadlines.for_this_task()
    deadline.set(VirtualClock().monotonic() + seconds)
    return deadline


async def interrupted_at(deadline: Deadline) -> float:
    """Return the moment at which the deadline interrupts this task."""
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(1000)
    assert deadline.was_mine()
    return VirtualClock().monotonic()


async def test_fires_at_its_moment() -> None:
    """The task is interrupted when the deadline is due, not sooner, and isn't left cancelled."""
    started = VirtualClock().monotonic()
    at = await interrupted_at(deadline_in(DeadlineTimer(VirtualClock()), 10))
    assert at - started == pytest.approx(10, abs=0.001)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(1)


@pytest.mark.parametrize(("first", "then"), [(10, 30), (30, 10), (10, 10)])
async def test_can_be_moved(first: float, then: float) -> None:
    """A deadline set anew fires at its new moment only, be it later or sooner."""
    deadline, started = deadline_in(DeadlineTimer(VirtualClock()), first), VirtualClock().monotonic()
    deadline.set(started + then)
    assert await interrupted_at(deadline) - started == pytest.approx(then, abs=0.001)


async def test_moved_after_firing() -> None:
    """A deadline that has fired can be set again."""
    deadline = deadline_in(DeadlineTimer(VirtualClock()), 1)
    first = await interrupted_at(deadline)
    deadline.set(first + 5)
    assert await interrupted_at(deadline) - first == pytest.approx(5, abs=0.001)


async def test_infinite_never_fires() -> None:
    """A deadline at infinity needs no timer and never fires."""
    clock = CountingClock()
    deadline = DeadlineTimer(clock).for_this_task()
    deadline.set(inf)
    await asyncio.sleep(10_000)
    assert not deadline.fired
    assert clock.timers == []


async def test_stopped_never_fires() -> None:
    """A stopped deadline doesn't interrupt, and stopping twice is fine."""
    deadline = deadline_in(DeadlineTimer(VirtualClock()), 1)
    deadline.stop()
    deadline.stop()
    await asyncio.sleep(10)
    assert not deadline.fired
    await deadline.settle()


async def test_closed_never_fires() -> None:
    """Closing cancels the timer and forgets every deadline."""
    clock = CountingClock()
    deadlines = DeadlineTimer(clock)
    deadline = deadline_in(deadlines, 1)
    deadlines.close()
    assert deadlines.active == set()
    assert deadlines.wakes_at == inf
    await asyncio.sleep(10)
    assert not deadline.fired
    deadlines.close()


async def test_foreign_cancellation_is_not_mine() -> None:
    """A cancellation by somebody else isn't taken for the deadline's, and stays."""

    async def victim() -> bool:
        deadline = deadline_in(DeadlineTimer(VirtualClock()), 100)
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            mine.append(deadline.was_mine())
            deadline.stop()
            raise
        return True

    mine: list[bool] = []
    task = asyncio.create_task(victim())
    await asyncio.sleep(1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert mine == [False]
    assert task.cancelled()


@pytest.mark.parametrize("alarm_first", [True, False])
async def test_foreign_wins_when_both_come_at_once(alarm_first: bool) -> None:
    """If deadline and somebody else cancel in the same tick, in either order, the task counts as cancelled by them."""

    async def victim() -> None:
        deadline = DeadlineTimer(VirtualClock()).for_this_task()
        deadlines.append(deadline)
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            if not deadline.was_mine():
                raise

    deadlines: list[Deadline] = []
    task = asyncio.create_task(victim())
    await asyncio.sleep(0)
    cancels: list[Callable[[], object]] = [deadlines[0].fire, task.cancel]
    for cancel in cancels if alarm_first else reversed(cancels):
        cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_late_cancellation_is_swallowed() -> None:
    """A deadline that fired when nothing was left to interrupt doesn't hit what comes next."""
    deadline = DeadlineTimer(VirtualClock()).for_this_task()
    deadline.fire()
    await deadline.settle()
    assert not deadline.fired
    await asyncio.sleep(1)


async def test_late_foreign_cancellation_is_not_swallowed() -> None:
    """Settling takes back only the deadline's own cancellation."""

    async def victim() -> None:
        deadline = DeadlineTimer(VirtualClock()).for_this_task()
        deadline.fire()
        task.cancel()
        await deadline.settle()

    task = asyncio.create_task(victim())
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_deadline_inside_a_timeout() -> None:
    """Within `asyncio.timeout` the deadline knows its own interruption, and the timeout still works."""
    deadlines = DeadlineTimer(VirtualClock())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await interrupted_at(deadline_in(deadlines, 1))
            deadline = deadline_in(deadlines, 100)
            await asyncio.sleep(50)
    deadline.stop()


async def test_a_timeout_due_together_wins() -> None:
    """An `asyncio.timeout` that expires in the same tick isn't swallowed by the deadline."""

    async def call() -> None:
        deadline = deadline_in(DeadlineTimer(VirtualClock()), 5)
        try:
            await asyncio.sleep(50)
        except asyncio.CancelledError:
            if not deadline.was_mine():
                raise
        finally:
            deadline.stop()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await call()
            await asyncio.sleep(0)
            await asyncio.sleep(1)


async def test_thousands_need_one_timer() -> None:
    """Five thousand calls with the same timeout cost one timer for all that are answered in time."""

    async def call(number: int) -> None:
        deadline = deadline_in(deadlines, 10)
        await asyncio.sleep(number % 50 / 10)
        deadline.stop()

    clock = CountingClock()
    deadlines = DeadlineTimer(clock)
    await asyncio.gather(*(call(number) for number in range(5000)))
    assert len(clock.timers) == 1
    assert deadlines.active == set()
    await asyncio.sleep(100)
    assert deadlines.wakes_at == inf


async def test_each_of_many_fires_in_time() -> None:
    """DeadlineTimer at two hundred different moments, set in any order, each fire at their own."""

    async def call(number: int) -> float:
        await asyncio.sleep(number * 37 % 10 / 10)
        deadline = deadline_in(deadlines, number * 17 % 200)
        return await interrupted_at(deadline) - deadline.at

    deadlines = DeadlineTimer(VirtualClock())
    late = await asyncio.gather(*(call(number) for number in range(1, 200)))
    assert all(0 <= delay < 0.01 for delay in late)

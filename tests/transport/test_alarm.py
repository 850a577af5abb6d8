"""Deadlines of many calls on one timer."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING

import pytest

from aiooncall.transport.deadline import Alarms
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall._base.clock import Timer
    from aiooncall.transport.deadline import Alarm


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


def alarm_in(alarms: Alarms, seconds: float) -> Alarm:
    """Return an alarm for the current task, set."""
    alarm = alarms.for_this_task()
    alarm.set(VirtualClock().monotonic() + seconds)
    return alarm


async def interrupted_at(alarm: Alarm) -> float:
    """Return the moment at which the alarm interrupts this task."""
    with pytest.raises(asyncio.CancelledError):
        await asyncio.sleep(1000)
    assert alarm.was_mine()
    return VirtualClock().monotonic()


async def test_fires_at_its_moment() -> None:
    """The task is interrupted when the alarm is due, not sooner, and isn't left cancelled."""
    started = VirtualClock().monotonic()
    at = await interrupted_at(alarm_in(Alarms(VirtualClock()), 10))
    assert at - started == pytest.approx(10, abs=0.001)
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0
    await asyncio.sleep(1)


@pytest.mark.parametrize(("first", "then"), [(10, 30), (30, 10), (10, 10)])
async def test_can_be_moved(first: float, then: float) -> None:
    """An alarm set anew fires at its new moment only, be it later or sooner."""
    alarm, started = alarm_in(Alarms(VirtualClock()), first), VirtualClock().monotonic()
    alarm.set(started + then)
    assert await interrupted_at(alarm) - started == pytest.approx(then, abs=0.001)


async def test_moved_after_firing() -> None:
    """An alarm that has fired can be set again."""
    alarm = alarm_in(Alarms(VirtualClock()), 1)
    first = await interrupted_at(alarm)
    alarm.set(first + 5)
    assert await interrupted_at(alarm) - first == pytest.approx(5, abs=0.001)


async def test_infinite_never_fires() -> None:
    """An alarm at infinity needs no timer and never fires."""
    clock = CountingClock()
    alarm = Alarms(clock).for_this_task()
    alarm.set(inf)
    await asyncio.sleep(10_000)
    assert not alarm.fired
    assert clock.timers == []


async def test_stopped_never_fires() -> None:
    """A stopped alarm doesn't interrupt, and stopping twice is fine."""
    alarm = alarm_in(Alarms(VirtualClock()), 1)
    alarm.stop()
    alarm.stop()
    await asyncio.sleep(10)
    assert not alarm.fired
    await alarm.settle()


async def test_closed_never_fires() -> None:
    """Closing cancels the timer and forgets every alarm."""
    clock = CountingClock()
    alarms = Alarms(clock)
    alarm = alarm_in(alarms, 1)
    alarms.close()
    assert alarms.active == set()
    assert alarms.wakes_at == inf
    await asyncio.sleep(10)
    assert not alarm.fired
    alarms.close()


async def test_foreign_cancellation_is_not_mine() -> None:
    """A cancellation by somebody else isn't taken for the alarm's, and stays."""

    async def victim() -> bool:
        alarm = alarm_in(Alarms(VirtualClock()), 100)
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            mine.append(alarm.was_mine())
            alarm.stop()
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
    """If alarm and somebody else cancel in the same tick, in either order, the task counts as cancelled by them."""

    async def victim() -> None:
        alarm = Alarms(VirtualClock()).for_this_task()
        alarms.append(alarm)
        try:
            await asyncio.sleep(1000)
        except asyncio.CancelledError:
            if not alarm.was_mine():
                raise

    alarms: list[Alarm] = []
    task = asyncio.create_task(victim())
    await asyncio.sleep(0)
    cancels: list[Callable[[], object]] = [alarms[0].fire, task.cancel]
    for cancel in cancels if alarm_first else reversed(cancels):
        cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_late_cancellation_is_swallowed() -> None:
    """An alarm that fired when nothing was left to interrupt doesn't hit what comes next."""
    alarm = Alarms(VirtualClock()).for_this_task()
    alarm.fire()
    await alarm.settle()
    assert not alarm.fired
    await asyncio.sleep(1)


async def test_late_foreign_cancellation_is_not_swallowed() -> None:
    """Settling takes back only the alarm's own cancellation."""

    async def victim() -> None:
        alarm = Alarms(VirtualClock()).for_this_task()
        alarm.fire()
        task.cancel()
        await alarm.settle()

    task = asyncio.create_task(victim())
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_alarm_inside_a_timeout() -> None:
    """Within `asyncio.timeout` the alarm knows its own interruption, and the timeout still works."""
    alarms = Alarms(VirtualClock())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await interrupted_at(alarm_in(alarms, 1))
            alarm = alarm_in(alarms, 100)
            await asyncio.sleep(50)
    alarm.stop()


async def test_a_timeout_due_together_wins() -> None:
    """An `asyncio.timeout` that expires in the same tick isn't swallowed by the alarm."""

    async def call() -> None:
        alarm = alarm_in(Alarms(VirtualClock()), 5)
        try:
            await asyncio.sleep(50)
        except asyncio.CancelledError:
            if not alarm.was_mine():
                raise
        finally:
            alarm.stop()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(5):
            await call()
            await asyncio.sleep(0)
            await asyncio.sleep(1)


async def test_thousands_need_one_timer() -> None:
    """Five thousand calls with the same timeout cost one timer for all that are answered in time."""

    async def call(number: int) -> None:
        alarm = alarm_in(alarms, 10)
        await asyncio.sleep(number % 50 / 10)
        alarm.stop()

    clock = CountingClock()
    alarms = Alarms(clock)
    await asyncio.gather(*(call(number) for number in range(5000)))
    assert len(clock.timers) == 1
    assert alarms.active == set()
    await asyncio.sleep(100)
    assert alarms.wakes_at == inf


async def test_each_of_many_fires_in_time() -> None:
    """Alarms at two hundred different moments, set in any order, each fire at their own."""

    async def call(number: int) -> float:
        await asyncio.sleep(number * 37 % 10 / 10)
        alarm = alarm_in(alarms, number * 17 % 200)
        return await interrupted_at(alarm) - alarm.at

    alarms = Alarms(VirtualClock())
    late = await asyncio.gather(*(call(number) for number in range(1, 200)))
    assert all(0 <= delay < 0.01 for delay in late)

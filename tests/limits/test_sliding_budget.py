"""Sliding windows in the budget: one for each bucket that is named, for everybody who waits there."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import CallRate, ClientClosed, RateLimit
from aiooncall.limits.admission import Admission
from aiooncall.limits.bucket import WontFit
from aiooncall.limits.budget import IDLE_LIFETIME, LocalBudget
from aiooncall.limits.lane import Lane
from aiooncall.limits.sliding_window import MARGIN
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from aiooncall.limits.bucket import Permit

PEOPLE, BULK = Lane.INTERACTIVE, Lane.BULK
LATE = 1e-4
"""How late a timer fires at most, in virtual seconds."""


def now() -> float:
    """Return virtual seconds."""
    return VirtualClock().monotonic()


def sliding(max_in_flight: int = 100, **limits: tuple[int, float]) -> LocalBudget:
    """Return a budget with windows of their own for the buckets named in `limits`."""
    rates = {name: CallRate(calls=calls, per=per) for name, (calls, per) in limits.items()}
    return LocalBudget(VirtualClock(), max_in_flight=max_in_flight, sliding=rates)


class Calls:
    """Calls that are answered as soon as they go, and when that was."""

    def __init__(self, budget: LocalBudget) -> None:
        self.budget = budget
        self.gone: list[tuple[str, float]] = []
        self.tasks: list[asyncio.Task[None]] = []

    def start(self, *names: str, bucket: str = "r", lane: Lane = PEOPLE) -> None:
        """Let a call come under each of `names`."""
        self.tasks += [asyncio.create_task(self._call(name, bucket, lane)) for name in names]

    async def _call(self, name: str, bucket: str, lane: Lane) -> None:
        permit = await self.budget.acquire(bucket, lane, inf)
        self.gone.append((name, now()))
        self.budget.answered(permit, bucket, None)

    async def all(self) -> list[str]:
        """Wait for all calls and return their names in the order in which they went."""
        await asyncio.gather(*self.tasks)
        return [name for name, _ in self.gone]


async def test_each_named_bucket_has_its_window() -> None:
    """Buckets that are named have windows of their own, and all others have none."""
    calls = Calls(sliding(user=(3, 60.0), info=(1, 10.0)))
    for bucket in ("user", "info", "other"):
        calls.start(*[bucket] * 4, bucket=bucket)
    await calls.all()
    times = {name: [at for gone, at in calls.gone if gone == name] for name in ("user", "info", "other")}
    assert times["other"] == [0.0] * 4
    assert times["user"] == pytest.approx([0, 0, 0, 60.6], abs=LATE)
    assert times["info"] == pytest.approx([0, 10.1, 20.2, 30.3], abs=4 * LATE)


async def test_own_rate_leaves_known_windows_alone() -> None:
    """A rate of the user's own holds for the buckets that have no window, and those that have keep theirs."""
    both = LocalBudget(VirtualClock(), rate=CallRate(calls=1, per=5.0), sliding={"r": CallRate(calls=2, per=60.0)})
    calls = Calls(both)
    calls.start("r", "r")
    calls.start("other", "other", bucket="other")
    assert await calls.all() == ["r", "r", "other", "other"]
    assert [at for _, at in calls.gone] == pytest.approx([0, 0, 0, 5], abs=0.01)
    both.close()


async def test_lanes_keep_their_order() -> None:
    """While a window is waited for, people pass bulk, and each lane goes in the order of arrival."""
    calls = Calls(sliding(r=(2, 30.0)))
    calls.start("holder", "holder")
    calls.start("bulk 1", "bulk 2", "bulk 3", lane=BULK)
    await asyncio.sleep(1)
    calls.start("person 1", "person 2")
    names = await calls.all()
    assert names == ["holder", "holder", "person 1", "person 2", "bulk 1", "bulk 2", "bulk 3"]
    assert calls.gone[-1][1] == pytest.approx(30.3 * 3, abs=4 * LATE)


async def test_narrow_bucket_keeps_the_window() -> None:
    """Where few calls may be in flight, turns are taken by those that go, so that none is wasted on who can't."""
    calls = Calls(sliding(max_in_flight=1, r=(3, 30.0)))
    calls.start(*map(str, range(7)))
    assert await calls.all() == [str(number) for number in range(7)]
    assert [at for _, at in calls.gone] == pytest.approx([0, 0, 0, 30.3, 30.3, 30.3, 60.6], abs=3 * LATE)


async def test_window_outlives_its_bucket() -> None:
    """A long window is remembered although the bucket, unused for long, is forgotten when another one is opened."""
    rate = CallRate(calls=2, per=4 * IDLE_LIFETIME)
    calls = Calls(LocalBudget(VirtualClock(), sliding={"r": rate}))
    calls.start("r", "r")
    await calls.all()
    await asyncio.sleep(IDLE_LIFETIME + 1)
    calls.start("other", bucket="other")
    await calls.all()
    assert [bucket.routes for bucket in calls.budget.snapshot()] == [("other",)]
    calls.start("r")
    await calls.all()
    assert now() == pytest.approx(rate.per * (1 + MARGIN), abs=LATE)


async def test_cancelled_waiter_takes_no_turn() -> None:
    """Whoever gives up while waiting for the window costs the others nothing."""
    calls = Calls(sliding(r=(1, 10.0)))
    calls.start("first", *["gives up"] * 20, "last")
    await asyncio.sleep(1)
    for task in calls.tasks[1:-1]:
        task.cancel()
    await asyncio.wait(calls.tasks)
    assert [name for name, _ in calls.gone] == ["first", "last"]
    assert now() == pytest.approx(10.1, abs=LATE)


async def used_up(bucket: str, *said: RateLimit | None) -> LocalBudget:
    """Return a budget of two calls in 60 s that are gone; each answer of `said` is a refusal if it is not None."""
    budget = LocalBudget(VirtualClock(), sliding={bucket: CallRate(calls=2, per=60.0)})
    permits: list[Permit] = [await budget.acquire(bucket, BULK, inf) for _ in range(2)]
    for permit, word in zip(permits, [*said, None, None], strict=False):
        if word is None:
            budget.answered(permit, bucket, None)
        else:
            budget.refused(permit, bucket, word)
    return budget


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return when gates are asked; whoever asks for ever is stopped by an error, so that the test can tell."""
    asked: list[float] = []
    admits = Admission.admits

    def counted(admission: Admission, at: float, *rest: Any) -> bool:
        asked.append(at)
        if len(asked) == 100:
            raise RuntimeError("it spins")
        return admits(admission, at, *rest)

    monkeypatch.setattr(Admission, "admits", counted)
    return asked


REFUSALS = [
    RateLimit(reset_after=10.0),
    RateLimit(retry_after=10.0),
    RateLimit(retry_after=10.0, reset_after=10.0),
    None,
]


@pytest.mark.parametrize("said", REFUSALS, ids=["reset", "retry", "both", "not refused"])
async def test_waiting_for_window_and_server_is_idle(said: RateLimit | None, looks: list[float]) -> None:
    """Between the end of a refusal's wait and the next turn the budget rests instead of looking again and again."""
    budget = await used_up("r", said)
    if said is not None:  # the server did not count what it refused: that turn comes back when the wait is over
        budget.answered(await budget.acquire("r", BULK, inf), "r", None)
        assert now() == pytest.approx(10.5, abs=0.6)
    await budget.acquire("r", BULK, inf)
    assert now() == pytest.approx(60.6, abs=LATE)
    assert len(looks) < 20


async def test_own_rate_rests_too(looks: list[float]) -> None:
    """The same holds for a rate of the user's own that is slower than what the server asked for."""
    budget = LocalBudget(VirtualClock(), rate=CallRate(calls=1, per=30.0))
    budget.refused(await budget.acquire("r", BULK, inf), "r", RateLimit(reset_after=10.0))
    await budget.acquire("r", BULK, inf)
    assert now() == pytest.approx(30.0, abs=0.01)
    assert len(looks) < 20
    budget.close()


async def test_window_that_opens_too_late_is_told_at_once() -> None:
    """Who cannot wait until the next turn is told so without waiting, with the time of that turn."""
    budget = await used_up("r")
    with pytest.raises(WontFit) as caught:
        await budget.acquire("r", PEOPLE, 60.0)
    assert now() == 0
    assert caught.value.opens_at == pytest.approx(60.6)
    await budget.acquire("r", PEOPLE, 61.0)
    assert now() == pytest.approx(60.6, abs=LATE)


async def test_closing_fails_who_waits_for_a_window() -> None:
    """Closing fails those who wait for a window, and leaves no timer that would wake anybody."""
    budget = await used_up("r")
    waiting = asyncio.create_task(budget.acquire("r", PEOPLE, inf))
    await asyncio.sleep(1)
    budget.close()
    with pytest.raises(ClientClosed):
        await waiting
    await asyncio.sleep(100)
    assert budget.snapshot() == ()


async def test_reserve_is_for_people() -> None:
    """Bulk work leaves the reserve of a window alone, whether people use it or not; they need not wait."""
    budget = LocalBudget(VirtualClock(), sliding={"r": CallRate(calls=10, per=60.0)}, reserve=3)
    for _ in range(7):
        budget.answered(await budget.acquire("r", BULK, inf), "r", None)
    assert budget.try_acquire("r", BULK) is None
    for _ in range(3):
        budget.answered(await budget.acquire("r", PEOPLE, inf), "r", None)
    assert now() == 0.0
    budget.answered(await budget.acquire("r", BULK, inf), "r", None)
    assert now() == pytest.approx(60.6, abs=LATE)
    budget.close()


async def admitted(budget: LocalBudget, limit: int, most: int) -> int:
    """Acquire until a turn is missing; whatever goes beyond `limit` is refused. Return how many went well."""
    permits: list[Permit] = []
    while len(permits) < most and (permit := budget.try_acquire("r", BULK)) is not None:
        permits.append(permit)
        if len(permits) <= limit:
            budget.answered(permit, "r", None)
        else:
            budget.refused(permit, "r", RateLimit(retry_after=60.0 - now() % 60.0))
            return len(permits) - 1
    return len(permits)


async def test_limit_is_learned_from_a_refusal() -> None:
    """After a refusal no more goes in a window than went well in the last one, and later a little more is tried."""
    budget = LocalBudget(VirtualClock(), sliding={"r": CallRate(calls=100, per=60.0)})
    assert await admitted(budget, 40, 100) == 40
    assert [(one.limit, one.period) for one in budget.snapshot()] == [(100, 60.0)]
    await asyncio.sleep(60.7)
    assert await admitted(budget, 100, 100) == 41  # a window later: the first step up
    await asyncio.sleep(0.7)
    assert await admitted(budget, 100, 100) == 2
    await asyncio.sleep(0.7)
    assert await admitted(budget, 100, 100) == 4
    budget.close()


async def test_early_refusal_teaches_nothing() -> None:
    """A refusal after a few calls is about something else than the limit of a window."""
    budget = LocalBudget(VirtualClock(), sliding={"r": CallRate(calls=20, per=60.0)})
    assert await admitted(budget, 3, 20) == 3
    await asyncio.sleep(61.0)
    assert await admitted(budget, 20, 20) == 20
    budget.close()

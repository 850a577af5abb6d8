"""The budget of one process: queues, names, pauses and the user's own pace, on virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from math import inf
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiooncall import CallRate, ClientClosed, RateLimit
from aiooncall.limits.bucket import WontFit
from aiooncall.limits.budget import IDLE_LIFETIME, LocalBudget
from aiooncall.limits.client_rate import spread
from aiooncall.limits.lane import Lane
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall import BudgetSnapshot
    from aiooncall.events import BudgetEvent
    from aiooncall.limits.bucket import Permit

PEOPLE, BULK = Lane.INTERACTIVE, Lane.BULK


def now() -> float:
    """Return virtual seconds."""
    return VirtualClock().monotonic()


def narrow(**options: Any) -> LocalBudget:
    """Return a budget with one call in flight a bucket, unless told otherwise."""
    return LocalBudget(VirtualClock(), **{"max_in_flight": 1, **options})


def only(budget: LocalBudget) -> BudgetSnapshot:
    """Return what is known of the only bucket."""
    (snapshot,) = budget.snapshot()
    return snapshot


async def tick() -> None:
    """Let everything that is due happen."""
    for _ in range(5):
        await asyncio.sleep(0)


class Queue:
    """Callers in tasks, and the order in which they got their permits."""

    def __init__(self, budget: LocalBudget) -> None:
        self.budget = budget
        self.order: list[str] = []
        self.tasks: dict[str, asyncio.Task[Permit]] = {}

    async def join(self, *names: str, route: str = "r", lane: Lane = PEOPLE, **options: Any) -> None:
        """Queue up under each of `names`."""
        for name in names:
            self.tasks[name] = asyncio.create_task(self._acquire(name, route, lane, **options))
            await tick()

    async def _acquire(self, name: str, route: str, lane: Lane, until: float = inf, **options: Any) -> Permit:
        permit = await self.budget.acquire(route, lane, until, **options)
        self.order.append(name)
        return permit

    async def answer(self, name: str, said: RateLimit | None = None, route: str = "r") -> None:
        """Answer the call of `name`."""
        self.budget.answered(await self.tasks[name], route, said)
        await tick()

    async def answer_all(self) -> None:
        """Answer one after the other until everybody has been served."""
        served = len(self.order) - 1
        while served < len(self.order):
            await self.answer(self.order[served])
            served += 1


async def queue_behind(*names: str, budget: LocalBudget | None = None, **options: Any) -> Queue:
    """Return a queue in which `holder` is in flight and `names` wait."""
    queue = Queue(budget or narrow())
    await queue.join("holder")
    await queue.join(*names, **options)
    return queue


async def test_first_come_first_served() -> None:
    """Within a lane the order of arrival is kept."""
    queue = await queue_behind("a", "b", "c", "d")
    await queue.answer_all()
    assert queue.order == ["holder", "a", "b", "c", "d"]


async def test_a_newcomer_does_not_overtake() -> None:
    """Room that has just become free belongs to those who wait, not to whoever asks next."""
    budget = narrow()
    queue = await queue_behind("a", budget=budget)
    budget.answered(await queue.tasks["holder"], "r", None)
    assert budget.try_acquire("r", PEOPLE) is None
    await tick()
    assert queue.order == ["holder", "a"]


async def test_people_go_before_bulk() -> None:
    """Interactive calls pass bulk ones that came before them, and bulk keeps its own order."""
    queue = await queue_behind("bulk 1", "bulk 2", lane=BULK)
    await queue.join("person 1", "person 2")
    await queue.answer_all()
    assert queue.order == ["holder", "person 1", "person 2", "bulk 1", "bulk 2"]


async def test_a_refused_call_goes_in_front() -> None:
    """A call that was refused is the first of its lane again, and still behind people if it is bulk."""
    queue = await queue_behind("a", "b")
    await queue.join("bulk", lane=BULK)
    await queue.join("refused", in_front=True)
    await queue.join("refused bulk", lane=BULK, in_front=True)
    await queue.answer_all()
    assert queue.order == ["holder", "refused", "a", "b", "refused bulk", "bulk"]


async def test_try_acquire_takes_what_is_there() -> None:
    """Without waiting a permit is given if there is room and nobody waits, else none."""
    budget = narrow(max_in_flight=2)
    first, second = budget.try_acquire("r", BULK), budget.try_acquire("r", PEOPLE)
    assert first is not None
    assert second is not None
    assert budget.try_acquire("r", PEOPLE) is None
    budget.abandoned(first, sent=False)
    assert budget.try_acquire("r", BULK) is not None


async def test_cancelled_waiter_leaves_the_queue() -> None:
    """A waiter that is cancelled takes nothing with it, and the next one gets the permit."""
    queue = await queue_behind("a", "b")
    queue.tasks["a"].cancel()
    await tick()
    assert only(queue.budget).waiting == 1
    await queue.answer("holder")
    assert queue.order == ["holder", "b"]
    await queue.answer("b")
    assert (only(queue.budget).in_flight, only(queue.budget).waiting) == (0, 0)


@pytest.mark.parametrize("cancel_first", [True, False])
async def test_cancelled_in_the_tick_of_its_turn(cancel_first: bool) -> None:
    """A waiter cancelled in the very tick in which its turn comes, before or after it, passes it on."""
    queue = await queue_behind("a", "b")
    holder = await queue.tasks["holder"]
    if cancel_first:
        queue.tasks["a"].cancel()
    queue.budget.answered(holder, "r", None)
    queue.tasks["a"].cancel()
    await tick()
    assert queue.tasks["a"].cancelled()
    assert queue.order == ["holder", "b"]
    await queue.answer("b")
    assert (only(queue.budget).in_flight, only(queue.budget).waiting) == (0, 0)


STEPS = st.tuples(st.sampled_from(["join", "bulk", "cancel", "answer", "abandon", "tick"]), st.integers(0, 9))


class Crowd:
    """Calls in tasks, and the permits that have come back."""

    def __init__(self, budget: LocalBudget) -> None:
        self.budget = budget
        self.calls: list[asyncio.Task[Permit]] = []
        self.ended: set[Permit] = set()

    def step(self, what: str, which: int) -> None:
        """Let a call come, end or be cancelled."""
        if what in {"join", "bulk"}:
            lane = BULK if what == "bulk" else PEOPLE
            self.calls.append(asyncio.create_task(self.budget.acquire("r", lane, inf)))
        elif what == "cancel" and self.calls:
            self.calls[which % len(self.calls)].cancel()
        elif what in {"answer", "abandon"} and (held := self._held(self.calls)):
            self._end(held[which % len(held)], answered=what == "answer")

    async def finish(self) -> None:
        """Serve everybody who is left."""
        waiting = set(self.calls)
        while waiting:
            done, waiting = await asyncio.wait(waiting, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            assert done, "somebody was forgotten"
            for permit in self._held(done):
                self._end(permit, answered=False)

    def _held(self, calls: Iterable[asyncio.Task[Permit]]) -> list[Permit]:
        permits = [call.result() for call in calls if call.done() and not call.cancelled()]
        return [permit for permit in permits if permit not in self.ended]

    def _end(self, permit: Permit, *, answered: bool) -> None:
        self.ended.add(permit)
        if answered:
            self.budget.answered(permit, "r", None)
        else:
            self.budget.abandoned(permit, sent=True)


@settings(deadline=None)
@given(plan=st.lists(STEPS, max_size=60))
async def test_no_permit_leaks(plan: list[tuple[str, int]]) -> None:
    """However calls come, end and are cancelled, even in one tick, all permits come back and nobody is forgotten."""
    crowd = Crowd(narrow(max_in_flight=2))
    for what, which in plan:
        crowd.step(what, which)
        if what == "tick":
            await asyncio.sleep(0)
    await crowd.finish()
    assert [(bucket.in_flight, bucket.waiting) for bucket in crowd.budget.snapshot()] in ([], [(0, 0)])


EXHAUSTED = RateLimit("b", 10, 0, 60.0, 20.0)


async def test_what_cannot_fit_is_told_at_once() -> None:
    """A call whose deadline lies before the bucket opens fails without waiting, and says when it opens."""
    queue = await queue_behind()
    started = now()
    await queue.answer("holder", EXHAUSTED)
    with pytest.raises(WontFit) as caught:
        await queue.budget.acquire("r", PEOPLE, started + 10)
    assert now() == started
    assert caught.value.opens_at == pytest.approx(started + 19, abs=0.01)
    await queue.budget.acquire("r", PEOPLE, started + 30)
    assert now() - started == pytest.approx(21, abs=0.01)


async def test_a_refusal_turns_away_who_cannot_wait() -> None:
    """A refusal fails those in the queue who can't wait as long as the server asks, and keeps the others."""
    queue = await queue_behind("hasty", until=now() + 30)
    await queue.join("hasty bulk", lane=BULK, until=now() + 30)
    await queue.join("patient", until=now() + 90)
    queue.budget.refused(await queue.tasks["holder"], "r", RateLimit(retry_after=60.0))
    for name in ("hasty", "hasty bulk"):
        with pytest.raises(WontFit):
            await queue.tasks[name]
    await queue.tasks["patient"]
    assert 60 <= now() <= 61
    assert queue.order == ["holder", "patient"]


async def test_pause_closes_a_route() -> None:
    """A pause holds everybody of the bucket until it is over, and turns away who can't wait."""
    budget = narrow()
    budget.pause("r", now() + 50)
    assert only(budget).closed_for == 50
    assert budget.try_acquire("r", PEOPLE) is None
    with pytest.raises(WontFit):
        await budget.acquire("r", PEOPLE, now() + 49)
    await budget.acquire("other", PEOPLE, inf)
    await budget.acquire("r", PEOPLE, inf)
    assert now() == pytest.approx(50, abs=0.01)


async def test_pause_turns_away_who_waits_already() -> None:
    """A pause that outlasts a waiter's deadline fails the waiter at once."""
    queue = await queue_behind("a", until=now() + 10)
    queue.budget.pause("r", now() + 20)
    with pytest.raises(WontFit):
        await queue.tasks["a"]
    assert now() == 0


async def two_routes(name: str) -> Queue:
    """Return a queue with a call in flight and one waiting on two routes each, the first named `name`."""
    queue = Queue(narrow())
    for route in ("one", "two"):
        await queue.join(f"{route} flies", f"{route} waits", route=route)
    queue.budget.answered(await queue.tasks["one flies"], "one", RateLimit(name))
    await tick()
    return queue


async def test_routes_of_one_name_share_a_bucket() -> None:
    """When the server gives two routes one name, calls in flight and waiting count in one bucket."""
    queue = await two_routes("b")
    assert {s.name: (s.in_flight, s.waiting) for s in queue.budget.snapshot()} == {"b": (1, 0), None: (1, 1)}
    await queue.answer("two flies", RateLimit("b"), route="two")
    merged = only(queue.budget)
    assert (merged.name, merged.routes) == ("b", ("one", "two"))
    assert (merged.in_flight, merged.waiting) == (1, 1)
    await queue.join("late", route="two")
    await queue.answer("one waits", route="one")
    await queue.answer("two waits", route="two")
    assert queue.order[-2:] == ["two waits", "late"]
    await queue.answer("late", route="two")
    assert only(queue.budget).in_flight == 0


async def test_old_permits_come_back_to_the_merged_bucket() -> None:
    """Permits given before two buckets became one can be answered, refused and abandoned after."""
    budget = narrow(max_in_flight=4)
    ones = [await budget.acquire("one", PEOPLE, inf) for _ in range(2)]
    twos = [await budget.acquire("two", PEOPLE, inf) for _ in range(4)]
    budget.answered(ones[0], "one", RateLimit("b"))
    budget.answered(twos[0], "two", RateLimit("b"))
    assert only(budget).in_flight == 4
    budget.abandoned(twos[1], sent=True)
    budget.answered(twos[2], "two", RateLimit("b"))
    budget.refused(twos[3], "two", RateLimit("b", retry_after=5.0))
    budget.answered(ones[1], "one", None)
    assert only(budget).in_flight == 0
    assert only(budget).closed_for >= 5


async def test_a_waiter_moved_by_a_merger_can_be_cancelled() -> None:
    """A waiter that changed buckets while it waited leaves the right queue."""
    queue = await two_routes("b")
    await queue.answer("two flies", RateLimit("b"), route="two")
    queue.tasks["two waits"].cancel()
    await tick()
    assert (only(queue.budget).in_flight, only(queue.budget).waiting) == (1, 0)


async def test_a_closed_bucket_stays_closed_when_merged() -> None:
    """A wait that the server asked for on one route holds for the merged bucket."""
    budget = narrow(max_in_flight=4)
    one, two, other = [await budget.acquire(route, PEOPLE, inf) for route in ("one", "two", "two")]
    budget.answered(one, "one", RateLimit("b"))
    budget.refused(two, "two", RateLimit(retry_after=30.0))
    budget.answered(other, "two", RateLimit("b"))
    assert only(budget).closed_for >= 30


async def test_a_route_can_move_to_another_name() -> None:
    """When the server counts a route elsewhere, calls to come go there; the other routes stay."""
    budget = narrow(max_in_flight=4)
    for route in ("one", "two"):
        budget.answered(await budget.acquire(route, PEOPLE, inf), route, RateLimit("old"))
    for name in ("new", "new"):
        budget.answered(await budget.acquire("two", PEOPLE, inf), "two", RateLimit(name))
    assert {s.name: s.routes for s in budget.snapshot()} == {"old": ("one",), "new": ("two",)}
    budget.answered(await budget.acquire("one", PEOPLE, inf), "one", RateLimit("new"))
    assert {s.name: s.routes for s in budget.snapshot()} == {"new": ("two", "one")}
    assert only(budget).in_flight == 0


async def moved_away() -> Queue:
    """Return a queue in which `a` waits in a bucket that its only route has left, with one call in flight there."""
    queue = Queue(narrow(max_in_flight=2))
    await queue.join("first")
    await queue.answer("first", RateLimit("old"))
    await queue.join("flies", "moves", "a")
    queue.budget.pause("r", now() + 10)
    await queue.answer("moves", RateLimit("new"))
    return queue


async def test_who_waits_in_a_bucket_left_behind_is_served() -> None:
    """Those who waited when their route moved still get their turn."""
    queue = await moved_away()
    async with asyncio.timeout(60):
        await queue.tasks["a"]


async def test_who_waits_in_a_bucket_left_behind_is_told_of_the_end() -> None:
    """Closing reaches those who wait in a bucket that no route leads to any more."""
    queue = await moved_away()
    queue.budget.close()
    async with asyncio.timeout(5):
        with pytest.raises(ClientClosed):
            await queue.tasks["a"]


async def test_idle_buckets_are_forgotten() -> None:
    """A bucket that was unused for long goes when another is opened; one that is in use stays."""
    budget = narrow()
    budget.answered(await budget.acquire("idle", PEOPLE, inf), "idle", RateLimit("b"))
    held = await budget.acquire("busy", PEOPLE, inf)
    await asyncio.sleep(IDLE_LIFETIME + 1)
    await budget.acquire("new", PEOPLE, inf)
    assert [s.routes for s in budget.snapshot()] == [("busy",), ("new",)]
    budget.answered(held, "busy", RateLimit("b"))
    assert [s.name for s in budget.snapshot()] == ["b", None]


async def test_a_bucket_in_use_is_remembered() -> None:
    """What was learned of a bucket stays as long as it is used now and then."""
    budget = narrow()
    for number in range(4):
        budget.answered(await budget.acquire("used", PEOPLE, inf), "used", RateLimit("b"))
        await asyncio.sleep(IDLE_LIFETIME * 0.6)
        budget.answered(await budget.acquire(f"new {number}", PEOPLE, inf), f"new {number}", None)
    assert "b" in [s.name for s in budget.snapshot()]


async def test_snapshot_tells_what_is_known() -> None:
    """A snapshot has the name, the routes, the limit, what is left after those in flight, and the window's end."""
    budget = narrow(max_in_flight=5)
    budget.answered(await budget.acquire("r", PEOPLE, inf), "r", RateLimit("b", 100, 60, 30.0, 12.0))
    await budget.acquire("r", PEOPLE, inf)
    known = only(budget)
    assert (known.name, known.routes, known.limit, known.period) == ("b", ("r",), 100, 30.0)
    assert (known.remaining, known.closed_for) == (59, 0.0)
    assert known.resets_in == pytest.approx(13.0, abs=0.01)
    assert (known.in_flight, known.waiting) == (1, 0)
    fresh = LocalBudget(VirtualClock())
    await fresh.acquire("r", PEOPLE, inf)
    assert (only(fresh).name, only(fresh).limit, only(fresh).remaining, only(fresh).resets_in) == (None,) * 4


async def test_learning_is_told() -> None:
    """News of a bucket is told when its name, limit or period changes, and not with every answer."""
    budget, told = narrow(), list["BudgetEvent"]()
    budget.watch(told.append)
    for said in (None, RateLimit("b", 100, 60, 30.0, 12.0), RateLimit("b", 100, 59, 30.0, 12.0)):
        budget.answered(await budget.acquire("r", PEOPLE, inf), "r", said)
    news = told[-1].budget
    assert (news.name, news.limit, news.period) == ("b", 100, 30.0)
    count = len(told)
    budget.answered(await budget.acquire("r", PEOPLE, inf), "r", RateLimit("b", 50, 40, 30.0, 12.0))
    assert [(event.budget.limit, event.budget.period) for event in told[count:]] == [(50, 30.0)]
    budget.unwatch(told.append)
    budget.answered(await budget.acquire("r", PEOPLE, inf), "r", RateLimit("b", 70, 40, 30.0, 12.0))
    assert len(told) == count + 1


async def test_learning_from_a_refusal_is_told() -> None:
    """A limit that the server tells only when it refuses is news as well."""
    budget, told = narrow(), list["BudgetEvent"]()
    budget.watch(told.append)
    budget.refused(await budget.acquire("r", PEOPLE, inf), "r", RateLimit("b", 100, 0, 30.0, 12.0))
    assert [(event.budget.name, event.budget.limit) for event in told[-1:]] == [("b", 100)]


async def test_close_fails_who_waits() -> None:
    """Closing fails every waiter of every route and lane with ClientClosed, and can be repeated."""
    queue = await queue_behind("a")
    await queue.join("b", lane=BULK)
    await queue.join("other flies", "c", route="other")
    queue.budget.close()
    for name in ("a", "b", "c"):
        with pytest.raises(ClientClosed, match="closed while"):
            await queue.tasks[name]
    assert queue.budget.snapshot() == ()
    queue.budget.close()


RATES = st.builds(CallRate, calls=st.integers(1, 60), per=st.floats(0.5, 30))
GAPS = st.lists(st.sampled_from([0.0, 0.0, 0.0, 0.01, 0.3, 5.0, 40.0]), min_size=1, max_size=60)


async def paced(rate: CallRate, gaps: list[float], quitters: frozenset[int] = frozenset()) -> Queue:
    """Return the queue, and let its calls arrive with `gaps` between; some are cancelled while they wait."""

    async def call(number: int, route: str) -> None:
        budget.answered(await budget.acquire(route, PEOPLE, inf), route, None)
        queue.order.append(f"{route} {number}")
        times.append(now())

    budget = LocalBudget(VirtualClock(), max_in_flight=100, rate=rate)
    queue, times = Queue(budget), list[float]()
    calls: list[asyncio.Task[None]] = []
    for number, gap in enumerate(gaps):
        await asyncio.sleep(gap)
        calls.append(asyncio.create_task(call(number, "r")))
        if number in quitters:
            await asyncio.sleep(0)
            calls[-1].cancel()
    await asyncio.wait(calls)
    budget.close()
    assert most_in_window(times, rate.per) <= rate.calls
    return queue


def most_in_window(times: list[float], per: float) -> int:
    """Return how many of `times` fall into one stretch of `per` seconds at most, give or take a float's error."""
    ordered = sorted(times)
    return max((sum(start <= at < start + per - 1e-6 for at in ordered) for start in ordered), default=0)


@settings(deadline=None, max_examples=40)
@given(rate=RATES, gaps=GAPS)
async def test_own_rate_is_never_exceeded(rate: CallRate, gaps: list[float]) -> None:
    """No stretch of `per` seconds sees more than `calls`, however calls arrive, and they go in their order."""
    queue = await paced(rate, gaps)
    assert queue.order == [f"r {number}" for number in range(len(gaps))]


@pytest.mark.parametrize("rate", [CallRate(calls=1, per=10.0), CallRate(calls=40, per=10.0)], ids=str)
async def test_own_rate_survives_cancellation(rate: CallRate) -> None:
    """A call that gives up while it waits for its turn doesn't let an extra one through later."""
    await paced(rate, [0.0, 0.0, *[0.0] * 60, 200.0, *[0.0] * 60], frozenset({*range(1, 62)}))


async def test_own_rate_is_shared_by_all_routes() -> None:
    """The user's own rate counts every route together, and serves them all."""
    budget = LocalBudget(VirtualClock(), rate=CallRate(calls=10, per=1.0))
    served: Counter[str] = Counter()

    async def call(route: str) -> None:
        budget.answered(await budget.acquire(route, PEOPLE, inf), route, None)
        served[route] += 1

    await asyncio.gather(*(call(f"route {number % 3}") for number in range(60)))
    assert set(served.values()) == {20}
    assert now() >= 5.0
    budget.close()


async def test_own_rate_is_used_up() -> None:
    """The pace is as fast as the rate allows, within a tenth."""
    started = now()
    await paced(CallRate(calls=100, per=2.0), [0.0] * 400)
    assert now() - started <= 4 * 2.0 * 1.1


async def test_people_go_before_bulk_at_a_pace() -> None:
    """The lanes hold where the user's own rate is what everybody waits for."""
    queue = Queue(LocalBudget(VirtualClock(), rate=CallRate(calls=1, per=5.0)))
    await queue.join("holder")
    await queue.join("bulk", lane=BULK)
    await queue.join("person")
    await asyncio.wait(list(queue.tasks.values()))
    assert queue.order == ["holder", "person", "bulk"]
    queue.budget.close()


async def test_close_at_a_pace_leaves_no_task() -> None:
    """Closing while a turn is awaited ends the task that awaits it."""
    queue = Queue(LocalBudget(VirtualClock(), rate=CallRate(calls=1, per=1000.0)))
    await queue.join("holder", "a")
    queue.budget.close()
    with pytest.raises(ClientClosed):
        await queue.tasks["a"]
    await tick()
    assert asyncio.all_tasks() == {asyncio.current_task()}


@given(rate=RATES)
def test_spread_adds_up(rate: CallRate) -> None:
    """The burst and the calls after it in `per` seconds are never more than the rate."""
    burst, interval = spread(rate)
    assert burst >= 1
    assert burst + int(rate.per / interval - 1e-6) <= rate.calls

"""Rate limits, deadlines and timeouts against the simulator's windows."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest

from aiooncall import (
    AmbiguousOutcome,
    AttemptTimeout,
    BudgetLearned,
    CallRate,
    DeadlineExceeded,
    RateLimited,
    RetryPolicy,
    SessionPool,
)
from aiooncall.simulator import Fault, FaultKind, FaultPlan, RateRule, Simulator
from tests.support.datadog_client import PAGES, TEAM, client_on, datadog, in_flight, scripted, sends
from tests.support.virtual_time import EPOCH, VirtualClock

pytestmark = pytest.mark.slow

WINDOW = RateRule("oncall_paging", 200, 2.0)


def windows(sim: Simulator, period: float, skew: float = 0.0) -> Counter[int]:
    """Return how many requests arrived in each of the server's windows."""
    return Counter(int((EPOCH + skew + record.at) // period) for record in sim.ledger.requests)


@pytest.mark.no_cover
@pytest.mark.parametrize("skew", [0.0, 0.7, -3.31, 1800.0])
@pytest.mark.parametrize("rounding", ["floor", "ceil"])
async def test_storm_without_a_refusal(skew: float, rounding: str) -> None:
    """A storm over many windows earns no 429, whatever the server's clock says, and uses the windows almost fully."""
    rule = RateRule("oncall_paging", 200, 2.0, rounding=rounding)  # type: ignore[arg-type]
    async with datadog(skew=skew, simulator={"rate_rules": (rule,)}) as (sim, client):
        ids = [sim.add_page(title=f"p{number}") for number in range(1900)]
        report = await client.pages.acknowledge_many(ids)
        assert (report.succeeded, report.failed) == (1900, 0)
        assert sim.ledger.statuses == {202: 1900}
        used = windows(sim, 2.0, skew)
        assert max(used.values()) <= 200
        assert len(used) <= 11
        assert in_flight(client) == 0


async def test_limits_are_learned_from_answers() -> None:
    """The first answers tell name, limit and period; budgets() and a hook show them, and routes of one name merge."""
    events: list[object] = []
    async with datadog(simulator={"rate_rules": (WINDOW,)}, hooks=(events.append,)) as (sim, client):
        assert client.budgets() == ()
        page = sim.add_page(title="disk full")
        await client.pages.acknowledge(page)
        await client.pages.resolve(page)
        (budget,) = client.budgets()
        assert (budget.name, budget.limit, budget.period, budget.remaining) == ("oncall_paging", 200, 2.0, 198)
        assert [route.rpartition("/")[2] for route in budget.routes] == ["acknowledge", "resolve"]
        learned = [event.budget for event in events if isinstance(event, BudgetLearned)]
        assert {(b.name, b.limit, b.period) for b in learned} >= {("oncall_paging", 200, 2.0)}


@pytest.mark.parametrize(
    "fault", [Fault(FaultKind.THROTTLE), Fault(FaultKind.THROTTLE_BARE), Fault(FaultKind.THROTTLE, retry_after="5")]
)
async def test_a_refusal_pauses_everybody(fault: Fault) -> None:
    """When a crowd of 64 meets a 429, only a few probes go out before the bucket opens again."""
    plan = scripted("POST", f"{PAGES}/*", *[fault] * 6)
    async with datadog(plan, simulator={"rate_rules": (WINDOW,)}) as (sim, client):
        ids = [sim.add_page(title=f"p{number}") for number in range(64)]
        report = await client.pages.acknowledge_many(ids, concurrency=64)
        assert report.succeeded == 64
        assert sim.ledger.statuses == {202: 64, 429: 6}
        first_success = next(r.at for r in sim.ledger.requests if r.status == 202)
        assert sum(r.at < first_success for r in sim.ledger.requests) <= 6


async def test_retry_after_is_a_floor() -> None:
    """After `Retry-After: 7` nothing is sent for seven seconds."""
    async with datadog(scripted("POST", f"{PAGES}/*", Fault(FaultKind.THROTTLE, retry_after="7"))) as (sim, client):
        await client.pages.acknowledge(sim.add_page(title="disk full"))
        first, second = sim.ledger.requests
        assert 7.0 <= second.at - first.at <= 8.0


async def test_absurd_headers_do_no_harm() -> None:
    """Malformed and absurd rate headers neither stall nor break a storm."""
    plan = FaultPlan()
    plan.seed(seed=3, rates={Fault(FaultKind.GARBAGE_HEADERS): 0.5})
    async with datadog(plan, simulator={"rate_rules": (WINDOW,)}) as (sim, client):
        clock = VirtualClock()
        started = clock.monotonic()
        report = await client.pages.acknowledge_many([sim.add_page(title=f"p{n}") for n in range(600)])
        assert report.succeeded == 600
        assert clock.monotonic() - started < 30


async def test_wait_beyond_the_deadline_fails_at_once() -> None:
    """A server's wait that cannot fit in the deadline raises RateLimited at once, with the time to come back."""
    plan = scripted("POST", f"{PAGES}/*", Fault(FaultKind.THROTTLE, retry_after="300"))
    async with datadog(plan, deadline=20.0) as (sim, client):
        page, clock = sim.add_page(title="disk full"), VirtualClock()
        with pytest.raises(RateLimited) as raised:
            await client.pages.acknowledge(page)
        assert clock.monotonic() < 1.0
        assert raised.value.retry_at is not None
        wait = (raised.value.retry_at - datetime.fromtimestamp(EPOCH, UTC)).total_seconds()
        assert 299 <= wait <= 302
        with pytest.raises(RateLimited) as again:
            await client.pages.acknowledge(page)
        assert again.value.attempts == 0
        assert sends(sim, "POST", "acknowledge") == 1


async def test_timeout_is_per_attempt_and_deadline_for_all() -> None:
    """`timeout` ends each attempt, `deadline` the whole call; both say which they were."""
    slow = [Fault(FaultKind.SLOW, delay=500.0)] * 20
    async with datadog(scripted("GET", f"{PAGES}/*", *slow), timeout=3.0) as (sim, client):
        clock, page = VirtualClock(), sim.add_page(title="disk full")
        with pytest.raises(AttemptTimeout, match="3 s"):
            await client.pages.get(page)
        assert 12.0 <= clock.monotonic() < 16.0
    async with datadog(scripted("GET", f"{PAGES}/*", *slow), timeout=10.0, deadline=4.0) as (sim, client):
        clock, page = VirtualClock(), sim.add_page(title="disk full")
        started = clock.monotonic()
        with pytest.raises(DeadlineExceeded):
            await client.pages.get(page)
        assert clock.monotonic() - started == pytest.approx(4.0, abs=0.1)


async def test_deadline_of_a_create_is_ambiguous() -> None:
    """A create whose deadline passes after sending is AmbiguousOutcome, not a mere timeout."""
    async with datadog(scripted("POST", PAGES, Fault(FaultKind.SLOW, delay=500.0)), deadline=4.0) as (sim, client):
        with pytest.raises(AmbiguousOutcome) as raised:
            await client.pages.create("disk full", target=TEAM)
        assert isinstance(raised.value.__cause__, DeadlineExceeded)
        assert sim.ledger.count("create") == 1


async def test_deadline_covers_the_queue() -> None:
    """A call that waits for its turn until its deadline was never sent, and says so."""
    rule = RateRule("tiny", 20, 60.0)
    async with datadog(simulator={"rate_rules": (rule,)}, deadline=30.0) as (sim, client):
        page = sim.add_page(title="disk full")
        for _ in range(20):
            await client.pages.acknowledge(page)
        with pytest.raises((DeadlineExceeded, RateLimited)):
            await client.pages.acknowledge(page)
        assert len(sim.ledger.requests) == 20
        assert in_flight(client) == 0


async def test_cancellation_leaks_nothing() -> None:
    """Callers that are cancelled while they wait or while they send leave no permit behind, and others go on."""
    async with datadog(simulator={"rate_rules": (WINDOW,)}) as (sim, client):
        ids = [sim.add_page(title=f"p{number}") for number in range(600)]
        tasks = [asyncio.ensure_future(client.pages.acknowledge(page)) for page in ids]
        await asyncio.sleep(0.4)
        for task in tasks[::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(r is None for r in results[1::2])
        assert in_flight(client) == 0
        assert all(budget.waiting == 0 for budget in client.budgets())


async def test_people_pass_bulk() -> None:
    """While a bulk job waits for the next window, a person's call goes first."""
    async with datadog(simulator={"rate_rules": (WINDOW,)}) as (sim, client):
        ids = [sim.add_page(title=f"p{number}") for number in range(700)]
        job = asyncio.ensure_future(_collect(client.pages.acknowledge_many(ids)))
        await asyncio.sleep(0.5)
        urgent = sim.add_page(title="urgent")
        await client.pages.acknowledge(urgent)
        overtaken = sum(record.path.endswith("acknowledge") for record in sim.ledger.requests)
        assert overtaken < 300
        await job


async def test_reserve_lets_a_person_through_at_once() -> None:
    """In a long window, bulk leaves a reserve, so that a person need not wait for the next window."""
    rule = RateRule("minute", 400, 60.0)
    async with datadog(simulator={"rate_rules": (rule,)}) as (sim, client):
        clock = VirtualClock()
        job = asyncio.ensure_future(_collect(client.pages.acknowledge_many([f"p{n}" for n in range(900)])))
        await asyncio.sleep(5.0)
        before = clock.monotonic()
        await client.pages.acknowledge(sim.add_page(title="urgent"))
        assert clock.monotonic() - before < 0.1
        job.cancel()
        await asyncio.wait({job})


async def test_own_rate_is_kept() -> None:
    """A CallRate of one's own holds in every stretch of its length, and everything is sent in the end."""
    async with datadog(rate_limit=CallRate(calls=30, per=10.0)) as (sim, client):
        report = await client.pages.acknowledge_many([sim.add_page(title=f"p{n}") for n in range(100)])
        assert report.succeeded == 100
        times = [record.at for record in sim.ledger.requests]
        assert max(sum(start <= t < start + 10.0 for t in times) for start in times) <= 30


async def test_clients_of_one_pool_share_a_budget() -> None:
    """Two clients with the same keys and pool queue for the same budget; with other keys they do not."""
    clock = VirtualClock()
    async with Simulator(clock=clock, rate_rules=(WINDOW,)) as sim, SessionPool(clock=clock) as pool:
        first, second = client_on(sim, clock=clock, pool=pool), client_on(sim, clock=clock, pool=pool)
        async with first, second:
            ids = [sim.add_page(title=f"p{number}") for number in range(500)]
            await asyncio.gather(
                _collect(first.pages.acknowledge_many(ids[:250])), _collect(second.pages.acknowledge_many(ids[250:]))
            )
            assert first.budgets() == second.budgets()
            assert sim.ledger.statuses == {202: 500}


async def test_no_retries_when_told_so() -> None:
    """With max_attempts=1 and max_refusals=0 every call is sent once."""
    policy = RetryPolicy(max_attempts=1, max_refusals=0)
    plan = scripted("POST", f"{PAGES}/*", FaultKind.THROTTLE_BARE)
    async with datadog(plan, retry=policy) as (sim, client):
        with pytest.raises(RateLimited):
            await client.pages.acknowledge(sim.add_page(title="disk full"))
        assert len(sim.ledger.requests) == 1


async def _collect(job: object) -> object:
    return await job  # type: ignore[misc]

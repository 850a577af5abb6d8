"""The same action on many ids."""

from __future__ import annotations

import asyncio
import gc
import warnings
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import AmbiguousOutcome, FanOut, NotFound, OptionsError
from aiooncall.simulator import Fault, FaultKind, FaultPlan, RateRule
from tests.support.bulk_world import add_pages
from tests.support.datadog_client import PAGES, datadog, in_flight, scripted, sends
from tests.support.memory import peak_of_memory

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from aiooncall import DatadogOnCall
    from aiooncall.simulator import Simulator


async def async_ids(ids: list[str]) -> AsyncIterator[str]:
    """Yield `ids` asynchronously."""
    for item in ids:
        await asyncio.sleep(0)
        yield item


@pytest.mark.parametrize("action", ["acknowledge", "resolve", "escalate"])
@pytest.mark.parametrize("source", [list, tuple, iter, async_ids], ids=["list", "tuple", "iterator", "async"])
async def test_every_item_once(sim: Simulator, dd: DatadogOnCall, action: Any, source: Any) -> None:
    """Every id of any kind of iterable is acted on once."""
    ids = [sim.add_page(title=f"p{number}") for number in range(150)]
    report = await getattr(dd.pages, f"{action}_many")(source(ids))
    assert (report.succeeded, report.failed, report.finished) == (150, 0, True)
    assert all(sim.ledger.count(action, page) == 1 for page in ids)
    assert sim.ledger.doubled() == []


async def test_bad_ids_do_not_stop_the_others(sim: Simulator, dd: DatadogOnCall) -> None:
    """Bad and unknown ids fail by themselves, with their own errors; the rest is done."""
    good = [sim.add_page(title=f"p{number}") for number in range(20)]
    mixed: Any = [*good[:10], "a/b", "", "no-such-page", 7, None, *good[10:]]
    report = await dd.pages.resolve_many(mixed)
    assert (report.succeeded, report.failed) == (20, 5)
    kinds = {outcome.id: type(outcome.error) for outcome in report.outcomes}
    assert kinds == {
        "a/b": OptionsError,
        "": OptionsError,
        "no-such-page": NotFound,
        "7": OptionsError,
        "None": OptionsError,
    }
    with pytest.raises(ExceptionGroup) as raised:
        report.raise_for_failures()
    assert len(raised.value.exceptions) == 5


async def test_duplicates_are_done_once(sim: Simulator, dd: DatadogOnCall) -> None:
    """An id that stands twice is acted on once and counted as a duplicate."""
    ids = [sim.add_page(title=f"p{number}") for number in range(10)]
    report = await dd.pages.escalate_many(ids + ids[:4])
    assert (report.succeeded, report.duplicates) == (10, 4)
    assert sends(sim, "POST", "escalate") == 10
    stream = await dd.pages.acknowledge_many(iter(ids + ids))
    assert (stream.succeeded, stream.duplicates) == (10, 10)


async def test_nothing_to_do(sim: Simulator, dd: DatadogOnCall) -> None:
    """No ids give a report of zeros, and nothing is sent."""
    report = await dd.pages.acknowledge_many([])
    assert (report.succeeded, report.failed, report.finished) == (0, 0, True)
    report.raise_for_failures()
    assert sim.ledger.requests == []


@pytest.mark.parametrize("ids", ["abc", b"abc", {"a": 1}, 7, None])
async def test_not_ids(dd: DatadogOnCall, ids: Any) -> None:
    """One id, a mapping or a number instead of ids is an OptionsError."""
    with pytest.raises(OptionsError, match="ids"):
        dd.pages.acknowledge_many(ids)
    with pytest.raises(OptionsError, match="concurrency"):
        dd.pages.acknowledge_many([], concurrency=0)


async def test_escalations_in_doubt_are_reported() -> None:
    """An escalation in doubt is reported as ambiguous and never sent again; the ledger has each at most once."""
    plan = FaultPlan()
    rates = {Fault(FaultKind.DROP_AFTER): 0.1, Fault(FaultKind.ERROR_BEFORE): 0.1, Fault(FaultKind.ERROR_AFTER): 0.1}
    plan.seed(seed=5, rates=rates)
    async with datadog(plan) as (sim, client):
        ids = [sim.add_page(title=f"p{number}") for number in range(200)]
        report = await client.pages.escalate_many(ids)
        assert report.succeeded + report.failed == 200
        assert report.ambiguous == report.failed > 20
        assert all(isinstance(outcome.error, AmbiguousOutcome) for outcome in report.outcomes)
        assert sends(sim, "POST", "escalate") == 200
        assert all(sim.ledger.count("escalate", page) <= 1 for page in ids)


async def test_storm_through_faults() -> None:
    """A storm through seeded faults of every passing kind loses nothing and doubles nothing."""
    plan = FaultPlan()
    kinds = [k for k in FaultKind if k not in {FaultKind.REDIRECT, FaultKind.SLOW, FaultKind.SLOW_BODY}]
    plan.seed(seed=11, rates={Fault(kind, size=10_000): 0.02 for kind in kinds}, limit=60)
    async with datadog(plan) as (sim, client):
        ids = [sim.add_page(title=f"p{number}") for number in range(400)]
        assert (await client.pages.acknowledge_many(ids)).succeeded == 400
        assert (await client.pages.resolve_many(ids)).succeeded == 400
        assert sim.ledger.unfinished() == []
        assert sim.ledger.doubled() == []
        assert plan.injected.total() == 60


async def test_outcomes_stream(sim: Simulator, dd: DatadogOnCall) -> None:
    """Iterating over a job yields each outcome as it comes, failures among them, and fills the report."""
    ids = [sim.add_page(title=f"p{number}") for number in range(30)]
    job = dd.pages.acknowledge_many([*ids, "no-such-page"], concurrency=4)
    outcomes = {outcome.id: outcome.ok async for outcome in job}
    assert outcomes == {**dict.fromkeys(ids, True), "no-such-page": False}
    assert job.report.finished


async def test_distinct_ids_are_not_remembered() -> None:
    """Whoever says that no id stands twice is believed, and nothing is kept to find out."""
    acted: list[str] = []

    async def act(item: str) -> None:
        acted.append(item)

    report = await FanOut(["a", "b", "a"], act, concurrency=1, distinct=True)
    assert acted == ["a", "b", "a"]
    assert (report.succeeded, report.duplicates) == (3, 0)


async def test_slow_reader_slows_the_job(sim: Simulator, dd: DatadogOnCall) -> None:
    """Outcomes that nobody reads hold the workers back: no more than the crew and its queue run ahead."""
    ids = [sim.add_page(title=f"p{number}") for number in range(100)]
    async with aclosing(aiter(dd.pages.acknowledge_many(ids, concurrency=5))) as stream:
        await anext(stream)
        await asyncio.sleep(5.0)
        assert len(sim.ledger.requests) <= 12
    assert in_flight(dd) == 0


async def test_cancelled_job_tells_what_is_known() -> None:
    """After cancellation the report has what was done and what was in flight; together with the rest it is all."""
    faults = [None] * 20 + [Fault(FaultKind.SLOW, delay=900.0)] * 100
    async with datadog(scripted("POST", f"{PAGES}/*", *faults), timeout=1000.0) as (sim, client):
        ids = [sim.add_page(title=f"p{number}") for number in range(100)]
        job = client.pages.acknowledge_many(ids, concurrency=10)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(30):
                await job
        assert job.report.succeeded == 20
        assert len(job.report.interrupted) == 10
        assert not job.report.finished
        assert in_flight(client) == 0


async def test_failing_source_is_raised_after_the_rest() -> None:
    """When the ids themselves fail to come, what came before is done, and the source's error is raised."""

    def broken() -> Iterator[str]:
        yield from ids
        raise LookupError("no more")

    async with datadog() as (sim, client):
        ids = [sim.add_page(title=f"p{number}") for number in range(10)]
        job = client.pages.acknowledge_many(broken())
        with pytest.raises(LookupError):
            await job
        assert job.report.succeeded == 10
        assert not job.report.finished


async def test_bug_in_an_action_is_the_failure_of_its_id() -> None:
    """An exception of any kind is the failure of its id, awaited or iterated, and stops no other."""

    async def act(item: str) -> None:
        if item != "b":
            raise ZeroDivisionError

    report = await FanOut(["a", "b", "c"], act)
    assert (report.succeeded, report.failed, list(report.failed_ids)) == (1, 2, ["a", "c"])
    with pytest.raises(ExceptionGroup):
        report.raise_for_failures()
    errors = [outcome.error async for outcome in FanOut(["a", "b"], act)]
    assert [type(error) for error in errors] == [ZeroDivisionError, type(None)]


async def test_job_runs_once_and_must_be_awaited() -> None:
    """A job cannot be run twice, and one that is never awaited warns that nothing was sent."""

    async def act(_: str) -> None:
        return

    job = FanOut(["a"], act)
    await job
    with pytest.raises(RuntimeError, match="once"):
        await job
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        FanOut(["a"], act)
        gc.collect()
    assert any("never awaited" in str(warning.message) for warning in caught)


@pytest.mark.no_cover
async def test_memory_does_not_grow_with_the_ids() -> None:
    """A job over a stream four times as long needs no more memory."""

    async def act(_: str) -> None:
        return

    async def peak(count: int) -> int:
        with peak_of_memory() as most:
            await FanOut((f"page-{number}" for number in range(count)), act)
        return most[0]

    await peak(100)
    many = min([await peak(80_000), await peak(80_000)])  # what else happens in the process can only add to it
    assert many < 1.2 * await peak(20_000)


async def test_stop() -> None:
    """After `stop` nothing more is sent: what is on its way comes to its end, and what waits is left as it is."""
    rules = [RateRule("oncall_paging", limit=10, period=60)]
    async with datadog(simulator={"slow": (1.0, 2.0), "rate_rules": rules}) as (sim, client):
        job = client.pages.acknowledge_many(add_pages(sim, 50), concurrency=20)
        running = asyncio.ensure_future(job)
        await asyncio.sleep(2.5)
        job.stop()
        started = asyncio.get_running_loop().time()
        report = await running
        assert asyncio.get_running_loop().time() - started < 2
        sent = len(sim.ledger.requests)
        assert 1 < sent <= 10
        assert (report.succeeded, report.failed, report.interrupted, report.finished) == (sent, 0, [], False)
        await asyncio.sleep(600)
        assert len(sim.ledger.requests) == sent

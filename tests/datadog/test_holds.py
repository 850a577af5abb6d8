"""What holds a call: who waits can see why, and from when to when."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import BudgetHeld, CallRate, HeldBy
from aiooncall.bulk import Counts, Status
from aiooncall.cli.progress import JobProgress
from aiooncall.client.base import core_of
from aiooncall.simulator import Fault, FaultKind, RateRule
from tests.support.bulk_world import add_pages
from tests.support.datadog_client import PAGES, datadog, scripted

if TYPE_CHECKING:
    from aiooncall import DatadogOnCall, Hold
    from aiooncall.events import Event


def hold_of(client: DatadogOnCall) -> Hold | None:
    """Return what holds the calls of the only bucket."""
    (budget,) = client.budgets()
    return budget.hold


def rules(limit: int, period: float) -> dict[str, Any]:
    """Return the options of a simulator with a limit."""
    return {"rate_rules": [RateRule("oncall", limit, period)]}


async def test_used_up_window() -> None:
    """While a window is used up the hold says so, since when, and for how long; a hook hears of it once a window."""
    heard: list[Event] = []
    async with datadog(simulator=rules(20, 60), hooks=(heard.append,)) as (sim, client):
        job = asyncio.ensure_future(client.pages.resolve_many(add_pages(sim, 60))._run())
        await asyncio.sleep(10.0)
        hold = hold_of(client)
        assert hold is not None
        assert hold.by == HeldBy.LIMIT
        assert 9.0 < hold.since < 10.1
        assert hold.at_most is not None
        assert 40.0 < hold.at_most < 60.0
        assert str(hold) == f"waiting for limit, {hold.at_most:.0f} s to go"
        await job
        assert hold_of(client) is None
    held = [event.budget.hold for event in heard if isinstance(event, BudgetHeld)]
    assert [hold.by for hold in held if hold is not None] == [HeldBy.LIMIT] * len(held)
    assert len(held) == 2


async def test_refusal() -> None:
    """After a refusal the hold is the server's wait."""
    async with datadog(scripted("GET", "*", Fault(FaultKind.THROTTLE, retry_after="30"))) as (_, client):
        call = asyncio.ensure_future(anext(client.pages.list(), None))
        await asyncio.sleep(5.0)
        hold = hold_of(client)
        assert hold is not None
        assert (hold.by, hold.at_most is not None and 24.0 < hold.at_most < 26.0) == (HeldBy.REFUSAL, True)
        await call


async def test_pause() -> None:
    """A bucket that was paused says so."""
    async with datadog() as (_, client):
        budget = core_of(client).connection.budgets["api"]
        await anext(client.pages.list(), None)
        budget.pause("GET /api/v2/on-call/pages", client.options.clock.monotonic() + 20.0)
        call = asyncio.ensure_future(anext(client.pages.list(), None))
        await asyncio.sleep(1.0)
        holds = [one.hold.by for one in client.budgets() if one.hold is not None]
        assert holds == [HeldBy.PAUSE]
        await call


async def test_reserve_for_people() -> None:
    """While a person calls, bulk work that has come to the reserve waits for that."""
    async with datadog(simulator=rules(100, 60)) as (sim, client):
        await asyncio.sleep((60.0 - client.options.clock.time()) % 60.0 + 1.0)
        ids = add_pages(sim, 200)
        await client.pages.resolve(ids[0])
        job = asyncio.ensure_future(client.pages.resolve_many(ids[1:])._run())
        await asyncio.sleep(5.0)
        hold = hold_of(client)
        assert hold is not None
        assert hold.by == HeldBy.RESERVE
        assert 90 <= sim.ledger.count("resolve") <= 95
        await job


async def test_turn_of_ones_own_limit() -> None:
    """With a limit of one's own a call waits for its turn."""
    async with datadog(rate_limit=CallRate(calls=2, per=60)) as (sim, client):
        job = asyncio.ensure_future(client.pages.resolve_many(add_pages(sim, 3))._run())
        await asyncio.sleep(5.0)
        hold = hold_of(client)
        assert hold is not None
        assert (hold.by, hold.at_most, str(hold)) == (HeldBy.TURN, None, "waiting for turn")
        await job


async def test_answers() -> None:
    """With as many calls under way as may be, the next one waits for an answer."""
    async with datadog(scripted("POST", f"{PAGES}/*", *[Fault(FaultKind.SLOW, delay=9.0)] * 5)) as (sim, client):
        job = asyncio.ensure_future(asyncio.gather(*map(client.pages.resolve, add_pages(sim, 8))))
        await asyncio.sleep(1.0)
        hold = hold_of(client)
        assert hold is not None
        assert (hold.by, str(hold)) == (HeldBy.ANSWERS, "waiting for an answer")
        await job


@pytest.mark.parametrize("quiet", [True, False])
async def test_progress_shows_it(quiet: bool) -> None:
    """The progress line of a job says what holds its calls, until the next item has ended."""
    heard: list[Event] = []
    async with datadog(simulator=rules(20, 60), hooks=(heard.append,)) as (sim, client):
        progress = JobProgress(client, Counts(open=50), "resolve", quiet=quiet)
        await client.pages.resolve_many(add_pages(sim, 40))
        progress.hear(next(event for event in heard if isinstance(event, BudgetHeld)))
        (task,) = progress._bar.tasks
        assert task.fields["note"].startswith("waiting for the rate limit, ")
        progress(Status.DONE)
        assert task.fields["note"] == "at most 20 calls in 60 s"

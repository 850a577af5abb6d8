"""Runs: every item ends once, whatever goes wrong, and a job can be stopped, resumed and tried again."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from aiooncall import OptionsError, PlanRefused, bulk
from aiooncall.bulk import Counts, Status
from aiooncall.simulator import Fault, FaultKind, FaultPlan, GrafanaOptions
from tests.support.bulk_world import (
    acted_on,
    add_groups,
    add_pages,
    planned_and_run,
    rows,
    run_all,
    statuses,
    tally,
    with_status,
)
from tests.support.datadog_client import PAGES, datadog, in_flight, scripted, sends
from tests.support.grafana_client import API, grafana_world

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall import DatadogOnCall, GrafanaOnCall
    from aiooncall.bulk import VerbName
    from aiooncall.simulator import Simulator

PASSING = [kind for kind in FaultKind if kind not in {FaultKind.REDIRECT, FaultKind.SLOW, FaultKind.SLOW_BODY}]
LOST = Fault(FaultKind.DROP_BEFORE)
SLOW = Fault(FaultKind.SLOW, delay=5.0)


@pytest.mark.parametrize("verb", ["acknowledge", "resolve", "escalate"])
async def test_every_page_once(sim: Simulator, dd: DatadogOnCall, verb: Any, journal: Path) -> None:
    """Every page of a plan is acted on once, the callback hears of each, and the counts say so."""
    ids = add_pages(sim, 150)
    heard: list[Status] = []
    with await bulk.plan(dd, verb, journal, ids) as job:
        assert await run_all(job, watch=heard.append) == job.counts == Counts(done=150)
    assert heard == [Status.DONE] * 150
    assert sorted(acted_on(sim, verb)) == sorted(ids)
    assert all(sim.ledger.count(verb, page) == 1 for page in ids)
    assert in_flight(dd) == 0


@pytest.mark.parametrize(
    ("verb", "start", "end"),
    [
        ("acknowledge", "firing", "acknowledged"),
        ("unacknowledge", "acknowledged", "firing"),
        ("resolve", "firing", "resolved"),
        ("unresolve", "resolved", "firing"),
        ("silence", "firing", "silenced"),
        ("unsilence", "silenced", "firing"),
    ],
)
async def test_every_alert_group_once(
    sim: Simulator, gf: GrafanaOnCall, verb: VerbName, start: str, end: str, journal: Path
) -> None:
    """Every verb of Grafana takes each group where it is wanted; groups that were there already are told apart."""
    ids = add_groups(sim, 20, state=start)
    there = add_groups(sim, 5, state=end)
    heard: Counter[Status] = Counter()
    with await bulk.plan(gf, verb, journal, ids + there) as job:
        counts = await run_all(job, watch=lambda status: heard.update([status]))
        # A group that is silenced already is silenced anew.
        already = 0 if verb == "silence" else 5
        assert counts == Counts(done=25 - already, already=already)
        assert heard == Counter({Status.DONE: 25 - already, Status.ALREADY: already}) - Counter()
        assert with_status(job.journal, "already") == (set(there) if already else set())
        assert (await job.verify()).confirmed == 25


async def test_duration_of_a_silence(tmp_path: Path) -> None:
    """A silence lasts as long as was planned, and for ever without a duration."""
    async with grafana_world() as world:
        first, second = add_groups(world.sim, 2)
        await planned_and_run(world.client, "silence", tmp_path / "a.db", [first], duration=90)
        assert world.body() == {"delay": 90}
        await planned_and_run(world.client, "silence", tmp_path / "b.db", [second])
        assert world.body() == {"delay": -1}


async def test_failures_do_not_stop_the_others(tmp_path: Path) -> None:
    """Items that fail do so by themselves, with a reason in the journal; the rest is done."""
    async with grafana_world() as world, datadog() as (sim, client):
        job = await planned_and_run(client, "resolve", tmp_path / "dd.db", [*add_pages(sim, 20), "x", "y"])
        assert job.counts == Counts(done=20, failed=2)
        resolved = add_groups(world.sim, 2, state="resolved")
        job = await planned_and_run(
            world.client, "silence", tmp_path / "gf.db", [*add_groups(world.sim, 20), *resolved]
        )
        assert job.counts == Counts(done=20, failed=2)
        found = rows(job.journal, "SELECT id, reason, error FROM items WHERE status = 'failed' ORDER BY position")
        assert [row[:2] for row in found] == [(group, "Conflict") for group in resolved]
        assert "the alert group is resolved" in found[0][2]


async def test_failures_are_tried_again_on_demand(journal: Path) -> None:
    """Resuming leaves failures alone unless they are to be tried again; what is done is not sent again."""
    refused = Fault(FaultKind.ERROR_BEFORE, status=400)
    async with datadog(scripted("POST", f"{PAGES}/*", None, *[refused] * 3)) as (sim, client):
        with await bulk.plan(client, "resolve", journal, add_pages(sim, 10)) as job:
            assert await run_all(job) == Counts(done=7, failed=3)
            assert await job.resume() == Counts(done=7, failed=3)
            assert sends(sim, "POST", "resolve") == 10
            failed = with_status(job.journal, "failed")
            assert await job.resume(retry_failed=True) == Counts(done=10)
            assert set(acted_on(sim, "resolve")[10:]) == failed
            assert rows(job.journal, "SELECT count(*) FROM items WHERE reason IS NOT NULL OR error IS NOT NULL") == [
                (0,)
            ]


async def test_doubts_are_tried_again_only_where_that_is_harmless(tmp_path: Path) -> None:
    """Trying again takes up what is in doubt if doing it twice does no harm, and never an escalation."""
    async with grafana_world() as world, datadog(scripted("POST", f"{PAGES}/*", *[LOST] * 3)) as (sim, client):
        world.fail("POST", "*", *[LOST] * 3)
        job = await planned_and_run(world.client, "acknowledge", tmp_path / "gf.db", add_groups(world.sim, 10))
        assert job.counts == Counts(done=7, ambiguous=3)
        assert await job.resume(retry_failed=True) == Counts(done=10)
        job = await planned_and_run(client, "escalate", tmp_path / "dd.db", add_pages(sim, 10))
        assert job.counts == Counts(done=7, ambiguous=3)
        assert await job.resume(retry_failed=True) == Counts(done=7, ambiguous=3)
        assert sends(sim, "POST", "escalate") == 10


async def test_never_begun(sim: Simulator, dd: DatadogOnCall, journal: Path) -> None:
    """A job that was never run cannot be resumed: somebody has to preview it."""
    job = await bulk.plan(dd, "resolve", journal, add_pages(sim, 3))
    with job, pytest.raises(PlanRefused, match="never begun"):
        await job.resume()
    assert sim.ledger.requests == []


async def test_finished_job_sends_nothing(sim: Simulator, dd: DatadogOnCall, journal: Path) -> None:
    """Running or resuming a finished job sends nothing."""
    job = await planned_and_run(dd, "escalate", journal, add_pages(sim, 20))
    assert await run_all(job) == await job.resume() == Counts(done=20)
    assert len(sim.ledger.requests) == 20


@pytest.mark.parametrize("concurrency", [0, -1, 1001, "8"])
async def test_bad_concurrency(sim: Simulator, dd: DatadogOnCall, concurrency: Any, journal: Path) -> None:
    """A concurrency that makes no sense is an OptionsError, and nothing is sent."""
    job = await bulk.plan(dd, "resolve", journal, add_pages(sim, 3))
    with job, pytest.raises(OptionsError, match="concurrency"):
        await run_all(job, concurrency=concurrency)
    assert sim.ledger.requests == []


@pytest.mark.parametrize("concurrency", [1, 7])
async def test_concurrency(concurrency: int, journal: Path) -> None:
    """As many requests are in flight as were asked for, and no more."""
    async with datadog(scripted("POST", f"{PAGES}/*", *[None] * 20, *[SLOW] * 30)) as (sim, client):
        with await bulk.plan(client, "resolve", journal, add_pages(sim, 50)) as job:
            run = asyncio.ensure_future(run_all(job, concurrency=concurrency))
            await asyncio.sleep(1.0)
            assert in_flight(client) == concurrency
            await run


async def test_stop(journal: Path) -> None:
    """A stopped job ends what is in flight, begins nothing new, and does the rest when it is resumed."""
    async with datadog(scripted("POST", f"{PAGES}/*", *[None] * 20, *[SLOW] * 10)) as (sim, client):
        ids = add_pages(sim, 60)
        with await bulk.plan(client, "escalate", journal, ids) as job:
            job.stop()  # there is nothing to stop yet
            run = asyncio.ensure_future(run_all(job, concurrency=10))
            await asyncio.sleep(1.0)
            assert tally(job.journal) == {"done": 20, "sending": 10, "open": 30}
            job.stop()
            assert await run == Counts(done=30, open=30)
            assert len(sim.ledger.requests) == 30
            assert await job.resume() == Counts(done=60)
        assert sorted(acted_on(sim, "escalate")) == sorted(ids)


@pytest.mark.parametrize(
    ("verb", "counts"), [("resolve", Counts(done=60)), ("escalate", Counts(done=50, ambiguous=10))]
)
async def test_cancelled_run(verb: VerbName, counts: Counts, journal: Path) -> None:
    """A cancelled run leaves what was in flight open, or in doubt if it must not be sent twice; the rest goes on."""
    async with datadog(scripted("POST", f"{PAGES}/*", *[None] * 20, *[SLOW] * 10)) as (sim, client):
        with await bulk.plan(client, verb, journal, add_pages(sim, 60)) as job:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.0):
                    await run_all(job, concurrency=10)
            assert tally(job.journal)["done"] == 20
            assert in_flight(client) == 0
            assert await job.resume() == counts
            reasons = rows(job.journal, "SELECT DISTINCT reason FROM items WHERE status = 'ambiguous'")
            assert reasons == [("Interrupted",)] * (verb == "escalate")
        assert sim.ledger.doubled() == []


async def test_cancelled_while_it_waits(journal: Path) -> None:
    """What the server refused for the rate limit, and what waited, is still open when a run is cancelled."""
    async with datadog() as (sim, client):
        ids = add_pages(sim, 20)
        sim.faults.script("POST", f"{PAGES}/*", None, *[Fault(FaultKind.THROTTLE, retry_after="100")] * 9)
        with await bulk.plan(client, "escalate", journal, ids) as job:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(20.0):
                    await run_all(job)
            assert job.counts == Counts(done=1, open=19)


async def test_failing_callback_ends_the_run(tmp_path: Path) -> None:
    """A callback that raises ends the run with its error; what was done until then is in the journal."""

    def watch(_: Status) -> None:
        heard.append(None)
        if len(heard) == 5:
            raise LookupError

    heard: list[None] = []
    async with datadog() as (sim, client):
        with await bulk.plan(client, "escalate", tmp_path / "job.db", add_pages(sim, 30)) as job:
            with pytest.raises(LookupError):
                await run_all(job, concurrency=1, watch=watch)
            assert tally(job.journal) == {"done": 5, "open": 25}
            assert await job.resume() == Counts(done=30)
        assert len(sim.ledger.requests) == 30


async def test_storm_on_pages(tmp_path: Path) -> None:
    """Through every passing kind of fault nothing is lost or doubled, and doubts about escalations are reported."""
    plan = FaultPlan()
    plan.seed(seed=11, rates={Fault(kind, size=10_000): 0.02 for kind in PASSING})
    async with datadog(plan) as (sim, client):
        ids = add_pages(sim, 300)
        for verb in ("escalate", "acknowledge", "resolve"):
            job = await planned_and_run(client, verb, tmp_path / f"{verb}.db", ids)
            assert job.counts.failed == job.counts.unfinished == 0
            doubts = with_status(job.journal, "ambiguous")
            assert (len(doubts) > 10) is (verb == "escalate")
            done: dict[str, int] = {page: sim.ledger.count(verb, page) for page in ids}
            assert all(done[page] == 1 for page in ids if page not in doubts)
        assert sim.ledger.unfinished() == sim.ledger.doubled() == []


async def test_storm_on_alert_groups(journal: Path) -> None:
    """The same for Grafana: what is in doubt is looked at, and done once it is tried again."""
    plan = FaultPlan()
    plan.seed(seed=12, rates={Fault(kind, size=10_000): 0.02 for kind in PASSING}, methods={"POST"})
    async with grafana_world(GrafanaOptions(limit=None), faults=plan) as world:
        ids = add_groups(world.sim, 200)
        job = await planned_and_run(world.client, "acknowledge", journal, ids)
        for _ in range(5):
            await job.resume(retry_failed=True)
        assert job.counts.succeeded == 200
        assert {world.sim.ledger.count("acknowledge", group) for group in ids} == {1}
        assert sum(plan.injected.values()) > 20
        assert all(record.path.startswith(API) for record in world.sim.ledger.requests)


async def test_order(sim: Simulator, dd: DatadogOnCall, journal: Path) -> None:
    """Items are begun in the order of the plan."""
    ids = add_pages(sim, 30)[::-1]
    with await bulk.plan(dd, "resolve", journal, ids) as job:
        await run_all(job, concurrency=1)
        assert acted_on(sim, "resolve") == list(statuses(job.journal)) == ids


async def test_counts_add_up(tmp_path: Path) -> None:
    """The counts of a job are those of its journal, and their sums are what their names say."""
    faults = scripted("POST", f"{PAGES}/*", None, LOST, Fault(FaultKind.ERROR_BEFORE, status=400))
    async with datadog(faults) as (sim, client):
        job = await planned_and_run(client, "escalate", tmp_path / "job.db", add_pages(sim, 10))
        counts = job.counts
        assert attrs.asdict(counts) == dict.fromkeys(Status, 0) | tally(job.journal)
        assert (counts.total, counts.finished, counts.unfinished, counts.succeeded) == (10, 10, 0, 8)

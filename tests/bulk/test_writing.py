"""What is written when: before and after a send, and what happens when nothing can be written any more."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import JournalError, bulk
from aiooncall.bulk.recorder import MOST_UNWRITTEN
from aiooncall.simulator import Fault, FaultKind, RateRule
from tests.support.bulk_world import acted_on, add_pages, change, run_all, statuses, tally, with_status
from tests.support.datadog_client import PAGES, datadog, scripted

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall import DatadogOnCall
    from aiooncall.bulk import Job, VerbName
    from aiooncall.simulator import Simulator

pytestmark = pytest.mark.slow

SLOW = Fault(FaultKind.SLOW, delay=5.0)


def fill_the_disk(job: Job) -> None:
    """Leave no room for one page more in a job's journal."""
    (pages,) = job._journal._db.execute("PRAGMA page_count").fetchone()
    job._journal._db.execute(f"PRAGMA max_page_count = {pages}")


@pytest.mark.parametrize("verb", ["acknowledge", "resolve", "escalate"])
async def test_full_disk_while_running(sim: Simulator, dd: DatadogOnCall, verb: VerbName, tmp_path: Path) -> None:
    """A disk that becomes full ends a run: no more is read from the journal and sent, and nothing written is lost.

    With room again the rest is done; what must not be sent twice is not.
    """
    ids = add_pages(sim, MOST_UNWRITTEN + 400)
    with await bulk.plan(dd, verb, tmp_path / "job.db", ids) as job:
        fill_the_disk(job)
        with pytest.raises(JournalError, match="full"):
            await run_all(job, concurrency=10)
        done = with_status(job.journal, "done")
        sent = acted_on(sim, verb)
        assert len(sent) <= MOST_UNWRITTEN + 10
        assert done <= set(sent)
        await asyncio.sleep(60.0)
        assert acted_on(sim, verb) == sent
    with bulk.open_job(dd, tmp_path / "job.db") as job:
        counts = await run_all(job)
        assert counts.unfinished == counts.failed == 0
        assert done.isdisjoint(acted_on(sim, verb)[len(sent) :])
        assert counts.ambiguous == 0 or verb == "escalate"
    assert sim.ledger.doubled() == []


async def test_what_was_written_survives_a_loss_of_power(dd: DatadogOnCall, journal: Path) -> None:
    """A transaction is on the disk when it is over, and those who read are not in the way of those who write."""
    (await bulk.plan(dd, "resolve", journal, ["a"])).close()
    with bulk.open_job(dd, journal) as job:
        asked = [job._journal._db.execute(f"PRAGMA {name}").fetchone() for name in ("synchronous", "journal_mode")]
        assert asked == [(2,), ("wal",)]


async def test_no_intent_no_escalation(sim: Simulator, dd: DatadogOnCall, tmp_path: Path) -> None:
    """When it cannot be written down that an item is about to be sent, it is not sent."""
    with await bulk.plan(dd, "escalate", tmp_path / "job.db", add_pages(sim, 50)) as job:
        await run_all(job)  # so that the journal has been begun
        change(job.journal, "UPDATE planned SET status = 'open', finished_at = NULL")
        sent = len(sim.ledger.requests)
        job._journal._db.execute(
            "CREATE TEMP TRIGGER broken BEFORE INSERT ON job WHEN new.name = 'sending'"
            " BEGIN SELECT raise(ABORT, 'disk I/O error'); END"
        )
        with pytest.raises(JournalError, match="disk I/O error"):
            await job.resume()
        assert len(sim.ledger.requests) == sent
        assert job.counts.open == 50


def look_at_each(sim: Simulator, job: Job) -> list[str]:
    """Return a list that gets, at each request, what the file then says of its item."""
    seen: list[str] = []
    record_request = sim.ledger.record_request

    def look(at: float, method: str, path: str) -> Any:
        seen.append(statuses(job.journal)[path.split("/")[-2]])
        return record_request(at, method, path)

    sim.ledger.record_request = look  # type: ignore[method-assign]
    return seen


@pytest.mark.parametrize("verb", ["escalate", "resolve"])
async def test_intent_is_on_the_disk_before_the_send(
    sim: Simulator, dd: DatadogOnCall, verb: VerbName, journal: Path
) -> None:
    """At the moment a request reaches the server, the file says of its item that it is being sent."""
    ids = add_pages(sim, 40)
    with await bulk.plan(dd, verb, journal, ids) as job:
        seen = look_at_each(sim, job)
        await run_all(job)
    assert seen == ["sending"] * 40


async def test_what_was_cut_off_is_announced_anew(sim: Simulator, dd: DatadogOnCall, journal: Path) -> None:
    """The file says so, and counts it, of an item that goes again because its outcome could not be written."""
    with await bulk.plan(dd, "resolve", journal, add_pages(sim, 1)) as job:
        seen = look_at_each(sim, job)
        job._journal._db.execute(
            "CREATE TEMP TRIGGER broken BEFORE UPDATE ON planned BEGIN SELECT raise(ABORT, 'disk I/O error'); END"
        )
        with pytest.raises(JournalError, match="disk I/O error"):
            await run_all(job)
        job._journal._db.execute("DROP TRIGGER broken")
        await job.resume()
        assert job._journal.facts()["intents"] == "2"
    assert seen == ["sending"] * 2


async def test_each_run_closes_the_count_before_it(sim: Simulator, dd: DatadogOnCall, journal: Path) -> None:
    """However often a job is resumed, one file with the count of intents is open at a time."""
    with await bulk.plan(dd, "resolve", journal, add_pages(sim, 1)) as job:
        await run_all(job)
        first = job._journal._intents
        await job.resume()
        assert first is not None
        assert first._descriptor is None


@pytest.mark.parametrize(("verb", "waits"), [("escalate", True), ("resolve", False)])
async def test_the_count_of_intents_is_on_the_disk(
    sim: Simulator, dd: DatadogOnCall, verb: VerbName, waits: bool, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What must not be repeated leaves once its count, too, survives a power failure; what may be repeated need not."""
    forced: list[int] = []
    monkeypatch.setattr("aiooncall.bulk.intents.os.fsync", forced.append)
    with await bulk.plan(dd, verb, journal, add_pages(sim, 40)) as job:
        await run_all(job, concurrency=10)
        intents = int(job._journal.facts()["intents"])
    assert intents > 3
    assert len(forced) == (1 + intents if waits else 1)


@pytest.mark.parametrize("verb", ["escalate", "resolve"])
async def test_what_waits_for_the_limit_is_open(verb: VerbName, journal: Path) -> None:
    """An item is marked after the budget has admitted it: while the limit is used up, nothing is being sent."""
    async with datadog(simulator={"rate_rules": [RateRule("oncall_paging", limit=20, period=10)]}) as (sim, client):
        with await bulk.plan(client, verb, journal, add_pages(sim, 90)) as job:
            run = asyncio.ensure_future(run_all(job))
            await asyncio.sleep(6)
            sent = sim.ledger.count(verb)
            assert 0 < sent < 90
            assert tally(job.journal) == {"done": sent, "open": 90 - sent}
            assert (await run).done == 90


@pytest.mark.parametrize("verb", ["escalate", "resolve"])
async def test_what_is_refused_is_open_again(verb: VerbName, journal: Path) -> None:
    """A refused item had no effect: while it waits for its next turn the file says that it is open."""
    refused = Fault(FaultKind.THROTTLE, retry_after="2")
    async with datadog(scripted("POST", f"{PAGES}/*", refused)) as (sim, client):
        with await bulk.plan(client, verb, journal, add_pages(sim, 1)) as job:
            run = asyncio.ensure_future(run_all(job))
            await asyncio.sleep(0.5)
            assert tally(job.journal) == {"open": 1}
            assert await run == bulk.Counts(done=1)

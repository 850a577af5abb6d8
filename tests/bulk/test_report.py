"""The report of a job: what it says is so, whatever happened to the job, and it takes nothing but the journal."""

from __future__ import annotations

import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import JournalError, bulk
from aiooncall.bulk.journal import Journal
from aiooncall.bulk.models import Status
from aiooncall.bulk.reports.data import State
from aiooncall.simulator import Fault, FaultKind, FaultPlan, RateRule
from tests.support.bulk_journals import DONE, START, at, journal_of
from tests.support.bulk_world import (
    add_groups,
    add_pages,
    after,
    change,
    everything,
    files,
    page_path,
    planned_and_run,
    run_all,
)
from tests.support.datadog_client import API_KEY, APP_KEY, datadog
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall.bulk import JobReport

REFUSED = Fault(FaultKind.THROTTLE, retry_after="1")
KEYS = {
    *("format", "journal", "state", "plan", "counts", "runs", "started_at", "ended_at", "active_seconds"),
    *(
        "failures",
        "repeatable",
        "verifiable",
        "verification",
        "verified_at",
        "timeline",
        "workers",
        "requests",
        "refused",
        "retried",
    ),
    *("items_per_second", "requests_per_second", "allowed_per_second"),
}
FAILED: Any = ("failed", "NotFound", "404")
DOUBT: Any = ("ambiguous", "Interrupted", "the process ended while this was being sent")


def everywhere(report: JobReport) -> list[str]:
    """Return all that a report can be turned into."""
    return [bulk.report_text(report), bulk.report_html(report), json.dumps(report.to_json())]


def headline(report: JobReport) -> str:
    """Return the first line of the text."""
    return bulk.report_text(report).splitlines()[0]


def hints(report: JobReport) -> list[str]:
    """Return what the text advises to do next."""
    lines = bulk.report_text(report).splitlines()
    first = next((number for number, line in enumerate(lines) if line.startswith("Next:")), len(lines))
    return [line[6:] for line in lines[first:]]


async def test_plan_that_was_not_run(journal: Path) -> None:
    """Before its first run a job has a plan and items to do, and nothing else."""
    path = journal
    async with datadog() as (sim, client):
        ids = add_pages(sim, 3)
        job = await bulk.plan(client, "resolve", path, [*ids, ids[0]], described_as="three pages")
    found = bulk.report(path)
    assert (found.state, found.plan, found.counts) == (State.PLANNED, job.plan, bulk.Counts(open=3))
    assert (found.runs, found.timeline, found.started_at, found.ended_at) == ((), (), None, None)
    assert (found.active_seconds, found.items_per_second, found.allowed_per_second) == (0, None, None)
    assert headline(found) == "RESOLVE  Not begun: 3 items to resolve"
    assert "3 from three pages; 1 duplicate left out" in bulk.report_text(found)
    assert hints(found) == ["Preview it, then run it."]


async def test_counts_are_those_of_the_server(journal: Path) -> None:
    """Items, requests, refusals and retries are as many as the server had."""
    faults = FaultPlan()
    async with datadog(faults) as (sim, client):
        ids = add_pages(sim, 40)
        faults.script("POST", page_path(ids[3], "resolve"), REFUSED, REFUSED)
        faults.script("POST", page_path(ids[7], "resolve"), Fault(FaultKind.ERROR_BEFORE, status=404))
        await planned_and_run(client, "resolve", journal, ids)
        found = bulk.report(journal)
        assert found.requests == len(sim.ledger.requests) == 42
    assert (found.refused, found.retried) == (2, 2)
    assert found.counts == bulk.Counts(done=39, failed=1)
    assert (sum(second.done for second in found.timeline), sum(second.failed for second in found.timeline)) == (39, 1)
    assert headline(found) == "RESOLVE  Finished: 39 of 40 items accepted, 1 failed"


async def test_rate_is_held_against_the_limit(journal: Path) -> None:
    """The rate is what was done in the time it took, and the limit that the server told stands beside it."""
    rules = [RateRule("oncall", 20, 2)]
    async with datadog(simulator={"rate_rules": rules}) as (sim, client):
        await planned_and_run(client, "resolve", journal, add_pages(sim, 200))
    found = bulk.report(journal)
    assert found.allowed_per_second == 10
    assert found.started_at is not None
    assert found.ended_at is not None
    assert found.active_seconds == (found.ended_at - found.started_at).total_seconds() > 15
    assert found.items_per_second == pytest.approx(200 / found.active_seconds)
    assert found.requests_per_second == pytest.approx(found.requests / found.active_seconds)
    assert "10/s allowed in the long run" in bulk.report_text(found)


async def test_report_of_a_job_that_runs(journal: Path) -> None:
    """In the middle of a run the report tells how far it is, and the run does not mind."""
    path, seen = journal, list[bulk.JobReport]()
    async with datadog(simulator={"rate_rules": [RateRule("oncall", 10, 1)]}) as (sim, client):
        job = await bulk.plan(client, "resolve", path, add_pages(sim, 100))
        counts = await run_all(job, watch=after(60, lambda: seen.append(bulk.report(path))))
    (found,) = seen
    assert counts == bulk.Counts(done=100)
    assert found.state is State.RUNNING
    assert found.started_at is not None
    assert found.ended_at is None
    assert 30 <= found.counts.done < 100
    assert sum(second.done for second in found.timeline) == found.counts.done
    assert hints(found) == ["If no process runs it any more, resume it: what is finished is not sent again."]


def test_report_is_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run writes while the report is read is not in it: its numbers agree with each other."""
    path = journal_of(tmp_path / "job.db", runs=[(0, None)])
    counts = Journal.counts

    def after_a_write(journal: Journal) -> bulk.Counts:
        change(path, "UPDATE planned SET status = 'done', finished_at = 1.0")
        return counts(journal)

    monkeypatch.setattr(Journal, "counts", after_a_write)
    assert bulk.report(path).counts == bulk.Counts(open=10)
    monkeypatch.undo()
    assert bulk.report(path).counts == bulk.Counts(done=10)


async def test_time_between_runs_is_not_active(journal: Path) -> None:
    """A job that was stopped and resumed an hour later has two runs, and the hour is in neither."""
    path = journal
    async with datadog(simulator={"rate_rules": [RateRule("oncall", 10, 1)]}) as (sim, client):
        job = await bulk.plan(client, "resolve", path, add_pages(sim, 60))
        await run_all(job, concurrency=5, watch=after(20, job.stop))
        stopped = bulk.report(path)
        await client.options.clock.sleep(3600)
        await job.resume()
    found = bulk.report(path)
    assert (stopped.state, len(stopped.runs)) == (State.STOPPED, 1)
    assert hints(stopped) == ["Resume it: what is finished is not sent again."]
    assert (found.state, found.runs[0]) == (State.FINISHED, stopped.runs[0])
    first, second = found.runs
    assert first.ended_at is not None
    assert (second.started_at - first.ended_at).total_seconds() >= 3600
    assert 4 < found.active_seconds < 20


def test_run_that_was_killed_lasted_until_its_last_sign(journal: Path) -> None:
    """A run without an end is taken to have lasted until the last second before the next, in which it did anything."""
    seconds = [(second, 1, 0, 1, 0, 0, None) for second in (0, 1, 2, 3, 100, 101)]
    runs = [(0.5, None), (3.75, None), (100.5, 101.25)]
    found = bulk.report(journal_of(journal, runs=runs, seconds=seconds))
    lasted = [(run.alive_until.timestamp() - START, run.ended_at is None) for run in found.runs]
    assert lasted == [(3, True), (4, True), (101.25, False)]
    assert found.active_seconds == pytest.approx(2.5 + 0.25 + 0.75)
    assert found.state is State.STOPPED


def test_run_that_was_killed_at_once_took_no_time(journal: Path) -> None:
    """A run that wrote nothing down took no time, and has no rate."""
    found = bulk.report(journal_of(journal, runs=[(5, None)]))
    assert (found.state, found.active_seconds, found.items_per_second) == (State.RUNNING, 0, None)
    assert "not known sent, not known allowed" in bulk.report_text(found)


def test_failures_are_told_by_reason(journal: Path) -> None:
    """Each reason has its count and its first item as an example, the most frequent first."""
    outcomes = [("failed", "NotFound", f"404: {number}") for number in range(3)]
    outcomes += [("ambiguous", "Interrupted", "died"), *[("failed", "Forbidden", "403")] * 2, DONE]
    found = bulk.report(journal_of(journal, items=7, runs=[(0, 1)], outcomes=outcomes))
    assert [(one.reason, one.status, one.count, one.example_id, one.example_error) for one in found.failures] == [
        ("NotFound", "failed", 3, "i0", "404: 0"),
        ("Forbidden", "failed", 2, "i4", "403"),
        ("Interrupted", "ambiguous", 1, "i3", "died"),
    ]
    assert "  3 failed: NotFound, e.g. i0: 404: 0" in bulk.report_text(found).splitlines()


async def test_verification_is_that_of_the_job(journal: Path) -> None:
    """The report has no verification until somebody verified, and then says what they were told."""
    async with datadog(simulator={"settle_delay": 20.0}) as (sim, client):
        job = await planned_and_run(client, "resolve", journal, add_pages(sim, 8))
        before = bulk.report(journal)
        told = await job.verify(wait=0)
        early = bulk.report(journal)
        await job.verify()
    late = bulk.report(journal)
    assert (before.verification, before.verified_at) == (None, None)
    assert hints(before) == ["Verify it: what the server accepted may not be done yet."]
    assert early.verification == told == bulk.Verification(accepted=8)
    assert headline(early) == "RESOLVE  Finished: 0 of 8 items confirmed, 8 accepted but not confirmed"
    assert late.verification == bulk.Verification(confirmed=8)
    assert (headline(late), hints(late)) == ("RESOLVE  Finished: all 8 items confirmed", [])
    assert early.verified_at is not None
    assert late.verified_at is not None
    assert late.verified_at > early.verified_at


async def test_report_of_grafana(journal: Path) -> None:
    """Alert groups that were so already and those that were changed are told apart."""
    async with grafana_world() as world:
        ids = add_groups(world.sim, 6)
        await world.client.alert_groups.acknowledge(ids[0])
        job = await planned_and_run(world.client, "acknowledge", journal, ids)
        await job.verify()
    found = bulk.report(journal)
    assert found.counts == bulk.Counts(done=5, already=1)
    assert headline(found) == "ACKNOWLEDGE  Finished: all 6 items confirmed"
    assert "  done 5 | already so 1 | failed 0 | in doubt 0 | to do 0" in bulk.report_text(found)


async def test_what_no_state_shows_is_not_asked_for(journal: Path) -> None:
    """No state shows that a page was escalated, so nobody is told to verify it."""
    async with datadog() as (sim, client):
        await planned_and_run(client, "escalate", journal, add_pages(sim, 2))
    found = bulk.report(journal)
    assert not found.verifiable
    assert (headline(found), hints(found)) == ("ESCALATE  Finished: all 2 items accepted", [])


@pytest.mark.parametrize(
    ("outcomes", "seen", "said", "hint"),
    [
        ([DONE, FAILED], (), "1 of 2 items accepted, 1 failed", "Resume it with failed items retried"),
        ([DONE, DOUBT], (), "1 of 2 items accepted, 1 in doubt", "Verify it: it may or may not have been done"),
        ([DONE, DOUBT], ["resolved", "gone"], "1 of 2 items confirmed, 1 unknown", "Look at what is in doubt"),
        ([DONE], ["resolved"], "1 of 2 items confirmed, 1 to do", "Resume it: what is finished"),
        ([DONE, ("sending", None, None)], (), "1 of 2 items accepted, 1 to do", "Resume it: what is finished"),
    ],
)
def test_says_what_is_wrong_and_what_to_do(
    outcomes: list[Any], seen: list[str], said: str, hint: str, journal: Path
) -> None:
    """The first line says what is missing and why; the last ones what to do about it."""
    found = bulk.report(journal_of(journal, items=2, runs=[(0, 1)], outcomes=outcomes, seen=seen))
    assert headline(found).endswith(f": {said}")
    assert hints(found)[0].startswith(hint)


def test_text_is_short(journal: Path) -> None:
    """The text has less than 25 lines, and none runs on, however much went wrong; no control character is in it."""
    outcomes: list[Any] = [("failed", f"Reason{number}", f"\x1b[31mline\n{'long ' * 60}") for number in range(12)]
    seconds = [(0, 1, 12, 13, 5, 5, 10.0)]
    found = bulk.report(
        journal_of(journal, items=20, runs=[(0, None)], seconds=seconds, outcomes=[*outcomes, DOUBT], seen=["x"])
    )
    lines = bulk.report_text(found).splitlines()
    assert len(lines) < 25
    assert max(map(len, lines)) <= 100
    assert "  and 8 more reasons" in lines
    assert all(line.isprintable() for line in lines)


def test_json_is_plain(tmp_path: Path) -> None:
    """It is data that JSON knows, under the names of the class, with times in UTC."""
    path = journal_of(
        tmp_path / "job.db",
        runs=[(0.5, 2)],
        seconds=[(0, 1, 1, 3, 1, 1, 10.0)],
        outcomes=[DONE, FAILED],
        seen=["resolved"],
    )
    found = bulk.report(path).to_json()
    assert json.loads(json.dumps(found)) == found
    assert set(found) == KEYS
    assert (found["format"], found["state"], found["journal"]) == ("aiooncall report 1", "stopped", str(path))
    assert found["counts"] == dict.fromkeys(Status, 0) | {"open": 8, "done": 1, "failed": 1}
    assert found["runs"] == [{"started_at": at(0.5), "ended_at": at(2), "alive_until": at(2)}]
    assert found["timeline"] == [
        {"at": at(0), "done": 1, "failed": 1, "requests": 3, "refused": 1, "retried": 1, "allowed": 10.0}
    ]
    assert (found["verified_at"], found["active_seconds"], found["plan"]["created_at"]) == (at(60), 1.5, at(-60))


async def test_no_secret_is_told(journal: Path) -> None:
    """Neither key is in any form of the report, not even where an item was refused to them."""
    faults = FaultPlan()
    async with datadog(faults) as (sim, client):
        ids = add_pages(sim, 5)
        faults.script("POST", page_path(ids[3], "resolve"), Fault(FaultKind.ERROR_BEFORE, status=403))
        job = await bulk.plan(client, "resolve", journal, ids)
        await run_all(job, concurrency=1)
    found = bulk.report(journal)
    assert [one.reason for one in found.failures] == ["Forbidden"]
    for text in everywhere(found):
        assert API_KEY not in text
        assert APP_KEY not in text


def test_nothing_is_changed(tmp_path: Path) -> None:
    """Making a report leaves the file as it was, and no other beside it."""
    path = journal_of(tmp_path / "job.db", runs=[(0, 1)])
    before = everything(tmp_path)
    everywhere(bulk.report(path))
    assert files(tmp_path) == ["job.db"]
    assert everything(tmp_path) == before


def test_journal_that_may_not_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A journal in a folder where nothing may be written can be reported on all the same, but not written."""
    path = journal_of(tmp_path / "job.db", outcomes=[DONE], runs=[(0, 1)])
    monkeypatch.setattr("os.access", lambda place, mode: False)
    assert bulk.report(path).counts == bulk.Counts(open=9, done=1)
    with closing(Journal.open(path)) as journal, pytest.raises(JournalError, match="readonly"):
        journal.note({"verb": "escalate"})


def test_what_is_no_journal(tmp_path: Path) -> None:
    """A file that is not there, is something else or is of another version is refused with the reason."""
    with pytest.raises(JournalError, match="is not there"):
        bulk.report(tmp_path / "none.db")
    (tmp_path / "text").write_text("hello" * 100)
    with pytest.raises(JournalError, match=r"not a (journal|database)"):
        bulk.report(tmp_path / "text")
    path = journal_of(tmp_path / "job.db")
    change(path, "UPDATE job SET value = 'aiooncall journal 99' WHERE name = 'format'")
    with pytest.raises(JournalError, match="another version"):
        bulk.report(path)

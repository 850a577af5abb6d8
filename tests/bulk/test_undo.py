"""Taking back what a job changed, where the provider can."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from aiooncall import JournalError, OptionsError, PlanRefused, bulk
from aiooncall.bulk import Counts, Verification
from aiooncall.simulator import Fault, FaultKind
from tests.support.bulk_world import acted_on, add_groups, add_pages, files, planned_and_run, run_all, statuses
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall import DatadogOnCall, GrafanaOnCall
    from aiooncall.bulk import VerbName
    from aiooncall.simulator import Simulator

NOW = {"resolve": "resolved", "silence": "silenced"}


@pytest.mark.parametrize(
    ("verb", "undoing", "there", "before"),
    [
        ("acknowledge", "unacknowledge", "acknowledged", "firing"),
        ("resolve", "unresolve", "resolved", "firing"),
        ("silence", "unsilence", "acknowledged", "firing"),
    ],
)
async def test_only_what_was_changed(
    sim: Simulator, gf: GrafanaOnCall, verb: VerbName, undoing: str, there: str, before: str, tmp_path: Path
) -> None:
    """An undo is a plan for exactly the groups that the job changed; those that were so before are not touched."""
    changed, untouched = add_groups(sim, 20), add_groups(sim, 10, state=there)
    job = await planned_and_run(gf, verb, tmp_path / "job.db", untouched[:5] + changed + untouched[5:])
    assert job.counts.done == 20
    sent = len(sim.ledger.requests)
    with await job.undo(tmp_path / "undo.db") as undo:
        plan = undo.preview().plan
        assert (plan.verb, plan.items, plan.duplicates, plan.duration) == (undoing, 20, 0, None)
        assert plan.selection == "what job.db changed"
        assert list(statuses(undo.journal)) == changed
        read = sim.ledger.requests[sent:]
        assert {record.method for record in read} == {"GET"}
        assert undo.preview().by_state == {there if verb == "acknowledge" else NOW[verb]: 20}
        assert await run_all(undo) == Counts(done=20)
        assert sorted(acted_on(sim, undoing)) == sorted(changed)
        assert await undo.verify() == Verification(confirmed=20)
    states = {group: (await gf.alert_groups.get(group)).state for group in (changed[0], untouched[0])}
    assert states == {changed[0]: before, untouched[0]: there}


async def test_undo_needs_its_own_preview(sim: Simulator, gf: GrafanaOnCall, tmp_path: Path) -> None:
    """An undo is not run by the hash of the job that it takes back, and can be opened again like any job."""
    job = await planned_and_run(gf, "acknowledge", tmp_path / "job.db", add_groups(sim, 5))
    (await job.undo(tmp_path / "undo.db")).close()
    with bulk.open_job(gf, tmp_path / "undo.db") as undo:
        with pytest.raises(PlanRefused):
            await undo.run(job.plan.hash)
        assert await run_all(undo) == Counts(done=5)


async def test_half_a_job(sim: Simulator, gf: GrafanaOnCall, tmp_path: Path) -> None:
    """Of a job that was stopped only what it had changed is taken back; titles and times come along."""
    add_groups(sim, 30)
    with await bulk.plan(gf, "resolve", tmp_path / "job.db", gf.alert_groups.list()) as job:
        await run_all(job, concurrency=1, watch=lambda _: job.stop())
        assert job.counts == Counts(done=1, open=29)
        with await job.undo(tmp_path / "undo.db") as undo:
            (sample,) = undo.preview().samples
            assert undo.plan.items == 1
            assert sample.title == "group 29"
            assert sample.created_at is not None
            assert "unknown" not in undo.preview().by_age


async def test_nothing_to_take_back(sim: Simulator, gf: GrafanaOnCall, tmp_path: Path) -> None:
    """A job that changed nothing has nothing to take back, and no file is made for it."""
    groups = add_groups(sim, 3, state="acknowledged")
    job = await planned_and_run(gf, "acknowledge", tmp_path / "job.db", groups)
    before = files(tmp_path)
    with pytest.raises(OptionsError, match="at least one id"):
        await job.undo(tmp_path / "undo.db")
    assert files(tmp_path) == before


@pytest.mark.parametrize("verb", ["acknowledge", "resolve", "escalate"])
async def test_datadog_takes_nothing_back(sim: Simulator, dd: DatadogOnCall, verb: VerbName, tmp_path: Path) -> None:
    """What was done to pages cannot be taken back: that is refused, and was said in the preview."""
    with await bulk.plan(dd, verb, tmp_path / "job.db", add_pages(sim, 3)) as job:
        assert f"{verb} cannot be undone" in job.preview().warnings
        await run_all(job)
        with pytest.raises(OptionsError, match="a verb that can be taken back"):
            await job.undo(tmp_path / "undo.db")
    assert not (tmp_path / "undo.db").exists()
    assert len(sim.ledger.requests) == 3


@pytest.mark.parametrize(("verb", "undoing"), [("acknowledge", "unacknowledge"), ("resolve", "unresolve")])
async def test_undo_of_an_undo(sim: Simulator, gf: GrafanaOnCall, verb: VerbName, undoing: str, tmp_path: Path) -> None:
    """What was taken back can be done again, by a job that undoes the undo."""
    groups = add_groups(sim, 5)
    job = await planned_and_run(gf, verb, tmp_path / "job.db", groups)
    with await job.undo(tmp_path / "undo.db") as undo:
        assert undo.plan.verb == undoing
        await run_all(undo)
        with await undo.undo(tmp_path / "again.db") as again:
            assert (again.plan.verb, again.plan.items) == (verb, 5)
            assert again.preview().by_state == {"firing": 5}
            assert await run_all(again) == Counts(done=5)
            assert await again.verify() == Verification(confirmed=5)


async def test_undo_of_an_undone_silence(tmp_path: Path) -> None:
    """Groups that were silenced for a time, and are silenced again, are so for the same time."""
    async with grafana_world() as world:
        job = await planned_and_run(world.client, "silence", tmp_path / "a.db", add_groups(world.sim, 2), duration=90)
        with await job.undo(tmp_path / "b.db") as undo:
            await run_all(undo)
            with await undo.undo(tmp_path / "c.db") as again:
                assert again.plan.duration == 90
                await run_all(again)
                assert world.body() == {"delay": 90}


async def test_preview_shows_the_present(sim: Simulator, gf: GrafanaOnCall, tmp_path: Path) -> None:
    """An undo shows how the groups are now, not how the first plan found them; what cannot be read is unknown."""
    groups = add_groups(sim, 6)
    job = await planned_and_run(gf, "acknowledge", tmp_path / "job.db", gf.alert_groups.list())
    await gf.alert_groups.resolve(groups[0])
    sim.faults.script("GET", f"*{groups[1]}*", *[Fault(FaultKind.ERROR_BEFORE, status=500)] * 9)
    with await job.undo(tmp_path / "undo.db") as undo:
        shown = undo.preview()
    assert shown.by_state == {"acknowledged": 4, "resolved": 1, "unknown": 1}
    assert shown.warnings == ()


async def test_undo_into_the_jobs_own_file(sim: Simulator, gf: GrafanaOnCall, tmp_path: Path) -> None:
    """An undo never writes over the journal of what it takes back."""
    job = await planned_and_run(gf, "acknowledge", tmp_path / "job.db", add_groups(sim, 5))
    with pytest.raises(JournalError, match="is there already"):
        await job.undo(tmp_path / "job.db")
    assert job.counts == Counts(done=5)


async def test_undo_after_somebody_else_acted(sim: Simulator, gf: GrafanaOnCall, tmp_path: Path) -> None:
    """A group that somebody has changed meanwhile fails by itself; the others are taken back."""
    groups = add_groups(sim, 5)
    job = await planned_and_run(gf, "acknowledge", tmp_path / "job.db", groups)
    await asyncio.gather(*map(gf.alert_groups.resolve, groups[:2]))
    with await job.undo(tmp_path / "undo.db") as undo:
        assert await run_all(undo) == Counts(done=3, failed=2)

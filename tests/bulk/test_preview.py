"""Previews: what a plan would touch, and that only what was previewed is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import JournalError, OptionsError, PlanRefused, bulk
from tests.support.bulk_world import add_groups, add_pages, change, change_fact, run_all
from tests.support.datadog_client import datadog
from tests.support.grafana_client import grafana_world
from tests.support.virtual_time import EPOCH

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall import DatadogOnCall, GrafanaOnCall
    from aiooncall.bulk import VerbName
    from aiooncall.simulator import Simulator

HOUR = 3600.0
TAMPERINGS = [
    "UPDATE planned SET id = 'another' WHERE position = 2",
    "DELETE FROM planned WHERE position = 3",
    "INSERT INTO planned (id) VALUES ('another')",
    "UPDATE planned SET position = position + 10 WHERE position = 1",
]


async def test_counts_of_pages(journal: Path) -> None:
    """Pages are counted by team, urgency, state and age."""
    async with datadog(simulator={"search_lag": 0.0}) as (sim, client):
        add_pages(sim, 3, created_at=EPOCH - 60)
        add_pages(sim, 4, created_at=EPOCH - 2 * HOUR, urgency="low")
        add_pages(sim, 5, created_at=EPOCH - 48 * HOUR, status="acknowledged")
        add_pages(sim, 6, created_at=EPOCH - 200 * HOUR, status="resolved")
        with await bulk.plan(client, "resolve", journal, client.pages.list()) as job:
            preview = job.preview()
        assert list(preview.by_team.values()) == [18]
        assert preview.by_urgency == {"high": 14, "low": 4}
        assert preview.by_state == {"triggered": 7, "resolved": 6, "acknowledged": 5}
        assert list(preview.by_age.items()) == [
            ("under 1 hour", 3),
            ("1 to 24 hours", 4),
            ("1 to 7 days", 5),
            ("over 7 days", 6),
        ]
        assert "6 items are so already" in preview.warnings


async def test_counts_of_alert_groups(sim: Simulator, gf: GrafanaOnCall, journal: Path) -> None:
    """Alert groups are counted by team, state and age; those without a team, and all urgencies, are unknown."""
    team = sim.grafana.add_team("storage")
    add_groups(sim, 3, team=team, created_at=EPOCH - 2 * HOUR)
    add_groups(sim, 2, state="acknowledged")
    with await bulk.plan(gf, "acknowledge", journal, gf.alert_groups.list()) as job:
        preview = job.preview()
    assert preview.by_team == {team: 3, "unknown": 2}
    assert preview.by_urgency == {"unknown": 5}
    assert preview.by_state == {"firing": 3, "acknowledged": 2}
    assert preview.by_age == {"under 1 hour": 2, "1 to 24 hours": 3}
    assert preview.warnings == ("2 items are so already",)


async def test_ids_alone_tell_nothing(dd: DatadogOnCall, journal: Path) -> None:
    """Of ids alone everything is unknown, which is said rather than guessed."""
    with await bulk.plan(dd, "acknowledge", journal, ["a", "b"]) as job:
        preview = job.preview()
    counts: tuple[Any, ...] = (preview.by_team, preview.by_urgency, preview.by_state, preview.by_age)
    assert counts == ({"unknown": 2},) * 4


@pytest.mark.parametrize(("samples", "expected"), [(0, []), (1, [0]), (4, [0, 25, 50, 75]), (200, list(range(100)))])
async def test_samples(dd: DatadogOnCall, samples: int, expected: list[int], journal: Path) -> None:
    """Samples are spread over the whole plan, in its order, and never more than there are."""
    with await bulk.plan(dd, "resolve", journal, [f"p{number}" for number in range(100)]) as job:
        assert [item.id for item in job.preview(samples=samples).samples] == [f"p{number}" for number in expected]


async def test_bad_number_of_samples(dd: DatadogOnCall, journal: Path) -> None:
    """Fewer samples than none is an OptionsError."""
    job = await bulk.plan(dd, "resolve", journal, ["a"])
    with job, pytest.raises(OptionsError, match="samples"):
        job.preview(samples=-1)


async def test_warnings(tmp_path: Path) -> None:
    """It is said before it starts that something cannot be undone, or is never sent twice."""
    async with grafana_world() as world, datadog() as (_, client):
        verbs: list[tuple[VerbName, int]] = [("resolve", 1), ("acknowledge", 1), ("escalate", 2)]
        for verb, number in verbs:
            with await bulk.plan(client, verb, tmp_path / f"{verb}.db", ["a"]) as job:
                warnings = job.preview().warnings
                assert len(warnings) == number
                assert warnings[0] == f"{verb} cannot be undone"
        assert "never again where its effect is in doubt" in warnings[1]
        takes_back: list[VerbName] = ["resolve", "acknowledge", "silence"]
        for verb in takes_back:
            with await bulk.plan(world.client, verb, tmp_path / f"grafana-{verb}.db", ["a"]) as job:
                assert job.preview().warnings == ()


@pytest.mark.parametrize("tampering", TAMPERINGS)
async def test_changed_journal_is_refused(sim: Simulator, dd: DatadogOnCall, tampering: str, tmp_path: Path) -> None:
    """A journal whose items, order or verb were changed after planning is neither shown nor run."""
    (await bulk.plan(dd, "acknowledge", tmp_path / "job.db", add_pages(sim, 5))).close()
    change(tmp_path / "job.db", tampering)
    with bulk.open_job(dd, tmp_path / "job.db") as job:
        with pytest.raises(PlanRefused, match="not those that were planned"):
            job.preview()
        with pytest.raises(PlanRefused, match="not those that were planned"):
            await job.run(job.plan.hash)
    assert sim.ledger.requests == []


async def test_changed_hash_is_refused(sim: Simulator, dd: DatadogOnCall, tmp_path: Path) -> None:
    """A journal that was given the hash of other items is not run by the hash that was previewed."""
    ids = add_pages(sim, 5)
    with await bulk.plan(dd, "acknowledge", tmp_path / "job.db", ids[:3]) as job:
        previewed = job.preview().plan.hash
    with await bulk.plan(dd, "acknowledge", tmp_path / "all.db", ids) as job:
        with pytest.raises(PlanRefused, match=f"is {job.plan.hash}, not {previewed}"):
            await job.run(previewed)
        with pytest.raises(PlanRefused, match="preview it"):
            await job.run("")
    assert sim.ledger.requests == []


async def test_maximum_of_a_run(sim: Simulator, dd: DatadogOnCall, journal: Path) -> None:
    """A run refuses a plan of more items than it was allowed, and takes one of exactly as many."""
    with await bulk.plan(dd, "acknowledge", journal, add_pages(sim, 5)) as job:
        with pytest.raises(PlanRefused, match="5 items, more than the maximum of 4"):
            await run_all(job, most=4)
        assert sim.ledger.requests == []
        assert (await run_all(job, most=5)).done == 5


async def test_duration_of_another_plan_is_refused(journal: Path) -> None:
    """A silence that was made longer after planning is refused."""
    async with grafana_world() as world:
        (await bulk.plan(world.client, "silence", journal, add_groups(world.sim, 2), duration=60)).close()
        change_fact(journal, "duration", "99999.0")
        with bulk.open_job(world.client, journal) as job, pytest.raises(PlanRefused):
            await job.run(job.plan.hash)
        assert world.requests() == []


async def test_account_of_another_plan_is_refused(sim: Simulator, dd: DatadogOnCall, tmp_path: Path) -> None:
    """A journal of another account does not become one of this account by editing it."""
    ids = add_pages(sim, 2)
    (await bulk.plan(dd, "acknowledge", tmp_path / "job.db", ids)).close()
    change_fact(tmp_path / "job.db", "account", "elsewhere 123")
    with pytest.raises(JournalError, match=r"another account or credential \(elsewhere 123\)"):
        bulk.open_job(dd, tmp_path / "job.db")


async def test_preview_in_words(journal: Path) -> None:
    """A preview is told in lines: how many of what, the counts beneath each other, samples and warnings."""
    async with datadog() as (sim, client):
        add_pages(sim, 2)
        with await bulk.plan(client, "resolve", journal, client.pages.list("status:triggered")) as job:
            preview = job.preview(samples=1)
            told = bulk.preview_text(preview).splitlines()
    assert told[0] == "resolve 2 items of datadog (a list of the server's)"
    assert told[1:3] == ["by state", "  triggered         2"]
    assert told[-1] == "note: resolve cannot be undone"
    assert [line for line in told if line.startswith(f"  {preview.samples[0].id}  ")]


@pytest.mark.parametrize(
    ("ids", "told"),
    [(["a"], "a collection of ids"), (iter(["a"]), "a sequence of ids"), (("a",), "a collection of ids")],
)
async def test_where_items_come_from(ids: Any, told: str, journal: Path) -> None:
    """A plan that is not told where its items come from says what can be seen of that, in words."""
    async with datadog() as (_, client):
        with await bulk.plan(client, "resolve", journal, ids) as job:
            assert job.plan.selection == told


async def test_preview_without_a_client(journal: Path) -> None:
    """A preview is read from the journal alone, as the job shows it, unless the journal was tampered with."""
    async with datadog() as (sim, client):
        add_pages(sim, 3)
        with await bulk.plan(client, "resolve", journal, client.pages.list("status:triggered")) as job:
            known = job.preview(samples=2)
        assert bulk.preview(journal, samples=2, clock=client.options.clock) == known
    change(journal, TAMPERINGS[0])
    with pytest.raises(PlanRefused, match="not those that were planned"):
        bulk.preview(journal)

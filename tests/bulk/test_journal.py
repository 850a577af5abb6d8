"""The journal: who may read it, and who may not run it."""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import DatadogOnCall, JournalError, bulk
from aiooncall.simulator import Fault, FaultKind
from tests.support.bulk_world import (
    acted_on,
    add_groups,
    add_pages,
    change,
    everything,
    files,
    page_path,
    planned_and_run,
    rows,
    run_all,
    tally,
)
from tests.support.datadog_client import API_KEY, APP_KEY, PAGES, client_on, datadog, scripted
from tests.support.grafana_client import TOKEN, grafana_client, grafana_world

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall.simulator import Simulator

REFUSED = Fault(FaultKind.ERROR_BEFORE, status=400)
SLOW = Fault(FaultKind.SLOW, delay=5.0)


async def test_readable_by_a_person(journal: Path) -> None:
    """With sqlite3 alone one sees which item is in which status, why it failed, and how the run went."""
    async with datadog(scripted("POST", f"{PAGES}/*", None, REFUSED)) as (sim, client):
        ids = [*add_pages(sim, 3), "no-such-page"]
        (await planned_and_run(client, "resolve", journal, ids, described_as="by hand")).close()
        found = {row[0]: row[1:] for row in rows(journal, "SELECT id, status, reason, error FROM items")}
        assert [status for status, *_ in found.values()] == ["done", "failed", "done", "failed"]
        assert found[ids[0]] == ("done", None, None)
        assert found[ids[1]][1] == "BadRequest"
        assert found[ids[3]][1] == "NotFound"
        assert "404" in found[ids[3]][2]
        facts = dict(rows(journal, "SELECT name, value FROM job"))
        assert (facts["provider"], facts["verb"], facts["selection"]) == ("datadog", "resolve", "by hand")
        assert facts["started_at"] <= facts["ended_at"]


async def test_readable_while_it_runs(tmp_path: Path) -> None:
    """Somebody who looks into the journal during a run is not in its way, and sees what is done within a moment."""
    async with datadog(scripted("POST", f"{PAGES}/*", *[None] * 50, *[SLOW] * 50)) as (sim, client):
        with await bulk.plan(client, "resolve", tmp_path / "job.db", add_pages(sim, 100)) as job:
            run = asyncio.ensure_future(run_all(job, concurrency=50))
            await asyncio.sleep(1.0)
            assert tally(tmp_path / "job.db") == {"done": 50, "sending": 50}
            assert (await run).done == 100


async def test_no_secret_in_any_file(tmp_path: Path) -> None:
    """Neither keys nor tokens, nor a plain digest of them, get into a file, whatever goes wrong."""
    faults = scripted("POST", "*", *[Fault(kind) for kind in (FaultKind.ERROR_BEFORE, FaultKind.REDIRECT)] * 4)
    async with datadog(faults) as (sim, client), grafana_world(faults=faults) as world:
        for verb in ("acknowledge", "escalate"):
            ids = [*add_pages(sim, 20), "no-such-page"]
            job = await planned_and_run(client, verb, tmp_path / f"dd-{verb}.db", ids)
            await job.verify(wait=0)
            assert job.counts.failed > 0
        job = await planned_and_run(world.client, "acknowledge", tmp_path / "gf.db", add_groups(world.sim, 20))
        assert job.counts.done > 0
        content = everything(tmp_path)
        assert b"no-such-page" in content
        for secret in (API_KEY, APP_KEY, TOKEN, f"{API_KEY}\0{APP_KEY}"):
            assert secret.encode() not in content
            assert hashlib.sha256(secret.encode()).hexdigest()[:12].encode() not in content


async def meddled(folder: Path, order: str, *values: object) -> str:
    """Return what is said of a journal that somebody meddled with."""
    async with datadog() as (_, client):
        (await bulk.plan(client, "resolve", folder / "job.db", ["a"])).close()
        change(folder / "job.db", order, *values)
        with pytest.raises(JournalError) as raised:
            bulk.open_job(client, folder / "job.db")
    return str(raised.value)


async def test_other_version(tmp_path: Path) -> None:
    """The journal of another version is refused, and both versions are named."""
    said = await meddled(tmp_path, "UPDATE job SET value = 'aiooncall journal 1' WHERE name = 'format'")
    assert "aiooncall journal 1" in said
    assert "aiooncall journal 2" in said


@pytest.mark.parametrize(
    "order",
    ["DELETE FROM job WHERE name = 'format'", "UPDATE job SET value = 'something' WHERE name = 'format'"],
)
async def test_unfinished_plan(order: str, tmp_path: Path) -> None:
    """A journal that lacks the last word of its plan is refused."""
    assert "plan again" in await meddled(tmp_path, order)


@pytest.mark.parametrize("content", [b"", b"just\ntext\n", b"x" * 5000])
async def test_other_files(content: bytes, tmp_path: Path) -> None:
    """What is no journal at all is refused and left as it is; so are a missing file and a folder."""
    (tmp_path / "file").write_bytes(content)
    async with datadog() as (_, client):
        for path in (tmp_path / "file", tmp_path / "missing", tmp_path):
            with pytest.raises(JournalError):
                bulk.open_job(client, path)
    assert (tmp_path / "file").read_bytes() == content
    assert files(tmp_path) == ["file"]


async def test_other_database(tmp_path: Path) -> None:
    """A database of something else is refused and left as it is."""
    connection = sqlite3.connect(tmp_path / "other.db")
    connection.execute("CREATE TABLE items (id)")
    connection.close()
    before = everything(tmp_path)
    async with datadog() as (_, client):
        with pytest.raises(JournalError, match="not a journal of this package"):
            bulk.open_job(client, tmp_path / "other.db")
    assert everything(tmp_path) == before


async def test_other_provider(tmp_path: Path) -> None:
    """A journal is opened only with a client of the provider that it was planned for."""
    async with grafana_world() as world, datadog() as (_, client):
        (await bulk.plan(client, "resolve", tmp_path / "job.db", ["a"])).close()
        with pytest.raises(JournalError, match="planned for datadog, and this is grafana"):
            bulk.open_job(world.client, tmp_path / "job.db")


async def test_other_account(tmp_path: Path) -> None:
    """A journal is opened only with the credentials and the address that it was planned for."""
    async with datadog() as (sim, client), grafana_world() as world:
        (await bulk.plan(client, "resolve", tmp_path / "dd.db", ["a"])).close()
        (await bulk.plan(world.client, "resolve", tmp_path / "gf.db", ["a"])).close()
        others: list[tuple[Any, str]] = [
            (DatadogOnCall(API_KEY, "another", api_url=sim.datadog_url, paging_url=sim.datadog_url), "dd.db"),
            (DatadogOnCall(API_KEY, APP_KEY, site="datadoghq.eu"), "dd.db"),
            (grafana_client(world.sim.grafana_url, "another"), "gf.db"),
            (grafana_client("https://elsewhere.example.com"), "gf.db"),
        ]
        for other, name in others:
            with pytest.raises(JournalError, match="another account or credential"):
                bulk.open_job(other, tmp_path / name)
        bulk.open_job(client_on(sim), tmp_path / "dd.db").close()


async def test_second_run_is_refused(tmp_path: Path) -> None:
    """While a job runs, another run of its journal is refused, from another object too; afterwards it is not."""
    async with datadog(scripted("POST", f"{PAGES}/*", *[SLOW] * 5)) as (sim, client):
        ids = add_pages(sim, 20)
        job = await bulk.plan(client, "resolve", tmp_path / "job.db", ids)
        with job, bulk.open_job(client, tmp_path / "job.db") as other:
            run = asyncio.ensure_future(run_all(job, concurrency=5))
            await asyncio.sleep(1.0)
            for again in (job, other):
                with pytest.raises(JournalError, match="is being run by another process"):
                    await again.run(job.plan.hash)
                with pytest.raises(JournalError, match="is being run by another process"):
                    await again.resume(retry_failed=True)
            assert (await run).done == 20
            assert (await run_all(other)).done == 20
        assert sorted(acted_on(sim, "resolve")) == sorted(ids)


async def test_lock_is_released_after_a_failure(journal: Path) -> None:
    """A run that failed, was cancelled or never began does not keep the next one out."""
    async with datadog(scripted("POST", f"{PAGES}/*", Fault(FaultKind.ERROR_BEFORE, status=401), SLOW)) as (
        sim,
        client,
    ):
        with await bulk.plan(client, "resolve", journal, add_pages(sim, 5)) as job:
            with pytest.raises(Exception, match="401"):
                await run_all(job)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1):
                    await run_all(job)
            with pytest.raises(Exception, match="concurrency"):
                await run_all(job, concurrency=0)
            with bulk.open_job(client, journal) as other:
                assert (await run_all(other)).done == 5


async def test_next_items_are_found_by_the_index(dd: DatadogOnCall, journal: Path) -> None:
    """Finding the open items looks at no finished one: that is what makes resuming a huge job quick."""
    with await bulk.plan(dd, "resolve", journal, ["a"]) as job:
        asked: list[str] = []
        job._journal._db.set_trace_callback(asked.append)
        job._journal.unfinished(0, 10)
        job._journal._db.set_trace_callback(None)
        (plan,) = rows(job.journal, f"EXPLAIN QUERY PLAN {asked[0]}")
        assert "USING" in plan[-1]
        assert "INDEX unfinished" in plan[-1]


async def test_errors_are_kept_short(sim: Simulator, dd: DatadogOnCall, tmp_path: Path) -> None:
    """Of a long error the journal keeps the beginning."""
    bad = "x" * 512
    job = await planned_and_run(dd, "resolve", tmp_path / "job.db", [*add_pages(sim, 1), bad])
    ((error,),) = rows(job.journal, "SELECT error FROM items WHERE id = ?", bad)
    assert error.startswith("POST /api/v2/on-call/pages/{page_id}/resolve: 404")
    assert len(error) <= 300
    assert sim.ledger.requests[-1].path == page_path(bad, "resolve")

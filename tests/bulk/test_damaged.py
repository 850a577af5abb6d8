"""Journals that are damaged, or older than what was sent: nothing goes twice for it, and nothing unplanned."""

from __future__ import annotations

import asyncio
import random
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

import attrs
import pytest

from aiooncall import JournalError, OnCallError, PlanRefused, bulk
from tests.support.bulk_world import acted_on, add_pages, change, change_fact, files, planned_and_run
from tests.support.datadog_client import datadog
from tests.support.soak import SOAK

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from aiooncall import DatadogOnCall
    from aiooncall.simulator import Simulator

NAMES: Final = ("job.db", "job.db-wal", "job.db.intents")
ITEMS: Final = 60
TRIALS: Final = range(2000 if SOAK else 60)
pytestmark = pytest.mark.slow


@attrs.frozen
class Killed:
    """What a run left behind that was killed in the middle, and what it had sent."""

    sim: Simulator
    client: DatadogOnCall
    folder: Path
    sent: frozenset[str]
    planned: frozenset[str]

    def copy(self, to: Path) -> Path:
        """Copy all files of the journal, and return the copy."""
        shutil.copytree(self.folder, to)
        return to / NAMES[0]

    async def go_on(self, journal: Path) -> str:
        """Resume a copy, and check that nothing goes again; return what came of it."""
        before = len(self.sim.ledger.requests)
        try:
            with bulk.open_job(self.client, journal) as job:
                await job.resume()
            said = "went on"
        except OnCallError as refused:
            said = f"{type(refused).__name__}: {refused}"
        sent = acted_on(self.sim, "escalate", before)
        assert self.sent.isdisjoint(sent)
        assert self.planned.issuperset(sent)
        assert len(set(sent)) == len(sent)
        return said


@asynccontextmanager
async def killed(folder: Path) -> AsyncIterator[Killed]:
    """Yield the files of a job as they are at one moment of its run, as a kill would leave them."""
    async with datadog(simulator={"slow": (1.0, 3.0)}) as (sim, client):
        ids = add_pages(sim, ITEMS)
        (folder / "alive").mkdir()
        (await bulk.plan(client, "escalate", folder / "alive" / "job.db", ids)).close()
        shutil.copytree(folder / "alive", folder / "planned")
        with bulk.open_job(client, folder / "alive" / "job.db") as job:
            run = asyncio.create_task(job.run(job.plan.hash, concurrency=6))
            await asyncio.sleep(8.0)
            shutil.copytree(folder / "alive", folder / "killed", ignore=shutil.ignore_patterns("*-shm"))
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)
        await asyncio.sleep(5.0)
        sent = frozenset(acted_on(sim, "escalate"))
        assert 10 < len(sent) < ITEMS - 10
        yield Killed(sim, client, folder / "killed", sent, frozenset(ids))


async def test_whole_files_go_on(tmp_path: Path) -> None:
    """With all its files a killed job goes on: what was on the wire is in doubt, all the rest is sent once."""
    async with killed(tmp_path) as found:
        assert await found.go_on(found.copy(tmp_path / "copy")) == "went on"
        counts = bulk.report(tmp_path / "copy" / "job.db").counts
        assert counts.ambiguous == 6
        assert counts.done + counts.ambiguous == ITEMS


@pytest.mark.parametrize(
    "missing",
    [("job.db-wal",), ("job.db.intents",), ("job.db-wal", "job.db.intents")],
    ids=["without its log", "without its count", "the database alone"],
)
async def test_companions_are_missed(missing: tuple[str, ...], tmp_path: Path) -> None:
    """A copy without what belongs to it is refused, and the error names what to put back."""
    async with killed(tmp_path) as found:
        journal = found.copy(tmp_path / "copy")
        for name in missing:
            (journal.parent / name).unlink()
        said = await found.go_on(journal)
        assert said.startswith("JournalError")
        assert "put back what belongs together (job.db, job.db-wal, job.db.intents)" in said
        assert "report" in said


async def test_database_from_a_backup(tmp_path: Path) -> None:
    """The database of an earlier moment is refused beside the count of now, the plan before its first run too."""
    async with killed(tmp_path) as found:
        journal = found.copy(tmp_path / "copy")
        (journal.parent / "job.db-wal").unlink()
        shutil.copy(tmp_path / "planned" / "job.db", journal)
        assert "is older than what was sent" in await found.go_on(journal)


async def test_count_of_another_journal(tmp_path: Path) -> None:
    """The count of another journal is not taken for that of this one."""
    async with killed(tmp_path) as found:
        other = tmp_path / "other.db"
        (await planned_and_run(found.client, "escalate", other, add_pages(found.sim, 2))).close()
        journal = found.copy(tmp_path / "copy")
        shutil.copy(f"{other}.intents", f"{journal}.intents")
        assert "belongs to another journal" in await found.go_on(journal)


async def test_cuts_and_flips(tmp_path: Path) -> None:
    """Whatever is cut or flipped in whichever file: it is refused with a typed error, or nothing goes again for it."""
    outcomes: set[str] = set()
    async with killed(tmp_path) as found:
        for seed in TRIALS:
            dice = random.Random(seed)
            journal = found.copy(tmp_path / f"copy {seed}")
            damaged = journal.with_name(dice.choice(NAMES))
            content = bytearray(damaged.read_bytes())
            place = dice.randrange(len(content))
            if seed % 3:
                content[place] ^= 1 << dice.randrange(8)
            else:
                del content[place:]
            damaged.write_bytes(content)
            outcomes.add((await found.go_on(journal)).partition(":")[0])
            shutil.rmtree(journal.parent)
    assert "JournalError" in outcomes
    assert outcomes <= {"JournalError", "PlanRefused", "went on"}


async def test_flipped_id_is_not_sent(tmp_path: Path) -> None:
    """An id that changed after the first run is no id of the plan: nothing is sent any more."""
    async with killed(tmp_path) as found:
        journal = found.copy(tmp_path / "copy")
        change(journal, "UPDATE planned SET id = 'nobody-planned-this' WHERE position = 60")
        assert (await found.go_on(journal)).startswith("PlanRefused")


@pytest.mark.parametrize(
    "order",
    [
        "UPDATE planned SET created_at = 'yesterday'",
        "UPDATE job SET value = 'x' WHERE name = 'items'",
        "DELETE FROM job WHERE name = 'selection'",
        "UPDATE timeline SET done = 'many'",
        "UPDATE planned SET title = CAST(x'ff' AS TEXT)",
    ],
)
async def test_damaged_values_are_told(order: str, tmp_path: Path) -> None:
    """A value that makes no sense is a JournalError wherever it is read, and not whatever Python says of it."""
    async with datadog() as (sim, client):
        path = tmp_path / "job.db"
        (await planned_and_run(client, "escalate", path, add_pages(sim, 5))).close()
        change(path, order)
        with pytest.raises(OnCallError) as raised:
            bulk.report(path)
            with bulk.open_job(client, path) as job:
                job.preview()
                await job.resume()
        assert isinstance(raised.value, (JournalError, PlanRefused))


@pytest.mark.parametrize("name", ["x" * 300, "a\0b"])
async def test_paths_that_are_none(dd: DatadogOnCall, name: str, tmp_path: Path) -> None:
    """A name that no file can have is a JournalError, for a plan as for a job."""
    with pytest.raises(JournalError):
        await bulk.plan(dd, "escalate", tmp_path / name, ["a"])
    with pytest.raises(JournalError):
        bulk.open_job(dd, tmp_path / name)


@pytest.mark.parametrize("suffix", ["-wal", "-journal", ".intents"])
async def test_remains_of_another_journal(dd: DatadogOnCall, suffix: str, tmp_path: Path) -> None:
    """A new plan does not begin beside what another journal left, which would become a part of it."""
    (tmp_path / f"job.db{suffix}").write_bytes(b"remains")
    with pytest.raises(JournalError, match="belongs to another journal: move it away"):
        await bulk.plan(dd, "escalate", tmp_path / "job.db", ["a"])
    assert files(tmp_path) == [f"job.db{suffix}"]


async def test_last_intent_is_known(tmp_path: Path) -> None:
    """A job tells when it last was about to send something, by which a person notices an old copy of everything."""
    async with datadog() as (sim, client):
        with await bulk.plan(client, "escalate", tmp_path / "job.db", add_pages(sim, 5)) as job:
            before = job.last_intent_at
            await job.run(job.plan.hash)
            after = job.last_intent_at
        assert before is None
        assert after is not None
        assert abs(after.timestamp() - client.options.clock.time()) < 1
        change_fact(tmp_path / "job.db", "last_intent_at", "yesterday")
        with bulk.open_job(client, tmp_path / "job.db") as job, pytest.raises(JournalError, match="is damaged"):
            _ = job.last_intent_at

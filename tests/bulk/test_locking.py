"""One job, one lock, one file: links, other spellings and files that somebody tidies away make no second run."""

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from aiooncall import JournalError, bulk
from aiooncall.bulk.journal import Journal
from aiooncall.bulk.locking import FileLock
from aiooncall.bulk.models import Item
from aiooncall.simulator import Fault, FaultKind
from tests.support.bulk_world import acted_on, add_pages, files, run_all, tally
from tests.support.datadog_client import PAGES, datadog, scripted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiooncall import DatadogOnCall
    from aiooncall.simulator import Simulator

SLOW = Fault(FaultKind.SLOW, delay=5.0)


def by_symlink(journal: Path) -> Path:
    """Return a link to a journal."""
    (journal.parent / "latest.db").symlink_to(journal.name)
    return journal.parent / "latest.db"


def by_hard_link(journal: Path) -> Path:
    """Return another name of the same file."""
    os.link(journal, journal.parent / "other.db")
    return journal.parent / "other.db"


def by_folder(journal: Path) -> Path:
    """Return a path through a link to the folder."""
    link = journal.parent.with_name(f"{journal.parent.name} link")
    link.symlink_to(journal.parent)
    return link / journal.name


def by_detour(journal: Path) -> Path:
    """Return a path that goes up and down again."""
    return journal.parent / ".." / journal.parent.name / journal.name


def by_nothing(journal: Path) -> Path:
    """Return the path, with all that does not seem to be needed tidied away."""
    for name in ("job.db.lock", "job.db.lck"):
        (journal.parent / name).unlink(missing_ok=True)
    return journal


SPELLINGS = [by_symlink, by_hard_link, by_folder, by_detour, by_nothing]


async def attempt(client: DatadogOnCall, journal: Path) -> None:
    """Run a journal from elsewhere."""
    with bulk.open_job(client, journal) as job:
        await job.run(job.plan.hash)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_second_run(spelling: Callable[[Path], Path], tmp_path: Path) -> None:
    """By whatever path the file of a running job is reached, it is not run a second time."""
    (tmp_path / "a").mkdir()
    async with datadog(scripted("POST", f"{PAGES}/*", *[SLOW] * 5)) as (sim, client):
        ids = add_pages(sim, 20)
        with await bulk.plan(client, "escalate", tmp_path / "a" / "job.db", ids) as job:
            run = asyncio.create_task(run_all(job, concurrency=5))
            await asyncio.sleep(1.0)
            path = spelling(tmp_path / "a" / "job.db")
            # A hard link has no log beside it, so that SQLite itself finds fault with it.
            with pytest.raises(JournalError, match=r"is being run by another process|cannot be used"):
                await attempt(client, path)
            assert (await run).done == 20
        assert sorted(acted_on(sim, "escalate")) == sorted(ids)


HOLD = """
import sys
from pathlib import Path
from aiooncall.bulk.journal import Journal
journal = Journal.open(sys.argv[1])
journal.lock()
print("locked", flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_second_process(spelling: Callable[[Path], Path], tmp_path: Path) -> None:
    """What one process has locked another one cannot lock, also after this one has read the file and closed it."""
    (tmp_path / "a").mkdir()
    path = tmp_path / "a" / "job.db"
    journal = Journal.create(path)
    journal.add([Item(id="a")])
    journal.note({"format": "aiooncall journal 2"})
    journal.close()
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdin=-1, stdout=-1) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        spelt = spelling(path)
        for _ in range(2):
            other = Journal.open(spelt)
            with closing(other), pytest.raises(JournalError, match="is being run by another process"):
                other.lock()
        holder.kill()
        holder.wait()
    with closing(Journal.open(path)) as other:
        other.lock()


def test_lock_of_a_file_that_was_replaced(tmp_path: Path) -> None:
    """Who opened a file that another one has replaced since then does not run it."""
    path = tmp_path / "job.db"
    with closing(Journal.create(path)) as journal:
        path.rename(tmp_path / "moved.db")
        (tmp_path / "job.db").write_bytes(b"")
        with pytest.raises(JournalError, match="another file took its place"):
            journal.lock()
        journal.discard()
    assert (tmp_path / "job.db").exists()


def test_descriptor_is_shared(tmp_path: Path) -> None:
    """All who have a file open share one descriptor, which lives as long as the last of them."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    first, second = FileLock(path), FileLock(path)
    assert first._shared is second._shared
    assert first.acquire()
    assert not second.acquire()
    second.close()
    second.close()
    assert first.head(4) == b"cont"
    first.release()
    third = FileLock(path)
    assert third.acquire()
    descriptor = first._shared.descriptor
    first.close()
    third.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)


async def test_plan_never_touches_what_is_there(dd: DatadogOnCall, tmp_path: Path) -> None:
    """A file, a link to nowhere, or a folder under the name of a new journal stays as it is."""
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "folder").mkdir()
    for name in ("file", "folder"):
        with pytest.raises(JournalError, match="is there already"):
            await bulk.plan(dd, "escalate", tmp_path / name, ["a"])
    (tmp_path / "link").symlink_to("circle")
    (tmp_path / "circle").symlink_to("link")
    with pytest.raises(JournalError):
        await bulk.plan(dd, "escalate", tmp_path / "link", ["a"])
    assert files(tmp_path) == ["circle", "file", "folder", "link"]
    assert (tmp_path / "file").read_bytes() == b"mine"


@pytest.mark.skipif(sys.platform == "win32", reason="modes of POSIX")
async def test_for_its_owner_alone(sim: Simulator, dd: DatadogOnCall, tmp_path: Path) -> None:
    """Titles and errors are nobody else's business: all files of a journal are for their owner alone."""
    old = os.umask(0)
    try:
        with await bulk.plan(dd, "escalate", tmp_path / "job.db", add_pages(sim, 3)) as job:
            await run_all(job)
            assert files(tmp_path) == ["job.db", "job.db-shm", "job.db-wal", "job.db.intents"]
            assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    finally:
        os.umask(old)


async def test_moved_to_another_place(sim: Simulator, dd: DatadogOnCall, tmp_path: Path) -> None:
    """A job that is at rest is two files; together they can be moved, and it goes on there."""
    with await bulk.plan(dd, "escalate", tmp_path / "job.db", add_pages(sim, 10)) as job:
        await run_all(job, concurrency=1, watch=lambda _: job.stop())
    assert files(tmp_path) == ["job.db", "job.db.intents"]
    (tmp_path / "there").mkdir()
    for name in ("job.db", "job.db.intents"):
        shutil.move(tmp_path / name, tmp_path / "there" / name)
    with bulk.open_job(dd, tmp_path / "there" / "job.db") as job:
        assert (await job.resume()).done == 10
    assert tally(tmp_path / "there" / "job.db") == {"done": 10}
    assert sim.ledger.doubled() == []

"""What the tests of bulk jobs share: how to look into a journal from outside, and worlds with many items in them."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zlib import crc32

from aiooncall import bulk
from tests.support.datadog_client import PAGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from aiooncall.bulk import Counts, Job, Status
    from aiooncall.simulator import Simulator


def rows(journal: Path, question: str, *values: object) -> list[tuple[Any, ...]]:
    """Return what SQL finds in a journal, by a connection of its own, as anybody could."""
    with closing(sqlite3.connect(journal, timeout=0)) as connection:
        return connection.execute(question, values).fetchall()


def change(journal: Path, order: str, *values: object) -> None:
    """Meddle with a journal."""
    with closing(sqlite3.connect(journal)) as connection, connection:
        connection.execute(order, values)


def change_fact(journal: Path, name: str, value: str) -> None:
    """Change a fact of a journal as somebody would who knows how it is written."""
    change(journal, "INSERT OR REPLACE INTO job VALUES (?, ?, ?)", name, value, crc32(f"{name}={value}".encode()))


def statuses(journal: Path) -> dict[str, str]:
    """Return the status of each item, by id."""
    return dict(rows(journal, "SELECT id, status FROM items ORDER BY position"))


def with_status(journal: Path, *wanted: str) -> set[str]:
    """Return the ids of the items in one of some statuses."""
    return {item for item, status in statuses(journal).items() if status in wanted}


def tally(journal: Path) -> dict[str, int]:
    """Return how many items are in which status."""
    return dict(rows(journal, "SELECT status, count(*) FROM items GROUP BY status"))


def files(folder: Path) -> list[str]:
    """Return the names of the files in a folder."""
    return sorted(path.name for path in folder.iterdir())


def everything(folder: Path) -> bytes:
    """Return every byte of every file in a folder."""
    return b"".join(path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file())


def json_lines(*objects: Any) -> bytes:
    """Return objects as lines of JSON."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in objects)


def add_pages(sim: Simulator, number: int, **options: Any) -> list[str]:
    """Put pages into the fake Datadog and return their ids."""
    return [sim.add_page(title=f"page {at}", **options) for at in range(number)]


def add_groups(sim: Simulator, number: int, **options: Any) -> list[str]:
    """Put alert groups into the fake Grafana OnCall and return their ids."""
    return [sim.grafana.add_alert_group(f"group {at}", **options) for at in range(number)]


def acted_on(sim: Simulator, verb: str, since: int = 0) -> list[str]:
    """Return the ids that a verb was sent to, in order of arrival; `since` leaves out the first requests."""
    found = (record for record in sim.ledger.requests[since:] if record.method == "POST")
    parts = (record.path.strip("/").split("/") for record in found)
    return [part[-2] for part in parts if part[-1] == verb]


async def down(sim: Simulator, seconds: float) -> None:
    """Let nobody reach the fake Datadog for some seconds."""
    port = urlsplit(sim.datadog_url).port
    assert port is not None
    await sim._datadog.close()
    await asyncio.sleep(seconds)
    await sim._datadog.start("127.0.0.1", port)


def page_path(page_id: str, verb: str) -> str:
    """Return the path of an action on a page, for fault plans."""
    return f"{PAGES}/{page_id}/{verb}"


def after(number: int, act: Callable[[], object]) -> Callable[[Status], None]:
    """Return a callback that does something after so many items."""
    heard: list[Status] = []

    def watch(status: Status) -> None:
        heard.append(status)
        if len(heard) == number:
            act()

    return watch


async def run_all(job: Job, **options: Any) -> Counts:
    """Run a job as somebody who has seen its preview."""
    return await job.run(job.preview().plan.hash, **options)


async def planned_and_run(client: Any, verb: Any, path: Path, selection: Any, **options: Any) -> Job:
    """Return a job that was planned and run to its end."""
    job = await bulk.plan(client, verb, path, selection, **options)
    await run_all(job)
    return job

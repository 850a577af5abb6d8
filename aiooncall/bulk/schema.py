"""What a journal holds: its tables, and how facts and items become rows."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Final
from zlib import crc32

from aiooncall._base.datetimes import format_datetime, parse_datetime
from aiooncall.bulk.models import Item, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    ItemRow = tuple[str, str | None, str | None, str | None, str | None, str | None]
    FactRow = tuple[str, str, int]

FORMAT: Final = "aiooncall journal 2"
_STATUSES: Final = ", ".join(f"'{status}'" for status in Status if status is not Status.SENDING)
SCHEMA: Final = """
CREATE TABLE job (name TEXT PRIMARY KEY, value TEXT NOT NULL, sum INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE planned (
  position INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  title TEXT, team TEXT, urgency TEXT, state TEXT, created_at TEXT,
  status TEXT NOT NULL DEFAULT 'open',
  reason TEXT, error TEXT, finished_at REAL,
  may_have_left INTEGER NOT NULL DEFAULT 0,
  seen TEXT, seen_at REAL
);
CREATE INDEX unfinished ON planned (position) WHERE finished_at IS NULL;
CREATE VIEW items AS SELECT
  position, id, title, team, urgency, state, created_at,
  CASE WHEN finished_at IS NULL AND position IN
    (SELECT one.value FROM job, json_each(job.value) AS one WHERE job.name = 'sending')
    THEN 'sending' ELSE status END AS status,
  reason, error, finished_at, may_have_left, seen, seen_at
FROM planned;
CREATE TABLE timeline (
  second INTEGER PRIMARY KEY,
  done INTEGER NOT NULL, failed INTEGER NOT NULL,
  requests INTEGER NOT NULL, refused INTEGER NOT NULL, retried INTEGER NOT NULL,
  allowed REAL
);
"""
"""Each fact has a sum of its own, as any text would do for it. What an item can be is checked once a run by
`DAMAGED`: as a CHECK of the table it would be checked, and paid for, with each change.

What is being sent is one fact of the job, a list of positions, and `items` shows it as a status. There are never more
of them than requests at once, and to write the list anew costs a tenth of changing the row of each item twice.

`may_have_left` marks items that an earlier run, or an earlier try, had sent without learning what came of it.
"""
DAMAGED: Final = (
    f"SELECT id FROM planned WHERE status NOT IN ({_STATUSES}) OR may_have_left NOT IN (0, 1)"  # noqa: S608 (constants)
    " OR (finished_at IS NULL) != (status = 'open') LIMIT 1"
)
"""The id of an item that no run can have left so."""
ITEM: Final = "id, title, team, urgency, state, created_at"


def fact_row(name: str, value: str) -> FactRow:
    """Return a fact as a row."""
    return name, value, crc32(f"{name}={value}".encode())


def facts_of(rows: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    """Return the facts in rows.

    Raises:
        ValueError: one was damaged.
    """
    found: dict[str, str] = {}
    for name, value, checked in rows:
        if fact_row(name, value)[-1] != checked:
            raise ValueError(f"what it says of {name!r} is not what was written")
        found[name] = value
    return found


def format_of(facts: Mapping[str, object]) -> tuple[str, bool]:
    """Return which format a journal says that it has, and whether it is one of this package."""
    said = str(facts.get("format", ""))
    return said, said.rpartition(" ")[0] == FORMAT.rpartition(" ")[0]


def item_row(item: Item) -> ItemRow:
    """Return an item as a row; times are in UTC, so that they compare as texts."""
    created_at = None if item.created_at is None else format_datetime(item.created_at.astimezone(UTC))
    return item.id, item.title, item.team, item.urgency, item.state, created_at


def item_from_row(row: tuple[Any, ...]) -> Item:
    """Return the item in a row."""
    name, title, team, urgency, state, created_at = row
    moment = None if created_at is None else parse_datetime(created_at)
    return Item(id=name, title=title, team=team, urgency=urgency, state=state, created_at=moment)

"""The tables of a journal, and the conversion of facts and items to rows and back."""

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
"""Each fact has a checksum, because no other check would find a damaged text in it. The values of items are checked
once a run, by `DAMAGED`: a CHECK of the table would cost time with each change.

The items that are being sent are one fact of the job, the list `sending` of their positions, and the view `items` shows
them with that status. The list is never longer than the number of requests at once. To write it anew costs a tenth of
what it costs to change the row of each item twice.

`may_have_left` marks items that an earlier run, or an earlier try, sent without learning the result.
"""
DAMAGED: Final = (
    f"SELECT id FROM planned WHERE status NOT IN ({_STATUSES}) OR may_have_left NOT IN (0, 1)"  # noqa: S608 (constants)
    " OR (finished_at IS NULL) != (status = 'open') LIMIT 1"
)
"""Selects the id of an item with values that no run can have written."""
ITEM: Final = "id, title, team, urgency, state, created_at"


def fact_row(name: str, value: str) -> FactRow:
    """Return the row of a fact, with its checksum."""
    return name, value, crc32(f"{name}={value}".encode())


def facts_of(rows: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    """Return the facts in rows.

    Raises:
        ValueError: the checksum of a fact is wrong.
    """
    found: dict[str, str] = {}
    for name, value, checked in rows:
        if fact_row(name, value)[-1] != checked:
            raise ValueError(f"what it says of {name!r} is not what was written")
        found[name] = value
    return found


def format_of(facts: Mapping[str, object]) -> tuple[str, bool]:
    """Return the format that a journal names, and whether it is one of this package, of any version."""
    name = str(facts.get("format", ""))
    return name, name.rpartition(" ")[0] == FORMAT.rpartition(" ")[0]


def item_row(item: Item) -> ItemRow:
    """Return the row of an item. Its time is in UTC, so that times can be compared as texts."""
    created_at = None if item.created_at is None else format_datetime(item.created_at.astimezone(UTC))
    return item.id, item.title, item.team, item.urgency, item.state, created_at


def item_from_row(row: tuple[Any, ...]) -> Item:
    """Return the item in a row."""
    name, title, team, urgency, state, created_at = row
    moment = None if created_at is None else parse_datetime(created_at)
    return Item(id=name, title=title, team=team, urgency=urgency, state=state, created_at=moment)

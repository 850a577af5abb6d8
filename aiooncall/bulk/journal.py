"""The journal: one SQLite file that holds a plan, what came of each item, and how the run went.

It is the truth of a job. A transaction that was committed survives whatever happens to the process, and to the machine.
Look into it with `sqlite3 FILE 'select status, count(*) from items group by status'`.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiooncall.bulk.models import Counts, Item
from aiooncall.bulk.opening import uri_of
from aiooncall.bulk.outcomes import ADD_SECOND, SET_STATUS, alike
from aiooncall.errors import JournalError
from aiooncall.moments import format_datetime, parse_datetime

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from aiooncall.bulk.models import Status
    from aiooncall.bulk.outcomes import Outcome

FORMAT: Final = "aiooncall journal 1"
SCHEMA: Final = """
CREATE TABLE job (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE items (
  position INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  title TEXT, team TEXT, urgency TEXT, state TEXT, created_at TEXT,
  status TEXT NOT NULL DEFAULT 'open',
  reason TEXT, error TEXT, finished_at REAL,
  seen TEXT, seen_at REAL
);
CREATE INDEX unfinished ON items (position) WHERE status IN ('open', 'sending');
CREATE TABLE timeline (
  second INTEGER PRIMARY KEY,
  done INTEGER NOT NULL, failed INTEGER NOT NULL,
  requests INTEGER NOT NULL, refused INTEGER NOT NULL, retried INTEGER NOT NULL,
  allowed REAL
);
"""
_ITEM: Final = "id, title, team, urgency, state, created_at"
_ADD: Final = f"INSERT OR IGNORE INTO items ({_ITEM}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 (constant)


class Journal:
    """A journal that is open. It belongs to one thread at a time.

    Args:
        path: the file.
        connection: a connection to it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._db = connection
        self._lock: sqlite3.Connection | None = None

    @classmethod
    def create(cls, path: str | Path) -> Journal:
        """Make a new journal.

        Raises:
            JournalError: the file is there already, or cannot be written.
        """
        path = Path(path)
        if path.exists():
            raise JournalError(path, "is there already; a plan needs a file of its own")
        with _explained(path):
            journal = cls(path, _connect(path))
            try:
                journal._db.executescript(f"PRAGMA journal_mode = WAL; {SCHEMA}")
            except BaseException:
                journal.discard()
                raise
        return journal

    @classmethod
    def open(cls, path: str | Path) -> Journal:
        """Open the journal of a finished plan.

        Raises:
            JournalError: there is none, it is of another version, or its plan was not finished.
        """
        path = Path(path)
        if not path.is_file():
            raise JournalError(path, "is not there; make one with a plan")
        with _explained(path):
            journal = cls(path, _connect(path))
            try:
                journal._check()
            except BaseException:
                journal.close()
                raise
        return journal

    def _check(self) -> None:
        try:
            facts = self.facts()
        except sqlite3.DatabaseError as problem:
            if "readonly" in str(problem):
                raise
            facts = {}
        if facts.get("format", "").rpartition(" ")[0] != FORMAT.rpartition(" ")[0]:
            raise JournalError(self.path, "is not a journal of this package, or its plan was not finished: plan again")
        if facts["format"] != FORMAT:
            raise JournalError(self.path, f"is of another version ({facts['format']}); this one reads {FORMAT}")

    def lock(self) -> None:
        """Keep other runs out until the journal is closed, or the process ends in whatever way.

        Raises:
            JournalError: another process runs this journal.
        """
        path = self.path.with_name(f"{self.path.name}.lock")
        with _explained(self.path):
            lock = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as problem:
                lock.close()
                if "locked" in str(problem):
                    raise JournalError(self.path, "is being run by another process") from None
                raise
        self._lock = lock

    def unlock(self) -> None:
        """Let other runs in again."""
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()
        self.unlock()

    def discard(self) -> None:
        """Take the file away: that of a plan that failed."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def facts(self) -> dict[str, str]:
        """Return what is known of the job as a whole."""
        return dict(self._db.execute("SELECT name, value FROM job"))

    def note(self, facts: Mapping[str, str]) -> None:
        """Set facts of the job."""
        with self._writing():
            self._db.executemany("INSERT OR REPLACE INTO job VALUES (?, ?)", facts.items())

    def add(self, items: Iterable[Item]) -> list[str]:
        """Append items, those that are there already left out, and return the ids of the new ones."""
        rows = [item_row(item) for item in items]
        with self._writing():
            return [row[0] for row in rows if self._db.execute(_ADD, row).rowcount]

    def unfinished(self, after: int, most: int) -> list[tuple[int, str]]:
        """Return position and id of the next open items."""
        where = "status IN ('open', 'sending') AND status = 'open'"  # the first condition is that of the index
        question = f"SELECT position, id FROM items WHERE {where} AND position > ? ORDER BY position LIMIT ?"  # noqa: S608 (constants)
        return self.rows(question, after, most)

    def ids(self, size: int) -> Iterator[list[str]]:
        """Yield all ids in their order, so many at a time."""
        for rows in self._steps("id", "1", size):
            yield [row[0] for row in rows]

    def write(self, begun: Iterable[int], outcomes: Iterable[Outcome], seconds: Iterable[Sequence[object]]) -> None:
        """Write down what happened, all of it at once and for good.

        Args:
            begun: positions of items that are about to be sent.
            outcomes: what came of items.
            seconds: what to add to the timeline: second, done, failed, requests, refused, retried, and how many calls
                are allowed in a second.
        """
        with self._writing():
            for positions, said in alike(begun, outcomes).items():
                self._db.execute(SET_STATUS, (*said, positions))
            self._db.executemany(ADD_SECOND, seconds)

    def doubt_what_was_sent(self) -> int:
        """Return how many items were being sent when an earlier run died; they are ambiguous from now on."""
        with self._writing():
            return self._db.execute(
                "UPDATE items SET status = 'ambiguous', reason = 'Interrupted',"
                " error = 'the process ended while this was being sent' WHERE status = 'sending'"
            ).rowcount

    def reopen(self, status: Status) -> int:
        """Open the items of a status again, and return how many."""
        with self._writing():
            return self._db.execute(
                "UPDATE items SET status = 'open', reason = NULL, error = NULL WHERE status = ?", (str(status),)
            ).rowcount

    def settle_doubts(self, wanted: Iterable[str]) -> None:
        """Take for done what was ambiguous and is seen as wanted."""
        with self._writing():
            self._db.executemany(
                "UPDATE items SET status = 'done', reason = NULL, error = NULL WHERE status = 'ambiguous' AND seen = ?",
                [(state,) for state in wanted],
            )

    def counts(self) -> Counts:
        """Return how many items are in which status."""
        return Counts(**dict(self.rows("SELECT status, count(*) FROM items GROUP BY status")))

    def items(self, where: str, most: int, *values: object) -> list[Item]:
        """Return items in their order; `where` is SQL of this package, with a ? for each of `values`."""
        rows = self.rows(f"SELECT {_ITEM} FROM items WHERE {where} ORDER BY position LIMIT ?", *values, most)  # noqa: S608 (constants)
        return [_item(row) for row in rows]

    def chunks(self, where: str, size: int) -> Iterator[list[Item]]:
        """Yield items in their order, so many at a time, each once even if it changes meanwhile."""
        for rows in self._steps(_ITEM, where, size):
            yield [_item(row[:-1]) for row in rows]

    def _steps(self, columns: str, where: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        last = 0
        question = f"SELECT {columns}, position FROM items WHERE ({where}) AND position > ? ORDER BY position LIMIT ?"  # noqa: S608 (constants)
        while rows := self.rows(question, last, size):
            last = rows[-1][-1]
            yield rows

    def tally(self, column: str, where: str = "1") -> dict[str, int]:
        """Return how many items have which value; `column` and `where` are SQL of this package."""
        question = f"SELECT coalesce({column}, 'unknown'), count(*) FROM items WHERE {where} GROUP BY 1 ORDER BY 2 DESC"  # noqa: S608 (constants)
        return dict(self.rows(question))

    def see(self, seen: Iterable[tuple[str, float, str]]) -> None:
        """Write down the states that the server shows: state, time and id of each."""
        with self._writing():
            self._db.executemany("UPDATE items SET seen = ?, seen_at = ? WHERE id = ?", seen)

    def timeline(self) -> list[tuple[Any, ...]]:
        """Return the timeline, as `write` takes it, in order."""
        return self.rows("SELECT * FROM timeline ORDER BY second")

    def rows(self, question: str, *values: object) -> list[tuple[Any, ...]]:
        """Return what SQL of this package asks for, with a ? for each of `values`."""
        with _explained(self.path):
            return self._db.execute(question, values).fetchall()

    @contextmanager
    def _writing(self) -> Generator[None]:
        """Do it all or nothing, and for good: when this is over, it is on the disk."""
        with _explained(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # SQLite has rolled back by itself if the disk is full
                    self._db.execute("ROLLBACK")
                raise


def item_row(item: Item) -> tuple[str, str | None, str | None, str | None, str | None, str | None]:
    """Return an item as a row; times are in UTC, so that they compare as texts."""
    created_at = None if item.created_at is None else format_datetime(item.created_at.astimezone(UTC))
    return item.id, item.title, item.team, item.urgency, item.state, created_at


def _item(row: tuple[Any, ...]) -> Item:
    name, title, team, urgency, state, created_at = row
    moment = None if created_at is None else parse_datetime(created_at)
    return Item(id=name, title=title, team=team, urgency=urgency, state=state, created_at=moment)


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(uri_of(path), uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _explained(path: Path) -> Generator[None]:
    """Say what SQLite's troubles mean for the job."""
    try:
        yield
    except (sqlite3.Error, OSError) as problem:
        raise JournalError(path, f"{problem}; nothing was sent from then on") from problem

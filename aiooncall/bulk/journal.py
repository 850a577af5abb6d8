"""The journal: one SQLite file with the plan of a job, the outcome of each item, and the facts of its runs.

The journal decides what a run sends, so it must never be behind what was sent. Each transaction is synced to the disk
before it returns, and survives the end of the process and of the machine. Three rules follow from that:

- An item is listed as being sent before its bytes leave, and its outcome takes it off the list. So what a killed run
  leaves on the list may have been sent, and no other item was on its way.
- Outcomes, list, timeline and the count of intents change in one transaction, so no crash can leave half of them.
- The count of intents is kept a second time outside of the database, as only that shows an old copy (see `intents`).

Look into it with `sqlite3 FILE 'select status, count(*) from items group by status'`.
"""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager
from secrets import token_hex
from typing import TYPE_CHECKING, Final

import orjson

from aiooncall.bulk.database import COMPANIONS, connect, journal_errors, make_file, real_path
from aiooncall.bulk.intents import IntentCount, check_age
from aiooncall.bulk.locking import FileLock
from aiooncall.bulk.outcomes import ADD_SECOND, MARK_INTERRUPTED, REOPEN, positions_json, statements
from aiooncall.bulk.queries import Queries
from aiooncall.bulk.schema import DAMAGED, FORMAT, ITEM, SCHEMA, fact_row, format_of, item_row
from aiooncall.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Mapping, Sequence
    from pathlib import Path

    from aiooncall.bulk.models import Item, Status
    from aiooncall.bulk.outcomes import Change

BATCH: Final = 1000
"""Items that are read or written in one go."""
_ADD: Final = f"INSERT OR IGNORE INTO planned ({ITEM}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 (constant)
_IN_DOUBT: Final = ("ambiguous", "Interrupted", "the process ended while this was being sent")
NOTHING_SENT: Final = "; nothing was sent from then on"


class Journal(Queries):
    """An open journal. Only one thread may use it at a time.

    Args:
        path: the file, with links resolved.
    """

    def __init__(self, path: Path) -> None:
        self._file = FileLock(path)
        self._intents: IntentCount | None = None
        self._committed = 0
        self._sending: frozenset[int] = frozenset()
        try:
            super().__init__(path, connect(path))
        except BaseException:
            self._file.close()
            raise

    @classmethod
    def create(cls, path: str | Path) -> Journal:
        """Create a new journal.

        Raises:
            JournalError: the file exists already, or cannot be written.
        """
        path = real_path(path)
        with journal_errors(path):
            make_file(path)
            journal = cls(path)
            try:
                journal._db.executescript(f"PRAGMA journal_mode = WAL; {SCHEMA}")
            except BaseException:
                journal.discard()
                raise
        journal.note({"id": token_hex(8)})
        return journal

    @classmethod
    def open(cls, path: str | Path) -> Journal:
        """Open the journal of a finished plan.

        Raises:
            JournalError: the file does not exist, has another version or an unfinished plan, or is damaged.
        """
        path = real_path(path)
        with journal_errors(path):
            if not path.is_file():
                raise JournalError(path, "is not there; make one with a plan")
            journal = cls(path)
            try:
                journal._check_format()
            except BaseException:
                journal.close()
                raise
        return journal

    def _check_format(self) -> None:
        try:
            facts = dict(self._db.execute("SELECT name, value FROM job"))
        except sqlite3.DatabaseError as problem:
            if not any(words in str(problem) for words in ("no such", "not a database")):
                raise
            facts = {}
        found, ours = format_of(facts)
        if not ours:
            raise JournalError(self.path, "is not a journal of this package, or its plan was not finished: plan again")
        if found != FORMAT:
            raise JournalError(self.path, f"is of another version ({found}); this one reads {FORMAT}")

    def lock(self) -> None:
        """Keep other runs out until `unlock`, `close` or the end of the process.

        Raises:
            JournalError: another process runs this journal.
        """
        with journal_errors(self.path):
            if not self._file.acquire():
                raise JournalError(self.path, "is being run by another process")
        if not self._file.is_in_place:
            self.unlock()
            raise JournalError(self.path, "was moved, or another file took its place: open it again")

    def unlock(self) -> None:
        """Allow other runs again."""
        self._file.release()

    def close(self) -> None:
        """Close the file."""
        self._close_count()
        self._db.close()
        self._file.close()

    def _close_count(self) -> None:
        if self._intents is not None:
            self._intents.close()

    def discard(self) -> None:
        """Delete the files of a plan that failed, unless the path leads to another file by now."""
        ours = self._file.is_in_place
        self.close()
        for suffix in ("", *COMPANIONS):
            if ours:
                self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)

    def note(self, facts: Mapping[str, str]) -> None:
        """Set facts of the job."""
        with self._writing():
            self._note(facts)

    def _note(self, facts: Mapping[str, str]) -> None:
        rows = [fact_row(*fact) for fact in facts.items()]
        self._db.executemany("INSERT OR REPLACE INTO job VALUES (?, ?, ?)", rows)

    def check(self) -> None:
        """Check that the journal is whole and up to date.

        Raises:
            JournalError: it is damaged, or older than what was sent.
        """
        with journal_errors(self.path):
            found = [str(row[0]) for row in self._db.execute("PRAGMA quick_check(3)")]
            if found == ["ok"]:
                found = [f"the status of item {item_id}" for (item_id,) in self._db.execute(DAMAGED)]
        if found:
            raise JournalError(self.path, f"is damaged ({'; '.join(found)}): take it from a backup, or plan again")
        check_age(self.path, self.facts())

    def begin(self, facts: Mapping[str, str], *, repeatable: bool) -> None:
        """Note the start of a run, in the database file itself.

        The checkpoint moves the note from the `-wal` into that file. So a copy without its `-wal` still shows that the
        job was begun, and is refused if the count of intents is not beside it.

        Args:
            facts: the facts to set.
            repeatable: whether an item can be sent twice without harm; if so, the count of intents is not synced.
        """
        known = self.facts()
        with journal_errors(self.path, NOTHING_SENT):
            self._committed = int(known.get("intents", "0"))
            self._close_count()  # that of an earlier run
            self._intents = IntentCount(self.path, known["id"], durable=not repeatable)
            self._intents.write(self._committed)
            self.note(facts)
            busy, *_ = self._db.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        if busy:
            raise JournalError(self.path, f"is being read by somebody: try again{NOTHING_SENT}")

    def add(self, items: Iterable[Item]) -> list[str]:
        """Append the items whose ids are new, and return these ids."""
        rows = [item_row(item) for item in items]
        with self._writing():
            return [row[0] for row in rows if self._db.execute(_ADD, row).rowcount]

    def write(
        self,
        changes: Mapping[int, Change],
        sending: frozenset[int],
        seconds: Iterable[Sequence[object]],
        at: str,
        facts: Mapping[str, str] | None = None,
    ) -> None:
        """Write outcomes, intents and the timeline in one transaction, and then the count of intents beside it.

        Args:
            changes: the changes of items, by position.
            sending: the positions of all items that are being sent, or are about to be.
            seconds: rows to add to the timeline: second, done, failed, requests, refused, retried, and the calls that
                are allowed per second.
            at: the time.
            facts: facts of the job to set in the same transaction.
        """
        begun = not sending <= self._sending
        with self._writing():
            for statement in statements(changes):
                self._db.execute(*statement)
            self._db.executemany(ADD_SECOND, seconds)
            if begun:
                self._note({"intents": str(self._committed + 1), "last_intent_at": at})
            if sending != self._sending:
                self._note({"sending": positions_json(sending)})
            if facts:
                self._note(facts)
        self._sending = sending
        if begun and self._intents is not None:
            self._committed += 1
            with journal_errors(self._intents.path, NOTHING_SENT):
                self._intents.write(self._committed)

    def mark_interrupted(self, *, repeatable: bool, at: float, but: frozenset[int] = frozenset()) -> None:
        """Change the status of items that were being sent when an earlier run ended.

        Args:
            repeatable: whether they can be sent twice without harm: then they are open again, else in doubt.
            at: the time, in seconds since the epoch.
            but: the positions of items that workers elsewhere have in hand, which stay on the list.
        """
        with self._writing():
            change = ("open", None, None, None) if repeatable else (*_IN_DOUBT, at)
            interrupted = frozenset(orjson.loads(self.facts().get("sending", "[]"))) - but
            self._db.execute(MARK_INTERRUPTED, (*change, positions_json(interrupted)))
            self._note({"sending": positions_json(but)})
        self._sending = frozenset()  # what an earlier run of this object was cut off with is to be announced anew

    def reopen(self, status: Status, doubtful: Iterable[str]) -> int:
        """Set the items of a status back to open, and return how many they are.

        Args:
            status: the status.
            doubtful: the reasons of failure after which an item may have been sent.
        """
        with self._writing():
            return self._db.execute(REOPEN, (orjson.dumps(list(doubtful)).decode(), str(status))).rowcount

    def resolve_ambiguous(self, wanted: Iterable[str]) -> None:
        """Mark items as done by this job that were in doubt and now have a wanted state."""
        with self._writing():
            self._db.executemany(
                "UPDATE planned SET status = 'found_done', reason = NULL, error = NULL"
                " WHERE status = 'ambiguous' AND seen = ?",
                [(state,) for state in wanted],
            )

    def see(self, seen: Iterable[tuple[str, float, str]]) -> None:
        """Write the states that the server shows: the state, the time and the id of each item."""
        with self._writing():
            self._db.executemany("UPDATE planned SET seen = ?, seen_at = ? WHERE id = ?", seen)

    @contextmanager
    def _writing(self) -> Generator[None]:
        """Run the block in one transaction, which is on the disk when the block has ended."""
        with journal_errors(self.path, NOTHING_SENT):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # on a full disk SQLite has rolled back by itself
                    self._db.execute("ROLLBACK")
                raise

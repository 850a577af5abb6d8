"""The journal: one SQLite file that holds a plan, what came of each item, and how the run went.

It is the truth of a job. A transaction that was committed survives whatever happens to the process, and to the machine.
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

_ADD: Final = f"INSERT OR IGNORE INTO planned ({ITEM}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608 (constant)
_IN_DOUBT: Final = ("ambiguous", "Interrupted", "the process ended while this was being sent")
NOTHING_SENT: Final = "; nothing was sent from then on"


class Journal(Queries):
    """A journal that is open. It belongs to one thread at a time.

    Args:
        path: the file, links resolved.
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
        """Make a new journal.

        Raises:
            JournalError: the file is there already, or cannot be written.
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
            JournalError: there is none, it is of another version, its plan was not finished, or it is damaged.
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
            if not any(said in str(problem) for said in ("no such", "not a database")):
                raise
            facts = {}
        said, ours = format_of(facts)
        if not ours:
            raise JournalError(self.path, "is not a journal of this package, or its plan was not finished: plan again")
        if said != FORMAT:
            raise JournalError(self.path, f"is of another version ({said}); this one reads {FORMAT}")

    def lock(self) -> None:
        """Keep other runs out until the journal is closed, or the process ends in whatever way.

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
        """Let other runs in again."""
        self._file.release()

    def close(self) -> None:
        """Let go of the file."""
        if self._intents is not None:
            self._intents.close()
        self._db.close()
        self._file.close()

    def discard(self) -> None:
        """Take the file away: that of a plan that failed, and never what somebody else put in its place."""
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
        """Check that the file is whole.

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
        """Note that a run begins, so that the database alone tells it, whatever becomes of the files beside it.

        Args:
            facts: what is to be noted of it.
            repeatable: whether what it does can be done again without harm.
        """
        known = self.facts()
        with journal_errors(self.path, NOTHING_SENT):
            self._committed = int(known.get("intents", "0"))
            self._intents = IntentCount(self.path, known["id"], durable=not repeatable)
            self._intents.write(self._committed)
            self.note(facts)
            busy, *_ = self._db.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        if busy:
            raise JournalError(self.path, f"is being read by somebody: try again{NOTHING_SENT}")

    def add(self, items: Iterable[Item]) -> list[str]:
        """Append items, those that are there already left out, and return the ids of the new ones."""
        rows = [item_row(item) for item in items]
        with self._writing():
            return [row[0] for row in rows if self._db.execute(_ADD, row).rowcount]

    def write(
        self, changes: Mapping[int, Change], sending: frozenset[int], seconds: Iterable[Sequence[object]], at: str
    ) -> None:
        """Write down what happened, all of it at once and for good, intents also beside the database.

        Args:
            changes: what items came to, by position.
            sending: the positions of those that are being sent, or about to be.
            seconds: what to add to the timeline: second, done, failed, requests, refused, retried, and how many calls
                are allowed in a second.
            at: what time it is.
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
        self._sending = sending
        if begun and self._intents is not None:
            self._committed += 1
            with journal_errors(self._intents.path, NOTHING_SENT):
                self._intents.write(self._committed)

    def mark_interrupted(self, *, repeatable: bool, at: float) -> None:
        """Deal with what was being sent when an earlier run ended.

        Args:
            repeatable: whether it can go again without harm; else it is in doubt.
            at: what time it is, in seconds since the epoch.
        """
        with self._writing():
            found = ("open", None, None, None) if repeatable else (*_IN_DOUBT, at)
            self._db.execute(MARK_INTERRUPTED, (*found, self.facts().get("sending", "[]")))
            self._note({"sending": "[]"})

    def reopen(self, status: Status, doubtful: Iterable[str]) -> int:
        """Open the items of a status again, and return how many.

        Args:
            status: which.
            doubtful: the reasons that leave open whether an item was sent.
        """
        with self._writing():
            return self._db.execute(REOPEN, (orjson.dumps(list(doubtful)).decode(), str(status))).rowcount

    def resolve_ambiguous(self, wanted: Iterable[str]) -> None:
        """Take for done by this job what was in doubt and is seen as wanted."""
        with self._writing():
            self._db.executemany(
                "UPDATE planned SET status = 'found_done', reason = NULL, error = NULL"
                " WHERE status = 'ambiguous' AND seen = ?",
                [(state,) for state in wanted],
            )

    def see(self, seen: Iterable[tuple[str, float, str]]) -> None:
        """Write down the states that the server shows: state, time and id of each."""
        with self._writing():
            self._db.executemany("UPDATE planned SET seen = ?, seen_at = ? WHERE id = ?", seen)

    @contextmanager
    def _writing(self) -> Generator[None]:
        """Do it all or nothing, and for good: when this is over, it is on the disk."""
        with journal_errors(self.path, NOTHING_SENT):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:  # SQLite has rolled back by itself if the disk is full
                    self._db.execute("ROLLBACK")
                raise

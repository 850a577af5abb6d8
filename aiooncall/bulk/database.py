"""The files of a journal on the disk: their paths, and how they are created and opened."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aiooncall.bulk.intents import SUFFIX
from aiooncall.bulk.locking import FileLock
from aiooncall.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Generator

COMPANIONS: Final = ("-wal", "-shm", "-journal", SUFFIX)
"""The endings of the files that belong to a journal; the rest of their names is its name."""
_HEAD: Final = b"SQLite format 3\0"


@contextmanager
def journal_errors(path: Path, after: str = "") -> Generator[None]:
    """Raise errors of SQLite and of the file system as a JournalError.

    Args:
        path: the file of the journal.
        after: words for the end of the message, such as `; nothing was sent from then on`.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as problem:
        raise JournalError(path, f"cannot be used: {problem}{after}") from problem


@contextmanager
def damage_errors(path: Path) -> Generator[None]:
    """Raise a JournalError for values that no run can have written, as they mean that the journal is damaged."""
    try:
        with journal_errors(path):
            yield
    except (ValueError, TypeError, LookupError, OverflowError) as problem:
        raise JournalError(
            path, f"is damaged ({type(problem).__name__}: {problem}): take it from a backup, or plan again"
        ) from problem


def real_path(path: str | Path) -> Path:
    """Return a path with all links resolved. The other files of a journal stand beside that file."""
    try:
        return Path(path).resolve()
    except (OSError, RuntimeError, ValueError) as problem:  # links in a circle; a NUL
        raise JournalError(path, f"is no path of a file ({problem})") from None


def make_file(path: Path) -> None:
    """Create the file of a new journal, which only its owner can read. No file that exists is touched.

    Raises:
        JournalError: the file exists already, or one that belongs to another journal does.
    """
    for suffix in COMPANIONS:
        beside = path.with_name(path.name + suffix)
        if os.path.lexists(beside) and not os.path.lexists(path):
            raise JournalError(beside, "is there and belongs to another journal: move it away, or use another name")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError:
        raise JournalError(path, "is there already; a plan needs a file of its own") from None


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to a journal. What it commits survives a power failure."""
    connection = sqlite3.connect(uri_of(path), uri=True, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def uri_of(path: Path) -> str:
    """Return the URI of a file for SQLite.

    A file that this user may not write gets `immutable=1` while nobody has it open. Without that SQLite could not read
    it, as it would have to create files beside it (https://www.sqlite.org/uri.html#uriimmutable).

    Args:
        path: the file.
    """
    uri = path.absolute().as_uri()
    at_rest = path.exists() and not path.with_name(f"{path.name}-wal").exists()
    return f"{uri}?immutable=1" if at_rest and not _can_write(path) else uri


def belongs_to_a_journal(path: Path) -> bool:
    """Return whether a file is a database, or belongs to one that stands beside it."""
    owners = [path.with_name(path.name.removesuffix(suffix)) for suffix in COMPANIONS if path.name.endswith(suffix)]
    return any(_is_database(one) for one in (path, *owners))


def _is_database(path: Path) -> bool:
    try:
        with closing(FileLock(path)) as file:  # a plain open and close would drop the locks of SQLite
            return file.head(len(_HEAD)) == _HEAD
    except OSError:
        return False


def _can_write(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)

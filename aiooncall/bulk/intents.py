"""The count of intents: the number of writes that announced a send, kept a second time in a small file.

An old journal looks like a new one. SQLite cannot tell that the file comes from a backup, that its `-wal` was left
behind, or that the `-wal` was cut, which SQLite takes for its end. A run that goes on from such a journal would send
again what was sent. So the database counts its intents, and after each commit, before the bytes leave, the same count
goes to a file beside it. A journal whose own count is lower than that of the file is older than what was sent.

The file has two places, which are written in turn. If the power fails during one write, the other place is whole.

For verbs that may be repeated the count is not synced. Only a power failure can lose such a count; the database has
synced its own by then; and a count in the file that is too low refuses nothing.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final
from zlib import crc32

from aiooncall.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SUFFIX: Final = ".intents"
PLACE: Final = 64
"""The size of one place, in bytes."""


class IntentCount:
    """The file with the count, beside a journal.

    Args:
        journal: the file of the journal.
        name: the id of the journal; a file with another one is refused.
        durable: whether each count is synced to the disk. Without it the count survives the end of the process, but not
            a power failure.
    """

    def __init__(self, journal: Path, name: str, *, durable: bool = True) -> None:
        self.path: Path = journal.with_name(journal.name + SUFFIX)
        self._name = name
        self._durable = durable
        self._descriptor: int | None = None

    def read(self) -> int | None:
        """Read the count; None if there is no such file.

        Raises:
            ValueError: the file belongs to another journal, or both places are damaged.
            OSError: the file cannot be read.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError:
            return None
        counts = [_parsed(content[at : at + PLACE], self._name) for at in (0, PLACE)]
        known = [count for count in counts if count is not None]
        if not known:
            raise ValueError(f"{self.path.name} is damaged, or belongs to another journal")
        return max(known)

    def write(self, count: int) -> None:
        """Write a count.

        Raises:
            OSError: the file cannot be written.
        """
        first = self._descriptor is None
        if self._descriptor is None:
            self._descriptor = self._opened()
        os.lseek(self._descriptor, count % 2 * PLACE, os.SEEK_SET)
        os.write(self._descriptor, _place(self._name, count))
        if self._durable or first:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        return os.open(self.path, flags, 0o600)


def check_age(path: Path, facts: Mapping[str, str]) -> None:
    """Compare a journal with the count beside it.

    Args:
        path: the file of the journal.
        facts: the facts of its job.

    Raises:
        JournalError: the journal is older than what was sent, or the count is missing or damaged.
    """
    count = IntentCount(path, facts.get("id", ""))
    try:
        counted, known = count.read(), int(facts.get("intents", "0"))
    except (ValueError, OSError) as problem:
        raise JournalError(path, f"cannot be compared with what was sent: {problem}; {_together(path)}") from None
    if counted is None and "started_at" in facts:
        missing = f"was begun, and {count.path.name}, which tells how much was sent, is not beside it"
        raise JournalError(path, f"{missing}; {_together(path)}")
    if counted is not None and counted > known:
        missing = f"is older than what was sent ({counted - known} writes are missing)"
        raise JournalError(path, f"{missing}; {_together(path)}")


def _together(path: Path) -> str:
    return (
        f"put back what belongs together ({path.name}, {path.name}-wal, {path.name}{SUFFIX}), all from one moment; if"
        " that is lost, see in its report what is open, find out what was done of that, and plan again for the rest"
    )


def _place(name: str, count: int) -> bytes:
    content = f"{name} {count:020d}".encode()
    return content + f" {crc32(content):08x}".encode().ljust(PLACE - len(content) - 1) + b"\n"


def _parsed(place: bytes, name: str) -> int | None:
    content, _, _ = place.rstrip().rpartition(b" ")
    count = content.removeprefix(name.encode()).strip()
    return int(count) if count.isdigit() and _place(name, int(count)) == place else None

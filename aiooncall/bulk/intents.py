"""How many intents a journal has committed, counted once more in a small file beside it.

A database can be younger than it should be without any sign of it: a backup of the file alone, a log that was left
behind, or one that was cut, which SQLite takes for the end of it. Whoever goes on from such a journal sends again what
was sent. So after each commit of intents, and before their bytes leave, their number is written down outside of the
database. A journal that knows of fewer is older than what was sent.

The file has two places that are written in turn, so that a power failure in the midst of one leaves the other. What may
be repeated does not wait until the count is on the disk: only a power failure can lose it, the database has its own
intents on the disk by then, and a count that is too small refuses nothing.
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
"""How large one place is, in bytes."""


class IntentCount:
    """The count beside a journal.

    Args:
        journal: the database.
        name: of the journal, so that the count of another one is not taken for its own.
        durable: whether each count is on the disk before the next step, and not just safe from the end of the process.
    """

    def __init__(self, journal: Path, name: str, *, durable: bool = True) -> None:
        self.path = journal.with_name(journal.name + SUFFIX)
        self._name = name
        self._durable = durable
        self._descriptor: int | None = None

    def read(self) -> int | None:
        """Return the count; None if there is no such file.

        Raises:
            ValueError: the file is not the one of this journal, or nothing in it can be read.
            OSError: it cannot be read.
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
        """Write a count down.

        Raises:
            OSError: it cannot be written.
        """
        first = self._descriptor is None
        if self._descriptor is None:
            self._descriptor = self._opened()
        os.lseek(self._descriptor, count % 2 * PLACE, os.SEEK_SET)
        os.write(self._descriptor, _place(self._name, count))
        if self._durable or first:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _opened(self) -> int:
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0)
        return os.open(self.path, flags, 0o600)


def check_age(path: Path, facts: Mapping[str, str]) -> None:
    """Check that no intents were committed that a journal does not know of.

    Args:
        path: the journal.
        facts: what it says of its job.

    Raises:
        JournalError: it is older than what was sent, or that cannot be told.
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
    said = f"{name} {count:020d}".encode()
    return said + f" {crc32(said):08x}".encode().ljust(PLACE - len(said) - 1) + b"\n"


def _parsed(place: bytes, name: str) -> int | None:
    said, _, _ = place.rstrip().rpartition(b" ")
    count = said.removeprefix(name.encode()).strip()
    return int(count) if count.isdigit() and _place(name, int(count)) == place else None

"""The lock on a journal, which keeps a second run out. It ends with the process, however that ends.

The lock is on the file of the database itself, and not on a lock file beside it. So links and other spellings of the
path lead to the same lock, and there is no second file that a crash leaves behind.

That needs care, because POSIX drops all of a process's record locks on a file as soon as the process closes *any*
descriptor of it, and SQLite uses such locks (https://www.sqlite.org/howtocorrupt.html). So each file has one descriptor
in this process. It is opened before SQLite opens the file, all users of the file share it, and it is closed after the
last of them has closed SQLite's connection.
"""

from __future__ import annotations

import os
import sys
from threading import Lock
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from pathlib import Path

    Key = tuple[int, int]

if sys.platform == "win32":  # pragma: no cover (the tests run elsewhere)
    import msvcrt

    _FAR: Final = 1 << 40
    """The place of the lock: far behind all bytes that SQLite reads, writes and locks."""

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as held:
            raise BlockingIOError from held

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, _FAR, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


@attrs.define
class _Shared:
    """The descriptor of a file, shared by all who have the file open in this process."""

    descriptor: int
    users: int = 0
    locked: bool = False


_open: dict[Key, _Shared] = {}
_guard: Final = Lock()


class FileLock:
    """An open file, and a lock on it that keeps out everybody else, in this process too.

    Args:
        path: the file; it has to exist.

    Raises:
        OSError: the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._owns = self._closed = False
        with _guard:
            self._key = _key_of(path)
            if self._key not in _open:
                _open[self._key] = _Shared(os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0)))
            self._shared = _open[self._key]
            self._shared.users += 1

    @property
    def is_in_place(self) -> bool:
        """Whether the path still leads to the file."""
        try:
            return _key_of(self._path) == self._key
        except OSError:
            return False

    def head(self, size: int) -> bytes:
        """Return the first bytes of the file."""
        with _guard:
            os.lseek(self._shared.descriptor, 0, os.SEEK_SET)
            return os.read(self._shared.descriptor, size)

    def acquire(self) -> bool:
        """Lock the file, and return whether that worked; it does not if somebody else holds the lock.

        Raises:
            OSError: the file system has no locks.
        """
        with _guard:
            if self._shared.locked:
                return False
            try:
                _lock(self._shared.descriptor)
            except BlockingIOError:
                return False
            self._shared.locked = self._owns = True
        return True

    def release(self) -> None:
        """Unlock the file, if this object has locked it."""
        with _guard:
            if self._owns:
                _unlock(self._shared.descriptor)
                self._shared.locked = self._owns = False

    def close(self) -> None:
        """Close the file, after SQLite has closed it. A second call does nothing."""
        self.release()
        with _guard:
            if self._closed:
                return
            self._closed = True
            self._shared.users -= 1
            if self._shared.users == 0:
                os.close(self._shared.descriptor)
                del _open[self._key]


def _key_of(path: Path) -> Key:
    found = path.stat()
    return found.st_dev, found.st_ino

"""How SQLite is to open the file of a journal, whether or not it may be written."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def uri_of(path: Path) -> str:
    """Return the address of a file; one at rest that may not be written can be read all the same.

    Without that, SQLite would have to put files beside it (https://www.sqlite.org/uri.html#uriimmutable).

    Args:
        path: the file.
    """
    uri = path.absolute().as_uri()
    at_rest = path.exists() and not path.with_name(f"{path.name}-wal").exists()
    return f"{uri}?immutable=1" if at_rest and not _can_write(path) else uri


def _can_write(path: Path) -> bool:
    return os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)

"""Files that commands write: beside the place where they belong, and then renamed, so that none is half written."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE
from tempfile import mkstemp

from aiooncall.bulk.database import belongs_to_a_journal
from aiooncall.errors import OptionsError


def write_output(option: str, path: Path, text: str, *, mode: int = 0o600) -> None:
    """Write a file; one that is there is replaced, and keeps its mode.

    Args:
        option: what the file was given by, for the error.
        path: the file; a link is followed.
        text: what to write.
        mode: who may read a new file; its owner alone unless given.

    Raises:
        OptionsError: it belongs to a journal, or cannot be written.
    """
    try:
        real = path.resolve()
        if belongs_to_a_journal(real):
            raise OptionsError(option, str(path), "another file: this one belongs to a journal")
        _replace(real, text, S_IMODE(real.stat().st_mode) if real.exists() else mode)
    except (OSError, RuntimeError, ValueError) as problem:
        if isinstance(problem, OptionsError):
            raise
        why = getattr(problem, "strerror", None) or problem
        raise OptionsError(option, str(path), f"a file that can be written ({why})") from None


def _replace(path: Path, text: str, mode: int) -> None:
    descriptor, beside = mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(beside).chmod(mode)
        os.replace(beside, path)  # noqa: PTH105 (the same on every system)
    except BaseException:
        with suppress(OSError):
            os.unlink(beside)  # noqa: PTH108 (beside the line above)
        raise

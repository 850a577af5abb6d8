"""`python -m aiooncall` and the script `aiooncall`: the same command line."""

from __future__ import annotations

import os
import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; say what to install if it is not there."""
    _open_streams()
    if sys.argv[1:] == ["--version"]:  # without loading all commands, and without their extra
        from aiooncall import __version__  # noqa: PLC0415 (for this alone)

        print(f"aiooncall {__version__}")  # noqa: T201 (what was asked for)
        return
    try:
        from aiooncall.cli.app import app  # noqa: PLC0415 (the extra may be missing)

        app(prog_name="aiooncall")
    except ModuleNotFoundError as missing:
        if missing.name not in {"dotenv", "rich", "typer"}:
            raise
        sys.exit(f"the command line needs {missing.name}; in a clone: pip install '.[cli]'")
    except KeyboardInterrupt:  # before there is a command that could take it, or after its end
        sys.exit(INTERRUPTED)


def _open_streams() -> None:
    """Open nothing in place of the standard streams that whoever started this has closed.

    Else the next file that is opened, which may be a journal, gets the number of one, and what is printed goes into it.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: this one
            setattr(sys, name, os.fdopen(opened, mode, encoding="utf-8", closefd=opened != number))


if __name__ == "__main__":
    main()

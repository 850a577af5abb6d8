"""`python -m aiooncall` and the script `aiooncall`: the same command line."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; say what to install if it is not there."""
    try:
        from aiooncall.cli.app import app  # noqa: PLC0415 (the extra may be missing)
    except ModuleNotFoundError as missing:
        if missing.name not in {"dotenv", "rich", "typer"}:
            raise
        sys.exit(f"the command line needs {missing.name}: pip install 'aiooncall[cli]'")
    app(prog_name="aiooncall")


if __name__ == "__main__":
    main()

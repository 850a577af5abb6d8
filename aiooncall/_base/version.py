"""The version of the package, as the metadata of what is installed has it."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

UNKNOWN: Final = "0+unknown"


def read_version(distribution: str) -> str:
    """Return the version of an installed distribution; `UNKNOWN` for bare sources, such as in a zip file."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return UNKNOWN


__version__: Final[str] = read_version("aiooncall")

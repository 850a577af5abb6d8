"""What to install is said in a way that works from a clone: no index has the package."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.examples import PAGES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

TEXTS: Final = sorted({*ROOT.glob("*.md"), *PAGES, *(ROOT / "aiooncall").rglob("*.py"), ROOT / "pyproject.toml"})
BY_NAME: Final = re.compile(r"(?:pip3?|pipx|uv add|uv tool|poetry add)[^\n`&|;]* ['\"]?aiooncall(?![/\w])")
"""A line that would ask an index for the package."""


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_line_asks_an_index(path: Path) -> None:
    """Neither documentation nor a message says to install the package by its name."""
    assert BY_NAME.findall(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("line", ["pip install 'aiooncall[cli]'", "pip install -q aiooncall", "uv add aiooncall"])
def test_such_lines_are_found(line: str) -> None:
    """The test above finds what it looks for."""
    assert BY_NAME.search(line)

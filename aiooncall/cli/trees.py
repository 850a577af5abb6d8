"""Trees at a terminal: a line that is too long goes on in the next one, beside the branches that it belongs to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from rich.text import Text

from aiooncall.cli.consoles import make_console
from aiooncall.cli.printing import printable, say

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

_BRANCHES: Final = re.compile("[│├└─ ]*")
_BESIDE: Final = str.maketrans("├└─", "│  ")
_INDENT: Final = 2
_LEAST: Final = 20
"""Columns that a text is given beside its branches, however narrow the terminal is."""


def say_tree(tree: str) -> None:
    """Print a tree; at a terminal its lines are broken between words."""
    console = make_console()
    if not console.is_terminal:
        say(tree)
        return
    for line in printable(tree).split("\n"):
        for part in _broken(line, console):
            console.print(part, soft_wrap=True)


def _broken(line: str, console: Console) -> Iterator[str]:
    """Yield a line of a tree in parts that fit."""
    text = _BRANCHES.sub("", line, count=1)
    branches = line.removesuffix(text)
    beside = branches.translate(_BESIDE) + " " * _INDENT
    parts = Text(text).wrap(console, max(console.width - len(beside), _LEAST))
    for number, part in enumerate(parts):
        yield f"{beside if number else branches}{part.plain.rstrip()}"

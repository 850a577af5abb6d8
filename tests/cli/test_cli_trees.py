"""Trees at terminals of any width."""

from __future__ import annotations

import re
from contextlib import redirect_stdout
from typing import Final

import pytest
from rich.cells import cell_len

from aiooncall.cli.trees import say_tree
from tests.support.terminal_text import TerminalText

TREE: Final = """\
Checkout and everything that belongs to it
├── 1. At once
│   ├── user      Ann Lee of the Northern Hemisphere
│   └── schedule  漢字 漢字 漢字 漢字 漢字 漢字 (on call now: Ben Roth until 09:00)
└── Then the page stays open, whoever was told of it"""


def shown(width: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the lines that a terminal of some width shows of the tree."""
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("LINES", "50")
    monkeypatch.setenv("TERM", "xterm")
    terminal = TerminalText()
    with redirect_stdout(terminal):
        say_tree(TREE)
    return terminal.getvalue().splitlines()


@pytest.mark.parametrize("width", [30, 40, 60])
def test_lines_fit_and_no_word_is_cut(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No line is wider than the terminal, and the words are those of the tree, in their order."""
    lines = shown(width, monkeypatch)
    assert max(map(cell_len, lines)) <= width
    assert re.sub("[│├└─]", "", " ".join(lines)).split() == re.sub("[│├└─]", "", TREE).split()


def test_branches_go_on_beside_a_broken_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a line goes on with stands to the right of the branches that go on as well."""
    assert shown(40, monkeypatch)[1:6] == [
        "  to it",
        "├── 1. At once",
        "│   ├── user      Ann Lee of the",
        "│   │     Northern Hemisphere",
        "│   └── schedule  漢字 漢字 漢字 漢字",
    ]


def test_wide_terminal_shows_the_tree_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all lines fit nothing is broken."""
    assert shown(200, monkeypatch) == TREE.splitlines()


def test_pipe_gets_whole_lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Elsewhere than at a terminal no line is broken, however wide it is."""
    monkeypatch.setenv("COLUMNS", "30")
    say_tree(TREE)
    assert capsys.readouterr().out == f"{TREE}\n"

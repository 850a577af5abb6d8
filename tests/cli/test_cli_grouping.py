"""What a group of commands says to a word that it does not know, and the version."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiooncall.cli.grouping import MARK, suggestions
from tests.support.command_line import commands, ran

PAGING: Final = {
    "page create",
    "page escalate",
    "page reroute",
    "alert trigger",
    "group page",
    "bulk run",
    "bulk resume",
}
"""The commands that page people, or can."""
GROUPS: Final = {name: set(command.commands) for name, command in commands() if hasattr(command, "commands")}


def suggested(group: str, word: str) -> set[str]:
    """Return what is suggested for a word."""
    done = ran(*group.split(), word, COLUMNS="200")
    assert (done.code, done.out) == (2, "")
    _, _, meant = done.err.partition("Did you mean ")
    return set(re.findall(r"'([\w-]+)'", meant))


def test_marked() -> None:
    """Exactly the commands that page people, or can, are marked so."""
    assert {name for name, command in commands() if getattr(command.callback, MARK, False)} == PAGING


@pytest.mark.parametrize("name", sorted(PAGING))
def test_none_that_pages_people(name: str) -> None:
    """A command that pages people is not even suggested for its own name with a letter more or less."""
    group, _, last = name.partition(" ")
    for word in (last[:-1], f"{last}s", f"{last}x", last[1:], last.upper()):
        if word not in GROUPS[group]:
            assert last not in suggested(group, word)


@pytest.mark.no_cover
@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(GROUPS)), st.text("abcdefghilmnoprstuwy", min_size=1, max_size=12))
def test_for_any_word(group: str, word: str) -> None:
    """Whatever is typed, no suggestion pages people."""
    if word not in GROUPS[group]:
        assert not {f"{group} {name}" for name in suggested(group, word)} & PAGING


@pytest.mark.parametrize(
    ("group", "word", "meant"),
    [
        ("page", "acknowledge", {"ack"}),
        ("page", "res", {"resolve"}),
        ("page", "gte", {"get"}),
        ("", "pages", {"page"}),
        ("", "policies", {"policy"}),
        ("group", "resolved", {"resolve", "unresolve"}),
        ("page", "xyz", set()),
    ],
)
def test_harmless_ones_are_suggested(group: str, word: str, meant: set[str]) -> None:
    """A word that begins a command's name, that it begins, or that looks like it has that one suggested."""
    assert suggested(group, word) == meant


def test_options_are_no_commands() -> None:
    """A wrong option in the place of a command is told as an option."""
    assert "No such option: --colour" in ran("page", "--colour").err
    assert suggestions("", ["ack"]) == []


def test_version() -> None:
    """`--version` prints the version that is installed, and nothing else."""
    assert ran("--version") == (0, f"aiooncall {version('aiooncall')}\n", "")

"""Sessions at a terminal, kept in `recorded`: at three widths, without colours, on a dumb terminal, and piped.

`python -m tests.cli.test_cli_sessions` records them anew; look at the difference before you keep it. An escape is
written as `␛`.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from contextlib import redirect_stderr, redirect_stdout
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from unittest.mock import patch

import pytest
from rich.cells import cell_len

from aiooncall.cli.app import app
from tests.support.command_line import ELSEWHERE, SECRETS, ran, shell
from tests.support.terminal_text import TerminalText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command_line import Shell

RECORDED: Final = Path(__file__).parent / "recorded"
MODES: Final[dict[str, dict[str, str]]] = {
    "60": {"COLUMNS": "60", "LINES": "50", "TERM": "xterm-256color"},
    "100": {"COLUMNS": "100", "LINES": "50", "TERM": "xterm-256color"},
    "160": {"COLUMNS": "160", "LINES": "50", "TERM": "xterm-256color"},
    "no-color": {"COLUMNS": "100", "LINES": "50", "TERM": "xterm-256color", "NO_COLOR": "1"},
    "dumb": {"COLUMNS": "100", "LINES": "50", "TERM": "dumb"},
}
"""The terminals, by the names of their recordings, and what tells of them."""
PIPED: Final = "piped"
SESSION: Final = (
    "page list",
    "page list status:closed",
    "page get {0}",
    "bulk plan {db} resolve --query status:triggered",
    "page ack {0} {1}",
    "page ack {0} no-such-page",
    "page escalate ../{0}",
    "page reroute {0}",
    "who --team storage --at 2031-04-12T07:30",
    "who --team payments",
    "doctor",
    "group list",
    "group get {group}",
)
"""What is typed, one after the other."""
CHANGING: Final = {
    r"127\.0\.0\.1:\d{4,5}": "127.0.0.1:54321",
    r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d": "2031-04-12 07:30:00",
    r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z": "2031-04-12T07:30:00Z",
    r"in \d+\.\d\d s": "in 0.01 s",
    r"--plan [0-9a-f]+": "--plan 0123456789abcdef",
    r"\S*/job\.db": "job.db",
}
"""What differs from time to time, and what is kept in its place."""

TITLES: Final = (
    "Disk full on storage-00001",
    "Checkout answers with 503 in eu-west-1 since the last deploy",
    "漢字 " * 30,
)
STATES: Final = ("triggered", "acknowledged", "resolved")
GROUP_STATES: Final[tuple[Any, ...]] = ("firing", "silenced", "resolved")


class World:
    """A simulator with pages and alert groups of certain ages.

    Args:
        run: a shell on it.
        folder: where a journal can be made.
    """

    def __init__(self, run: Shell, folder: Path) -> None:
        self.run = run
        sim, now = run.sim, time.time()
        ages = [now - age for age in (1040, 7260, 3 * 86_400 + 60)]
        known = list(zip(TITLES, STATES, ages, strict=True))
        self.pages = [sim.add_page(title=title, status=state, created_at=at) for title, state, at in known]
        groups = zip(TITLES, GROUP_STATES, ages, strict=True)
        self.group, *_ = [sim.grafana.add_alert_group(title, state=state, created_at=at) for title, state, at in groups]
        sim.add_team("storage")
        self.db = folder / "job.db"

    def words(self, line: str) -> list[str]:
        """Return the words of a line, with the address."""
        url = self.run.sim.grafana_url if line.startswith("group") else self.run.url()
        return [*line.format(*self.pages, group=self.group, db=self.db).split(), "--url", url]


def at_a_terminal(words: list[str], env: dict[str, str]) -> tuple[int, str]:
    """Run a command with its output on a terminal, and return its exit code and what is shown."""
    shown = TerminalText()
    with patch.dict(os.environ, {**SECRETS, **env}), redirect_stdout(shown), redirect_stderr(shown):
        for name in {*ELSEWHERE, "NO_COLOR"} - set(env):
            os.environ.pop(name, None)
        try:
            app(words, prog_name="aiooncall")
        except SystemExit as end:
            return int(end.code or 0), shown.getvalue()
    raise AssertionError("a command has to exit")


def fixed(text: str) -> str:
    """Return a text without what differs from time to time."""
    for pattern, kept in CHANGING.items():
        text = re.sub(pattern, kept, text)
    return text.replace("\x1b", "␛")


@cache
def session(name: str) -> str:
    """Return a session as it is today."""
    with shell() as run, tempfile.TemporaryDirectory() as folder:
        return "".join(_parts(World(run, Path(folder)), MODES.get(name, {}), piped=name == PIPED))


def _parts(world: World, env: dict[str, str], *, piped: bool) -> Iterator[str]:
    for line in SESSION:
        words = world.words(line)
        typed = " ".join(words[:-2])
        if piped:
            done: Any = ran(*words, COLUMNS="100")
            code, shown = done.code, "".join(f"{text}" for text in (done.out, done.err))
        else:
            code, shown = at_a_terminal(words, env)
        yield fixed(f"$ aiooncall {typed}\n{shown.rstrip()}\n[{int(code)}]\n\n")


@pytest.mark.parametrize("name", [*MODES, PIPED])
def test_recorded(name: str) -> None:
    """A session looks as it was recorded."""
    assert session(name) == (RECORDED / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["no-color", "dumb", "piped"])
def test_no_colours(name: str) -> None:
    """Where nobody wants colours there are none; a dumb terminal and a pipe get no escape at all."""
    styles = set(re.findall(r"␛\[([\d;]*)m", session(name)))
    assert styles <= ({"1", "0", "2"} if name == "no-color" else set())
    assert name == "no-color" or "␛" not in session(name)


@pytest.mark.parametrize("name", ["60", "100", "160"])
def test_lists_fit(name: str) -> None:
    """No line of a list is wider than the terminal, no row is folded, and the ids are whole."""
    text = re.sub(r"␛\[[\d;]*m", "", session(name))
    for command in ("page list", "group list"):
        body = text.partition(f"$ aiooncall {command}\n")[2].partition("\n[0]\n")[0].splitlines()
        assert max(map(cell_len, body)) <= int(name)
        assert len(body) in {4, 6}  # a heading and three rows, or two lines for each row


if __name__ == "__main__":
    RECORDED.mkdir(exist_ok=True)
    for title in (*MODES, PIPED):
        (RECORDED / f"{title}.txt").write_text(session(title), encoding="utf-8")
    sys.exit(0)

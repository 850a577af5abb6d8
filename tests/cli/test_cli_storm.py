"""The tutorial: its commands run as they stand there, on a smaller storm, and print what it says."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.command_line import Ran, Terminal, finish, ran, start

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

pytestmark = pytest.mark.slow

PAGE: Final = Path(__file__).parents[2] / "docs" / "storm.md"
BLOCK: Final = re.compile(r"^```(sh|text)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
SIZE: Final = "400"
STYLE: Final = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]")
VARIES: Final = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|\b[0-9a-f]{12,16}\b|[\d,.]*\d")
"""Ids, hashes and numbers."""


class Reader:
    """Somebody who does what the page says, with a simulator on another port.

    Attributes:
        simulator: the process, once it is started.
        codes: the last exit code of each command.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self._env: dict[str, str] = {}
        self._hash = "none yet"
        self.simulator: subprocess.Popen[str] | None = None
        self.codes: dict[str, int] = {}

    def follow(self, line: str) -> str:
        """Run a line of the page and return what was shown."""
        line = line.replace("20000", SIZE).replace("8080", str(self._port))
        program, *words = shlex.split(re.sub(r"(?<=--plan )\w+", self._hash, line))
        if program == "export":
            self._env.update((name, value) for name, _, value in (word.partition("=") for word in words))
            return ""
        if program == "sqlite3":
            with sqlite3.connect(words[0]) as db:
                rows = db.execute(words[1]).fetchall()
            db.close()
            return "\n".join("|".join(map(str, row)) for row in rows)
        assert program == "aiooncall"
        return self._command(words)

    def _command(self, words: list[str]) -> str:
        if words[0] == "simulator":
            self.simulator = start(*words, env=self._env)
            assert self.simulator.stdout is not None
            return "".join(self.simulator.stdout.readline() for _ in range(2))
        done = self._interrupted(words) if "--yes" in words else ran(*words, **self._env)
        self.codes[" ".join(words[:2])] = done.code
        if planned := re.search(r"--plan (\w+)", done.out):
            self._hash = planned[1]
        return done.out + done.err

    def _interrupted(self, words: list[str]) -> Ran:
        terminal = Terminal(*words, env=self._env, whole=True)
        terminal.wait_for(rf"[1-9]\d*/{SIZE}")
        terminal.process.send_signal(signal.SIGINT)
        code, _ = terminal.finish()
        return Ran(code, STYLE.sub("", terminal.shown), "")


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Return a reader in an empty folder, whose simulator is stopped in the end as the page says."""
    monkeypatch.chdir(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    found = Reader(port)
    yield found
    assert found.simulator is not None
    found.simulator.send_signal(signal.SIGINT)
    assert finish(found.simulator)[::2] == (0, "")


def lines_of(text: str) -> list[str]:
    """Return the lines of a text, without what varies; three dots stand for lines that are left out."""
    lines = (" ".join(VARIES.sub("N", line).split()) for line in re.split(r"[\r\n]+", text))
    return [line for line in lines if line not in {"", "…"}]


def test_the_tutorial(reader: Reader, tmp_path: Path) -> None:
    """Each command of the page shows what the page says it shows, with other numbers, and ends as it should."""
    shown: list[str] = []
    for kind, text in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "sh":
            shown = [line for command in text.splitlines() for line in lines_of(reader.follow(command))]
        else:
            left = iter(shown)
            assert [line for line in lines_of(text) if line not in left] == [], shown
    assert reader.codes == {
        "bulk plan": 0, "bulk preview": 0, "bulk run": 130, "bulk resume": 0, "bulk verify": 0, "bulk report": 0,
    }  # fmt: skip
    assert (tmp_path / "night.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_page_is_of_one_storm() -> None:
    """The plan that the page runs is the one that it shows, and its numbers add up."""
    text = PAGE.read_text(encoding="utf-8")
    assert len(set(re.findall(r"--plan (\w+)", text))) == 1
    counts = re.search(r"done\|(\d+)\nopen\|(\d+)", text)
    assert counts is not None
    assert sum(map(int, counts.groups())) == 20_000

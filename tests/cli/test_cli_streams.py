"""Standard streams that are closed or full, and readers that leave: no journal is written over, and no id is lost."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.command_line import SCRIPT, SECRETS, process_env, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command_line import Shell

pytestmark = [pytest.mark.slow, pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the devices of Linux")]
IDS: Final = 6


@pytest.fixture
def run() -> Iterator[Shell]:
    """Return a shell on a Datadog with pages."""
    with shell() as found:
        for number in range(IDS):
            found.sim.add_page(title=f"Disk full on db-{number}")
        yield found


def piped(run: Shell, words: str, redirected: str = "", stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command by a shell of the system, with redirections."""
    line = f"{shlex.quote(SCRIPT)} {words} --url {run.url()} {redirected}"
    env = {**process_env(), **SECRETS}
    return subprocess.run(["bash", "-c", line], input=stdin, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("words", "redirected"),
    [("page ack -", "<&-"), ("page list", ">&-"), ("page list --json", "<&- >&- 2>&-"), ("schedule week", ">&-")],
)
def test_closed_streams(run: Shell, words: str, redirected: str) -> None:
    """A stream that is closed is one that has nothing, or takes all; the command does what it does."""
    done = piped(run, words, redirected)
    assert done.returncode == (1 if words == "schedule week" else 0), done.stderr
    assert "unexpected" not in done.stderr


def test_a_journal_is_no_standard_stream(run: Shell, tmp_path: Path) -> None:
    """With all streams closed, nothing that is printed gets into the journal that is opened next."""
    journal = tmp_path / "job.db"
    assert piped(run, f"bulk plan {journal} resolve --query status:triggered", "<&- >&- 2>&-").returncode == 0
    assert f"resolve {IDS} items" in run("bulk", "preview", journal).out


def test_no_room(run: Shell) -> None:
    """What cannot be written is told in the words of the system, and ends a command of several ids in good order."""
    assert piped(run, "page list", ">/dev/full").stderr == "error: standard output: No space left on device\n"
    ids = run("page", "list").out
    done = piped(run, "page escalate -", ">/dev/full", stdin="\n".join(line.split()[0] for line in ids.splitlines()))
    first, to_go_on, error = done.stderr.splitlines()
    assert (done.returncode, error) == (1, "error: standard output: No space left on device")
    sent = run.sim.ledger.count("escalate")
    assert first == f"escalate: {sent} of {IDS} done, 0 in doubt, {IDS - sent} not done"
    assert to_go_on.startswith("to go on: aiooncall page escalate ")


def test_a_reader_that_leaves(run: Shell) -> None:
    """When `head` has left, nothing more is sent, what was sent comes to its end, and what is left is said."""
    listed = run("page", "list", "--json").out
    done = piped(run, "page escalate -", "| true; exit ${PIPESTATUS[0]}", stdin=listed)
    sent = run.sim.ledger.count("escalate")
    assert done.returncode == 141
    assert done.stderr.splitlines()[0] == f"escalate: {sent} of {IDS} done, 0 in doubt, {IDS - sent} not done"


@pytest.mark.parametrize("words", ["page get {}", "page find none", "doctor"])
def test_readers_of_texts_may_leave(run: Shell, words: str) -> None:
    """For texts to people it is 141 as well."""
    page = run("page", "list").out.split()[0]
    done = piped(run, words.format(page), "| true; exit ${PIPESTATUS[0]}")
    assert done.returncode == (1 if "find" in words else 141)


def test_interrupted_before_it_begins() -> None:
    """Ctrl-C while the program is still loading ends it with 130, and without a trace of Python."""
    code = (
        "import sys, os, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from aiooncall.__main__ import main\n"
        "class Stop:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == 'aiooncall.cli.app': os.kill(os.getpid(), {int(signal.SIGINT)})\n"
        "sys.meta_path.insert(0, Stop())\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=dict(os.environ), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (130, "")

"""The exit codes of the installed script, as a shell sees them, and what Ctrl-C does to a job."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
from typing import TYPE_CHECKING, Final

import pytest

from aiooncall.simulator import Fault, FaultKind
from tests.support.command_line import SECRETS, Slow, Terminal, finish, ran, shell, start, statuses, stopped

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.command_line import Shell

pytestmark = pytest.mark.slow

ITEMS: Final = 200
STYLE: Final = re.compile(r"\x1b\[[01]m")
"""Bold and its end."""


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return where a journal can be made."""
    return tmp_path / "job.db"


def test_exit_codes() -> None:
    """0 is done, 1 is failed, 2 is wrong usage, 3 is in doubt; errors go to standard error."""
    with shell() as run:
        page = run.sim.add_page(title="Disk full")
        run.sim.faults.script("POST", "*", Fault(FaultKind.DROP_AFTER))
        expected = {
            ("page", "get", page): (0, ""),
            ("page", "get", "no-such-page"): (1, "error: "),
            ("page", "create", "Down"): (2, "error: "),
            ("page", "escalate", page): (3, "error: "),
        }
        started = {words: start(*words, "--url", run.url()) for words in expected}
        for words, process in started.items():
            done = finish(process)
            code, told = expected[words]
            assert (done.code, done.err[: len(told)]) == (code, told), done
            assert bool(done.out) is (code == 0)
            assert bool(done.err) is (code != 0)
        assert run.sim.ledger.count("escalate") == 1


def test_wrong_usage_is_2() -> None:
    """What cannot even be parsed is 2 as well: no such command, no such option, no such value."""
    with shell() as run:
        for words in (("pages",), ("page", "list", "--colour"), ("page", "create", "Down", "--urgency", "mild")):
            done = run(*words)
            assert (done.code, done.out) == (2, "")
            assert done.err


def test_errors_for_programs() -> None:
    """With --json an error is one line of JSON on standard error, and standard output stays empty."""
    with shell() as run:
        done = run("page", "get", "no-such-page", "--json")
    assert (done.code, done.out) == (1, "")
    assert json.loads(done.err)["error"] == "NotFound"
    assert set(json.loads(done.err)) == {"error", "message"}


def test_a_reader_may_leave() -> None:
    """A list whose reader has had enough ends without a traceback."""
    with shell() as run:
        for _ in range(2000):
            run.sim.add_page(title="Disk full" * 10)
        read, write = os.pipe()
        process = start("page", "list", "--json", "--limit", "2000", "--url", run.url(), stdout=write)
        os.close(write)
        os.close(read)
        assert finish(process)[1:] == ("", "")


@pytest.mark.parametrize("verb", ["resolve", "escalate"])
def test_ctrl_c(journal: Path, verb: str) -> None:
    """Ctrl-C lets what is in flight end, exits with 130, and `resume` does the rest: all once, in no doubt."""
    slow = Slow(delay=0.05, after=20)
    with shell(faults=slow) as run:
        plan = _plan(run, journal, verb)
        words = ("bulk", "run", journal, "--plan", plan, "--yes", "--concurrency", "4", "--url", run.url())
        process = start(*words, "--json")
        assert slow.reached.wait(20)
        process.send_signal(signal.SIGINT)
        done = finish(process)
        slow.end()
        assert (done.code, f"aiooncall bulk resume {journal} --url {run.url()}\n" in done.err) == (130, True), done
        assert done.json["done"] == statuses(journal)["done"] == run.posts() == run.sim.ledger.count(verb)  # type: ignore[arg-type]
        assert done.json["open"] == ITEMS - done.json["done"] > 0
        assert run("bulk", "resume", journal).code == 0
        assert (run.posts(), run.sim.ledger.count(verb), run.sim.ledger.doubled()) == (ITEMS, ITEMS, [])  # type: ignore[arg-type]


def test_terminated_job(journal: Path) -> None:
    """SIGTERM ends a job as gently as Ctrl-C, with 143; nothing is lost, and `resume` goes on."""
    slow = Slow(delay=3600, after=5)
    with shell(faults=slow) as run:
        plan = _plan(run, journal, "resolve")
        process = start("bulk", "run", journal, "--plan", plan, "--yes", "--concurrency", "4", "--url", run.url())
        assert slow.reached.wait(20)
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        assert process.stderr.readline() == STOPPING
        slow.end()
        done = finish(process)
        assert (done.code, "Traceback" in done.err, "bulk resume" in done.err) == (143, False, True), done
        assert statuses(journal) == {"done": 1, "open": ITEMS - 1}
        assert run("bulk", "resume", journal).code == 0
        assert (statuses(journal), run.sim.ledger.doubled()) == ({"done": ITEMS}, [])


STOPPING = "nothing more is sent; waiting for what is on its way; once more to stop at once\n"
CREATE = ("page", "create", "Down", "--team", "storage", "--dedup-key", "d-1")
TRIGGER = ("alert", "trigger", "Down", "--team", "storage", "--key", "k-1")
ESCALATE = ("page", "escalate", "p-1")
ACKNOWLEDGE = ("page", "ack", "p-1")
LOOK = "aiooncall page find d-1"


@pytest.mark.parametrize(
    ("words", "sent", "kind", "code", "look"),
    [
        (CREATE, True, signal.SIGINT, 3, LOOK),
        (CREATE, True, signal.SIGTERM, 3, LOOK),
        (TRIGGER, True, signal.SIGINT, 3, "aiooncall page list"),
        (ESCALATE, True, signal.SIGINT, 3, "aiooncall page get p-1"),
        (ESCALATE, False, signal.SIGINT, 130, "stopped: nothing was sent"),
        (ESCALATE, False, signal.SIGTERM, 143, "stopped: nothing was sent"),
        (ACKNOWLEDGE, True, signal.SIGINT, 130, "stopped: it may have been sent, and can be done again"),
    ],
)
def test_stopped_command(words: tuple[str, ...], sent: bool, kind: signal.Signals, code: int, look: str) -> None:
    """A command that is stopped says whether something may have been sent, and what to type to look."""
    # A refusal for a long time makes the next attempt wait: nothing of it has left.
    done = stopped(*words, kind=kind, fault=None if sent else Fault(FaultKind.THROTTLE, retry_after="100"))
    assert done.code == code, done
    assert "Traceback" not in done.err
    assert look in done.err
    assert ("may have been sent: look" in done.err) is (code == 3)


@pytest.mark.parametrize(("verb", "code"), [("resolve", 0), ("escalate", 3)])
def test_ctrl_c_twice(journal: Path, verb: str, code: int) -> None:
    """A second Ctrl-C waits for nothing; `resume` doubts what must not be sent twice, and sends the rest again."""
    slow = Slow(delay=3600, after=5)
    with shell(faults=slow) as run:
        plan = _plan(run, journal, verb)
        words = ("bulk", "run", journal, "--plan", plan, "--yes", "--concurrency", "4", "--url", run.url())
        process = start(*words)
        assert slow.reached.wait(20)
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.readline() == STOPPING
        process.send_signal(signal.SIGINT)
        done = finish(process)
        slow.end()
        assert (done.code, "Traceback" in done.err, "bulk resume" in done.err) == (code or 130, False, True), done
        assert statuses(journal)["done"] == 1
        assert run("bulk", "resume", journal).code == code
        assert statuses(journal) == ({"done": ITEMS} if code == 0 else {"done": ITEMS - 4, "ambiguous": 4})
        assert (run.sim.ledger.count(verb), run.sim.ledger.doubled()) == (ITEMS, [])  # type: ignore[arg-type]
        assert run.posts() == (ITEMS + 4 if code == 0 else ITEMS)


def _plan(run: Shell, journal: Path, verb: str) -> str:
    for number in range(ITEMS):
        run.sim.add_page(title=f"Disk full on db-{number}")
    return run.plan(journal, verb, "--query", "status:triggered")


def test_at_a_terminal(journal: Path) -> None:
    """A person is asked for a secret, unseen, and for a yes; progress is drawn, and the output stays clean."""
    with shell(credentials={SECRETS["DD_API_KEY"]: SECRETS["DD_APP_KEY"]}) as run:
        plan = _plan(run, journal, "resolve")
        terminal = Terminal("bulk", "run", journal, "--plan", plan, "--url", run.url(), env={"DD_APP_KEY": ""})
        terminal.wait_for("DD_APP_KEY")
        terminal.type(SECRETS["DD_APP_KEY"])
        terminal.wait_for(rf"resolve {ITEMS} items\? \[y/N\]")
        terminal.type("y")
        assert terminal.finish() == (0, f"resolve\n  done  {ITEMS:>8}\n")
        assert f"{ITEMS}/{ITEMS}" in terminal.shown
        assert "None" not in terminal.shown
        assert SECRETS["DD_APP_KEY"] not in terminal.shown
        assert run.sim.ledger.unfinished() == []


def test_a_person_may_say_no(journal: Path) -> None:
    """No to the question is 2 and Ctrl-C there is 130 at once; nothing is sent by either."""
    with shell() as run:
        words = ("bulk", "run", journal, "--plan", _plan(run, journal, "resolve"), "--url", run.url())
        saying_no, leaving = Terminal(*words), Terminal(*words)
        for terminal in (saying_no, leaving):
            terminal.wait_for(r"\[y/N\]")
        saying_no.type("n")
        leaving.process.send_signal(signal.SIGINT)
        assert (saying_no.finish(), leaving.finish()) == ((2, ""), (130, ""))
        assert "not confirmed" in saying_no.shown
        assert (run.posts(), statuses(journal)) == (0, {"open": ITEMS})


def test_a_list_at_a_terminal() -> None:
    """On a terminal a list is a table, in which a title steers nothing and means nothing but itself."""
    with shell() as run:
        run.sim.add_page(title="[/red] :fire: \x1b[31mDown\x07\nat\tonce")
        ours, theirs = pty.openpty()
        process = start("page", "list", "--url", run.url(), stdout=theirs, env={"COLUMNS": "200"})
        os.close(theirs)
        assert finish(process).code == 0
        shown = STYLE.sub("", os.read(ours, 65536).decode())
        os.close(ours)
        assert shown.split()[:2] == ["id", "state"]
        assert "[/red] :fire: [31mDown at once" in shown
        piped = run("page", "list").out
    assert len(piped.splitlines()) == 1
    assert piped.endswith("\t[/red] :fire: [31mDown at once\n")


def test_simulator_for_programs() -> None:
    """`simulator --json` tells its addresses as one line, and ends with 0 by Ctrl-C."""
    process = start("simulator", "--port", "0", "--json", "--storm", "3")
    assert process.stdout is not None
    urls = json.loads(process.stdout.readline())
    assert ran("page", "list", "--json", "--url", urls["datadog_url"]).out.count("\n") == 3
    assert ran("group", "list", "--json", "--url", urls["grafana_url"]).out.count("\n") == 3
    process.send_signal(signal.SIGINT)
    assert finish(process) == (0, "", "")


@pytest.mark.parametrize(
    ("typed", "place", "offered"),
    [
        ("aiooncall bulk p", 2, ["plan", "preview"]),
        ("aiooncall bulk plan night.db un", 4, ["unacknowledge", "unresolve", "unsilence"]),
    ],
)
def test_completion(typed: str, place: int, offered: list[str]) -> None:
    """A shell that asks how to go on is told the commands, or the verbs, that fit."""
    asked = {"_AIOONCALL_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(place)}
    assert finish(start(env=asked)).out.split() == offered

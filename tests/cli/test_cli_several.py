"""Several ids in one command: each has its own outcome, the exit code is the worst, and Ctrl-C says what was sent."""

from __future__ import annotations

import json
import signal
import time
from typing import TYPE_CHECKING, Final

import pytest

from aiooncall.simulator import Fault, FaultKind
from tests.support.command_line import SECRETS, Slow, finish, shell, start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command_line import Shell

PATH: Final = "/api/v2/on-call/pages/{0}/{1}"


@pytest.fixture
def run() -> Iterator[Shell]:
    """Return a shell on a Datadog."""
    with shell() as found:
        yield found


def pages(run: Shell, number: int) -> list[str]:
    """Put pages in and return their ids."""
    return [run.sim.add_page(title=f"Disk full on db-{one}") for one in range(number)]


def test_all_work(run: Shell) -> None:
    """Each id is acted on once, however often it stands there, and has its line."""
    ids = pages(run, 3)
    done = run("page", "ack", *ids, ids[0])
    assert (done.code, done.err) == (0, "")
    assert sorted(done.out.splitlines()) == sorted(f"accepted: acknowledge {one}" for one in ids)
    assert run.posts() == 3
    resolved = run("page", "resolve", *ids, "--json")
    assert sorted(line["id"] for line in resolved.lines) == sorted(ids)
    assert run.sim.ledger.unfinished() == []


@pytest.mark.parametrize("form", ["{0}\n{1}\n", '{{"id": "{0}"}}\n\n"{1}"\n'])
def test_from_standard_input(run: Shell, form: str) -> None:
    """A dash reads ids or JSON lines from standard input, beside those that were typed."""
    ids = pages(run, 3)
    done = run("page", "ack", ids[2], "-", stdin=form.format(*ids))
    assert (done.code, run.sim.ledger.count("acknowledge")) == (0, 3)


def test_a_list_can_be_piped(run: Shell) -> None:
    """What `page list --json` prints can be acted on."""
    pages(run, 3)
    listed = run("page", "list", "status:triggered", "--json").out
    assert run("page", "resolve", "-", stdin=listed).code == 0
    assert run.sim.ledger.unfinished() == []


def test_one_fails(run: Shell) -> None:
    """An id that fails stops no other, its error has its id, and the exit code is 1."""
    first, last = pages(run, 2)
    done = run("page", "ack", first, "no-such-page", last)
    assert done.code == 1
    assert sorted(done.out.splitlines()) == sorted(f"accepted: acknowledge {one}" for one in (first, last))
    assert done.err.startswith("error: no-such-page: ")
    assert "answered 404" in done.err


def test_in_doubt(run: Shell) -> None:
    """What may page somebody twice is in doubt for its id alone, with the line to look by; 3 is worse than 1."""
    ids = pages(run, 3)
    run.sim.faults.script("POST", PATH.format(ids[1], "escalate"), Fault(FaultKind.DROP_AFTER))
    done = run("page", "escalate", *ids, "no-such-page", "--json")
    assert done.code == 3
    assert sorted(line["id"] for line in done.lines) == sorted([ids[0], ids[2]])
    errors = {line["id"]: line for line in map(json.loads, done.err.splitlines())}
    assert {one: line["error"] for one, line in errors.items()} == {
        ids[1]: "AmbiguousOutcome",
        "no-such-page": "NotFound",
    }
    assert f"to look: aiooncall page get {ids[1]}" in errors[ids[1]]["message"]
    assert run.sim.ledger.count("escalate") == 3


def test_a_wrong_id_sends_nothing(run: Shell) -> None:
    """An id that could change the path is 2, before anything is sent."""
    (page,) = pages(run, 1)
    for words, stdin in (([page, "../users"], ""), ([page, "-"], "../users\n")):
        done = run("page", "ack", *words, stdin=stdin)
        assert (done.code, done.out, run.posts()) == (2, "", 0)
        assert done.err.startswith("error: ")


def test_none(run: Shell) -> None:
    """No id on standard input is no error: a query that nothing matches is what one hopes for."""
    assert run("page", "escalate", "-", stdin="\n") == (0, "", "no ids came: there is nothing to escalate\n")
    assert run.posts() == 0


def test_too_many(run: Shell) -> None:
    """More ids than a person types are a bulk job, and the error says how."""
    done = run("page", "ack", "-", stdin="".join(f"p-{number}\n" for number in range(1001)))
    assert (done.code, run.posts(), "aiooncall bulk plan" in done.err) == (2, 0, True)


def test_keys_that_may_not(run: Shell) -> None:
    """Keys that are refused are tried with one id only; the rest is told as not done, with the line to go on."""
    with shell(credentials={"other": "keys"}) as closed:
        done = closed("page", "escalate", "p-1", "p-2", "p-3")
        assert (done.code, closed.posts()) == (1, 1)
    assert "error: p-1: " in done.err
    assert "look at DD_API_KEY, DD_APP_KEY" in done.err
    assert "escalate: 0 of 3 done, 0 in doubt, 2 not done" in done.err
    assert f"to go on: aiooncall page escalate p-2 p-3 --url {closed.url()}" in done.err


def test_reroute(run: Shell) -> None:
    """A page goes to a team, by its handle or its id, or to a user, each once; to nobody is wrong usage."""
    team, user = run.sim.add_team("storage"), run.sim.add_user("Ann")
    for option in (("--team", "storage"), ("--team", team), ("--user", user)):
        assert run("page", "reroute", *pages(run, 2), *option).code == 0
    assert run.sim.ledger.count("reroute") == 6
    done = run("page", "reroute", "p-1")
    assert (done.code, done.err) == (2, "error: --team, --user: expected exactly one of them\n")


def test_groups() -> None:
    """Grafana's verbs take several ids as well, and a silence its duration as people say it."""
    with shell("grafana") as run:
        ids = [run.sim.grafana.add_alert_group(f"Disk {number}") for number in range(2)]
        for words in (["ack"], ["unack"], ["silence", "--for", "2h"], ["unsilence"], ["resolve"], ["unresolve"]):
            assert run("group", *words, *ids).code == 0
        assert run("group", "delete", *ids, "--mode", "delete").code == 0
        assert run.sim.ledger.count("silence") == 2
        assert run.sim.ledger.count("delete") == 2


@pytest.mark.slow
@pytest.mark.parametrize(("verb", "doubt"), [("escalate", 3), ("resolve", 130)])
def test_ctrl_c(verb: str, doubt: int) -> None:
    """Ctrl-C sends nothing more; a second one says what is in doubt and what was not done, and how to go on."""
    held = Slow(delay=3600, after=3)
    with shell(faults=held) as run:
        ids = [run.sim.add_page(title="Disk full") for _ in range(12)]
        process = start("page", verb, *ids, "--url", run.url())
        assert held.reached.wait(20)
        time.sleep(0.3)  # until all that go at once have left
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        assert process.stderr.readline().startswith("nothing more is sent")
        process.send_signal(signal.SIGINT)
        done = finish(process)
        held.end()
        sent = run.posts() - 1
    assert (done.code, "Traceback" in done.err) == (doubt, False), done
    assert done.out == f"accepted: {verb} {ids[0]}\n"
    if verb == "escalate":
        assert f"escalate: 1 of 12 done, {sent} in doubt, {11 - sent} not done" in done.err
        assert done.err.count("; to look: aiooncall page get ") == sent > 0
    else:
        assert "resolve: 1 of 12 done, 0 in doubt, 11 not done" in done.err
    assert f"to go on: aiooncall page {verb} " in done.err
    assert ids[11] in done.err.rpartition("to go on")[2]


@pytest.mark.slow
def test_ctrl_c_once() -> None:
    """After one Ctrl-C what is on its way comes to its end: nothing is in doubt, and the exit code is 130."""
    slow = Slow(delay=0.5, after=3)
    with shell(faults=slow) as run:
        ids = [run.sim.add_page(title="Disk full") for _ in range(40)]
        process = start("page", "escalate", *ids, "--url", run.url())
        assert slow.reached.wait(20)
        process.send_signal(signal.SIGINT)
        done = finish(process)
        sent = run.posts()
    assert (done.code, len(done.out.splitlines())) == (130, sent)
    assert 0 < sent < 40
    assert f"escalate: {sent} of 40 done, 0 in doubt, {40 - sent} not done" in done.err


def test_secrets_are_not_shown(run: Shell) -> None:
    """No line that is printed has a secret."""
    done = run("page", "ack", "p-1", "p-2", "-v")
    assert done.code == 1
    assert not [value for value in SECRETS.values() if value in done.out + done.err]

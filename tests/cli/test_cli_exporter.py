"""`exporter` as a command: what it prints, writes and serves, and how it ends."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import sys
import urllib.request
from typing import TYPE_CHECKING, Final

import pytest

from aiooncall.cli.world import add_teams
from aiooncall.simulator import Fault, FaultKind
from tests.support.command_line import SECRETS, Shell, finish, shell, start
from tests.support.metrics import Scraped

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ONCE: Final = ("exporter", "--once")
REFUSED: Final = Fault(FaultKind.ERROR_BEFORE, status=403)


@pytest.fixture(scope="module")
def run() -> Iterator[Shell]:
    """Return a shell on a Datadog with three teams; the Grafana beside it has the same."""
    with shell() as found:
        asyncio.run(add_teams(found.sim, 3))
        yield found


@pytest.mark.parametrize("provider", ["datadog", "grafana"])
def test_once(run: Shell, provider: str) -> None:
    """With --once the metrics are printed: who is on call, gaps, the calls that it took, and budgets; no secret."""
    done = Shell(run.sim, provider)(*ONCE, "-p", provider)
    assert (done.code, done.err) == (0, "")
    shown = Scraped(done.out)
    assert shown.values("on_call_people", "team", provider=provider, level="1") == {f"team-{n}": 1 for n in (1, 2, 3)}
    assert set(shown.values("gap_seconds", "team").values()) == {0}
    assert shown.total("calls_total", provider=provider, outcome="success") > 3
    assert shown.of("budget_in_flight", provider=provider)
    assert shown.total("up", provider=provider) == 1
    assert not [secret for secret in SECRETS.values() if secret in done.out]


def test_teams(run: Shell) -> None:
    """--team, any number of times, takes a handle or an id; one that there is not is wrong usage."""
    known = {row["handle"]: row["id"] for row in run("team", "list", "--json").lines}
    shown = Scraped(run(*ONCE, "--team", "team-1", "--team", known["team-3"]).out)
    assert set(shown.values("on_call_people", "team")) == {"team-1", "team-3"}
    assert set(shown.values("gap_seconds", "team")) == {"team-1", "team-3"}
    wrong = run(*ONCE, "--team", "team-4")
    assert (wrong.code, wrong.out) == (2, "")
    assert wrong.err == "error: --team: got 'team-4'; expected the id of a team, or its handle or name\n"


def test_what_cannot_be_read(run: Shell) -> None:
    """What cannot be read is told with its host and what to try; the rest is printed, and the code is 1."""
    run.sim.faults.script("GET", "/api/v2/on-call/teams/*/on-call", REFUSED)
    done = run(*ONCE)
    shown = Scraped(done.out)
    assert (done.code, shown.total("up"), shown.total("refresh_errors_total")) == (1, 0, 1)
    assert len(shown.of("on_call_people", level="1")) == 2
    (line,) = done.err.splitlines()
    assert line.startswith("error: team team-")
    assert "answered 403" in line
    assert "look at DD_API_KEY" in line


def test_wrong_keys(run: Shell) -> None:
    """With keys that may read nothing one line says so, and the code is 1."""
    run.sim.faults.script("GET", "/api/v2/team", REFUSED)
    done = run(*ONCE)
    assert (done.code, len(done.err.splitlines())) == (1, 1)
    assert done.err.startswith("error: teams and schedules: 127.0.0.1:")
    assert Scraped(done.out).total("refresh_errors_total", kind="list") == 1


def test_file(run: Shell, tmp_path: Path) -> None:
    """With --textfile the metrics are in the file, which others may read; a file of old is replaced whole."""
    file = tmp_path / "oncall.prom"
    file.write_text("old")
    file.chmod(0o640)
    assert run(*ONCE, "--textfile", file) == (0, "", "")
    assert Scraped(file.read_text()).total("up") == 1
    assert file.stat().st_mode & 0o777 == 0o640
    file.unlink()
    assert run(*ONCE, "--textfile", file).code == 0
    assert file.stat().st_mode & 0o777 == 0o644
    assert [path.name for path in tmp_path.iterdir()] == ["oncall.prom"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--textfile", "x.txt"), "--textfile: got 'x.txt'; expected a name that ends in .prom: "),
        (("--textfile", "no/such/x.prom", "--once"), "--textfile: got 'no/such/x.prom'; expected a file that can "),
        (("--address", ""), "--address: got ''; expected an address: "),
        (("--address", "a..b"), "--address, --port: got 'a..b:10911'; expected a place to listen at ("),
        (("--address", "203.0.113.9"), "--address, --port: got '203.0.113.9:10911'; expected a place to listen at ("),
    ],
)
def test_wrong_usage(run: Shell, more: tuple[str, ...], told: str) -> None:
    """What is wrong is 2, and one line says which option it is."""
    done = run("exporter", *more)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {told}"), done.err
    assert len(done.err.splitlines()) == 1


def test_once_for_programs(run: Shell) -> None:
    """What --once prints is no JSON, so that it does not go with --json."""
    done = run(*ONCE, "--json")
    assert (done.code, done.out) == (2, "")
    assert json.loads(done.err)["message"].startswith("--once, --json: expected one of them: ")


def test_port_that_is_taken(run: Shell) -> None:
    """A port that is taken is wrong usage, told before anything is read."""
    before = len(run.sim.ledger.requests)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run("exporter", "--port", port)
    expected = f"error: --address, --port: got '127.0.0.1:{port}'; expected a place to listen at"
    assert (done.code, done.err) == (2, f"{expected} (Address already in use)\n")
    assert len(run.sim.ledger.requests) == before


def test_without_the_library(run: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra the command says what to install, which is wrong usage."""
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    done = run(*ONCE)
    needed = "the library prometheus-client; in a clone: pip install '.[cli,prometheus]'"
    assert done == (2, "", f"error: exporter: expected {needed}\n")


@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_serving(run: Shell, stop: signal.Signals) -> None:
    """It tells where it serves, serves to the end, and ends by Ctrl-C or SIGTERM with 0 and without a word."""
    process = start("exporter", "--port", "0", "--interval", "1s", "--json", "--url", run.url())
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    shown = Scraped("")
    while not shown.of("up"):
        with urllib.request.urlopen(url, timeout=10) as answer:
            shown = Scraped(answer.read().decode())
    assert shown.total("on_call_people", level="1") == 3
    process.send_signal(stop)
    assert finish(process) == (0, "", "")


@pytest.mark.slow
def test_keeping_a_file(run: Shell, tmp_path: Path) -> None:
    """With --textfile the file is written anew after each refresh, nothing is served, and SIGTERM ends that with 0."""
    file = tmp_path / "oncall.prom"
    process = start("exporter", "--textfile", file, "--interval", "0.1s", "--url", run.url())
    written = set[float]()
    while len(written) < 2:
        assert process.poll() is None
        if file.exists():
            written.add(Scraped(file.read_text()).total("last_refresh_timestamp_seconds"))
    process.send_signal(signal.SIGTERM)
    assert finish(process) == (0, "", "")

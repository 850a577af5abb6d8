"""The command line in this process, and as a process of its own, on a simulator in a thread."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import select
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import orjson
import typer
from typer.testing import CliRunner

from aiooncall.cli.app import app
from aiooncall.cli.telling import PROXIES
from aiooncall.simulator import Fault, FaultKind, FaultPlan
from tests.support.published_client import simulator_in_a_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall.simulator import Simulator

SCRIPT: Final = str(Path(sys.executable).with_name("aiooncall"))
SECRETS: Final = {
    "DD_API_KEY": "api-key-4f1a90c3",
    "DD_APP_KEY": "app-key-88b2e6d7",
    "GRAFANA_ONCALL_ACCESS_TOKEN": "token-c0ffee5150",
    "PAGERDUTY_SERVICE_KEY": "service-key-7be9112d",
}
ELSEWHERE: Final = (
    "DD_SITE",
    "GRAFANA_ONCALL_URL",
    "GRAFANA_URL",
    "AIOONCALL_PROVIDER",
    "AIOONCALL_DATADOG_URL",
    *PROXIES,
    "NO_PROXY",
    "AIOONCALL_BROKER_URL",
    "AIOONCALL_REDIS_URL",
    "FORCE_COLOR",
    "PYTHONWARNINGS",
)
"""What the environment of whoever runs the tests may hold."""


PATIENCE: Final = 60
"""Seconds after which a terminal that shows nothing is an error."""


class Ran(NamedTuple):
    """What came of a command."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one value on standard output."""
        (value,) = self.lines
        return value

    @property
    def lines(self) -> list[Any]:
        """The values on standard output, one a line; anything else there raises."""
        return [orjson.loads(line) for line in self.out.splitlines()]


def ran(*words: object, stdin: str | bytes | None = None, **env: Any) -> Ran:
    """Run a command in this process; None takes a variable out of its environment."""
    everything = {**dict.fromkeys(ELSEWHERE), **SECRETS, **env}
    done = CliRunner(env=everything).invoke(app, [*map(str, words)], input=stdin, catch_exceptions=False)
    return Ran(done.exit_code, done.stdout, done.stderr)


class Shell:
    """Runs commands on a simulator.

    Args:
        sim: which one.
        provider: whose half of it; another one can be given with each command.
    """

    def __init__(self, sim: Simulator, provider: str = "datadog") -> None:
        self.sim = sim
        self.provider = provider

    def __call__(self, *words: object, stdin: str | bytes | None = None, url: str | None = None, **env: Any) -> Ran:
        """Run a command in this process."""
        return ran(*words, "--url", url or self.url(), stdin=stdin, **env)

    def url(self) -> str:
        """Return the URL of a provider."""
        return self.sim.grafana_url if self.provider == "grafana" else self.sim.datadog_url

    def plan(self, journal: Path, verb: str, *words: object) -> str:
        """Plan a job and return the hash of its plan."""
        planned = self("bulk", "plan", journal, verb, *words, "--json", "-p", self.provider)
        assert planned.code == 0, planned
        return str(planned.json["plan"]["hash"])

    def posts(self) -> int:
        """Return how many requests arrived that change something."""
        return sum(request.method != "GET" for request in self.sim.ledger.requests)


class Slow(FaultPlan):
    """Every action but the first takes its time, until told otherwise.

    Attributes:
        reached: set when as many requests have arrived as were to be waited for.
    """

    def __init__(self, delay: float, after: int) -> None:
        super().__init__()
        self.reached = threading.Event()
        self._left = after
        self._held: list[asyncio.Task[Any] | None] = []
        self.script("POST", "*", None)
        self.seed(seed=1, rates={Fault(FaultKind.SLOW, delay=delay): 1.0}, methods=["POST"])

    def draw(self, method: str, path: str) -> Fault | None:
        """Count the request as well."""
        self._left -= method == "POST"
        if self._left == 0:
            self.reached.set()
        fault = super().draw(method, path)
        if fault is not None:
            self._held.append(asyncio.current_task())
        return fault

    def end(self) -> None:
        """Answer nothing that is still held back, and let everything else through at once from now on."""
        self._seeded.clear()
        for task in filter(None, self._held):
            task.get_loop().call_soon_threadsafe(task.cancel)


def start(*words: object, env: dict[str, str] | None = None, **options: Any) -> subprocess.Popen[str]:
    """Start a command as a process of its own, away from any terminal of whoever runs the tests."""
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    everything = {**process_env(), **(env or {})}
    command = [SCRIPT, *map(str, words)]
    return subprocess.Popen(command, text=True, start_new_session=True, env=everything, **{**pipes, **options})


def finish(process: subprocess.Popen[str]) -> Ran:
    """Return what came of a process."""
    out, err = process.communicate(timeout=20)
    return Ran(process.returncode, out or "", err or "")


def stopped(*words: object, kind: signal.Signals = signal.SIGINT, fault: Fault | None = None) -> Ran:
    """Return what came of a command that a signal stops while it waits for an answer, or after a fault.

    Args:
        words: the command; it acts on Datadog.
        kind: the signal.
        fault: what the first action meets; without it the answer never comes.
    """
    held = Slow(delay=3600, after=1)
    held._scripts.clear()
    if fault is not None:
        held.script("POST", "*", fault)
    with shell(faults=held) as run:
        process = start(*words, "--url", run.url())
        assert held.reached.wait(20)
        time.sleep(0.3)  # until the answer is there, or the request for sure
        process.send_signal(kind)
        done = finish(process)
        held.end()
    return done


class Terminal:
    """Plays a person at a terminal, which is standard input and standard error of a command; the output too if `whole`.

    Attributes:
        process: the command.
        shown: what was read so far.
    """

    def __init__(self, *words: object, **options: Any) -> None:
        self._ours, theirs = pty.openpty()
        output = theirs if options.pop("whole", False) else subprocess.PIPE
        self.process = start(*words, stdin=theirs, stderr=theirs, stdout=output, **options)
        os.close(theirs)
        self.shown = ""

    def wait_for(self, pattern: str) -> None:
        """Read until something was shown; the end of the process is an error."""
        while not re.search(pattern, self.shown):
            self.shown += self._read()

    def type(self, text: str) -> None:
        """Type a text and Enter."""
        os.write(self._ours, f"{text}\n".encode())

    def finish(self) -> tuple[int, str]:
        """Return exit code and standard output."""
        try:
            while shown := self._read():
                self.shown += shown
        except OSError:  # how Linux says that the other side has hung up
            pass
        out, _ = self.process.communicate(timeout=20)
        os.close(self._ours)
        return self.process.returncode, out or ""

    def _read(self) -> str:
        """Return what is shown next."""
        ready, _, _ = select.select([self._ours], [], [], PATIENCE)
        assert ready, f"nothing more was shown in {PATIENCE} seconds after {self.shown!r}"
        return os.read(self._ours, 4096).decode()


@contextmanager
def shell(provider: str = "datadog", **options: Any) -> Iterator[Shell]:
    """Yield a shell on a simulator that shows at once what it accepted."""
    with simulator_in_a_thread(**{"settle_delay": 0.0, "search_lag": 0.0, **options}) as sim:
        yield Shell(sim, provider)


def process_env() -> dict[str, str]:
    """Return the environment of a process."""
    kept = {name: value for name, value in os.environ.items() if name not in ELSEWHERE}
    return {**kept, **SECRETS, "COLUMNS": "120", "TERM": "xterm"}


def commands(group: Any = None, *path: str) -> Iterator[tuple[str, Any]]:
    """Yield all commands and their names, such as `page list`, and the groups as well."""
    command = typer.main.get_command(app) if group is None else group
    yield " ".join(path), command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, *path, name)


def statuses(journal: Path) -> dict[str, int]:
    """Return how many items of a journal are in which status, as `sqlite3` shows it to a person."""
    with sqlite3.connect(journal) as db:
        found = dict(db.execute("select status, count(*) from items group by status"))
    db.close()
    return found

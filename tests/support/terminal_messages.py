"""Situations in which the command line and pytest say what the page of troubleshooting quotes, by its headings.

Each returns what was printed; it takes the request of the test, for its fixtures.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aiooncall.simulator import Fault, FaultKind, GrafanaOptions
from tests.support.command_line import ran, shell, stopped
from tests.support.inner_pytest import run_suite

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from tests.support.command_line import Shell

    Situation = Callable[[pytest.FixtureRequest], str]

NOWHERE: Final = "http://127.0.0.1:1"
GLSA: Final = {"GRAFANA_ONCALL_ACCESS_TOKEN": "glsa_token"}
WITHOUT_TYPER: Final = """
import sys
sys.modules["typer"] = None
sys.argv = ["aiooncall", "doctor"]
from aiooncall.__main__ import main
main()
"""
FAULT_MISSED: Final = """
import pytest
@pytest.mark.oncall_faults("POST", "/api/v2/on-call/pages", "drop_after")
def test_nothing(oncall_simulator):
    pass
"""
NOT_ASYNC: Final = """
def test_nothing(datadog_oncall):
    pass
"""


def typed(*words: object, **env: Any) -> Situation:
    """Return the situation of a command that needs no simulator."""
    return lambda request: ran(*words, **env).err


def on_simulator(act: Callable[[Shell], str], provider: str = "datadog", **options: Any) -> Situation:
    """Return the situation of a command on a simulator."""

    def provoke(request: pytest.FixtureRequest) -> str:
        request.getfixturevalue("monkeypatch").chdir(request.getfixturevalue("tmp_path_factory").mktemp("shell"))
        with shell(provider, **options) as run:
            return act(run)

    return provoke


def with_fault(method: str, fault: Fault, *words: str) -> Situation:
    """Return the situation of a command whose first request meets a fault."""

    def act(run: Shell) -> str:
        run.sim.faults.script(method, "*", fault)
        return run(*words).err

    return on_simulator(act)


def in_pytest(code: str) -> Situation:
    """Return the situation of a module of tests that goes wrong."""

    def provoke(request: pytest.FixtureRequest) -> str:
        return run_suite(request.getfixturevalue("pytester"), code).stdout.str()

    return provoke


def _without_typer(request: pytest.FixtureRequest) -> str:
    done = subprocess.run([sys.executable, "-c", WITHOUT_TYPER], capture_output=True, text=True, check=False)
    return done.stderr


def _without_icalendar(request: pytest.FixtureRequest) -> str:
    request.getfixturevalue("monkeypatch").setitem(sys.modules, "icalendar", None)
    return ran("schedule", "shifts", "--ical").err


def _wrong_secrets(request: pytest.FixtureRequest) -> str:
    file = request.getfixturevalue("tmp_path") / "on-call.env"
    file.write_text("DD_API_KEY\n", encoding="utf-8")
    return ran("page", "list", "--secrets", file).err


def _port_in_use(request: pytest.FixtureRequest) -> str:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return ran("simulator", "--port", taken.getsockname()[1]).err


def _planned_elsewhere(run: Shell) -> str:
    run("bulk", "plan", "night.db", "resolve", "p-1")
    return ran("bulk", "resume", "night.db", "--url", NOWHERE).err


def _too_many(run: Shell) -> str:
    plan = run.plan(Path("night.db"), "resolve", *(f"p-{number}" for number in range(101)))
    return run("bulk", "run", "night.db", "--plan", plan).err


TERMINAL: Final[dict[str, tuple[Situation, ...]]] = {
    "A variable is missing": (
        typed("page", "list", DD_API_KEY=None),
        typed("page", "list", "--secrets", "no-such.env"),
        _wrong_secrets,
    ),
    "A key has a character too many": (typed("page", "list", DD_API_KEY="api-key "),),
    "The site is unknown": (typed("page", "list", DD_SITE="datadog.com"),),
    "Datadog refuses the keys": (on_simulator(lambda run: run("page", "list").err, credentials={"other": "keys"}),),
    "Grafana refuses the token": (
        on_simulator(lambda run: run("group", "list").err, "grafana", grafana=GrafanaOptions(tokens={"other": "ann"})),
    ),
    "The token belongs to a service account": (typed("group", "list", "--url", NOWHERE, **GLSA),),
    "The address is not that of the API": (
        with_fault("GET", Fault(FaultKind.EMPTY_OK), "page", "list"),
        on_simulator(lambda run: run("page", "list", url=run.sim.grafana_url).err),
    ),
    "A government site": (typed("page", "ack", "p-1", DD_SITE="ddog-gov.com"),),
    "There is no connection": (
        typed("page", "list", "--url", NOWHERE),
        typed("page", "list", HTTPS_PROXY=NOWHERE),
    ),
    "It takes too long": (with_fault("GET", Fault(FaultKind.SLOW, delay=1), "page", "list", "--deadline", "0.1"),),
    "The rate limit leaves no room": (
        with_fault("GET", Fault(FaultKind.THROTTLE, retry_after="3600"), "page", "list", "--deadline", "1s"),
    ),
    "Nobody knows whether it happened": (with_fault("POST", Fault(FaultKind.REDIRECT), "page", "escalate", "p-1"),),
    "Ctrl-C": (
        lambda _: stopped("page", "escalate", "p-1", fault=Fault(FaultKind.THROTTLE, retry_after="100")).err,
        lambda _: stopped("page", "ack", "p-1").err,
    ),
    "It is not there, or in another state": (on_simulator(lambda run: run("page", "get", "p-1").err),),
    "A key or a time is refused": (typed("page", "create", "Disk full", "--team", "storage", "--dedup-key", "DB 1"),),
    "The journal cannot be used": (on_simulator(_planned_elsewhere),),
    "The plan is refused": (on_simulator(_too_many),),
    "There is nothing to do": (
        on_simulator(lambda run: run("bulk", "plan", "night.db", "resolve", "--query", "status:resolved").err),
    ),
    "Something is not installed": (_without_typer, _without_icalendar),
    "The port is in use": (_port_in_use,),
    "The test is not what it seems": (in_pytest(FAULT_MISSED), in_pytest(NOT_ASYNC)),
}
"""What says it, by the heading."""

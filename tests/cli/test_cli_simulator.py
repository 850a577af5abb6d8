"""`simulator`: ports, storms, teams on both halves, faults, and what is wrong with its options."""

from __future__ import annotations

import json
import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.command_line import finish, ran, start

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.slow


@contextmanager
def simulator(*words: str) -> Iterator[dict[str, Any]]:
    """Run the command, yield what it tells of itself, and end it by Ctrl-C, which is 0."""
    process = start("simulator", "--port", "0", "--json", *words)
    assert process.stdout is not None
    yield json.loads(process.stdout.readline())
    process.send_signal(signal.SIGINT)
    assert finish(process) == (0, "", "")


def test_teams() -> None:
    """Teams have people on call, a schedule and an escalation on both halves, and leave others their limits."""
    with simulator("--teams", "2", "--storm", "2", "--limit", "8", "--period", "1m") as told:
        assert told["teams"] == ["team-1", "team-2"]
        datadog, grafana = told["datadog_url"], told["grafana_url"]
        found = ran("who", "--team", "team-2", "--json", "--url", datadog).json
        assert [person["name"] for person in found["escalations"][0]] == ["Chi of team-2"]
        assert len(found["current"]) == len(found["next"]) == 1
        assert len(ran("who", "--team", "team-2", "--json", "-p", "grafana", "--url", grafana).json["current"]) == 1
        assert len(ran("group", "list", "--json", "--url", grafana).lines) == 2


def test_faults() -> None:
    """With --faults a share of requests goes wrong, which -v shows; what was set up before did not."""
    with simulator("--faults", "0.5", "--seed", "1", "--teams", "1", "--limit", "0") as told:
        lines = [ran("page", "list", "-v", "--url", told["datadog_url"]).err for _ in range(6)]
    assert "again in" in "".join(lines)


def test_ports() -> None:
    """Both halves listen where they are told to; a port that is taken is wrong usage, told in one line."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = ran("simulator", "--port", "0", "--grafana-port", port)
    assert done == (2, "", "error: --port, --grafana-port: Address already in use\n")
    with simulator("--grafana-port", str(port)) as told:
        assert told["grafana_url"] == f"http://127.0.0.1:{port}"

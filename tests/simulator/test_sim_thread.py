"""The simulator in a thread of its own: `with Simulator()`, for callers that have no event loop."""

from __future__ import annotations

import errno
import socket
import threading
from urllib.request import Request, urlopen

import pytest

from aiooncall.simulator import Fault, FaultKind, FaultPlan, Simulator


def test_serves_callers_that_block() -> None:
    """A client that blocks talks to both halves, and the ledger has what it did as soon as it has its answer."""
    with Simulator() as sim:
        group = sim.grafana.add_alert_group("Disk full")
        for url in (f"{sim.grafana_url}/api/v1/alert_groups/{group}/", f"{sim.datadog_url}/api/v2/on-call/pages"):
            keys = {"Authorization": "token", "DD-API-KEY": "api-key", "DD-APPLICATION-KEY": "app-key"}
            with urlopen(Request(url, headers=keys)) as answer:
                assert answer.status == 200
        assert [record.status for record in sim.ledger.requests] == [200, 200]


def test_ends_with_its_block() -> None:
    """After the block, however it ends, nothing listens and no thread is left, though a request is still asleep."""
    faults = FaultPlan()
    faults.script("GET", "*", Fault(FaultKind.SLOW, delay=3600))
    before = threading.active_count()
    with pytest.raises(ZeroDivisionError), Simulator(faults=faults) as sim:
        host, port = sim.datadog_url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as waiting:
            keys = "DD-API-KEY: a\r\nDD-APPLICATION-KEY: b"
            waiting.sendall(f"GET /api/v2/on-call/pages HTTP/1.1\r\nHost: x\r\n{keys}\r\n\r\n".encode())
            while not sim.ledger.requests:
                pass
            raise ZeroDivisionError
    assert threading.active_count() == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host, int(port)))


def test_port_in_use_is_told() -> None:
    """What goes wrong at the start is raised where the block begins, and leaves no thread."""
    before = threading.active_count()
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="address") as caught:  # noqa: SIM117
        with Simulator(port=taken.getsockname()[1]):
            pass
    assert caught.value.errno == errno.EADDRINUSE
    assert threading.active_count() == before

"""Processes of a job over workers, each of which can be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterator

CONCURRENCY = 4
COORDINATOR = "tests.support.coordinator_process"
WORKER = ("taskiq", "worker", "aiooncall.distributed.worker:broker", "--workers", "1", "--log-level", "ERROR")


@attrs.define
class Program:
    """A program that can be killed with all that it has started.

    Attributes:
        module: the module, and its arguments.
        env: what is added to its environment.
    """

    module: tuple[str, ...]
    env: dict[str, str] = attrs.field(factory=dict)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it."""
        command = (sys.executable, "-m", *self.module)
        self._process = subprocess.Popen(command, env={**os.environ, **self.env}, start_new_session=True)

    def kill(self) -> None:
        """End it at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)  # it leads the group of all that it starts
            self._process.wait()
            self._process = None

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs."""
        return None if self._process is None else self._process.poll()


def worker(name: str, broker: str, redis: str, url: str) -> Program:
    """Return a worker on a simulator's Datadog."""
    return _worker(
        name, broker, redis, {"AIOONCALL_DATADOG_URL": url, "DD_API_KEY": "api-key", "DD_APP_KEY": "app-key"}
    )


def grafana_worker(name: str, broker: str, redis: str, url: str) -> Program:
    """Return a worker on a simulator's Grafana OnCall."""
    account = {"GRAFANA_ONCALL_URL": url, "GRAFANA_ONCALL_ACCESS_TOKEN": "token"}
    return _worker(name, broker, redis, {"AIOONCALL_PROVIDER": "grafana", **account})


def _worker(name: str, broker: str, redis: str, account: dict[str, str]) -> Program:
    places = {"AIOONCALL_BROKER_URL": broker, "AIOONCALL_REDIS_URL": redis}
    own = {"AIOONCALL_WORKER": name, "AIOONCALL_CONCURRENCY": str(CONCURRENCY)}
    return Program(WORKER, {**places, **account, **own})


def coordinator(broker: str, redis: str, url: str, journal: str) -> Program:
    """Return the coordinator of a job."""
    return Program((COORDINATOR, broker, redis, url, journal))


@contextmanager
def running(*programs: Program) -> Iterator[None]:
    """Start programs, and kill what is left of them at the end."""
    try:
        for program in programs:
            program.start()
        yield
    finally:
        for program in programs:
            program.kill()

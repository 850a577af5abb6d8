"""Real brokers for tests: RabbitMQ and NATS JetStream, each with data of its own and ended by its own handle."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import pytest

from tests.support.servers import HOST, answers, find_server, free_port

if TYPE_CHECKING:
    from types import TracebackType

LONGEST_START: Final = 60.0
RABBITMQ: Final = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""The script in `sbin` changes to the folders of the distribution; this one takes those that it is told."""


class Broker:
    """A broker in a folder of its own, outside of the folders of pytest, which only the tests' user may enter."""

    asked: bytes
    answer: bytes

    def __init__(self) -> None:
        self.folder: Path = Path(tempfile.mkdtemp(prefix="aiooncall-broker-"))
        self.port: int = free_port()
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Start it, again on the same port and data if it ran before, and wait until it answers."""
        self._launch()
        until = time.monotonic() + LONGEST_START
        while not answers(self.port, self.asked, self.answer):
            if self._processes[-1].poll() is not None or time.monotonic() > until:
                self.kill()
                log = self.folder / "log"
                pytest.fail(f"{type(self).__name__} did not start:\n{log.read_text(encoding='utf-8')[-5000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it at once, as a machine's loss would."""
        for process in reversed(self._processes):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # it leads the group of all that it starts
            process.wait()
        self._processes.clear()

    def _launch(self) -> None:
        raise NotImplementedError

    def _run(self, *command: str, **options: Any) -> None:
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, **options
            )
        self._processes.append(process)


class RabbitServer(Broker):
    """A rabbitmq-server; it takes some ten seconds to start."""

    asked = b"AMQP\x00\x00\x09\x01"
    answer = b"\x01\x00\x00"

    def __init__(self) -> None:
        find_server("rabbitmq-server")
        super().__init__()
        self._user = "rabbitmq" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self._epmd = free_port()
        self._dist = free_port()
        (self.folder / "plugins").write_text("[].\n", encoding="ascii")
        self.folder.chmod(0o755)
        if os.geteuid() == 0:
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, self._user, self._user)

    @property
    def url(self) -> str:
        """Return where it is."""
        return f"amqp://guest:guest@{HOST}:{self.port}"

    def _launch(self) -> None:
        user = {"user": self._user, "group": self._user, "extra_groups": []} if os.geteuid() == 0 else {}
        env = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(self.folder),
            "RUNNING_UNDER_SYSTEMD": "true",  # the script becomes the server, instead of starting it
            "ERL_EPMD_PORT": str(self._epmd),
            "ERL_EPMD_ADDRESS": HOST,
            "RABBITMQ_NODENAME": f"test{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self._dist),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 -kernel inet_dist_use_interface {127,0,0,1}",
        }
        self._run(find_server("epmd"), "-port", str(self._epmd), "-address", HOST, cwd=self.folder, env=env, **user)
        self._run(RABBITMQ, cwd=self.folder, env=env, **user)


class NatsServer(Broker):
    """A nats-server with JetStream."""

    asked = b"\r\n"
    answer = b"INFO"

    def __init__(self) -> None:
        self._program = find_server("nats-server")
        super().__init__()

    @property
    def url(self) -> str:
        """Return where it is."""
        return f"nats://{HOST}:{self.port}"

    def _launch(self) -> None:
        self._run(self._program, "-a", HOST, "-p", str(self.port), "-js", "-sd", str(self.folder / "data"))

"""Real servers for tests: from the distribution's packages, on free loopback ports, ended by their own handles."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Final, Self

import pytest

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

PLACES: Final = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
"""Where servers are looked for: a distribution may put them where only root looks."""
REDIS: Final = os.environ.get("AIOONCALL_REDIS_SERVER", "redis-server")
"""The program of a Redis; the session `valkey` gives that of Valkey."""
LONGEST_START: Final = 20.0
"""Seconds after which a server that does not answer is taken not to start."""
HOST: Final = "127.0.0.1"


def find_server(program: str, package: str | None = None) -> str:
    """Return the path of a server's program.

    Without it the test is skipped, and the line that installs it is told; where `AIOONCALL_REQUIRE_SERVERS` is 1 the
    test fails instead.

    Args:
        program: the server's program.
        package: the distribution's package that has it, if that is called otherwise.
    """
    if (found := shutil.which(program, path=PLACES)) is not None:
        return found
    missing = f"{program} is not here: apt-get install -y {package or program}"
    if os.environ.get("AIOONCALL_REQUIRE_SERVERS") == "1":
        pytest.fail(missing)
    pytest.skip(missing)


def free_port() -> int:
    """Return a loopback port that nobody listens on right now."""
    with socket.socket() as asked:
        asked.bind((HOST, 0))
        port: int = asked.getsockname()[1]
        return port


def answers(port: int, asked: bytes, answer: bytes) -> bool:
    """Return whether a server on `port` answers `asked`, in its own protocol, with what begins with `answer`."""
    try:
        with socket.create_connection((HOST, port), timeout=1.0) as connection:
            connection.sendall(asked)
            return connection.recv(len(answer)) == answer
    except OSError:
        return False


class RedisServer:
    """A Redis with data of its own.

    Args:
        folder: where its data and its log are.
        options: more of its options, such as `("--appendonly", "yes")`; without any it keeps nothing on disk.
        tls: whether it speaks TLS as well, on `tls_port`.
    """

    def __init__(self, folder: Path, *options: str, tls: bool = False) -> None:
        self.port: int = free_port()
        self.tls_port: int = free_port() if tls else 0
        self._folder = folder
        self._program = find_server(REDIS)
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def url(self) -> str:
        """Return where it is."""
        return f"redis://{HOST}:{self.port}"

    def start(self) -> None:
        """Start it, again on the same port and data if it ran before, and wait until it answers."""
        self._process = subprocess.Popen([self._program, *self._arguments()])
        until = time.monotonic() + LONGEST_START
        while not answers(self.port, b"PING\r\n", b"+PONG") and not answers(self.port, b"PING\r\n", b"-NOAUTH"):
            if self._process.poll() is not None or time.monotonic() > until:
                self.kill()
                pytest.fail(f"{REDIS} did not start:\n{(self._folder / 'redis.log').read_text(encoding='utf-8')}")
            time.sleep(0.01)

    def _arguments(self) -> tuple[str, ...]:
        place = ("--port", str(self.port), "--bind", HOST, "--dir", str(self._folder), "--logfile", "redis.log")
        tls = ("--tls-port", str(self.tls_port)) if self.tls_port else ()  # a server may be built without TLS
        return (*place, "--save", "", "--daemonize", "no", *tls, *self._options)

    def empty(self) -> None:
        """Forget all data."""
        assert answers(self.port, b"FLUSHALL\r\n", b"+OK")

    def end(self) -> None:
        """End it in good order, as an update of its machine would."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(LONGEST_START)
            self._process = None

    def kill(self) -> None:
        """End it at once, as a machine's loss would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


class SentinelServer(RedisServer):
    """A Sentinel that watches a Redis with its replicas, and makes one of them the new Redis if it is gone.

    Args:
        folder: where its configuration, which it changes, and its log are.
        watched: the Redis.
    """

    NAME: Final = "oncall"
    """What clients call the Redis, wherever it is."""

    def __init__(self, folder: Path, watched: RedisServer) -> None:
        super().__init__(folder)
        self._watched = watched

    def _arguments(self) -> tuple[str, ...]:
        configuration = self._folder / "sentinel.conf"
        lines = (
            *(f"port {self.port}", f"bind {HOST}", f"dir {self._folder}", "logfile redis.log"),
            f"sentinel monitor {self.NAME} {HOST} {self._watched.port} 1",
            f"sentinel down-after-milliseconds {self.NAME} 300",
        )
        configuration.write_text("\n".join(lines) + "\n", encoding="ascii")
        return (str(configuration), "--sentinel")

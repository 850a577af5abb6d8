"""The servers that tests start: real ones, which are missed loudly where they are required."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.support.servers import RedisServer, find_server

if TYPE_CHECKING:
    from pathlib import Path


def ask(server: RedisServer, command: str) -> str:
    """Return the first line of what a redis-server answers to an inline command."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(f"{command}\r\n".encode())
        return connection.recv(1000).decode().partition("\r\n")[0]


def test_missing_server_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test without its server is skipped with the line that installs it, and fails where servers are required."""
    monkeypatch.setenv("AIOONCALL_REQUIRE_SERVERS", "0")
    with pytest.raises(pytest.skip.Exception, match="apt-get install -y no-such-package"):
        find_server("no-such-server", "no-such-package")
    monkeypatch.setenv("AIOONCALL_REQUIRE_SERVERS", "1")
    with pytest.raises(pytest.fail.Exception, match="apt-get install -y no-such-server"):
        find_server("no-such-server")


@pytest.mark.slow
@pytest.mark.parametrize("keeps", [False, True])
def test_redis_comes_back(tmp_path: Path, keeps: bool) -> None:
    """A killed redis-server starts again on its port, with its data if it is told to keep them."""
    options = ("--appendonly", "yes", "--appendfsync", "always") if keeps else ()
    with RedisServer(tmp_path, *options) as server:
        assert ask(server, "SET a 1") == "+OK"
        server.kill()
        server.start()
        assert ask(server, "EXISTS a") == f":{int(keeps)}"

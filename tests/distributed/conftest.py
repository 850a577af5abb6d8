"""Fixtures of servers: each is started once for all tests of a process that ask for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.servers import RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """Return a running redis-server; whoever kills or stops one starts a server of their own."""
    with RedisServer(tmp_path_factory.mktemp("redis")) as running:
        yield running


@pytest.fixture
def redis_url(redis_server: RedisServer) -> str:
    """Return where the shared redis-server is; it is empty."""
    redis_server.empty()
    return redis_server.url

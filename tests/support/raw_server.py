"""A server that is told byte by byte what to do with a connection, and counts what arrived and took effect.

The simulator speaks proper HTTP. This is for servers and proxies that do not.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, Self

import attrs
import orjson

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


@attrs.frozen
class RawRequest:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@attrs.define
class RawConnection:
    """One connection, from its beginning to its end.

    Attributes:
        number: the how manieth of its server it is.
    """

    server: RawServer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    number: int

    async def read(self) -> RawRequest:
        """Return the next request; ends the connection if there is none."""
        line, *rest = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, path, _ = line.split(" ", 2)
        pairs = (one.split(":", 1) for one in rest if ":" in one)
        headers = {name.strip().lower(): value.strip() for name, value in pairs}
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        request = RawRequest(method, path, headers, body)
        self.server.requests.append(request)
        self.server.effects[f"{method} {path}"] += 1
        return request

    async def write(self, answer: bytes) -> None:
        """Send bytes."""
        self.writer.write(answer)
        await self.writer.drain()


class RawServer:
    """A server on loopback, as an async context manager.

    Args:
        serve: what to do with a connection; it is closed when that returns.
        ssl: a context for TLS.

    Attributes:
        requests: those that arrived whole.
        effects: how often each method and path arrived.
        connections: how many connections were made.
    """

    def __init__(self, serve: Callable[[RawConnection], Awaitable[None]]) -> None:
        self.requests: list[RawRequest] = []
        self.effects: Counter[str] = Counter()
        self.connections = 0
        self.url = ""
        self._serve = serve
        self._tasks: set[asyncio.Task[Any]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(RawConnection(self, reader, writer, self.connections))
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()


def answer(status: int, body: Any = b"", *, headers: dict[str, str] | None = None) -> bytes:
    """Return the bytes of an answer; anything but bytes is sent as JSON."""
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(content)}"]
    if content:
        lines.append("Content-Type: application/json")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join([*lines, "", ""]).encode("utf-8", "surrogateescape") + content


def always(reply: bytes) -> Callable[[RawConnection], Awaitable[None]]:
    """Return a server that gives one answer to everything, on connections that it keeps."""

    async def serve(connection: RawConnection) -> None:
        while True:
            await connection.read()
            await connection.write(reply)

    return serve

"""A listening port: started on any free one, closed without waiting for idle clients."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Handler: TypeAlias = "Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]"

# A handler that a fault has put to sleep is not waited for; 0 would mean to wait for ever.
_SHUTDOWN_TIMEOUT = 0.01


class HttpServer:
    """One HTTP server on one port."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._runner: web.ServerRunner | None = None
        self._url: str | None = None

    @property
    def url(self) -> str:
        """Return the base URL."""
        if self._url is None:
            raise RuntimeError("the simulator has not been started")
        return self._url

    async def start(self, host: str, port: int) -> None:
        """Listen on a port, 0 for any free one, and tell which in `url`."""
        server = web.Server(self._handler)
        self._runner = web.ServerRunner(server, access_log=None, shutdown_timeout=_SHUTDOWN_TIMEOUT)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        self._url = f"http://{host}:{self._runner.addresses[0][1]}"

    async def close(self) -> None:
        """Stop listening and hang up on everybody; harmless when repeated."""
        if self._runner is not None:
            runner, self._runner = self._runner, None
            await runner.cleanup()

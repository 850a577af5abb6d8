"""The metrics of a registry over HTTP: `/metrics` for Prometheus, and `/` for people and for probes."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from aiohttp import web
from prometheus_client.exposition import choose_encoder

from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from prometheus_client import CollectorRegistry

PATH: Final = "/metrics"
_HOME: Final = "aiooncall exporter: see /metrics\n"
_SHUTDOWN_TIMEOUT: Final = 1.0
"""Seconds for a scrape that is on its way when the server stops."""


@asynccontextmanager
async def serving(registry: CollectorRegistry, address: str, port: int) -> AsyncGenerator[str]:
    """Serve the metrics, and yield their URL.

    Args:
        registry: what has the metrics; it must not wait for anything.
        address: where to listen.
        port: the same; 0 for any that is free.

    Raises:
        OptionsError: one cannot listen there.
    """
    runner = web.AppRunner(_application(registry), access_log=None, shutdown_timeout=_SHUTDOWN_TIMEOUT)
    await runner.setup()
    try:
        yield await _listen(runner, address, port)
    finally:
        await runner.cleanup()


async def _listen(runner: web.AppRunner, address: str, port: int) -> str:
    try:
        await web.TCPSite(runner, address, port).start()
    except (OSError, UnicodeError) as problem:  # the second for what is no name of a host
        number = getattr(problem, "errno", None) or 0
        why = os.strerror(number) if number > 0 else getattr(problem, "strerror", None) or problem
        raise OptionsError("--address, --port", f"{address}:{port}", f"a place to listen at ({why})") from None
    host = f"[{address}]" if ":" in address else address
    return f"http://{host}:{runner.addresses[0][1]}{PATH}"


def _application(registry: CollectorRegistry) -> web.Application:
    async def metrics(request: web.Request) -> web.Response:
        encode, content_type = choose_encoder(request.headers.get("Accept", ""))
        answer = web.Response(body=encode(registry), headers={"Content-Type": content_type})
        answer.enable_compression()
        return answer

    async def home(_: web.Request) -> web.Response:
        return web.Response(text=_HOME)

    application = web.Application()
    application.add_routes([web.get(PATH, metrics), web.get("/", home)])
    return application

"""An event loop in a thread of its own, for what has to be served while the caller's thread is busy or has no loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager


class LoopThread:
    """A thread whose event loop keeps something open.

    The loop is a plain selector loop, whatever loop the rest of the process prefers.

    Args:
        resource: opened and closed on the loop.
    """

    def __init__(self, resource: AbstractAsyncContextManager[object]) -> None:
        self._resource = resource
        self._stop: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self._thread: Thread

    def start(self) -> None:
        """Start the thread, and return once the resource is open; what it raises is raised here."""
        opened: Future[None] = Future()
        self._thread = Thread(target=self._run, args=(opened,), name="aiooncall simulator", daemon=True)
        self._thread.start()
        try:
            opened.result()
        except Exception:
            self._thread.join()
            raise

    def stop(self) -> None:
        """Close the resource, and return once the thread has ended."""
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _run(self, opened: Future[None]) -> None:
        with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
            runner.run(self._serve(opened))

    async def _serve(self, opened: Future[None]) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            await self._resource.__aenter__()
        except Exception as problem:  # noqa: BLE001 (it is raised in the thread that waits for it)
            opened.set_exception(problem)
            return
        opened.set_result(None)
        try:
            await self._stop.wait()
        finally:
            await self._resource.__aexit__(None, None, None)

"""Workers on the command line: the way to them for `bulk run`, and `bulk work`, which is one of them."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from aiooncall._base.backoff import backoff_wait
from aiooncall.cli.carrying_out import say_err
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from taskiq import AsyncBroker

    from aiooncall.bulk import Workers
    from aiooncall.cli.settings import Settings

BROKER_URL: Final = "AIOONCALL_BROKER_URL"
REDIS_URL: Final = "AIOONCALL_REDIS_URL"
QUEUE: Final = "AIOONCALL_QUEUE"
START_TIMEOUT: Final = 15.0
"""The longest time that a broker may take to start, in seconds."""
_INSTALL: Final = "what it needs installed: in a clone: pip install '.[rabbitmq]', or '.[nats]' for NATS"


def workers_of(settings: Settings, chunk_size: int | None) -> Workers:
    """Return the workers that the environment leads to.

    Args:
        settings: the options of the command line.
        chunk_size: the number of items in a chunk; None if the verb decides.

    Raises:
        OptionsError: a variable is missing or wrong, or a package is not installed.
    """
    env = settings.variables()
    broker_url, redis_url = _needed(env, BROKER_URL), _needed(env, REDIS_URL)
    try:
        from aiooncall.distributed import TaskiqWorkers, broker_from_url  # noqa: PLC0415 (not everybody has it)
    except ImportError:
        raise OptionsError("--workers", True, _INSTALL) from None
    broker = broker_from_url(broker_url, queue=env.get(QUEUE) or "aiooncall")
    return TaskiqWorkers(broker, redis_url, chunk_size=chunk_size)


async def work(settings: Settings, name: str | None, concurrency: int) -> None:
    """Work on chunks until Ctrl-C or SIGTERM; the chunk in hand comes to its end. A broker that is away is waited for.

    Args:
        settings: the options of the command line.
        name: the name of the worker, for reports.
        concurrency: the number of requests at once.

    Raises:
        OptionsError: a variable is missing or wrong, or a package is not installed.
    """
    env = settings.variables()
    broker_url, redis_url = _needed(env, BROKER_URL), _needed(env, REDIS_URL)
    try:
        from taskiq.receiver import Receiver  # noqa: PLC0415 (not everybody has it)

        from aiooncall.distributed import add_work, broker_from_url  # noqa: PLC0415 (the same)
    except ImportError:
        raise OptionsError("bulk work", True, _INSTALL) from None
    worker, stop, failures = name or f"{socket.gethostname()}-{os.getpid()}", _stop_event(), 0
    async with settings.client():  # what is wrong is told before anything starts
        pass
    while not stop.is_set():
        broker = broker_from_url(broker_url, queue=env.get(QUEUE) or "aiooncall")
        add_work(broker, settings.client, redis_url, worker=worker, concurrency=concurrency)
        broker.is_worker_process = True
        try:
            await _started(broker, stop)
            await Receiver(broker, max_async_tasks=1, run_startup=False).listen(stop)
            failures = 0
        except Exception as problem:  # noqa: BLE001 (the broker's own: it passes)
            failures += 1
            say_err(f"the broker is away ({type(problem).__name__}); waiting for it")
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), backoff_wait(failures, base=0.5, cap=10.0))
        finally:
            with suppress(Exception):
                await broker.shutdown()


async def _started(broker: AsyncBroker, stop: asyncio.Event) -> None:
    """Start a broker, unless the worker is to stop before that.

    Raises:
        TimeoutError: that takes too long.
    """
    starting, stopping = asyncio.ensure_future(broker.startup()), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({starting, stopping}, timeout=START_TIMEOUT, return_when=asyncio.FIRST_COMPLETED)
        if not starting.done() and not stop.is_set():
            raise TimeoutError
        if starting.done():
            starting.result()
    finally:
        starting.cancel()
        stopping.cancel()
        await asyncio.gather(starting, stopping, return_exceptions=True)


def _stop_event() -> asyncio.Event:
    """Return an event that Ctrl-C and SIGTERM set."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    with suppress(NotImplementedError):  # some systems have no such handlers: there Ctrl-C ends at once
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, stop.set)
    return stop


def _needed(env: dict[str, str], name: str) -> str:
    value = env.get(name)
    if not value:
        raise OptionsError(name, None, "the URL, in the environment or the file of --secrets: it may hold a password")
    return value

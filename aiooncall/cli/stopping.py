"""Ctrl-C and SIGTERM while a job runs: the first stops it gently, the second at once, the third kills the process."""

from __future__ import annotations

import asyncio
import signal
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final, Protocol

from aiooncall.cli.command import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

SIGNALS: Final = {signal.SIGINT: ExitCode.INTERRUPTED, signal.SIGTERM: ExitCode.TERMINATED}
"""The signals that stop a job, and the exit code for each."""


class Stoppable(Protocol):
    """A job that can be told to send nothing more."""

    def stop(self) -> None:
        """Send nothing more."""
        ...


@contextmanager
def stoppable(job: Stoppable, say: Callable[[str], None]) -> Generator[list[ExitCode]]:
    """Stop the job at the first Ctrl-C or SIGTERM, cancel its requests at the second; the third kills the process.

    Args:
        job: what is stopped.
        say: tells a person what happens next.

    Yields:
        The exit codes of the signals that came.
    """
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    stopped: list[ExitCode] = []

    def stop(number: signal.Signals) -> None:
        if stopped:
            loop.remove_signal_handler(number)
            assert task is not None  # noqa: S101 (narrowing: a command is a task)
            task.cancel()
        else:
            say("nothing more is sent; waiting for what is on its way; once more to stop at once")
            job.stop()
        stopped.append(SIGNALS[number])

    with suppress(NotImplementedError):  # some systems have no such handlers: there Ctrl-C stops at once
        for number in SIGNALS:
            loop.add_signal_handler(number, stop, number)
    try:
        yield stopped
    finally:
        with suppress(NotImplementedError):
            for number in SIGNALS:
                loop.remove_signal_handler(number)

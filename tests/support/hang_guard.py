"""A plugin for pytest that fails a test which never ends: `-p tests.support.hang_guard`."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_WORK: Final = 4.0
"""Seconds of CPU time. A test that goes round in circles uses them up, however busy the machine is."""
LOOK: Final = 3.0
"""Seconds between two looks whether a test does anything at all."""
LEAST_WORK: Final = 0.003
"""Seconds of CPU time between two looks. A test that waits for what never comes uses less."""


class NeverEnds(SystemExit):  # asyncio lets it through
    """A test did not end."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Iterator[None]:
    """Stop a test that works for too long, or does nothing."""
    started = seen = time.process_time()

    def look(_signal: int, _frame: object) -> None:
        nonlocal seen
        before, seen = seen, time.process_time()
        if seen - started > MOST_WORK or seen - before < LEAST_WORK:
            raise NeverEnds

    signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, LOOK, LOOK)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)

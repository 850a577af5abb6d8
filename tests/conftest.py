"""Fixtures shared by all tests."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent))

from virtual_time import VirtualTimeLoop

from aiooncall.bulk import Job

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterator


# A shell that starts the tests in the background has them, and all that they start, ignore Ctrl-C, which is tested too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A check of a change should not fail for what it did not change, so examples are the same in every run. To look for
# new ones: HYPOTHESIS_PROFILE=explore pytest
settings.register_profile("steady", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_asyncio_loop_factories(config: object, item: object) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every async test on a loop with virtual time."""
    return {"virtual": VirtualTimeLoop}


@pytest.fixture
def complaints() -> Iterator[list[dict[str, Any]]]:
    """Return what the loop complains of, such as errors that nobody asked for; at the end there must be nothing."""
    found: list[dict[str, Any]] = []
    yield found
    gc.collect()
    assert found == []


@pytest.fixture(autouse=True)
def _jobs_are_closed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close the jobs that a test of them was given; a journal that never became a job is the package's to close."""
    with ExitStack() as jobs:
        begin = Job.__init__

        def begun(job: Job, *parts: Any) -> None:
            begin(job, *parts)
            jobs.callback(job.close)

        if request.path.parent.name == "bulk":
            monkeypatch.setattr(Job, "__init__", begun)
        yield

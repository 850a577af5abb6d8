"""Fixtures shared by all tests."""

from __future__ import annotations

import gc
import os
import signal
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, settings

from aiooncall.bulk import Job
from aiooncall.simulator import Simulator
from tests.support.datadog_client import client_on
from tests.support.grafana_client import grafana_client
from tests.support.virtual_time import VirtualClock, VirtualTimeLoop

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from aiooncall import DatadogOnCall, GrafanaOnCall


pytest_plugins = ["pytester"]

# A shell that starts the tests in the background has them, and all that they start, ignore Ctrl-C, which is tested too.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A check of a change should not fail for what it did not change, so examples are the same in every run. To look for
# new ones: HYPOTHESIS_PROFILE=explore pytest
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=25)
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=5)
settings.register_profile("examples", deadline=None, phases=[Phase.explicit])
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


def pytest_xdist_auto_num_workers() -> int:
    """Run one worker more than there are cores: tests that start processes and servers wait for them now and then."""
    return 1 + (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes long, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def pytest_asyncio_loop_factories(config: object, item: object) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every async test on a loop with virtual time."""
    return {"virtual": VirtualTimeLoop}


@pytest.fixture
def clock() -> VirtualClock:
    """Return the clock that a test's simulator and clients share."""
    return VirtualClock()


@pytest.fixture
async def sim(clock: VirtualClock) -> AsyncIterator[Simulator]:
    """Return a running simulator; its ledger is the judge of what happened."""
    async with Simulator(clock=clock) as running:
        yield running


@pytest.fixture
async def dd(sim: Simulator, clock: VirtualClock) -> AsyncIterator[DatadogOnCall]:
    """Return an open client on the simulator's Datadog."""
    async with client_on(sim, clock=clock) as client:
        yield client


@pytest.fixture
async def gf(sim: Simulator, clock: VirtualClock) -> AsyncIterator[GrafanaOnCall]:
    """Return an open client on the simulator's Grafana OnCall."""
    async with grafana_client(sim.grafana_url, clock=clock) as client:
        yield client


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    """Return where a bulk job can keep its journal."""
    return tmp_path / "job.db"


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

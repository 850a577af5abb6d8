"""A pytest plugin: a simulator for each test, clients that are open on it, and a guard against real hosts.

pytest loads this module in every run on a machine that has the package. So it imports pytest and nothing else; all that
it stands on comes when a test asks for it, also because coverage is not measured yet when plugins are loaded.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from aiooncall import ClientOptions, DatadogOnCall, GrafanaOnCall
    from aiooncall.simulator import Simulator

GUARD: Final = "aiooncall_guard"
FAULTS: Final = "oncall_faults(method, path, *steps): give the next matching requests to oncall_simulator these faults"
_GUARDED: Final = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that turns the guard on for all tests."""
    parser.addini(GUARD, "refuse each call of an aiooncall client to another machine", type="bool", default=False)


def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Turn the guard on before any code of the tests is imported."""
    _guard(early_config)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker; the guard is on by now, unless the plugin was loaded late."""
    config.addinivalue_line("markers", FAULTS)
    _guard(config)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Tell when the guard is on."""
    return "aiooncall: the guard is on, so that clients reach this machine only" if config.getini(GUARD) else None


def _guard(config: pytest.Config) -> None:
    """Turn the guard on until the end of the run, once, if the option says so."""
    if config.getini(GUARD) and not config.stash.get(_GUARDED, False):
        from aiooncall.pytest_plugin.guarding import guarded

        config.stash[_GUARDED] = True
        until_end = ExitStack()
        until_end.enter_context(guarded())
        config.add_cleanup(until_end.close)


@pytest.fixture
def oncall_guard() -> Iterator[None]:
    """Refuse each call of an aiooncall client to another machine during a test."""
    from aiooncall.pytest_plugin.guarding import guarded

    with guarded():
        yield


@pytest.fixture
def oncall_simulator_options() -> Mapping[str, Any]:
    """Return the arguments of `oncall_simulator`. Define a fixture of this name to change them."""
    return {}


@pytest.fixture
def oncall_client_options() -> ClientOptions:
    """Return the options of `datadog_oncall` and `grafana_oncall`. Define a fixture of this name to change them."""
    from aiooncall import ClientOptions

    return ClientOptions()


@pytest.fixture
def oncall_simulator(
    request: pytest.FixtureRequest, oncall_simulator_options: Mapping[str, Any]
) -> Iterator[Simulator]:
    """Return a running simulator of one test, with the faults of its markers.

    It is served by a thread of its own. So any client can talk to it, from an async test or another one, also one that
    blocks; and it is there whichever plugin runs the test's event loop, if any does.
    """
    from aiooncall.pytest_plugin.fault_marks import expect_all_struck, script
    from aiooncall.simulator import Simulator

    with Simulator(**oncall_simulator_options) as simulator:
        script(simulator.faults, request.node.iter_markers("oncall_faults"))
        yield simulator
        expect_all_struck(simulator)


@pytest.fixture
def datadog_oncall(request: pytest.FixtureRequest) -> DatadogOnCall:
    """Return a client that is open on the fake Datadog of `oncall_simulator`, for an async test."""
    from aiooncall.pytest_plugin.clients import open_datadog

    return open_datadog(request)


@pytest.fixture
def grafana_oncall(request: pytest.FixtureRequest) -> GrafanaOnCall:
    """Return a client that is open on the fake Grafana OnCall of `oncall_simulator`, for an async test."""
    from aiooncall.pytest_plugin.clients import open_grafana

    return open_grafana(request)

"""Clients that are open on the loop of the test that asks for them, whoever runs it.

An async fixture is run by a plugin: pytest-asyncio takes the fixtures that it has marked, on a loop of the scope that
they were marked with, and anyio takes every async fixture of a test that it runs. A fixture for both is not possible,
nor one for several scopes, and a client works on the loop only on which it was opened. So the public fixtures are not
async: they find out who runs the test, and ask for an async fixture that is made for that one, and registered when it
is first asked for. Such a fixture is what one would write by hand, and so it is as reliable as any other.
"""

from __future__ import annotations

import re
from functools import partial
from importlib.metadata import version
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pytest

from aiooncall import DatadogOnCall, GrafanaOnCall

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from aiooncall import ClientOptions
    from aiooncall.client.base import BaseClient
    from aiooncall.simulator import Simulator

    Make = Callable[[Simulator, ClientOptions], "Client"]

Client = TypeVar("Client", bound="BaseClient")
ANYIO: Final = "anyio"
OLDEST: Final = 1, 1
"""The first version of pytest-asyncio that runs fixtures which it did not know when it collected the tests."""


def open_datadog(request: pytest.FixtureRequest) -> DatadogOnCall:
    """Return a client that is open on the fake Datadog until the test ends."""
    return _open(request, "datadog_oncall", _on_datadog)


def open_grafana(request: pytest.FixtureRequest) -> GrafanaOnCall:
    """Return a client that is open on the fake Grafana OnCall until the test ends."""
    return _open(request, "grafana_oncall", _on_grafana)


def _on_datadog(simulator: Simulator, options: ClientOptions) -> DatadogOnCall:
    url, events_url = simulator.datadog_url, simulator.events_url
    return DatadogOnCall("api-key", "app-key", api_url=url, paging_url=url, events_url=events_url, options=options)


def _on_grafana(simulator: Simulator, options: ClientOptions) -> GrafanaOnCall:
    return GrafanaOnCall(simulator.grafana_url, "token", options=options)


def _open(request: pytest.FixtureRequest, public: str, make: Make[Client]) -> Client:
    """Return the value of the fixture for whoever runs the test, which is registered if it is new."""
    runner = runner_of(request, public)
    name = f"_{public}_{runner}"
    plugins = request.config.pluginmanager
    if not plugins.has_plugin(name):
        module = ModuleType(name)
        setattr(module, name, _fixture_for(runner)(_opened(make)))
        plugins.register(module, name)
    client: Client = request.getfixturevalue(name)
    return client


def _opened(make: Make[Client]) -> Callable[..., AsyncIterator[Client]]:
    """Return the function of an async fixture; each needs one of its own, as pytest-asyncio marks the function."""

    async def opened(oncall_simulator: Simulator, oncall_client_options: ClientOptions) -> AsyncIterator[Client]:
        async with make(oncall_simulator, oncall_client_options) as client:
            yield client

    return opened


def _fixture_for(runner: str) -> Callable[..., Any]:
    """Return what makes a fixture for anyio, or for pytest-asyncio with one of its loop scopes."""
    if runner == ANYIO:
        return pytest.fixture
    import pytest_asyncio

    mark: Any = pytest_asyncio.fixture  # it names the scopes in a type that is its own
    return partial(mark, loop_scope=runner)


def runner_of(request: pytest.FixtureRequest, public: str) -> str:
    """Return who runs a test's event loop: a loop scope of pytest-asyncio's, or anyio.

    Args:
        request: of the test.
        public: the fixture that is asked for.

    Raises:
        pytest.fail.Exception: nobody does, or anyio does with another library than asyncio.
    """
    if "anyio_backend" in request.fixturenames:
        return _on_asyncio(request.getfixturevalue("anyio_backend"), public)
    if request.config.pluginmanager.has_plugin("asyncio"):
        from pytest_asyncio import is_async_test

        if is_async_test(request.node):
            _expect_recent(public)
            return _loop_scope(request.node)
    pytest.fail(
        f"{public} is open on the event loop of an async test: have pytest-asyncio (@pytest.mark.asyncio) or anyio "
        "(@pytest.mark.anyio) run this test, or point a client of its own at oncall_simulator",
        pytrace=False,
    )


def _expect_recent(public: str) -> None:
    """Fail the test if pytest-asyncio is too old."""
    found = version("pytest-asyncio")
    if tuple(map(int, re.findall(r"\d+", found)[:2])) < OLDEST:
        pytest.fail(f"{public} needs pytest-asyncio 1.1 or newer; this is {found}", pytrace=False)


def _on_asyncio(backend: str | tuple[str, object], public: str) -> str:
    """Return anyio if it runs a test on asyncio, or fail the test."""
    library = backend if isinstance(backend, str) else backend[0]
    if library != "asyncio":
        pytest.fail(
            f"{public} works on asyncio, and this test runs on {library}: have a fixture anyio_backend return "
            "'asyncio', or point another client at oncall_simulator",
            pytrace=False,
        )
    return ANYIO


def _loop_scope(item: pytest.Item) -> str:
    """Return the scope of the loop that pytest-asyncio runs a test on, as its marker or its option says."""
    marker = item.get_closest_marker("asyncio")
    said: dict[str, Any] = {} if marker is None else dict(marker.kwargs)
    scope: str = said.get("loop_scope") or said.get("scope") or item.config.getini("asyncio_default_test_loop_scope")
    return scope

"""Datadog's own published client, which blocks, and a simulator for it on a thread of its own."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from datadog_api_client import ApiClient, Configuration
from datadog_api_client.model_utils import OpenApiModel, validate_and_convert_types

from aiooncall.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def simulator_in_a_thread(**options: Any) -> Iterator[Simulator]:
    """Run a simulator in real time on a loop of its own, for clients that block."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    sim = Simulator(**options)
    try:
        asyncio.run_coroutine_threadsafe(sim.start(), loop).result(5)
        yield sim
    finally:
        asyncio.run_coroutine_threadsafe(sim.close(), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


@contextmanager
def published_api_client(sim: Simulator, app_key: str = "app") -> Iterator[ApiClient]:
    """Point the published client at a simulator."""
    # A host given here switches off its table of hosts, for every operation.
    configuration = Configuration(host=sim.datadog_url)  # type: ignore[no-untyped-call]
    configuration.api_key = {"apiKeyAuth": "api", "appKeyAuth": app_key}
    with ApiClient(configuration) as client:
        yield client
        client.rest_client.pool_manager.clear()


def published_model(model: type[Any], content: dict[str, Any]) -> Any:
    """Return content as one of the published models; what it cannot read raises."""
    built = validate_and_convert_types(  # type: ignore[no-untyped-call]
        content,
        (model,),
        ["request"],
        spec_property_naming=True,
        check_type=True,
        configuration=Configuration(),  # type: ignore[no-untyped-call]
    )
    assert list(unread(built)) == []
    return built


def unread(value: Any, path: str = "") -> Iterator[str]:
    """Yield the places in a model that the published client could not read."""
    if isinstance(value, OpenApiModel):
        if value._unparsed:
            yield path or "."
        for name, member in value._data_store.items():
            yield from unread(member, f"{path}.{name}")
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from unread(item, f"{path}[{at}]")

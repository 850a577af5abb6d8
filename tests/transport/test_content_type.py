"""What requests say of their bodies."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final

import pytest

from aiooncall import ClientOptions, DatadogOnCall, GrafanaOnCall, OnCallError
from tests.support import datadog_calls, grafana_calls
from tests.support.raw_server import RawServer, always, answer
from tests.support.virtual_time import VirtualClock

CALLS: Final[dict[str, Any]] = {
    **{f"datadog {name}": call for name, call in datadog_calls.CALLS.items()},
    **{f"grafana {name}": call for name, call in grafana_calls.CALLS.items()},
}


def client_on(server: RawServer, vendor: str) -> Any:
    """Return a client of a vendor's on a raw server."""
    options = ClientOptions(clock=VirtualClock())
    if vendor == "grafana":
        return GrafanaOnCall(server.url, "token-0123", options=options)
    urls: Any = dict.fromkeys(("api_url", "paging_url", "events_url"), server.url)
    return DatadogOnCall("api-key-0123", "app-key-0123", **urls, options=options)


@pytest.mark.parametrize("name", CALLS)
async def test_only_a_body_has_a_type(name: str) -> None:
    """A request that holds JSON says so, and one that holds nothing says nothing."""
    vendor = name.partition(" ")[0]
    ids = datadog_calls.Ids() if vendor == "datadog" else grafana_calls.Ids()
    async with RawServer(always(answer(404))) as server, client_on(server, vendor) as client:
        with suppress(OnCallError):
            await CALLS[name](client, ids)
    assert server.requests
    for request in server.requests:
        assert request.headers.get("content-type") == ("application/json" if request.body else None)

"""The arguments of a simulator are checked when it is made, with errors that name them."""

from __future__ import annotations

from typing import Any

import pytest

from aiooncall.simulator import Simulator


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"port": -1}, "port: got -1; expected a port from 0"),
        ({"port": 65_536}, "port: got 65536; expected a port from 0"),
        ({"port": True}, "port: got True; expected a port"),
        ({"grafana_port": "8080"}, "grafana_port: got '8080'; expected a port"),
        ({"settle_delay": -0.1}, "settle_delay: got -0.1; expected seconds, at least 0"),
        ({"search_lag": "1"}, "search_lag: got '1'; expected seconds"),
        ({"search_lag": float("inf")}, "search_lag: got inf; expected seconds"),
        ({"slow": (3.0, 1.0)}, "slow: got .3.0, 1.0.; expected two numbers of seconds, the smaller first"),
        ({"slow": 3.0}, "slow: got 3.0; expected two numbers"),
        ({"search_mode": "fast"}, "search_mode: got 'fast'; expected one of normal, empty_body, ignores_tags"),
        ({"faults": 0.5}, "faults: got a float; expected a FaultPlan"),
        ({"credentials": [("hunter2", "x")]}, "credentials: got a list; expected a Mapping"),
        ({"grafana": {"limit": 3}}, "grafana: got a dict; expected a GrafanaOptions"),
        ({"clock": 3}, "clock: got a int; expected a Clock"),
    ],
)
def test_wrong(given: dict[str, Any], told: str) -> None:
    """An argument that makes no sense is a ValueError with its name, its value and what would be right."""
    with pytest.raises(ValueError, match=told) as caught:
        Simulator(**given)
    assert "hunter2" not in str(caught.value)


async def test_a_port_of_its_own_for_grafana() -> None:
    """Both fakes listen where they are told to."""
    async with Simulator() as first:
        port = int(first.grafana_url.rpartition(":")[2])
    async with Simulator(grafana_port=port, slow=(0, 0), settle_delay=0) as second:
        assert second.grafana_url.endswith(f":{port}")
        assert not second.datadog_url.endswith(f":{port}")

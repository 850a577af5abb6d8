"""What the engine says of its limit counts: nothing that was learned is stricter than its last word."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from aiooncall.simulator import GrafanaOptions
from tests.support.grafana_client import TOKEN, grafana_client, grafana_world
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from aiooncall import GrafanaOnCall
    from tests.support.grafana_client import GrafanaWorld

pytestmark = pytest.mark.slow

SHORT = GrafanaOptions(limit=10, period=15.0)


async def look(client: GrafanaOnCall) -> None:
    """Make one call."""
    async for _ in client.users.list():
        return


async def look_often(client: GrafanaOnCall, times: int) -> float:
    """Make calls one after the other, and return how long the last one took."""
    started = 0.0
    for _ in range(times):
        started = VirtualClock().monotonic()
        await look(client)
    return VirtualClock().monotonic() - started


def refused(world: GrafanaWorld) -> int:
    """Return how many calls were refused."""
    return world.sim.ledger.statuses[429]


async def test_a_short_window_is_waited_out_as_told() -> None:
    """At 10 in 15 s, which nobody knows of, the eleventh call is answered after 16 s at most, and so is each window."""
    async with grafana_world(SHORT) as world:
        started = VirtualClock().monotonic()
        assert await look_often(world.client, 11) <= 16.0
        await look_often(world.client, 19)
        assert VirtualClock().monotonic() - started <= 2 * 16.0
        assert refused(world) <= 3


async def test_many_calls_at_once_in_a_short_window() -> None:
    """Sixty calls at once take six windows, not minutes, with a few refusals."""
    async with grafana_world(SHORT) as world:
        started = VirtualClock().monotonic()
        await asyncio.gather(*(look(world.client) for _ in range(60)))
        assert VirtualClock().monotonic() - started <= 5 * 16.0 + 2.0
        assert refused(world) <= 16


async def test_with_a_deadline_shorter_than_a_minute() -> None:
    """A wait of 15 s fits in a deadline of 30 s, whatever a window is usually."""
    async with grafana_world(SHORT, client={"deadline": 30.0}) as world:
        assert await look_often(world.client, 11) <= 16.0


async def test_beside_another_program() -> None:
    """Where another program has used most of the minute, who is refused waits as long as told, and not a minute."""
    async with grafana_world() as world:
        async with grafana_client(world.sim.grafana_url, TOKEN, clock=VirtualClock()) as other:
            await asyncio.gather(*(look(other) for _ in range(200)))
        await asyncio.sleep(45.0)
        started = VirtualClock().monotonic()
        await asyncio.gather(*(look(world.client) for _ in range(150)))
        assert VirtualClock().monotonic() - started <= 15.0 + 1.5
        assert refused(world) <= 5


@pytest.mark.parametrize("left", [0, 1, 3, 20])
async def test_process_that_starts_into_a_used_window(left: int) -> None:
    """A process that starts when the minute is nearly used up is refused four times at most, however much it wants."""
    async with grafana_world() as world:
        async with grafana_client(world.sim.grafana_url, TOKEN, clock=VirtualClock()) as other:
            await asyncio.gather(*(look(other) for _ in range(300 - left)))
        await asyncio.sleep(5.0)
        ids = world.groups(f"g{number}" for number in range(64))
        report = await world.client.alert_groups.acknowledge_many(ids)
        assert report.succeeded == 64
        assert refused(world) <= 4

"""The test loop itself, and the fixtures on it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.support.virtual_time import VirtualClock, real_seconds

if TYPE_CHECKING:
    from aiooncall import DatadogOnCall, GrafanaOnCall
    from aiooncall.simulator import Simulator


async def test_an_hour_passes_at_once() -> None:
    """A sleep of an hour takes less than a second of real time."""
    clock, before, started = VirtualClock(), VirtualClock().monotonic(), real_seconds()
    await clock.sleep(3600)
    assert clock.monotonic() - before >= 3600
    assert real_seconds() - started < 1


async def test_sockets_go_before_time() -> None:
    """An exchange over loopback completes before a timer that was set earlier fires."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    clock = VirtualClock()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with asyncio.timeout(0.5):
        writer.write(b"hello\n")
        assert await reader.readline() == b"hello\n"
    assert clock.monotonic() < 0.5
    writer.close()
    await writer.wait_closed()
    server.close()
    await server.wait_closed()


async def test_fixtures_are_one_world(
    sim: Simulator, dd: DatadogOnCall, gf: GrafanaOnCall, clock: VirtualClock
) -> None:
    """The fixtures share a simulator and its time: what either client does is in one ledger, as the guide shows."""
    page = sim.add_page(title="Disk full")
    await dd.pages.resolve(page)
    await dd.pages.resolve(page)
    assert sim.ledger.count("resolve", page) == 1
    group = sim.grafana.add_alert_group("Disk full")
    await clock.sleep(3600.0)
    await gf.alert_groups.resolve(group)
    assert sim.ledger.count("resolve", group) == 1
    assert sim.ledger.requests[-1].at - sim.ledger.requests[0].at > 3600.0

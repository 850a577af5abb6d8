"""What goes over which connection, against servers that close or speak when they should not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import ClientOptions, DatadogOnCall, GrafanaOnCall, NotFound, RetryPolicy, TeamHandle, TransportError
from tests.support.raw_server import RawServer, answer
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from tests.support.raw_server import RawConnection

MADE = answer(202, {"data": {"id": "p", "type": "pages"}})
OK = answer(202)
PATIENT = RetryPolicy(max_attempts=20, base=0.001, cap=0.01)


def datadog_on(server: RawServer, **options: Any) -> DatadogOnCall:
    """Return a client on a raw server."""
    chosen = ClientOptions(**{"clock": VirtualClock(), "reconcile_timeout": 0.0, **options})
    return DatadogOnCall("api-key-0123", "app-key-0123", api_url=server.url, paging_url=server.url, options=chosen)


async def closes_after_each(connection: RawConnection) -> None:
    """Answer once and hang up, without having said so."""
    await connection.read()
    await connection.write(MADE)


@pytest.mark.parametrize("apart", [0.0, 0.005, None], ids=["in a row", "5 ms apart", "at once"])
async def test_server_that_closes_after_each_answer(apart: float | None) -> None:
    """Each of 200 creates arrives once, on a connection of its own, and none is in doubt."""
    async with RawServer(closes_after_each) as server, datadog_on(server) as dd:

        async def create(number: int) -> None:
            await dd.pages.create(f"page {number}", target=TeamHandle("storage"))

        if apart is None:
            await asyncio.gather(*map(create, range(200)))
        else:
            for number in range(200):
                await create(number)
                await asyncio.sleep(apart)
        assert server.effects == {"POST /api/v2/on-call/pages": 200}
        assert server.connections == 200
        assert len({request.body for request in server.requests}) == 200


async def test_what_may_be_repeated_keeps_its_connection() -> None:
    """Reading and acknowledging use one connection over and over; what may not be repeated leaves it alone."""

    async def serve(connection: RawConnection) -> None:
        while True:
            request = await connection.read()
            await connection.write(MADE if request.path.endswith("pages") else OK)

    async with RawServer(serve) as server, datadog_on(server) as dd:
        for number in range(10):
            await dd.pages.acknowledge(f"p{number}")
        assert server.connections == 1
        await dd.pages.create("x", target=TeamHandle("storage"))
        await dd.pages.escalate("p1")
        await dd.pages.reroute("p1", target=TeamHandle("storage"))
        assert server.connections == 4
        assert [one.headers.get("connection") for one in server.requests] == [None] * 10 + ["close"] * 3
        await dd.pages.resolve("p1")
        assert server.connections == 4


async def test_action_that_is_read_back_keeps_its_connection() -> None:
    """An action on an alert group is settled by a look at it, and needs no connection of its own; telephoning does."""

    async def serve(connection: RawConnection) -> None:
        while True:
            await connection.read()
            await connection.write(answer(200))

    options = ClientOptions(clock=VirtualClock())
    async with RawServer(serve) as server, GrafanaOnCall(server.url, "token-0123", options=options) as gf:
        for number in range(5):
            await gf.alert_groups.resolve(f"I{number}")
        assert server.connections == 1
        await gf.phone.make_call("ann@example.com", "Down")
        await gf.phone.send_sms("ann@example.com", "Down")
        assert server.connections == 3


WHOLE = {
    "a refusal": answer(429, headers={"Retry-After": "0"}),
    "a success": OK,
    "a request timeout": answer(408),
}
STRAY = {**WHOLE, "half a line": b"HTTP/1.1 20", "nonsense": b"\x00\xff"}


@pytest.mark.parametrize(("stray", "late"), [*((stray, True) for stray in STRAY), *((stray, False) for stray in WHOLE)])
async def test_stray_answer_is_nobodys(stray: str, late: bool) -> None:
    """What a server sends unasked over an idle connection answers no request: the next one has another connection."""

    async def serve(connection: RawConnection) -> None:
        while True:
            request = await connection.read()
            if request.path.endswith("gone/acknowledge"):
                await connection.write(answer(404))
                continue
            await connection.write(OK if late else OK + STRAY[stray])
            if late:
                await asyncio.sleep(0.1)
                await connection.write(STRAY[stray])

    async with RawServer(serve) as server, datadog_on(server) as dd:
        await dd.pages.acknowledge("a")
        await asyncio.sleep(0.3)
        await dd.pages.escalate("b")
        await dd.pages.acknowledge("a")
        await asyncio.sleep(0.3)
        with pytest.raises(NotFound):
            await dd.pages.acknowledge("gone")
        pages = "POST /api/v2/on-call/pages"
        assert server.effects == {f"{pages}/a/acknowledge": 2, f"{pages}/b/escalate": 1, f"{pages}/gone/acknowledge": 1}


async def test_stray_answer_that_the_loop_has_not_read() -> None:
    """Bytes that are still in the socket when the next request is made do not answer it either."""
    unread = asyncio.Event()

    async def serve(connection: RawConnection) -> None:
        while True:
            request = await connection.read()
            await connection.write(answer(404) if request.path.endswith("gone/acknowledge") else OK)
            if connection.number == 1:
                await unread.wait()
                # Past the loop: nothing of ours has run between this and the next request.
                connection.writer.transport.get_extra_info("socket")._sock.send(OK)
                done.set_result(None)

    async with RawServer(serve) as server, datadog_on(server) as dd:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        await dd.pages.acknowledge("a")
        unread.set()
        await done
        with pytest.raises(NotFound):
            await dd.pages.acknowledge("gone")


async def test_server_that_speaks_first() -> None:
    """A server that greets is no endless loop of connections: its greeting is an answer that cannot be read."""

    async def serve(connection: RawConnection) -> None:
        await connection.write(b"SSH-2.0-OpenSSH\r\n")
        await asyncio.sleep(60)

    options: Any = {"retry": RetryPolicy(max_attempts=2, base=0.01)}
    async with RawServer(serve) as server, datadog_on(server, **options) as dd:
        with pytest.raises(TransportError):
            await dd.pages.acknowledge("a")
        assert server.connections <= 3


async def test_closing_server_and_what_may_be_repeated() -> None:
    """A server that closes after each answer costs what may be repeated nothing but connections."""

    async def serve(connection: RawConnection) -> None:
        await connection.read()
        await connection.write(OK)

    async with RawServer(serve) as server, datadog_on(server, retry=PATIENT) as dd:
        report = await dd.pages.acknowledge_many([f"p{number}" for number in range(100)], concurrency=8)
        assert (report.succeeded, report.failed) == (100, 0)
        assert len(server.effects) == 100

"""Opening, closing, sharing; proxies and certificates."""

from __future__ import annotations

import asyncio
import gc
import ssl
from typing import TYPE_CHECKING

import pytest
import trustme

from aiooncall import (
    AmbiguousOutcome,
    AttemptFinished,
    AttemptTimeout,
    BudgetLearned,
    ClientClosed,
    ClientOptions,
    ConnectError,
    DatadogOnCall,
    Forbidden,
    OnCallError,
    OptionsError,
    PoolOptions,
    RetryPolicy,
    SessionPool,
)
from aiooncall.simulator import Fault, FaultKind, FaultPlan, RateRule, Simulator
from tests.support.datadog_client import API_KEY, APP_KEY, PAGES, TEAM, client_on, datadog, scripted
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


async def test_use_before_opening_and_after_closing() -> None:
    """A client that is not open says so and what to do; closing twice, or unopened, is fine."""
    client = DatadogOnCall("k", "a")
    with pytest.raises(ClientClosed, match="async with"):
        await client.pages.get("p1")
    await client.close()
    with pytest.raises(ClientClosed, match="closed"):
        await client.pages.get("p1")
    await client.close()
    with pytest.raises(ClientClosed, match="once"):
        await client.open()


async def test_open_and_close_without_a_context() -> None:
    """`open()` and `close()` do what the context does."""
    async with Simulator(clock=VirtualClock()) as sim:
        client = client_on(sim)
        await client.open()
        assert [page async for page in client.pages.list()] == []
        await client.close()
        assert "closed" in repr(client)


async def test_another_event_loop() -> None:
    """A client used on another loop than the one it was opened on says so."""
    async with Simulator(clock=VirtualClock()) as sim, client_on(sim) as client:

        def elsewhere() -> None:
            asyncio.run(client.pages.get("p1"))

        with pytest.raises(ClientClosed, match="another event loop"):
            await asyncio.to_thread(elsewhere)


async def test_closing_on_error_and_cancellation() -> None:
    """However a client's block is left, its connections are closed and nothing warns."""
    async with Simulator(clock=VirtualClock()) as sim:
        with pytest.raises(ZeroDivisionError):
            async with client_on(sim) as client:
                await client.pages.create("x", target=TEAM)
                raise ZeroDivisionError
        with pytest.raises(ClientClosed):
            await client.pages.get("p1")

        async def job() -> None:
            async with client_on(sim) as client:
                await client.pages.create("x", target=TEAM)
                await asyncio.sleep(1000)

        task = asyncio.ensure_future(job())
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    gc.collect()


async def test_closing_wakes_those_who_wait() -> None:
    """Calls that wait for the budget when the client is closed fail with ClientClosed."""
    plan = scripted("POST", f"{PAGES}/*", Fault(FaultKind.THROTTLE, retry_after="60"))
    async with datadog(plan) as (sim, client):
        page = sim.add_page(title="disk full")
        calls = [asyncio.ensure_future(client.pages.acknowledge(page)) for _ in range(5)]
        await asyncio.sleep(1)
        await client.close()
        results = await asyncio.gather(*calls, return_exceptions=True)
        assert any(isinstance(result, ClientClosed) for result in results)
        assert all(isinstance(result, (OnCallError, type(None))) for result in results)


async def test_closing_under_way_is_told() -> None:
    """A call that is under way when its client is closed ends in an error of ours: an unsafe one stays in doubt."""
    plan = scripted("POST", f"{PAGES}/*", *[Fault(FaultKind.SLOW, delay=60.0)] * 2)
    async with datadog(plan) as (sim, client):
        page = sim.add_page(title="disk full")
        calls = [asyncio.ensure_future(act(page)) for act in (client.pages.acknowledge, client.pages.escalate)]
        await asyncio.sleep(1)
        await client.close()
        acknowledged, escalated = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(acknowledged, ClientClosed)
        assert isinstance(escalated, AmbiguousOutcome)
        assert len(sim.ledger.requests) == 2


async def test_shared_pool_stays_open() -> None:
    """A client closes the pool it made, never one that it was given."""
    async with Simulator(clock=VirtualClock()) as sim, SessionPool(clock=VirtualClock()) as pool:
        async with client_on(sim, pool=pool) as first:
            await first.pages.create("x", target=TEAM)
        assert pool.is_open
        async with client_on(sim, pool=pool) as second:
            await second.pages.create("y", target=TEAM)
    assert repr(pool.is_open) == "False"
    with pytest.raises(ClientClosed):
        pool.session({})


def test_pool_options_with_a_given_pool() -> None:
    """Pool options beside a given pool would be ignored, so they are refused."""
    with pytest.raises(OptionsError, match="pool"):
        DatadogOnCall("k", "a", pool=PoolOptions())  # type: ignore[arg-type]
    options = ClientOptions(pool=PoolOptions(trust_env=True))
    with pytest.raises(OptionsError, match=r"options\.pool"):
        DatadogOnCall("k", "a", pool=SessionPool(), options=options)


async def test_connections_are_capped() -> None:
    """No more calls are in flight than the pool has connections, in all and to one host."""
    for pool in (PoolOptions(max_connections=3), PoolOptions(max_connections_per_host=3)):
        plan = FaultPlan()
        plan.seed(seed=1, rates={Fault(FaultKind.SLOW, delay=1.0): 1.0})
        async with datadog(plan, connections=pool) as (sim, client):
            await client.pages.acknowledge_many([sim.add_page(title=f"p{number}") for number in range(12)])
            times = [record.at for record in sim.ledger.requests]
            assert max(sum(start <= at < start + 0.99 for at in times) for start in times) == 3


async def test_waiting_for_a_connection_is_not_doubt() -> None:
    """A create that never got a connection was not sent: it is no AmbiguousOutcome, and nobody is paged."""
    clock = VirtualClock()
    plan = scripted("POST", f"{PAGES}/*", Fault(FaultKind.SLOW, delay=300.0))
    options = PoolOptions(max_connections=1)
    async with Simulator(clock=clock, faults=plan) as sim, SessionPool(options, clock=clock) as pool:
        slow, hasty = client_on(sim, pool=pool, timeout=900.0, deadline=None), client_on(sim, pool=pool, timeout=2.0)
        async with slow, hasty:
            escalating = asyncio.ensure_future(slow.pages.escalate(sim.add_page(title="disk full")))
            await asyncio.sleep(1)
            with pytest.raises(AttemptTimeout):
                await hasty.pages.create("x", target=TEAM)
            await escalating
        assert sim.ledger.count("create") == 0


async def test_every_client_of_a_budget_hears_of_it() -> None:
    """Clients that share a budget each get BudgetLearned, until they are closed."""
    first: list[object] = []
    second: list[object] = []
    rule = RateRule("oncall_paging", 200, 2.0)
    clock = VirtualClock()
    async with Simulator(clock=clock, rate_rules=(rule,)) as sim, SessionPool(clock=clock) as pool:
        async with client_on(sim, pool=pool, hooks=(second.append,)) as other:
            async with client_on(sim, pool=pool, hooks=(first.append,)) as client:
                await client.pages.acknowledge(sim.add_page(title="disk full"))
            heard = [sum(isinstance(event, BudgetLearned) for event in events) for events in (first, second)]
            assert heard[0] == heard[1] > 0
            await other.pages.resolve(sim.add_page(title="disk full"))
        assert heard[0] == sum(isinstance(event, BudgetLearned) for event in first)


async def test_unopened_pool_is_told_apart() -> None:
    """A client on a pool that is not open says that it is the pool."""
    client = DatadogOnCall("k", "a", pool=SessionPool())
    with pytest.raises(ClientClosed, match="pool"):
        await client.open()


async def raw_server(answer: Callable[[bytes], bytes], tls: ssl.SSLContext | None = None) -> asyncio.Server:
    """Return a server that answers each connection's first request with `answer` of its head."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer(head))
        await writer.drain()
        writer.close()

    return await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)


def port_of(server: asyncio.Server) -> int:
    """Return the port that `server` listens on."""
    port: int = server.sockets[0].getsockname()[1]
    return port


EMPTY = b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@pytest.mark.parametrize("by_environment", [False, True])
async def test_proxy(by_environment: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests go through the proxy of the options, or with trust_env the environment's; without neither, not."""
    heads: list[bytes] = []

    def answer(head: bytes) -> bytes:
        heads.append(head)
        return EMPTY

    async with await raw_server(answer) as proxy:
        url = f"http://127.0.0.1:{port_of(proxy)}"
        monkeypatch.setenv("http_proxy", url)
        monkeypatch.setenv("no_proxy", "direct.invalid")
        pool = PoolOptions(trust_env=True) if by_environment else PoolOptions(proxy=url)
        options = ClientOptions(clock=VirtualClock(), pool=pool, retry=RetryPolicy(max_attempts=1))
        target = "http://pages.invalid"
        async with DatadogOnCall("k", "a", api_url=target, paging_url=target, options=options) as client:
            await client.pages.acknowledge("p1")
        assert heads[0].startswith(b"POST http://pages.invalid/api/v2/on-call/pages/p1/acknowledge HTTP/1.1")
        if by_environment:
            direct = "http://direct.invalid"
            async with DatadogOnCall("k", "a", api_url=direct, paging_url=direct, options=options) as client:
                with pytest.raises(ConnectError):
                    await client.pages.acknowledge("p1")
            assert len(heads) == 1


async def test_environment_is_not_trusted_unasked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without trust_env a proxy in the environment is ignored."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    async with datadog() as (sim, client):
        await client.pages.acknowledge(sim.add_page(title="disk full"))


@pytest.fixture
def authority(tmp_path: Path) -> tuple[str, ssl.SSLContext]:
    """Return a CA file and a server context with a certificate of that CA for 127.0.0.1."""
    ca = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    path = tmp_path / "ca.pem"
    ca.cert_pem.write_to_path(str(path))
    return str(path), context


async def test_certificates_are_verified(authority: tuple[str, ssl.SSLContext]) -> None:
    """A server whose authority is unknown is refused before a byte is sent; with its CA file it is trusted."""
    ca_file, context = authority
    heads: list[bytes] = []

    def answer(head: bytes) -> bytes:
        heads.append(head)
        return EMPTY

    async with await raw_server(answer, context) as server:
        url = f"https://127.0.0.1:{port_of(server)}"
        for pool in (PoolOptions(), PoolOptions(ca_file=ca_file)):
            options = ClientOptions(pool=pool, retry=RetryPolicy(max_attempts=1))
            async with DatadogOnCall("k", "a", api_url=url, paging_url=url, options=options) as client:
                if pool.ca_file is None:
                    with pytest.raises(ConnectError):
                        await client.pages.escalate("p1")
                    assert heads == []
                else:
                    await client.pages.escalate("p1")
                    assert len(heads) == 1


async def test_unreadable_ca_file() -> None:
    """A CA file that cannot be read is an OptionsError on opening, and the client can be closed."""
    client = DatadogOnCall("k", "a", options=ClientOptions(pool=PoolOptions(ca_file="/no/such/file.pem")))
    with pytest.raises(OptionsError, match="ca_file"):
        await client.open()
    await client.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"",
    ],
)
async def test_broken_http_is_a_transport_error(answer: bytes) -> None:
    """An answer that is not HTTP ends in an error of ours, never in aiohttp's."""
    async with await raw_server(lambda _: answer) as server:
        url = f"http://127.0.0.1:{port_of(server)}"
        options = ClientOptions(clock=VirtualClock())
        async with DatadogOnCall("k", "a", api_url=url, paging_url=url, options=options) as client:
            with pytest.raises(OnCallError):
                await client.pages.get("p1")


async def test_secrets_stay_secret(caplog: pytest.LogCaptureFixture) -> None:
    """A server that echoes the keys in an error does not get them into the error, its repr, a log or an event."""
    body = f'{{"errors": ["key {API_KEY} of {APP_KEY} is wrong"]}}'.encode()
    answer = b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
    events: list[object] = []
    async with await raw_server(lambda _: answer) as server:
        url = f"http://127.0.0.1:{port_of(server)}"
        options = ClientOptions(clock=VirtualClock(), hooks=(events.append,))
        async with DatadogOnCall(API_KEY, APP_KEY, api_url=url, paging_url=url, options=options) as client:
            with pytest.raises(Forbidden) as raised:
                await client.pages.get("p1")
            told = " ".join([str(raised.value), repr(raised.value), repr(client), repr(events), caplog.text])
    assert "***" in told
    assert API_KEY not in told
    assert APP_KEY not in told


async def test_failing_hook_is_harmless(caplog: pytest.LogCaptureFixture) -> None:
    """A hook that raises is logged; the call and the other hooks go on."""
    seen: list[object] = []

    def bad(_: object) -> None:
        raise ZeroDivisionError

    async with datadog(hooks=(bad, seen.append)) as (sim, client):
        await client.pages.acknowledge(sim.add_page(title="disk full"))
    assert any(isinstance(event, AttemptFinished) and event.status == 202 for event in seen)
    assert "hook failed" in caplog.text

"""Servers for the benchmarks, each in a process of its own so that its work is not counted as the client's."""

from __future__ import annotations

import asyncio
import multiprocessing
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import attrs

from aiooncall.simulator import RateRule, Simulator
from benchmarks.harness import HAS_UVLOOP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

ROOMY = RateRule("oncall_paging", 100_000_000, 60.0)
"""A limit that nobody reaches: its headers come with every answer all the same."""


@attrs.frozen
class Server:
    """A server in another process: its URL, the ids of its pages, and a line to ask it for its counts."""

    url: str
    ids: list[str]
    _line: Connection

    def ask(self) -> tuple[dict[int | None, int], int]:
        """Return how many answers of each status left so far, and how many pages were acknowledged."""
        self._line.send("counts")
        statuses, acknowledged = self._line.recv()
        return statuses, acknowledged


@contextmanager
def simulator(rule: RateRule = ROOMY, *, pages: int, skew: float = 0.0) -> Iterator[Server]:
    """Yield a simulator with `pages` triggered pages, its wall clock `skew` seconds ahead."""
    with _process(_simulate, rule, pages, skew) as (line, (url, ids)):
        yield Server(url, ids, line)


@contextmanager
def acceptor() -> Iterator[str]:
    """Yield the URL of a server that answers 202 with rate headers to whatever it is sent, and does little else."""
    with _process(_accept) as (_line, url):
        yield url


@contextmanager
def _process(main: Callable[..., Any], *arguments: Any) -> Iterator[tuple[Connection, Any]]:  # noqa: ANN401 (passed on)
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_run, args=(main, theirs, *arguments), daemon=True)
    process.start()
    theirs.close()
    try:
        yield ours, ours.recv()
    finally:
        ours.close()
        process.join(5)
        process.terminate()


def _run(main: Callable[..., Any], line: Connection, *arguments: Any) -> None:  # noqa: ANN401 (passed on)
    with asyncio.Runner(loop_factory=loop_factory("uvloop" if HAS_UVLOOP else "asyncio")) as runner:
        runner.run(main(line, *arguments))


def loop_factory(name: str) -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Return what makes a loop of the kind `name`."""
    if name != "uvloop":
        return None
    import uvloop  # noqa: PLC0415 (it may be absent)

    return uvloop.new_event_loop


async def _simulate(line: Connection, rule: RateRule, pages: int, skew: float) -> None:
    async with Simulator(rate_rules=[rule], clock_skew=skew, settle_delay=0, keep_requests=False) as sim:
        line.send((sim.datadog_url, [sim.add_page(title=f"page {number}") for number in range(pages)]))
        while await _asked(line):
            line.send((dict(sim.ledger.statuses), sim.ledger.count("acknowledge")))


async def _accept(line: Connection) -> None:
    server = await asyncio.get_running_loop().create_server(_Acceptor, "127.0.0.1", 0)
    line.send("http://{}:{}".format(*server.sockets[0].getsockname()))
    while await _asked(line):
        pass


async def _asked(line: Connection) -> bool:
    try:
        await asyncio.get_running_loop().run_in_executor(None, line.recv)
    except EOFError:
        return False
    return True


class _Acceptor(asyncio.Protocol):
    """Answers every request without a body that arrives."""

    answer = (
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nX-RateLimit-Name: oncall_paging\r\n"
        b"X-RateLimit-Limit: 100000000\r\nX-RateLimit-Remaining: 99999999\r\n"
        b"X-RateLimit-Period: 60\r\nX-RateLimit-Reset: 30\r\n\r\n"
    )

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 (asyncio's own is untyped here)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(self.answer * data.count(b"\r\n\r\n"))

"""Servers for the benchmarks, each in a process of its own so that its work is not counted as the client's."""

from __future__ import annotations

import asyncio
import multiprocessing
from contextlib import contextmanager
from functools import partial
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
def acceptor(*, delay: float = 0.0) -> Iterator[str]:
    """Yield the URL of a server that answers 202 with rate headers to whatever it is sent, and does little else.

    Args:
        delay: how long each answer takes, in seconds.
    """
    with _process(_accept, delay) as (_line, url):
        yield url


@contextmanager
def canned(answers: dict[str, bytes], *, delay: float = 0.0) -> Iterator[str]:
    """Yield the URL of a server that answers GETs with JSON made beforehand, and does little else.

    Args:
        answers: bodies by path and query.
        delay: how long each answer takes, in seconds.
    """
    with _process(_recite, answers, delay) as (_line, url):
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


async def _accept(line: Connection, delay: float) -> None:
    await _serve(line, partial(_Acceptor, delay))


async def _recite(line: Connection, answers: dict[str, bytes], delay: float) -> None:
    await _serve(line, partial(_Reciter, {target.encode(): _answer(body) for target, body in answers.items()}, delay))


def _answer(body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _serve(line: Connection, protocol: Callable[[], asyncio.BaseProtocol]) -> None:
    server = await asyncio.get_running_loop().create_server(protocol, "127.0.0.1", 0)
    line.send("http://{}:{}".format(*server.sockets[0].getsockname()))
    while await _asked(line):
        pass


async def _asked(line: Connection) -> bool:
    try:
        await asyncio.get_running_loop().run_in_executor(None, line.recv)
    except EOFError:
        return False
    return True


class _Answerer(asyncio.Protocol):
    """Answers every request some seconds after it arrived."""

    def __init__(self, delay: float) -> None:
        self._delay = delay

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 (asyncio's own is untyped here)
        self._transport = transport

    def _send(self, answer: bytes) -> None:
        if self._delay:
            asyncio.get_running_loop().call_later(self._delay, self._transport.write, answer)
        else:
            self._transport.write(answer)


class _Acceptor(_Answerer):
    """Answers every request without a body that arrives."""

    answer = (
        b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nX-RateLimit-Name: oncall_paging\r\n"
        b"X-RateLimit-Limit: 100000000\r\nX-RateLimit-Remaining: 99999999\r\n"
        b"X-RateLimit-Period: 60\r\nX-RateLimit-Reset: 30\r\n\r\n"
    )

    def data_received(self, data: bytes) -> None:
        self._send(self.answer * data.count(b"\r\n\r\n"))


class _Reciter(_Answerer):
    """Answers every GET with what was prepared for its path and query."""

    def __init__(self, answers: dict[bytes, bytes], delay: float) -> None:
        super().__init__(delay)
        self._answers = answers

    def data_received(self, data: bytes) -> None:
        self._send(self._answers[data.split(b" ", 2)[1]])

"""Connections on which a request is sent only once, and gets no answer but its own."""

from __future__ import annotations

import os
import select
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler

from aiooncall._text import one_line, shortened
from aiooncall.errors import ConnectError, ConnectionDropped

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse

    from aiooncall.errors import TransportError

_UNSENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError)


PROXY_REFUSES: Final = HTTPStatus.PROXY_AUTHENTICATION_REQUIRED
LONGEST_REASON: Final = 300
"""How much of a text of aiohttp's is told, in characters."""


class CleanConnector(aiohttp.TCPConnector):
    """A connector that uses a kept connection again only if nothing waits on it unread.

    Bytes that came while a connection was idle, such as a second answer or the end of the stream, would be taken for
    the answer to the next request; aiohttp only asks the protocol whether it is connected. So the protocol says no. To
    look at each connection from outside of aiohttp, in `connect`, would cost four times as much.
    """

    def __init__(self, **options: Any) -> None:  # noqa: ANN401 (aiohttp's own)
        super().__init__(**options)  # pyright: ignore[reportUnknownMemberType] (aiohttp's own)
        if not hasattr(self, "_factory"):
            raise RuntimeError("this version of aiohttp makes its connections otherwise: use an older one")
        self._factory = partial(_CleanProtocol, loop=self._loop)  # type: ignore[assignment]  # a subclass


class _CleanProtocol(ResponseHandler):
    """A connection that counts as lost as soon as something came that nobody asked for, its end included."""

    _unread: Callable[[int], object] | None = None
    """Tells at once whether something waits on the socket; None where nothing can tell."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if hasattr(select, "poll"):  # not on Windows
            poll = select.poll()
            poll.register(transport.get_extra_info("socket").fileno(), select.POLLIN)
            self._unread = poll.poll

    def is_connected(self) -> bool:
        # Written in full, as a call of `super` costs more. The socket is asked too, because the loop has not read yet
        # what came a moment ago.
        transport = self.transport
        if transport is None or transport.is_closing() or self.should_close:
            return False
        return self._unread is None or not self._unread(0)


class SendGuard:
    """An aiohttp middleware that makes every send a single send, and knows whether a byte may have left.

    aiohttp repeats GET, PUT and DELETE by itself when a kept-alive connection drops. It does so only for its own
    exceptions, so a drop is renamed before it gets there.
    """

    __slots__ = ("_request",)

    def __init__(self) -> None:
        self._request: ClientRequest | None = None

    @property
    def sent(self) -> bool:
        """Whether the request's headers went to the socket."""
        return self._request is not None and self._request.response is not None

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        """Send `request` once."""
        self._request = request
        try:
            return await handler(request)
        except _UNSENT:
            raise
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as problem:
            raise _Dropped(str(problem) or type(problem).__name__) from problem


class _Dropped(aiohttp.ClientError):
    """A connection that broke, under a name that aiohttp does not repeat."""


def as_transport_error(problem: Exception, *, sent: bool, redact: Callable[[str], str]) -> TransportError:
    """Return our error for aiohttp's `problem`, in words that tell no credential.

    Args:
        problem: what aiohttp raised.
        sent: whether the request may have left.
        redact: removes credentials from a text.
    """
    said = shortened(redact(one_line(_said(problem))), LONGEST_REASON)
    if sent and not isinstance(problem, _UNSENT):
        return ConnectionDropped(said)
    error = ConnectError(said)
    error.by_proxy = is_proxy_refusal(problem)
    return error


def is_proxy_refusal(problem: Exception) -> bool:
    """Return whether a proxy wants other credentials: sending the same again can lock an account."""
    return isinstance(problem, aiohttp.ClientHttpProxyError) and problem.status == PROXY_REFUSES


def _said(problem: Exception) -> str:
    """Return what went wrong; aiohttp's own texts hold addresses with passwords, and what it was told of TLS."""
    match problem:
        case _Dropped():
            return str(problem)
        case aiohttp.ClientHttpProxyError():
            return f"the proxy refused to connect: {problem.status}"
        case aiohttp.ClientConnectorError():
            return (
                f"{type(problem).__name__}: cannot connect to {problem.host}:{problem.port}: {_why(problem.os_error)}"
            )
        case aiohttp.ClientResponseError():
            return f"the answer is not HTTP: {problem.message}"
        case _:
            return f"{type(problem).__name__}: {problem}"


def _why(problem: OSError) -> str:
    """Return why there is no connection, in the system's words where asyncio has put its own in their place."""
    said = str(problem.strerror or problem)
    return os.strerror(problem.errno) if problem.errno and said.startswith("Connect call failed") else said

"""One send and its answer. Network trouble comes back as a value; only somebody else's cancellation is raised."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

import aiohttp
import attrs

from aiooncall.errors import AttemptTimeout, ClientClosed, ConnectError, DeadlineExceeded, ResponseTooLarge
from aiooncall.limits.headers import parse_rate_limit
from aiooncall.transport.connections import PROXY_REFUSES, SendGuard, as_transport_error, is_proxy_refusal
from aiooncall.transport.outcome import (
    Outcome,
    closes_bucket,
    is_error,
    is_success,
    outcome_of_failure,
    outcome_of_status,
    outcome_of_unreadable,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiohttp import ClientResponse, ClientSession

    from aiooncall.errors import TransportError
    from aiooncall.options import ClientOptions
    from aiooncall.ratelimit import RateLimit
    from aiooncall.transport.deadline import Deadline
    from aiooncall.transport.endpoint import Request
    from aiooncall.transport.session_pool import SessionPool

LARGEST_ERROR_BODY: Final = 64 * 1024
"""More of an error's body is not read, in bytes."""
LARGEST_IGNORED_BODY: Final = 4096
"""A body that nobody wants is read up to this size, in bytes, to keep the connection; beyond it is dropped."""


@attrs.define(eq=False, repr=False)
class Attempt:
    """What one send came to: an answer (`status` is set), or an `error`.

    Attributes:
        closes_bucket: whether the answer asks everybody to wait.
        sent: whether a byte may have left.
        number: which send of its call it was, counted from 1.
    """

    outcome: Outcome
    status: int | None = None
    body: bytes = b""
    headers: Mapping[str, str] = attrs.field(factory=dict[str, str])
    rate_limit: RateLimit | None = None
    error: TransportError | None = None
    closes_bucket: bool = False
    sent: bool = True
    number: int = 1

    @property
    def is_refusal(self) -> bool:
        """Whether the server said that it did not do it, so that nothing of it is in doubt."""
        refused = self.outcome is Outcome.REJECTED and self.error is None and is_error(self.status or 0)
        return refused or self.status == HTTPStatus.TOO_MANY_REQUESTS  # a 503 that asks to wait is no proof

    @property
    def is_unhandled_500(self) -> bool:
        """Whether the answer is the page that a web framework shows when its application broke down."""
        of_html = self.headers.get("Content-Type", "").startswith("text/html")
        return self.status == HTTPStatus.INTERNAL_SERVER_ERROR and of_html


class AttemptSender:
    """Sends the requests of one client, one at a time.

    Args:
        pool: for the proxy.
        session: carries the credentials.
        fresh: a session that does so on connections that have carried no request.
        options: timeout and size limit.
        redact: removes credentials from a text.
    """

    def __init__(
        self,
        pool: SessionPool,
        session: ClientSession,
        fresh: ClientSession,
        options: ClientOptions,
        redact: Callable[[str], str],
    ) -> None:
        self._pool = pool
        self._session = session
        self._request = _requester(session)
        self._request_fresh = _requester(fresh)
        self._options = options
        self._redact = redact
        self._bucket_name: str | None = None
        self._timeout = options.timeout
        self._now = options.clock.monotonic
        self._wall_time = options.clock.time

    async def exchange(self, request: Request, deadline: Deadline, until: float) -> Attempt:
        """Send `request` once and return what came of it.

        Args:
            request: what to send.
            deadline: interrupts the attempt.
            until: the whole call's deadline, in monotonic seconds.
        """
        endpoint = request.endpoint
        guard = SendGuard() if endpoint.needs_guard else None
        times_out_at = self._now() + self._timeout
        deadline.set(until if until < times_out_at else times_out_at)  # noqa: FURB136 (a call of `min` costs more)
        try:
            if guard is None and not self._pool.may_use_proxy:
                response = await self._request(
                    endpoint.method, request.url, data=request.body, headers=request.headers, allow_redirects=False
                )
            else:
                send = self._request_fresh if endpoint.needs_fresh else self._request
                response = await send(
                    endpoint.method,
                    request.url,
                    data=request.body,
                    headers=request.headers,
                    allow_redirects=False,
                    **self._extras(request, guard),
                )
        except asyncio.CancelledError:
            sent = guard is None or guard.sent
            if not deadline.was_mine():
                if not sent:
                    request.stay()
                raise
            return _failed(request, self._timed_out(deadline, until), sent=sent)
        except (aiohttp.ClientError, OSError, RuntimeError) as problem:
            return self._broken(request, problem, sent=guard is None or guard.sent)
        attempt = self._judge(response, request)
        if not response.content.at_eof():
            attempt = await self._take_body(response, request, attempt, deadline, until)
        if deadline.fired:
            await deadline.settle()
        return attempt

    def _broken(self, request: Request, problem: Exception, *, sent: bool) -> Attempt:
        if isinstance(problem, RuntimeError):  # aiohttp's word for a closed session; a bug otherwise
            if self._session.closed:
                request.stay()
                raise ClientClosed("the client was closed while this call was on its way; it was not sent") from None
            raise problem
        error = as_transport_error(problem, sent=sent, redact=self._redact)
        attempt = _failed(request, error, sent=not isinstance(error, ConnectError))
        if is_proxy_refusal(problem):
            attempt.outcome = Outcome.REJECTED
        return attempt

    def _extras(self, request: Request, guard: SendGuard | None) -> dict[str, Any]:
        extras: dict[str, Any] = {} if guard is None else {"middlewares": (guard,)}
        if (proxy := self._pool.proxy_for(request.url)) is not None:
            extras["proxy"] = proxy
        return extras

    def _judge(self, response: ClientResponse, request: Request) -> Attempt:
        status, headers = response.status, response.headers
        if is_success(status):
            said = parse_rate_limit(headers, self._wall_time, succeeded=True)
            if said is not None and said.name != self._bucket_name:
                said = self._named(said)
            return Attempt(Outcome.SUCCESS, status, b"", headers, said)
        if status < HTTPStatus.OK:  # 101: the connection now speaks something else, and nobody else lets go of it
            response.close()
        said = parse_rate_limit(headers, self._wall_time)
        if said is not None:
            said = self._named(said)
        if status == PROXY_REFUSES:
            refused = ConnectError("the proxy refused the request: 407")
            refused.by_proxy = True
            return Attempt(Outcome.REJECTED, status, b"", headers, said, refused, sent=False)
        asked_to_wait = said is not None and said.retry_after is not None
        outcome = outcome_of_status(status, request.endpoint.idempotency, asked_to_wait=asked_to_wait)
        closes = closes_bucket(status, asked_to_wait=asked_to_wait)
        return Attempt(outcome, status, b"", headers, said, closes_bucket=closes)

    def _named(self, said: RateLimit) -> RateLimit:
        """Return what the server said of the limit, with a name that can be shown."""
        shown = said.name and self._redact(said.name)
        if shown != said.name:
            return attrs.evolve(said, name=shown)
        self._bucket_name = said.name  # as it is: the next answer with it need not be looked at
        return said

    async def _take_body(
        self, response: ClientResponse, request: Request, attempt: Attempt, deadline: Deadline, until: float
    ) -> Attempt:
        wanted = attempt.outcome is Outcome.SUCCESS and request.endpoint.has_result
        try:
            if wanted:
                attempt.body = await _read(response, self._options.max_response_bytes)
            else:
                await _read_leniently(response, attempt)
        except asyncio.CancelledError:
            response.close()
            if not deadline.was_mine():
                raise
            return _failed(request, self._timed_out(deadline, until), attempt) if wanted else attempt
        except ResponseTooLarge as error:
            response.close()
            attempt.outcome, attempt.error = outcome_of_unreadable(request.endpoint.idempotency), error
        except (aiohttp.ClientError, OSError) as problem:
            response.close()
            return (
                _failed(request, as_transport_error(problem, sent=True, redact=self._redact), attempt)
                if wanted
                else attempt
            )
        return attempt

    def _timed_out(self, deadline: Deadline, until: float) -> TransportError:
        if deadline.at >= until:
            return DeadlineExceeded("the call took longer than its deadline")
        return AttemptTimeout(f"no complete answer within the timeout of {self._timeout:g} s")


def _requester(session: ClientSession) -> Callable[..., Awaitable[ClientResponse]]:
    """Return what sends a request: `session.request` without the context manager around it, where aiohttp has that.

    We need no context manager, and to wait through one costs a twenty-fifth of a call.
    """
    return getattr(session, "_request", session.request)


async def _read(response: ClientResponse, most: int) -> bytes:
    if (response.content_length or 0) > most:
        raise ResponseTooLarge(f"the answer has {response.content_length} bytes; max_response_bytes is {most}")
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        size += len(chunk)
        if size > most:
            raise ResponseTooLarge(f"the answer has more than max_response_bytes ({most})")
        chunks.append(chunk)
    response.release()
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


async def _read_leniently(response: ClientResponse, attempt: Attempt) -> None:
    """Read what is worth reading of an error, or of a body that nobody wants, and keep what arrived."""
    successful = attempt.outcome is Outcome.SUCCESS
    most = LARGEST_IGNORED_BODY if successful else LARGEST_ERROR_BODY
    if successful and (response.content_length is None or response.content_length > most):
        response.close()
        return
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > most:
                response.close()
                return
        response.release()
    finally:
        attempt.body = bytes(body[:most])


def _failed(request: Request, error: TransportError, answer: Attempt | None = None, *, sent: bool = True) -> Attempt:
    """Return the attempt that ended in `error`; if an answer had begun, its headers still count for the budget."""
    attempt = answer or Attempt(Outcome.TRANSIENT)
    attempt.outcome = outcome_of_failure(request.endpoint.idempotency, sent=sent)
    attempt.error = error
    attempt.sent = sent
    return attempt

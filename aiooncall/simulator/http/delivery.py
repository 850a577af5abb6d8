"""The way of an answer out of the server: whole, or as a fault has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiohttp import web

from aiooncall.simulator.http.faults import FaultKind

if TYPE_CHECKING:
    from aiooncall._base.clock import Clock
    from aiooncall.simulator.http.faults import Fault
    from aiooncall.simulator.http.routing import Answer

DROPS: Final = frozenset({FaultKind.DROP_AFTER, FaultKind.DROP_BEFORE})

_CHUNK: Final = 64 * 1024
_MISSING: Final = 64
"""Bytes that a truncated body promises and doesn't have."""


def whole(answer: Answer) -> web.Response:
    """Return the response that sends an answer in one go."""
    return web.Response(status=answer.status, body=answer.body, headers=_headers(answer))


async def faulty(request: web.BaseRequest, answer: Answer, fault: Fault, clock: Clock) -> web.StreamResponse:
    """Send as much of an answer as the fault leaves; return the response that sends the rest."""
    match fault.kind:
        case FaultKind.DROP_AFTER | FaultKind.DROP_BEFORE:
            return dropped(request)
        case FaultKind.SLOW_BODY | FaultKind.THROTTLE_HTML:
            delay = fault.delay if fault.kind is FaultKind.SLOW_BODY else 0.0
            return await _chunked(request, answer, clock, delay)
        case FaultKind.TRUNCATED_BODY:
            return await _truncated(request, answer)
        case FaultKind.HUGE_BODY:
            return await _huge(request, answer, fault.size)
        case FaultKind.SLOW:
            await clock.sleep(fault.delay)
        case _:
            pass  # the fault is in the answer already
    return whole(answer)


def dropped(request: web.BaseRequest) -> web.Response:
    """Hang up; aiohttp wants a response all the same, and forgets it when it finds nobody on the line."""
    _hang_up(request)
    return web.Response()


async def _chunked(request: web.BaseRequest, answer: Answer, clock: Clock, delay: float) -> web.StreamResponse:
    response = await _start(request, answer)
    if delay:
        await clock.sleep(delay)
    await response.write(answer.body)
    return response


async def _truncated(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=_headers(answer))
    response.content_length = len(answer.body) + _MISSING
    await response.prepare(request)
    await response.write(answer.body)
    _hang_up(request)
    return response


async def _huge(request: web.BaseRequest, answer: Answer, size: int) -> web.StreamResponse:
    start, end = b'{"padding":"', b'"}'
    response = await _start(request, answer)
    await response.write(start)
    left = max(0, size - len(start) - len(end))
    while left:
        chunk = min(left, _CHUNK)
        await response.write(b"x" * chunk)
        left -= chunk
    await response.write(end)
    return response


async def _start(request: web.BaseRequest, answer: Answer) -> web.StreamResponse:
    """Send the headers now and leave the body to be sent in chunks."""
    response = web.StreamResponse(status=answer.status, headers=_headers(answer))
    response.enable_chunked_encoding()
    await response.prepare(request)
    return response


def _hang_up(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.close()


def _headers(answer: Answer) -> dict[str, str]:
    content = {"Content-Type": answer.content_type} if answer.content_type else {}
    return {**content, **answer.headers}

"""The way of a request through the server: authentication, rate limit, faults, handler, and out.

The order matters. A request that is refused, for its credentials or for the limit, meets no fault; one that meets a
fault has been counted by the limit, as a real server counts what then fails. Only the 429 of a fault isn't counted: it
stands for a limit that this server doesn't know.
"""

from __future__ import annotations

import asyncio
import random
from email.utils import formatdate
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

import attrs

from aiooncall.simulator.http.delivery import DROPS, dropped, faulty, whole
from aiooncall.simulator.http.error_answers import redirect
from aiooncall.simulator.http.faults import THROTTLES, FaultKind
from aiooncall.simulator.http.routing import Answer, Call, Moment, Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiohttp import web

    from aiooncall._base.clock import Clock
    from aiooncall.simulator.http.error_answers import ErrorAnswers
    from aiooncall.simulator.http.faults import Fault, FaultPlan
    from aiooncall.simulator.http.ledger import Ledger, RequestRecord
    from aiooncall.simulator.http.rate_rules import Limits, Window
    from aiooncall.simulator.http.routing import Router
    from aiooncall.simulator.http.server import HttpServer


class Authenticator(Protocol):
    """The gate of one server."""

    def caller(self, method: str, path: str, headers: Mapping[str, str]) -> str:
        """Return the key that the caller's requests count against, or raise Refusal."""
        ...


@attrs.define(repr=False)
class Pipeline:
    """The steps from a request's arrival to its answer, both of which are entered in the ledger."""

    clock: Clock
    clock_skew: float
    authenticator: Authenticator
    limiter: Limits
    faults: FaultPlan
    router: Router
    ledger: Ledger
    redirect_target: HttpServer
    errors: ErrorAnswers
    slow: tuple[float, float] | None
    _dice: random.Random = attrs.field(factory=lambda: random.Random(0))  # noqa: S311 - repeatable, not secret
    _date: tuple[int, str] = (-1, "")

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        body = await request.read() if request.body_exists else b""
        wait = 0.0 if self.slow is None or request.method == "GET" else self._dice.uniform(*self.slow)
        before = self._dice.uniform(0.0, wait)
        if wait:
            await self.clock.sleep(before)
        wall = self.clock.time() + self.clock_skew
        segments = _segments(request.rel_url.raw_path)
        call = Call(request.method, request.path, segments, request.query, body, Moment(self.clock.monotonic(), wall))
        record = self.ledger.record_request(call.now.monotonic, call.method, call.path)
        record.traceparent = request.headers.get("traceparent")
        answer, fault = self._decide(call, request.headers)
        answer.headers["Date"] = self._http_date(int(wall))
        if wait:
            await self.clock.sleep(wait - before)
        if fault is None:
            self.ledger.record_answer(record, answer.status)
            return whole(answer)
        return await self._deliver(request, record, answer, fault)

    async def _deliver(
        self, request: web.BaseRequest, record: RequestRecord, answer: Answer, fault: Fault
    ) -> web.StreamResponse:
        record.fault = fault.kind
        status = None if fault.kind in DROPS else answer.status
        try:
            return await faulty(request, answer, fault, self.clock)
        except ConnectionError:
            status = None  # the client left
            return dropped(request)
        except asyncio.CancelledError:
            status = None  # the server is closing
            raise
        finally:
            self.ledger.record_answer(record, status)

    def _decide(self, call: Call, headers: Mapping[str, str]) -> tuple[Answer, Fault | None]:
        """Answer without a pause, so that nothing comes between a check and what follows from it."""
        try:
            call.caller = self.authenticator.caller(call.method, call.path, headers)
        except Refusal as refusal:
            return refusal.answer, None
        window = self.limiter.window(call.method, call.path, call.caller)
        if window is not None and not window.admits(call.now.wall):
            return self.errors.too_many(window, call.now.wall), None
        fault = self.faults.draw(call.method, call.path)
        if fault is not None and fault.kind in THROTTLES:
            return self.errors.throttle(fault, window, call.now.wall), fault
        return self._admitted(call, window, fault), fault

    def _admitted(self, call: Call, window: Window | None, fault: Fault | None) -> Answer:
        if window is not None:
            window.take()
        answer = self.router.answer(call) if fault is None else self._troubled(call, fault)
        if window is not None:
            # What a fault says about the limit stands.
            answer.headers = {**window.headers(call.now.wall), **answer.headers}
        return answer

    def _troubled(self, call: Call, fault: Fault) -> Answer:
        match fault.kind:
            case FaultKind.ERROR_BEFORE:
                return self.errors.error(fault, 503)
            case FaultKind.REDIRECT:
                return redirect(self.redirect_target.url + call.path)
            case FaultKind.DROP_BEFORE:
                return Answer(204)
            case _:
                return self._spoilt(self.router.answer(call), fault)

    def _spoilt(self, answer: Answer, fault: Fault) -> Answer:
        match fault.kind:
            case FaultKind.ERROR_AFTER:
                return self.errors.error(fault, 504)
            case FaultKind.EMPTY_OK:
                return Answer(200)
            case FaultKind.GARBAGE_HEADERS:
                answer.headers = self.errors.absurd_headers(self._dice)
                return answer
            case _:
                return answer

    def _http_date(self, second: int) -> str:
        """Return the server's own time for the Date header, made once a second."""
        if self._date[0] != second:
            self._date = second, formatdate(second, usegmt=True)
        return self._date[1]


def _segments(raw_path: str) -> list[str]:
    segments = raw_path.split("/")
    return [unquote(segment) for segment in segments] if "%" in raw_path else segments

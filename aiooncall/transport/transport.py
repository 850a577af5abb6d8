"""The loop that every call runs through: wait for the budget, send, judge, then return, raise, or go again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from math import inf
from typing import TYPE_CHECKING, Final, NoReturn

from aiooncall._text import one_line, shortened
from aiooncall.errors import AmbiguousOutcome, ClientClosed, DeadlineExceeded, RateLimited
from aiooncall.limits.bucket import WontFit
from aiooncall.transport.attempt import AttemptSender
from aiooncall.transport.error_body import host_of, parse_errors
from aiooncall.transport.outcome import Outcome, api_error_class, ends_in_doubt, is_redirect
from aiooncall.transport.retry import delay_before_retry
from aiooncall.transport.telling import Teller

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiohttp import ClientSession

    from aiooncall.errors import ApiError, OnCallError
    from aiooncall.events import Hook
    from aiooncall.limits.bucket import Permit
    from aiooncall.limits.rate_budget import RateBudget
    from aiooncall.options import ClientOptions
    from aiooncall.transport.attempt import Attempt
    from aiooncall.transport.deadline import Deadline
    from aiooncall.transport.endpoint import About, Endpoint, Request
    from aiooncall.transport.session_pool import SessionPool

    Classify = Callable[[Endpoint, int, tuple[str, ...]], tuple[type[ApiError], tuple[str, ...]]]

LONGEST_ID: Final = 100
REQUEST_ID_HEADERS: Final = ("X-Request-Id", "DD-Request-Id")


class FailedCall:
    """A call that did not succeed at once: the request, and what its attempts came to."""

    __slots__ = ("failures", "last", "refusals", "request", "unhandled_500s")

    def __init__(self, request: Request) -> None:
        self.request: Request = request
        self.failures: int = 0
        self.refusals: int = 0
        self.unhandled_500s: int = 0
        self.last: Attempt | None = None

    @property
    def attempts(self) -> int:
        """How many attempts have ended."""
        return self.failures + self.refusals

    def count(self, attempt: Attempt) -> None:
        """Note an attempt that did not succeed."""
        self.last = attempt
        if attempt.outcome is Outcome.THROTTLED:
            self.refusals += 1
        else:
            self.failures += 1
            self.unhandled_500s += attempt.is_unhandled_500


class Transport:
    """Carries the requests of one client to one host.

    Args:
        pool: where connections come from.
        session: the client's session, with its credentials.
        fresh: the same, for what goes on a connection that has carried no request.
        budget: the host's rate budget.
        options: how the client behaves.
        classify: the provider's own idea of an error's class and reasons, from what was called, status and reasons.
        redact: removes credentials from a text.
        hooks: get the events; looked at anew for each.
        trouble_hooks: get only refusals and retries, so that a call without trouble costs nothing more.
        unhandled_500_retries: how often a request is repeated at most that makes the server's handler break down.
    """

    def __init__(
        self,
        pool: SessionPool,
        session: ClientSession,
        fresh: ClientSession,
        budget: RateBudget,
        options: ClientOptions,
        *,
        classify: Classify | None = None,
        redact: Callable[[str], str] = str,
        unhandled_500_retries: float = inf,
        hooks: Sequence[Hook] = (),
        trouble_hooks: Sequence[Hook] = (),
    ) -> None:
        self.budget = budget
        self._timer = pool.deadline_timer
        self._exchange = AttemptSender(pool, session, fresh, options, redact).exchange
        self._options = options
        self._clock = options.clock
        self._now = options.clock.monotonic
        self._teller = Teller(hooks, trouble_hooks, redact)
        self.attempts: int = 0
        """How many attempts have ended."""
        self._classify: Classify = classify or (lambda _, status, reasons: (api_error_class(status), reasons))
        self._redact = redact
        self._unhandled_500_retries = unhandled_500_retries

    async def send(self, request: Request) -> Attempt:
        """Carry `request` to its end and return the successful attempt.

        Raises:
            ApiError: the server refused it for good, or a wait does not fit in the deadline.
            TransportError: no attempt brought a usable answer.
            AmbiguousOutcome: it was sent, its effect is unknown, and it must not be repeated, or not any more.
        """
        request.begin()
        until = request.until
        deadline = self._timer.for_this_task()
        failed: FailedCall | None = None
        bucket, lane = request.endpoint.bucket, request.lane
        try:
            while True:
                permit = self.budget.try_acquire(bucket, lane, request.demand)
                permit = permit or await self._queue(request, deadline, until, failed)
                try:
                    if request.flight is not None:
                        await self._declare(request, deadline, until)
                    request.leave()
                    attempt = await self._exchange(request, deadline, until)
                except BaseException:  # cancelled: whether the server counted it is unknown
                    request.land()
                    self.budget.abandoned(permit, sent=request.left)
                    raise
                self._settle(permit, request, attempt, failed)
                if attempt.outcome is Outcome.SUCCESS:
                    return attempt
                failed = failed or FailedCall(request)
                failed.count(attempt)
                await self._wait(failed, attempt, deadline, until)
        except (WontFit, ClientClosed) as closed:
            call = failed or FailedCall(request)
            _end(call, self._rate_limited(call, closed.opens_at) if isinstance(closed, WontFit) else closed)
        except asyncio.CancelledError:
            if not deadline.was_mine():
                self._teller.cancelled(request, 0 if failed is None else failed.attempts)
                raise
            call = failed or FailedCall(request)
            waited = f"{request.endpoint.route}: waited until the deadline; attempts so far: {call.attempts}"
            _end(call, DeadlineExceeded(waited))
        finally:
            deadline.stop()

    async def _queue(self, request: Request, deadline: Deadline, until: float, failed: FailedCall | None) -> Permit:
        """Wait for the budget; a call that was refused before takes its place in front again."""
        deadline.set(until)
        refused = failed is not None and failed.last is not None and failed.last.outcome is Outcome.THROTTLED
        permit = self.budget.acquire(request.endpoint.bucket, request.lane, until, request.demand, in_front=refused)
        return await (permit if request.watch is None else request.watch.queue(permit))

    async def _declare(self, request: Request, deadline: Deadline, until: float) -> None:
        """Have it written down that the request is about to leave, if somebody wants that."""
        if (intent := request.intent) is not None:
            if until < inf:
                deadline.set(until)
            await intent.declare()
            request.go_on()

    def _settle(self, permit: Permit, request: Request, attempt: Attempt, failed: FailedCall | None) -> None:
        """Tell the budget what came of the permit, and the hooks what came of the attempt."""
        bucket = request.endpoint.bucket
        if request.flight is not None:
            request.land()
        if attempt.outcome is not Outcome.SUCCESS and (attempt.is_refusal or not attempt.sent):
            request.stay()
        if failed is not None:
            attempt.number = failed.attempts + 1
        if attempt.status is None:
            self.budget.abandoned(permit, sent=attempt.sent)
        elif attempt.closes_bucket:
            self.budget.refused(permit, bucket, attempt.rate_limit)
        else:
            self.budget.answered(permit, bucket, attempt.rate_limit)
        self.attempts += 1
        if request.watch is not None:
            self._teller.attempt_finished(request, attempt, self._now() - permit.sent)

    async def _wait(self, call: FailedCall, attempt: Attempt, deadline: Deadline, until: float) -> None:
        """Sleep until the next attempt, or raise if there is to be none."""
        if attempt.closes_bucket:
            self._teller.throttled(call.request, attempt)
        delay = delay_before_retry(self._options.retry, attempt.outcome, failures=call.failures, refusals=call.refusals)
        if delay is None or call.unhandled_500s > self._unhandled_500_retries or self._now() + delay >= until:
            _end(call, attempt.error or self._api_error(call, attempt))
        call.request.go_on()
        self._teller.retry_scheduled(call.request, attempt, delay)
        deadline.set(until)
        if delay:
            await self._clock.sleep(delay)
            if call.request.watch is not None:
                call.request.watch.delayed += delay

    def _api_error(self, call: FailedCall, attempt: Attempt) -> ApiError:
        status, endpoint = attempt.status or 0, call.request.endpoint
        reasons = parse_errors(attempt.body, self._redact)
        if is_redirect(status):
            host = self._redact(one_line(host_of(attempt.headers.get("Location", ""))))
            reasons = (f"redirects are not followed, so that credentials stay here (to {host})",)
        request_id = next((value for name in REQUEST_ID_HEADERS if (value := attempt.headers.get(name))), None)
        kind, reasons = self._classify(endpoint, status, reasons)
        error = kind(
            status=status,
            errors=reasons,
            method=endpoint.method,
            route=endpoint.template,
            request_id=request_id and shortened(self._redact(one_line(request_id)), LONGEST_ID),
            attempts=call.attempts,
            rate_limit=attempt.rate_limit,
        )
        if isinstance(error, RateLimited) and attempt.rate_limit is not None:
            wait = attempt.rate_limit.retry_after or attempt.rate_limit.reset_after
            error.retry_at = self._wall(wait) if wait is not None else None
        return error

    def _rate_limited(self, call: FailedCall, opens_at: float) -> RateLimited:
        endpoint, last = call.request.endpoint, call.last
        said = parse_errors(last.body, self._redact) if last and last.outcome is Outcome.THROTTLED else ()
        return RateLimited(
            retry_at=self._wall(opens_at - self._now()),
            status=429,
            errors=(*said, "the rate limit leaves no room for this call before its deadline"),
            method=endpoint.method,
            route=endpoint.template,
            attempts=call.attempts,
            rate_limit=last.rate_limit if last is not None else None,
        )

    def _wall(self, after: float) -> datetime:
        return datetime.fromtimestamp(self._clock.time(), UTC) + timedelta(seconds=after)


def in_doubt(endpoint: Endpoint, about: About, *, attempts: int, cause: OnCallError) -> AmbiguousOutcome:
    """Return the error for a request that was sent and whose effect is unknown, because of `cause`."""
    return AmbiguousOutcome(
        method=endpoint.method,
        route=endpoint.template,
        attempts=attempts,
        named=about.named,
        hint=about.look,
        cause=cause,
    )


def _end(call: FailedCall, cause: OnCallError) -> NoReturn:
    """Raise `cause`, or the doubt that it leaves."""
    request = call.request
    if ends_in_doubt(request.endpoint.idempotency, left=request.left):
        raise in_doubt(request.endpoint, request.about, attempts=call.attempts, cause=cause) from cause
    raise cause from None

"""Telling hooks what happens to a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall._text import one_line
from aiooncall.events import AttemptFinished, CallCancelled, RetryScheduled, Throttled, emit, tell_cancelled
from aiooncall.transport.endpoint import Idempotency
from aiooncall.transport.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiooncall.events import CallStarted, Hook
    from aiooncall.transport.attempt import Attempt
    from aiooncall.transport.endpoint import Request


class Teller:
    """Tells the hooks of one client.

    Args:
        hooks: get all events; looked at anew for each.
        trouble_hooks: get only what is no success.
        redact: removes credentials from a text.
    """

    def __init__(self, hooks: Sequence[Hook], trouble_hooks: Sequence[Hook], redact: Callable[[str], str]) -> None:
        self._hooks = hooks
        self._trouble_hooks = trouble_hooks
        self._redact = redact

    def attempt_finished(self, request: Request, attempt: Attempt, elapsed: float) -> None:
        """Tell those who watch what came of one send."""
        if (watch := request.watch) is None:
            return
        watch.attempt_ends(attempt.status, throttled=attempt.outcome is Outcome.THROTTLED)
        finished = AttemptFinished(
            call=watch.call,
            method=request.endpoint.method,
            route=request.endpoint.template,
            attempt=watch.attempts,
            status=attempt.status,
            outcome=str(attempt.outcome),
            error=None if attempt.error is None else type(attempt.error).__name__,
            elapsed=elapsed,
        )
        watch.tell(finished)

    def throttled(self, request: Request, attempt: Attempt) -> None:
        """Tell that the server asks to wait."""
        throttled = Throttled(
            call=_call(request),
            method=request.endpoint.method,
            route=request.endpoint.template,
            attempt=_number(request, attempt),
            retry_after=attempt.rate_limit.retry_after if attempt.rate_limit is not None else None,
        )
        emit((*self._hooks, *self._trouble_hooks), throttled)

    def retry_scheduled(self, request: Request, attempt: Attempt, delay: float) -> None:
        """Tell that the request goes again after `delay` seconds."""
        scheduled = RetryScheduled(
            call=_call(request),
            method=request.endpoint.method,
            route=request.endpoint.template,
            attempt=_number(request, attempt),
            outcome=str(attempt.outcome),
            delay=delay,
        )
        emit((*self._hooks, *self._trouble_hooks), scheduled)

    def cancelled(self, request: Request, attempts: int) -> None:
        """Tell that the call was cancelled, after so many attempts that had ended."""
        endpoint, watch = request.endpoint, request.watch
        repeatable = endpoint.idempotency is Idempotency.IDEMPOTENT
        if watch is not None:
            watch.in_doubt = request.left and not repeatable
        cancelled = CallCancelled(
            call=_call(request),
            method=endpoint.method,
            route=endpoint.template,
            attempt=1 + (attempts if watch is None else watch.attempts),
            named={name: one_line(self._redact(value)) for name, value in request.about.named.items()},
            left=request.left,
            repeatable=repeatable,
        )
        tell_cancelled((*self._hooks, *self._trouble_hooks), cancelled)


def _call(request: Request) -> CallStarted | None:
    return None if request.watch is None else request.watch.call


def _number(request: Request, attempt: Attempt) -> int:
    """Return which send of its call an attempt is; a call that is sent again after a doubt counts on."""
    return attempt.number if request.watch is None else request.watch.attempts

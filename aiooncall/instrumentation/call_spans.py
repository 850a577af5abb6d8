"""A span for each call, and one below it for each request that it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs
from opentelemetry.context import attach, detach
from opentelemetry.trace import SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from aiooncall.instrumentation.conventions import (
    BACKOFF,
    ERROR_TYPE,
    OUTCOME,
    RESEND_COUNT,
    RETRY,
    RETRY_AFTER,
    THROTTLED,
    URL,
    answer_attributes,
    call_attributes,
    outcome_attributes,
    server_attributes,
)

if TYPE_CHECKING:
    from contextvars import Token

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer

    from aiooncall.events import (
        AttemptFinished,
        AttemptStarted,
        CallFinished,
        CallStarted,
        RetryScheduled,
        Throttled,
    )
    from aiooncall.instrumentation.conventions import Attributes


@attrs.define
class _OpenCall:
    """A call under way: its span, the context that has it, what ends that context, and the span of its attempt."""

    span: Span
    context: Context
    token: Token[Context]
    attempt: Span | None = None


class CallSpans:
    """Begins and ends spans as events tell.

    Each request has a span of the kind CLIENT, and the call around them one of the kind INTERNAL, as there is to be no
    other CLIENT span around those of requests (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-client-span).

    Args:
        tracer: begins the spans.
        propagate: whether the server is told of the trace, in the header `traceparent`.
    """

    def __init__(self, tracer: Tracer, *, propagate: bool) -> None:
        self._tracer = tracer
        self._propagator = TraceContextTextMapPropagator() if propagate else None
        self._open: dict[int, _OpenCall] = {}

    def call_started(self, call: CallStarted) -> None:
        """Begin the span of a call. It is the current one until the call ends, so that a look in doubt is below it."""
        span = self._tracer.start_span(_name(call), attributes=call_attributes(call))
        context = set_span_in_context(span)
        self._open[call.number] = _OpenCall(span, context, attach(context))

    def attempt_started(self, attempt: AttemptStarted) -> None:
        """Begin the span of a request, and tell the server of it if that is wanted."""
        opened = self._open.get(attempt.call.number)
        if opened is None:
            return
        attributes: Attributes = {**server_attributes(attempt.call), URL: attempt.url}
        if attempt.attempt > 1:
            attributes[RESEND_COUNT] = attempt.attempt - 1
        opened.attempt = span = self._tracer.start_span(
            _name(attempt.call), opened.context, SpanKind.CLIENT, attributes
        )
        if self._propagator is not None:
            self._propagator.inject(attempt.headers, set_span_in_context(span, opened.context))

    def attempt_finished(self, attempt: AttemptFinished) -> None:
        """End the span of a request."""
        opened = self._open.get(attempt.call.number)
        if opened is not None and opened.attempt is not None:
            _end(opened.attempt, answer_attributes(attempt))
            opened.attempt = None

    def throttled(self, refusal: Throttled) -> None:
        """Note on the span of a call that the server refused it for its rate limit."""
        opened = refusal.call and self._open.get(refusal.call.number)
        if opened:
            opened.span.add_event(THROTTLED, {} if refusal.retry_after is None else {RETRY_AFTER: refusal.retry_after})

    def retry_scheduled(self, retry: RetryScheduled) -> None:
        """Note on the span of a call that its request goes again."""
        opened = retry.call and self._open.get(retry.call.number)
        if opened:
            opened.span.add_event(RETRY, {OUTCOME: retry.outcome, BACKOFF: retry.delay})

    def call_finished(self, call: CallFinished) -> None:
        """End the span of a call, and that of a request that has not come to an end."""
        opened = self._open.pop(call.call.number, None)
        if opened is None:
            return
        if opened.attempt is not None:
            _end(opened.attempt, {} if call.error is None else {ERROR_TYPE: call.error})
        _end(opened.span, outcome_attributes(call))
        detach(opened.token)


def _name(call: CallStarted) -> str:
    """Return the name of a span (https://opentelemetry.io/docs/specs/semconv/http/http-spans/#name)."""
    return f"{call.method} {call.route}"


def _end(span: Span, attributes: Attributes) -> None:
    if span.is_recording():
        span.set_attributes(attributes)
        if ERROR_TYPE in attributes:
            span.set_status(StatusCode.ERROR)
    span.end()

"""Errors that limits and faults cause, in Datadog's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.simulator.http.error_answers import ErrorAnswers
from aiooncall.simulator.http.routing import error_answer

if TYPE_CHECKING:
    from aiooncall.simulator.http.routing import Answer


class DatadogErrors(ErrorAnswers):
    """A list of texts, or of objects as newer parts of the API have it."""

    rate_headers = ("X-RateLimit-Limit", "X-RateLimit-Period", "X-RateLimit-Remaining", "X-RateLimit-Reset")

    def refusal(self, retry_after: str | None) -> Answer:
        """Return the body of a 429, which is always the same."""
        del retry_after
        return error_answer(429, "Too many requests")

    def body(self, status: int, title: str, *, as_object: bool) -> Answer:
        """Return the body of any other error."""
        return error_answer(status, {"title": title, "detail": "injected by the simulator"} if as_object else title)

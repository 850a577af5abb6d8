"""Errors that limits and faults cause, in the engine's shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.simulator.http.error_answers import ErrorAnswers
from aiooncall.simulator.http.routing import json_answer

if TYPE_CHECKING:
    from aiooncall.simulator.http.routing import Answer


class GrafanaErrors(ErrorAnswers):
    """One sentence, which repeats in a 429 how long to wait."""

    rate_headers = ("RateLimit-Reset",)

    def refusal(self, retry_after: str | None) -> Answer:
        """Return the body of a 429."""
        sentence = "Request was throttled."
        if retry_after is not None:
            sentence += f" Expected available in {retry_after} second{'' if retry_after == '1' else 's'}."
        return json_answer(429, {"detail": sentence})

    def body(self, status: int, title: str, *, as_object: bool) -> Answer:
        """Return the body of any other error, which has one form only."""
        del as_object
        return json_answer(status, {"detail": title})

"""The answers that limits and faults give in place of the real ones, in the engine's shapes."""

from __future__ import annotations

from http.client import responses
from typing import TYPE_CHECKING

from aiooncall.simulator.http.error_answers import ABSURD, with_retry_after
from aiooncall.simulator.http.faults import FaultKind
from aiooncall.simulator.http.routing import html_answer, json_answer

if TYPE_CHECKING:
    import random

    from aiooncall.simulator.http.faults import Fault
    from aiooncall.simulator.http.rate_rules import Window
    from aiooncall.simulator.http.routing import Answer


def too_many(window: Window | None, wall: float) -> Answer:
    """Return the refusal of a rate limit."""
    headers = {} if window is None else window.refusal_headers(wall)
    answer = json_answer(429, {"detail": f"Request was throttled.{_expected(headers.get('Retry-After'))}"})
    answer.headers = headers
    return answer


def throttle(fault: Fault, window: Window | None, wall: float) -> Answer:
    """Return a 429 that no limit called for."""
    match fault.kind:
        case FaultKind.THROTTLE_HTML:
            answer = html_answer(429, "Too Many Requests")
        case FaultKind.THROTTLE_BARE:
            answer = too_many(None, wall)
        case _:
            answer = too_many(window, wall)
    return with_retry_after(answer, fault)


def error(fault: Fault, default_status: int) -> Answer:
    """Return an error in the form that the fault asks for."""
    status = default_status if fault.status is None else fault.status
    phrase = responses.get(status, "Error")
    answer = html_answer(status, phrase) if fault.html else json_answer(status, {"detail": phrase})
    return with_retry_after(answer, fault)


def absurd_headers(dice: random.Random) -> dict[str, str]:
    """Return rate headers that make no sense."""
    return {name: dice.choice(ABSURD) for name in ("RateLimit-Reset", "Retry-After")}


def _expected(seconds: str | None) -> str:
    if seconds is None:
        return ""
    return f" Expected available in {seconds} second{'' if seconds == '1' else 's'}."

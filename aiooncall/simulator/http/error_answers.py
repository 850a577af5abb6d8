"""The answers that faults replace or spoil."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from aiooncall.simulator.http.faults import FaultKind
from aiooncall.simulator.http.routing import Answer, error_answer, html_answer

if TYPE_CHECKING:
    import random

    from aiooncall.simulator.http.faults import Fault
    from aiooncall.simulator.http.rate_rules import Window

_RATE_HEADERS: Final = ("Limit", "Period", "Remaining", "Reset")
ABSURD: Final = ("soon", "-5", "1e400", "", "1800000000", "NaN")
"""What a rate header can say if it makes no sense."""


def too_many(window: Window | None, wall: float) -> Answer:
    """Return the refusal of a rate limit."""
    answer = error_answer(429, "Too many requests")
    if window is not None:
        answer.headers = window.refusal_headers(wall)
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
    title = _phrase(status)
    if fault.html:
        answer = html_answer(status, title)
    elif fault.object_errors:
        answer = error_answer(status, {"title": title, "detail": "injected by the simulator"})
    else:
        answer = error_answer(status, title)
    return with_retry_after(answer, fault)


def redirect(location: str) -> Answer:
    """Return a redirect that keeps method and body."""
    return Answer(307, headers={"Location": location})


def absurd_headers(dice: random.Random) -> dict[str, str]:
    """Return rate headers that make no sense."""
    headers = {f"X-RateLimit-{name}": dice.choice(ABSURD) for name in _RATE_HEADERS}
    return {**headers, "Retry-After": dice.choice(ABSURD)}


def with_retry_after(answer: Answer, fault: Fault) -> Answer:
    """Return an answer with the `Retry-After` that the fault wants."""
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = fault.retry_after
    return answer


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"

"""The answers that limits and faults give in place of the real ones: what is the same for both vendors."""

from __future__ import annotations

from abc import ABC, abstractmethod
from http import HTTPStatus
from typing import TYPE_CHECKING, ClassVar, Final

from aiooncall.simulator.http.faults import FaultKind
from aiooncall.simulator.http.routing import Answer, html_answer

if TYPE_CHECKING:
    import random

    from aiooncall.simulator.http.faults import Fault
    from aiooncall.simulator.http.rate_rules import Window

_ABSURD: Final = ("soon", "-5", "1e400", "", "1800000000", "NaN")
"""Values of rate headers that make no sense."""


class ErrorAnswers(ABC):
    """The errors of one vendor; its subclass gives them their shape.

    Attributes:
        rate_headers: The headers that speak of a limit.
    """

    rate_headers: ClassVar[tuple[str, ...]]

    @abstractmethod
    def refusal(self, retry_after: str | None) -> Answer:
        """Return the body of a 429; its `Retry-After` is there for vendors that repeat it in words."""

    @abstractmethod
    def body(self, status: int, title: str, *, as_object: bool) -> Answer:
        """Return the body of any other error, as an object where a vendor has two forms."""

    def too_many(self, window: Window | None, wall: float) -> Answer:
        """Return the refusal of a rate limit."""
        headers = {} if window is None else window.refusal_headers(wall)
        answer = self.refusal(headers.get("Retry-After"))
        answer.headers = headers
        return answer

    def throttle(self, fault: Fault, window: Window | None, wall: float) -> Answer:
        """Return a 429 that no limit called for."""
        match fault.kind:
            case FaultKind.THROTTLE_HTML:
                answer = html_answer(429, "Too Many Requests")
            case FaultKind.THROTTLE_BARE:
                answer = self.too_many(None, wall)
            case _:
                answer = self.too_many(window, wall)
        return _with_retry_after(answer, fault)

    def error(self, fault: Fault, default_status: int) -> Answer:
        """Return an error in the form that the fault asks for."""
        status = default_status if fault.status is None else fault.status
        title = _phrase(status)
        answer = html_answer(status, title) if fault.html else self.body(status, title, as_object=fault.object_errors)
        return _with_retry_after(answer, fault)

    def absurd_headers(self, dice: random.Random) -> dict[str, str]:
        """Return rate headers that make no sense."""
        return {name: dice.choice(_ABSURD) for name in (*self.rate_headers, "Retry-After")}


def redirect(location: str) -> Answer:
    """Return a redirect that keeps method and body."""
    return Answer(307, headers={"Location": location})


def _with_retry_after(answer: Answer, fault: Fault) -> Answer:
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = fault.retry_after
    return answer


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"

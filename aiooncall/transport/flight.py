"""Whether what is being done to one thing may have left, for those who are stopped in the midst of many.

Who waits for the rate limit has sent nothing, and what the server refused has no effect: neither is in doubt. Only the
transport knows; it notes it in the flight of the task that it runs in.
"""

from __future__ import annotations

from contextvars import ContextVar


class Flight:
    """One thing at a time that something is done to.

    Attributes:
        left: whether bytes of a request may have left whose effect is not known to be none; None as long as no call of
            this package was begun, so that nobody knows.
    """

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left: bool | None = None


CURRENT: ContextVar[Flight | None] = ContextVar("aiooncall_flight", default=None)
"""The flight of the task that runs; None where nobody asks."""

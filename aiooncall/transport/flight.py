"""How far the work on one thing has come, for jobs over many things that may be stopped in between.

A call that waits for the rate limit has sent nothing, and one that the server refused has no effect: neither is in
doubt. Only the transport knows that. It notes it in the flight of the task that it runs in.
"""

from __future__ import annotations

from asyncio import CancelledError
from contextvars import ContextVar
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from asyncio import Task

    from aiooncall.limits.lane import Demand


class Halted(CancelledError):
    """Nothing more is to be sent: raised instead of waiting for another attempt."""


class Intent(Protocol):
    """What has to be written down before bytes leave."""

    async def declare(self) -> None:
        """Write down that a request is about to leave; it does not leave before this returns."""
        ...

    def withdraw(self) -> None:
        """Note that it had no effect: it was refused, or did not leave after all."""
        ...


class Flight:
    """The progress of a task that does something to one thing at a time.

    Args:
        task: the task that does it.
        demand: the job that it belongs to.

    Attributes:
        left: whether bytes of a request may have left whose effect is not known to be none; None as long as no call of
            this package was begun, so that nobody knows.
        on_wire: whether a request is on its way right now.
        halted: whether nothing more is to be sent.
        intent: is told before a request leaves that changes something.
    """

    __slots__ = ("demand", "halted", "intent", "left", "on_wire", "task")

    def __init__(self, task: Task[object] | None = None, demand: Demand | None = None) -> None:
        self.task: Task[object] | None = task
        self.demand: Demand | None = demand
        self.left: bool | None = None
        self.on_wire: bool = False
        self.halted: bool = False
        self.intent: Intent | None = None

    def halt(self) -> None:
        """Let nothing more be sent: what is on its way comes to its end, and who only waits is cancelled."""
        self.halted = True
        if not self.on_wire and self.task is not None:
            self.task.cancel()


CURRENT: ContextVar[Flight | None] = ContextVar("aiooncall_flight", default=None)
"""The flight of the task that runs; None where nobody asks."""

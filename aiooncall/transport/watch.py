"""What those are told who watch calls: when one begins and ends, and what it came to."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING, Final, TypeVar

from aiooncall.errors import AmbiguousOutcome
from aiooncall.events import AttemptStarted, CallFinished, emit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from aiooncall.events import CallStarted, Event, Hook

T = TypeVar("T")

NUMBERS: Final = count(1)


class CallWatch:
    """One call, as its watchers see it. It adds up while the transport sends, and is told by `around`.

    Args:
        call: what begins.
        hooks: get the events.
        now: returns monotonic seconds.
        redact: removes credentials from a text.

    Attributes:
        attempts: how many requests have ended.
        refusals: how many of those were refused for the rate limit.
        status: of the last answer.
        in_doubt: whether it may have had an effect that nobody knows of.
        reconciled: whether a look found what it had done.
        waited: seconds in the queue of the rate budget.
        delayed: seconds between attempts.
    """

    def __init__(
        self, call: CallStarted, hooks: Sequence[Hook], now: Callable[[], float], redact: Callable[[str], str]
    ) -> None:
        self.call: CallStarted = call
        self._hooks = hooks
        self._now = now
        self._redact = redact
        self.attempts: int = 0
        self.refusals: int = 0
        self.status: int | None = None
        self.in_doubt: bool = False
        self.reconciled: bool = False
        self.waited: float = 0.0
        self.delayed: float = 0.0

    async def around(self, work: Awaitable[T]) -> T:
        """Do the work of the call, and tell when it begins and how it ends."""
        began = self._now()
        self.tell(self.call)
        raised: BaseException | None = None
        try:
            return await work
        except BaseException as error:
            raised = error
            raise
        finally:
            self.tell(self._finished(raised, self._now() - began))

    async def queue(self, permit: Awaitable[T]) -> T:
        """Wait for the rate budget, and take the time."""
        began = self._now()
        try:
            return await permit
        finally:
            self.waited += self._now() - began

    def attempt_starts(self, url: str) -> dict[str, str]:
        """Tell that a request is about to be sent, and return the headers that hooks want it to have."""
        headers: dict[str, str] = {}
        url = self._redact(url)
        self.tell(AttemptStarted(call=self.call, attempt=self.attempts + 1, url=url, headers=headers))
        return headers

    def attempt_ends(self, status: int | None, *, throttled: bool) -> None:
        """Take in what came of a request."""
        self.attempts += 1
        self.refusals += throttled
        self.status = status

    def tell(self, event: Event) -> None:
        """Tell the hooks of something that happens to the call."""
        emit(self._hooks, event)

    def _finished(self, raised: BaseException | None, elapsed: float) -> CallFinished:
        outcome = _outcome(raised)
        return CallFinished(
            call=self.call,
            outcome=outcome,
            in_doubt=outcome == "in_doubt" or (outcome == "cancelled" and self.in_doubt),
            reconciled=self.reconciled,
            status=self.status,
            error=None if raised is None else type(raised).__name__,
            attempts=self.attempts,
            refusals=self.refusals,
            waited=self.waited,
            delayed=self.delayed,
            elapsed=elapsed,
        )


def watched(watch: CallWatch | None, work: Awaitable[T]) -> Awaitable[T]:
    """Return `work` as a call that is watched, if somebody wants that."""
    return work if watch is None else watch.around(work)


def note_reconciled(watch: CallWatch | None) -> None:
    """Take in, if somebody watches, that a look found what a call had done."""
    if watch is not None:
        watch.reconciled = True


def _outcome(raised: BaseException | None) -> str:
    if raised is None:
        return "success"
    if isinstance(raised, AmbiguousOutcome):
        return "in_doubt"
    return "cancelled" if isinstance(raised, (asyncio.CancelledError, GeneratorExit)) else "error"

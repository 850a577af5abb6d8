"""What happens inside a call, for those who want to watch: frozen events and the hooks that get them.

Hooks run inline, so they must be quick and must not block; one that raises is logged and otherwise ignored.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from aiooncall.ratelimit import BudgetSnapshot

logger: logging.Logger = logging.getLogger("aiooncall")


@attrs.frozen(kw_only=True)
class CallStarted:
    """A call begins; nothing was sent. A `CallFinished` follows, in the same task and in the same context.

    Attributes:
        number: no other call of the process has it.
        provider: `datadog` or `grafana`.
        scheme: `https` or `http`.
        host: the server's name.
        port: its port.
        method: the HTTP method.
        route: the path with `{names}` for what is filled in.
        lane: who waits: `interactive` for a person, `bulk` for a job.
        named: what it is about, by name, such as the `page_id` in its path.
    """

    number: int
    provider: str
    scheme: str
    host: str
    port: int | None
    method: str
    route: str
    lane: str
    named: Mapping[str, str]


def _number(call: CallStarted | None) -> str:
    return "None" if call is None else f"#{call.number}"


@attrs.frozen(kw_only=True)
class AttemptStarted:
    """A request is about to be sent.

    Attributes:
        call: what it is sent for.
        attempt: which request of the call it is, counted from 1.
        url: where it goes, without the query.
        headers: what a hook puts in here goes along with this one request, such as `traceparent`.
    """

    call: CallStarted = attrs.field(repr=_number)
    attempt: int
    url: str
    headers: dict[str, str]


@attrs.frozen(kw_only=True)
class AttemptFinished:
    """One request was sent and ended, unless its call was cancelled before that.

    Attributes:
        call: what it was sent for.
        attempt: which request of the call it was, counted from 1.
        status: of the answer; None if none arrived.
        error: the class of the error where there was no usable answer.
        elapsed: seconds.
    """

    call: CallStarted = attrs.field(repr=_number)
    method: str
    route: str
    attempt: int
    status: int | None
    outcome: str
    error: str | None = None
    elapsed: float


@attrs.frozen(kw_only=True)
class Throttled:
    """The server refused a call for its rate limit; `retry_after` is the wait it asked for, in seconds.

    `call` is None where calls are not watched: a job takes note of refusals and retries even if there are no hooks.
    """

    call: CallStarted | None = attrs.field(default=None, repr=_number)
    method: str
    route: str
    attempt: int
    retry_after: float | None


@attrs.frozen(kw_only=True)
class RetryScheduled:
    """The same request goes again after `delay` seconds."""

    call: CallStarted | None = attrs.field(default=None, repr=_number)
    method: str
    route: str
    attempt: int
    outcome: str
    delay: float


@attrs.frozen(kw_only=True)
class CallFinished:
    """A call came to its end.

    What is created and looked for in doubt is one call; each look is a call of its own, within it.

    Attributes:
        call: what began.
        outcome: `success`, `error`, `in_doubt` (an `AmbiguousOutcome`) or `cancelled`.
        in_doubt: whether it may have had an effect that nobody knows of: also if it was cancelled on its way.
        reconciled: whether its answer was lost, and a look found what it had done.
        status: of its last answer; None without one.
        error: the class of the error it raised; None without one.
        attempts: how many requests it took; looks do not count.
        refusals: how many of them the server refused for its rate limit.
        waited: seconds in the queue of the rate budget.
        delayed: seconds between attempts.
        elapsed: seconds in all.
    """

    call: CallStarted = attrs.field(repr=_number)
    outcome: str
    in_doubt: bool
    reconciled: bool
    status: int | None
    error: str | None
    attempts: int
    refusals: int
    waited: float
    delayed: float
    elapsed: float


@attrs.frozen(kw_only=True)
class BudgetLearned:
    """A bucket's name, limit or period became known or changed."""

    budget: BudgetSnapshot


@attrs.frozen(kw_only=True)
class BudgetHeld:
    """The next call of a bucket waits for a second or more: `budget.hold` says why, and until when."""

    budget: BudgetSnapshot


@attrs.frozen(kw_only=True)
class CallCancelled:
    """A call was cancelled before it came to its end, by a timeout around it or by Ctrl-C.

    Attributes:
        named: what it was about, by name, such as the `page_id` in its path or the `title` of what was to be made.
        left: whether bytes of it may have left: then it may have happened. If not, nothing happened.
        repeatable: whether it can simply be done again.
    """

    call: CallStarted | None = attrs.field(default=None, repr=_number)
    method: str
    route: str
    attempt: int
    named: Mapping[str, str]
    left: bool
    repeatable: bool

    def __str__(self) -> str:
        about = "".join(f", {name} {value!r}" for name, value in self.named.items())
        said = "it may have been sent: look before doing it again" if self.left else "nothing was sent"
        return f"{self.method} {self.route}{about}: cancelled; {said}"


@attrs.frozen(kw_only=True)
class WriteNotKept:
    """A write succeeded, and the server's answer lacks some of what was sent.

    Attributes:
        named: what was written, by the ids in the path.
        not_kept: where, such as `rules[0].actions[1].ack_timeout`; the result of the call has the same.
    """

    method: str
    route: str
    named: Mapping[str, str]
    not_kept: tuple[str, ...]


@attrs.frozen(kw_only=True)
class JobPaused:
    """A bulk job waits because nothing can be reached: `reason` says why, `next_try` in how many seconds it looks."""

    reason: str
    next_try: float


@attrs.frozen(kw_only=True)
class JobResumed:
    """A bulk job goes on after a pause of `paused` seconds."""

    paused: float


BudgetEvent = BudgetLearned | BudgetHeld
CallEvent = CallStarted | AttemptStarted | AttemptFinished | Throttled | RetryScheduled | CallCancelled | CallFinished
Event = CallEvent | BudgetEvent | WriteNotKept | JobPaused | JobResumed
_LOUD: Final = (Throttled, RetryScheduled, WriteNotKept, JobPaused, JobResumed)


class Hook(Protocol):
    """Anything that can be called with an event."""

    def __call__(self, event: Event, /) -> None:
        """Take note of `event`."""
        ...


def log_events(event: Event, /) -> None:
    """Log `event` to the logger `aiooncall`: retries, refusals, losses and pauses as warnings, others for debugging."""
    if isinstance(event, CallCancelled):
        return  # it is logged anyway
    level = logging.WARNING if isinstance(event, _LOUD) else logging.DEBUG
    logger.log(level, "%s", event)


def tell_cancelled(hooks: Iterable[Hook], cancelled: CallCancelled) -> None:
    """Tell that a call was cancelled: to all hooks, and in the log, loudly if it left somebody in doubt."""
    doubtful = cancelled.left and not cancelled.repeatable
    logger.log(logging.WARNING if doubtful else logging.DEBUG, "%s", cancelled)
    emit(hooks, cancelled)


def emit(hooks: Iterable[Hook], event: Event) -> None:
    """Give `event` to every hook; a hook's own failure never reaches the call."""
    for hook in hooks:
        try:
            hook(event)
        except Exception:
            logger.exception("a hook failed on %s", type(event).__name__)

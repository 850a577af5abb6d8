"""What `--verbose` tells: each request, each wait and why, on standard error."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import typer

from aiooncall._text import one_line
from aiooncall.events import (
    AttemptFinished,
    AttemptStarted,
    BudgetHeld,
    BudgetLearned,
    CallFinished,
    CallStarted,
    Event,
    RetryScheduled,
    Throttled,
)
from aiooncall.ratelimit import HeldBy

if TYPE_CHECKING:
    from aiooncall.ratelimit import Hold

WAITS: Final = {
    HeldBy.LIMIT: "the rate limit",
    HeldBy.REFUSAL: "the time that the server asked for",
    HeldBy.PAUSE: "the end of a pause",
    HeldBy.RESERVE: "people, to whom the rest of the limit is left",
    HeldBy.PROBE: "the moment to learn the window's end",
    HeldBy.TURN: "its turn within the limit",
    HeldBy.ANSWERS: "an answer",
}
"""What is waited for, in words."""


def waiting_for(hold: Hold | None) -> str:
    """Return what the next call waits for, in words; empty if it does not wait."""
    if hold is None:
        return ""
    ahead = "" if hold.at_most is None else f", {hold.at_most:.0f} s to go"
    return f"waiting for {WAITS.get(hold.by, hold.by)}{ahead}"


def tell_event(event: Event, /) -> None:
    """Print an event as a line with the time, in UTC; that something begins is told by its end."""
    if isinstance(event, CallStarted | AttemptStarted | CallFinished):
        return
    typer.echo(f"{datetime.now(UTC):%H:%M:%S} {one_line(describe(event))}", err=True)


def describe(event: Event) -> str:
    """Return what happened, in words."""
    match event:
        case AttemptFinished():
            status = "no answer" if event.status is None else str(event.status)
            return f"{event.method} {event.route}: {status} ({event.outcome}) in {event.elapsed:.3f} s"
        case Throttled():
            wait = "" if event.retry_after is None else f"; it asks for {event.retry_after:g} s"
            return f"{event.method} {event.route}: refused for the rate limit{wait}"
        case RetryScheduled():
            return f"{event.method} {event.route}: again in {event.delay:.1f} s, as attempt {event.attempt + 1}"
        case BudgetHeld():
            return f"{waiting_for(event.budget.hold)} ({event.budget.name or 'no name'})"
        case BudgetLearned():
            budget = event.budget
            known = budget.limit is not None and budget.period is not None
            return f"the limit {budget.name!r} is " + (
                f"{budget.limit} calls in {budget.period:g} s" if known else "not known yet"
            )
        case _:
            return str(event)

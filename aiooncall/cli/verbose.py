"""What `--verbose` tells: each request, each wait and why, on standard error."""

from __future__ import annotations

from datetime import UTC, datetime

import typer

from aiooncall._text import one_line
from aiooncall.events import AttemptFinished, BudgetHeld, BudgetLearned, Event, RetryScheduled, Throttled


def tell_event(event: Event, /) -> None:
    """Print an event as a line with the time, in UTC."""
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
            return f"waiting for the rate limit: {event.budget.hold}"
        case BudgetLearned():
            budget = event.budget
            known = budget.limit is not None and budget.period is not None
            return f"the limit {budget.name!r} is " + (
                f"{budget.limit} calls in {budget.period:g} s" if known else "not known yet"
            )
        case _:
            return str(event)

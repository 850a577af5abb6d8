"""What happens inside a call, for those who want to watch: frozen events and the hooks that get them.

Hooks run inline, so they must be quick and must not block; one that raises is logged and otherwise ignored.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Protocol

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.ratelimit import BudgetSnapshot

logger = logging.getLogger("aiooncall")


@attrs.frozen(kw_only=True)
class AttemptFinished:
    """One request was sent and ended: `status` is None if no answer arrived; `elapsed` is in seconds."""

    method: str
    route: str
    attempt: int
    status: int | None
    outcome: str
    elapsed: float


@attrs.frozen(kw_only=True)
class Throttled:
    """The server refused a call for its rate limit; `retry_after` is the wait it asked for, in seconds."""

    method: str
    route: str
    attempt: int
    retry_after: float | None


@attrs.frozen(kw_only=True)
class RetryScheduled:
    """The same request goes again after `delay` seconds."""

    method: str
    route: str
    attempt: int
    outcome: str
    delay: float


@attrs.frozen(kw_only=True)
class BudgetLearned:
    """A bucket's name, limit or period became known or changed."""

    budget: BudgetSnapshot


Event = AttemptFinished | Throttled | RetryScheduled | BudgetLearned


class Hook(Protocol):
    """Anything that can be called with an event."""

    def __call__(self, event: Event, /) -> None:
        """Take note of `event`."""
        ...


def log_events(event: Event, /) -> None:
    """Log `event` to the logger `aiooncall`: retries and refusals as warnings, the rest for debugging."""
    level = logging.WARNING if isinstance(event, (Throttled, RetryScheduled)) else logging.DEBUG
    logger.log(level, "%s", event)


def emit(hooks: Iterable[Hook], event: Event) -> None:
    """Give `event` to every hook; a hook's own failure never reaches the call."""
    for hook in hooks:
        try:
            hook(event)
        except Exception:
            logger.exception("a hook failed on %s", type(event).__name__)

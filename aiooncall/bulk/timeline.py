"""The course of a run, second by second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs

from aiooncall.events import AttemptFinished, RetryScheduled, Throttled

if TYPE_CHECKING:
    from aiooncall._clock import Clock
    from aiooncall.client import BaseClient
    from aiooncall.events import Event


@attrs.define
class Second:
    """What happened in one second."""

    done: int = 0
    failed: int = 0
    requests: int = 0
    refused: int = 0
    retried: int = 0


class Timeline:
    """Counts what happens, as a hook of the client and as told by the run.

    Args:
        client: whose budgets tell how many calls are allowed.
        clock: what time it is.
    """

    def __init__(self, client: BaseClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._seconds: dict[int, Second] = {}
        self.items = 0
        """How many items have come to an end."""

    def __call__(self, event: Event, /) -> None:
        """Count an event."""
        now = self._now()
        now.requests += isinstance(event, AttemptFinished)
        now.refused += isinstance(event, Throttled)
        now.retried += isinstance(event, RetryScheduled)

    def finished(self, *, failed: bool) -> None:
        """Count an item."""
        now = self._now()
        now.failed += failed
        now.done += not failed
        self.items += 1

    def take(self) -> list[tuple[Any, ...]]:
        """Return what was counted since the last time, as the journal takes it."""
        taken, self._seconds = self._seconds, {}
        allowed = self._allowed() if taken else None
        return [(second, *attrs.astuple(counted), allowed) for second, counted in taken.items()]

    def _now(self) -> Second:
        return self._seconds.setdefault(int(self._clock.time()), Second())

    def _allowed(self) -> float | None:
        """Return the calls in a second that the tightest known limit allows."""
        known = [one.limit / one.period for one in self._client.budgets() if one.limit and one.period]
        return min(known, default=None)

"""The timeline of a run: what happened in each second."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import attrs

from aiooncall.bulk.models import Status
from aiooncall.events import RetryScheduled, Throttled

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall._base.clock import Clock
    from aiooncall.bulk.outcomes import Change
    from aiooncall.client.core import ApiCore
    from aiooncall.events import Event

_DONE: Final = frozenset({Status.DONE, Status.FOUND_DONE, Status.ALREADY})
_FAILED: Final = frozenset({Status.FAILED, Status.AMBIGUOUS})


@attrs.define
class SecondCounter:
    """The counters of one second."""

    done: int = 0
    failed: int = 0
    requests: int = 0
    refused: int = 0
    retried: int = 0


class Timeline:
    """A counter for each second: as a hook of the client it counts refusals and retries, the recorder adds the items.

    Args:
        core: the core of a client; its budgets have the allowed rate, and it counts its requests.
        clock: the clock.
    """

    def __init__(self, core: ApiCore, clock: Clock) -> None:
        self._core = core
        self._clock = clock
        self._seconds: dict[int, SecondCounter] = {}
        self._attempts = core.attempts

    def __call__(self, event: Event, /) -> None:
        """Count an event."""
        now = self._second()
        now.refused += isinstance(event, Throttled)
        now.retried += isinstance(event, RetryScheduled)

    def take(self, changes: Iterable[Change]) -> list[tuple[Any, ...]]:
        """Return the counters since the last call as rows for `Journal.write`, and start new ones.

        Args:
            changes: the changes of items since then.
        """
        ended = Counter((int(at), status) for status, _, _, at, _ in changes if at is not None)
        for (second, status), items in ended.items():
            counted = self._seconds.setdefault(second, SecondCounter())
            counted.done += items * (status in _DONE)
            counted.failed += items * (status in _FAILED)
        attempts = self._core.attempts
        if attempts > self._attempts:
            self._second().requests += attempts - self._attempts
            self._attempts = attempts
        taken, self._seconds = self._seconds, {}
        allowed = self._allowed() if taken else None
        return [(second, *attrs.astuple(counted), allowed) for second, counted in taken.items()]

    def _second(self) -> SecondCounter:
        """Return the counters of the present second."""
        return self._seconds.setdefault(int(self._clock.time()), SecondCounter())

    def _allowed(self) -> float | None:
        """Return the calls per second that the tightest known limit allows."""
        known = [one.limit / one.period for one in self._core.budgets() if one.limit and one.period]
        return min(known, default=None)

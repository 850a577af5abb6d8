"""Pure: after a failed attempt, how long to wait before the next one, or whether to give up.

This is the only module that knows `backoff`. Of that library only its pure half is used: a wait generator and
a jitter function. Its decorators never see a call of ours, so they never see a credential.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Final

import backoff

from aiooncall.transport.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall.options import RetryPolicy

REFUSAL_JITTER: Final = 0.1
"""Share of a server's wait that is added at random, so that several processes don't come back at once."""
LONGEST_REFUSAL_JITTER: Final = 0.5
"""Most seconds that are added so."""


@lru_cache(maxsize=32)
def ceilings(policy: RetryPolicy) -> tuple[float, ...]:
    """Return the ceiling of the random wait after the first failed attempt, the second, and so on."""
    return tuple(islice(_doubling(policy.base, policy.cap), policy.max_attempts))


def _doubling(base: float, cap: float) -> Iterator[float]:
    for wait in backoff.expo(base=2, factor=base, max_value=cap):
        if wait:  # backoff 2 first yields a None, to be primed with
            yield float(wait)


def delay_before_retry(policy: RetryPolicy, outcome: Outcome, *, failures: int, refusals: int) -> float | None:
    """Return the seconds to wait before the request is sent again, or None to give up.

    After a refusal the wait is the budget's: it opens the bucket when the server said so, so this is 0.

    Args:
        policy: when to stop.
        outcome: what the last attempt came to.
        failures: attempts that failed so far, the last one included.
        refusals: refusals so far, the last one included.
    """
    if outcome is Outcome.THROTTLED:
        return 0.0 if refusals <= policy.max_refusals else None
    if outcome is Outcome.TRANSIENT and failures < policy.max_attempts:
        return backoff.full_jitter(ceilings(policy)[failures - 1])
    return None


def backoff_wait(attempt: int, *, base: float, cap: float) -> float:
    """Return the exponential wait in seconds that belongs to `attempt` (from 1), without jitter."""
    return next(islice(_doubling(base, cap), min(attempt, 64) - 1, None))


def refusal_wait(seconds: float) -> float:
    """Return a server's wait with some jitter added; it is never shortened."""
    return seconds + backoff.full_jitter(min(seconds * REFUSAL_JITTER, LONGEST_REFUSAL_JITTER))

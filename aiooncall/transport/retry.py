"""Pure: after a failed attempt, how long to wait before the next one, or whether to give up."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

from aiooncall._base.backoff import doubling, jittered
from aiooncall.transport.outcome import Outcome

if TYPE_CHECKING:
    from aiooncall.options import RetryPolicy


@lru_cache(maxsize=32)
def ceilings(policy: RetryPolicy) -> tuple[float, ...]:
    """Return the ceiling of the random wait after the first failed attempt, the second, and so on."""
    return tuple(islice(doubling(policy.base, policy.cap), policy.max_attempts))


def delay_before_retry(policy: RetryPolicy, outcome: Outcome, *, failures: int, refusals: int) -> float | None:
    """Return the seconds to wait before the request is sent again, or None to give up.

    After a refusal this is 0, because the budget waits: it opens the bucket when the server said so.

    Args:
        policy: when to stop.
        outcome: what the last attempt came to.
        failures: attempts that failed so far, the last one included.
        refusals: refusals so far, the last one included.
    """
    if outcome is Outcome.THROTTLED:
        return 0.0 if refusals <= policy.max_refusals else None
    if outcome is Outcome.TRANSIENT and failures < policy.max_attempts:
        return jittered(ceilings(policy)[failures - 1])
    return None

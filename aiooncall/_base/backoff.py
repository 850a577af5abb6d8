"""Pure: exponential waits, and jitter.

This is the only module that knows `backoff`. Of that library only its pure half is used: a wait generator and
a jitter function. Its decorators never see a call of ours, so they never see a credential.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Final

import backoff

if TYPE_CHECKING:
    from collections.abc import Iterator

REFUSAL_JITTER: Final = 0.1
"""Share of a server's wait that is added at random, so that several processes don't come back at once."""
LONGEST_REFUSAL_JITTER: Final = 0.5
"""Most seconds that are added so."""


def doubling(base: float, cap: float) -> Iterator[float]:
    """Yield waits in seconds: `base`, twice that, and so on, up to `cap`."""
    for wait in backoff.expo(base=2, factor=base, max_value=cap):
        if wait:  # backoff 2 first yields a None, to be primed with
            yield float(wait)


def jittered(most: float) -> float:
    """Return a random wait of at most `most` seconds."""
    return backoff.full_jitter(most)


def backoff_wait(attempt: int, *, base: float, cap: float) -> float:
    """Return the exponential wait in seconds that belongs to `attempt` (from 1), without jitter."""
    return next(islice(doubling(base, cap), min(attempt, 64) - 1, None))


def refusal_wait(seconds: float) -> float:
    """Return a server's wait with some jitter added; it is never shortened."""
    return seconds + jittered(min(seconds * REFUSAL_JITTER, LONGEST_REFUSAL_JITTER))

"""Looking, again and again, whether the server shows what it may have done."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Final, TypeVar

from aiooncall._base.backoff import backoff_wait
from aiooncall.errors import BadRequest
from aiooncall.transport.deadline_scope import current_deadline

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiooncall.options import ClientOptions

T = TypeVar("T")

CLOCK_TOLERANCE: Final = 60.0
"""How far, in seconds, the server's clock may be behind ours when something new is told from something older."""


async def reconciled(look: Callable[[], Awaitable[T | None]], options: ClientOptions) -> T | None:
    """Return what `look` finds, looked for again and again for up to `reconcile_timeout`; None if it is nothing.

    That time begins when the first look has ended, as it may have had to wait for the rate limit. The deadline of the
    call, if it is earlier, ends all of it; once it has passed there is no look at all.

    Args:
        look: returns what it found; anything false if there is nothing yet.
        options: the clock, and `reconcile_timeout`.
    """
    if _left() <= 0:
        return None
    found = await look()
    with suppress(TimeoutError):
        async with asyncio.timeout(min(options.reconcile_timeout, _left())):
            for attempt in count(1):
                if found:
                    return found
                await options.clock.sleep(backoff_wait(attempt, base=0.25, cap=2.0))
                found = await look()
    return found or None


def _left() -> float:
    """Return how many seconds the call has left."""
    deadline = current_deadline()
    return inf if deadline is None else deadline.left


async def or_done_before(change: Awaitable[T], read: Callable[[], Awaitable[T]], is_done: Callable[[T], bool]) -> T:
    """Make a change and return the thing; if it is refused because an earlier attempt has made it, read the thing.

    Args:
        change: the call, which the server refuses once it is done.
        read: reads the thing.
        is_done: whether it is as the change makes it.

    Raises:
        BadRequest: it was refused at the first attempt, or is not as wanted.
    """
    try:
        return await change
    except BadRequest as refused:
        if refused.attempts == 1:
            raise
        found = await read()
        if not is_done(found):
            raise
        return found

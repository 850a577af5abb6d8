"""Waiting until the server shows what it may have done."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, TypeVar

from aiooncall.transport.retry import backoff_wait

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiooncall.options import ClientOptions

T = TypeVar("T")


async def settled(look: Callable[[], Awaitable[T | None]], options: ClientOptions) -> T | None:
    """Return what `look` finds, which is looked for again and again for up to `settle_time`; None if it is nothing.

    The time begins when the first look has ended, as that may have had to wait for the rate limit.

    Args:
        look: returns what it found; anything false if there is nothing yet.
        options: the clock, and `settle_time`.
    """
    found = await look()
    with suppress(TimeoutError):
        async with asyncio.timeout(options.settle_time):
            for attempt in count(1):
                if found:
                    return found
                await options.clock.sleep(backoff_wait(attempt, base=0.25, cap=2.0))
                found = await look()
    return found or None

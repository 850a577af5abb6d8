"""Many reads at once, each of them once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from aiooncall.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


async def read_all(keys: Sequence[K], read: Callable[[K], Awaitable[V]], *, skip_missing: bool = False) -> dict[K, V]:
    """Read what `keys` stand for, concurrently, and return it by key, in their order.

    The first error ends the other reads and is raised as it is: callers handle one `OnCallError`, not a group.

    Args:
        keys: what to read.
        read: reads one.
        skip_missing: whether what is not there is left out, instead of raising NotFound.
    """
    found: dict[K, V] = {}

    async def keep(key: K) -> None:
        try:
            found[key] = await read(key)
        except NotFound:
            if not skip_missing:
                raise

    try:
        async with asyncio.TaskGroup() as reads:
            tasks = [reads.create_task(keep(key)) for key in keys]
    except ExceptionGroup as problems:
        raise problems.exceptions[0] from None
    if any(task.cancelled() for task in tasks):  # TaskGroup does not raise it; what was not read is not missing
        raise asyncio.CancelledError
    return {key: found[key] for key in keys if key in found}

"""Many reads at once, each of them once."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, TypeVar

from aiooncall.errors import Forbidden, NotFound
from aiooncall.fanout import DEFAULT_CONCURRENCY, FanOut

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Hashable, Sequence

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


async def read_each(
    ids: Collection[str], read: Callable[[str], Awaitable[V]], *, concurrency: int = DEFAULT_CONCURRENCY
) -> AsyncGenerator[tuple[str, V | Forbidden | None]]:
    """Read what very many ids stand for, by a crew of workers, and yield each with its id as it comes.

    The first error ends the other reads and is raised, but for two: what is not there is None, and for what the
    credentials may not read there is the error. Close it, if it is not read to its end.

    Args:
        ids: what to read, each once.
        read: reads one.
        concurrency: how many workers.
    """
    found: dict[str, V] = {}

    async def keep(key: str) -> None:
        found[key] = await read(key)

    async with aclosing(aiter(FanOut([*ids], keep, concurrency=concurrency, distinct=True))) as outcomes:
        async for outcome in outcomes:
            if outcome.error is None:
                yield outcome.id, found.pop(outcome.id)
            elif isinstance(outcome.error, (Forbidden, NotFound)):
                yield outcome.id, outcome.error if isinstance(outcome.error, Forbidden) else None
            else:
                raise outcome.error

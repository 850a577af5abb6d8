"""Many reads at once, each of them once."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from aiooncall.errors import NotFound
from aiooncall.fanout import FanOut

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Hashable, Sequence

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


async def read_all(keys: Sequence[K], read: Callable[[K], Awaitable[V]], *, skip_missing: bool = False) -> dict[K, V]:
    """Read what `keys` stand for, concurrently, and return it by key.

    Args:
        keys: what to read.
        read: reads one.
        skip_missing: whether what is not there is left out, instead of raising NotFound.
    """
    found: dict[K, V] = {}

    async def keep(place: str) -> None:
        key = keys[int(place)]
        found[key] = await read(key)

    report = await FanOut(map(str, range(len(keys))), keep)
    for outcome in report.outcomes:
        if outcome.error is not None and not (skip_missing and isinstance(outcome.error, NotFound)):
            raise outcome.error
    return found

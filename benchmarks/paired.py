"""The time of calls, each contender's block right beside one of the contender that all are compared with."""

from __future__ import annotations

import asyncio
import gc
import random
import time
from contextlib import AsyncExitStack
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from benchmarks.contenders import Acknowledge, Contender

    Pairs = dict[str, list[tuple[float, float]]]
    Timer = Callable[[], float]

WORKERS = 16
CALLS = 400
"""In a block."""


async def measure(
    base: Contender,
    contenders: Mapping[str, Contender],
    url: str,
    ids: list[str],
    rounds: int,
    *,
    timer: Timer = time.process_time,
) -> Pairs:
    """Return, by contender, pairs of microseconds a call: of the base, and of the contender beside it.

    Args:
        base: what all are compared with.
        contenders: by name.
        url: where the server is.
        ids: of its pages.
        rounds: how often each takes its turn.
        timer: returns seconds: of CPU time, unless given.
    """
    pairs: Pairs = {name: [] for name in contenders}
    async with AsyncExitStack() as stack:
        before = await stack.enter_async_context(base(url))
        calls = {name: await stack.enter_async_context(make(url)) for name, make in contenders.items()}
        for call in (before, *calls.values()):  # connections are made, caches filled
            await _block(call, ids, timer)
        for _ in range(rounds):
            for name in random.sample(list(calls), len(calls)):
                pairs[name].append(await _pair(before, calls[name], ids, timer))
    return pairs


async def _pair(base: Acknowledge, mine: Acknowledge, ids: list[str], timer: Timer) -> tuple[float, float]:
    if random.random() < 0.5:
        return await _block(base, ids, timer), await _block(mine, ids, timer)
    measured = await _block(mine, ids, timer)
    return await _block(base, ids, timer), measured


async def _block(call: Acknowledge, ids: list[str], timer: Timer) -> float:
    """Return the microseconds a call."""
    numbered = zip(range(CALLS), cycle(ids), strict=False)
    gc.collect()
    started = timer()
    await asyncio.gather(*(_worker(call, numbered) for _ in range(WORKERS)))
    return (timer() - started) / CALLS * 1e6


async def _worker(call: Acknowledge, numbered: Iterator[tuple[int, str]]) -> None:
    for _, page_id in numbered:
        await call(page_id)

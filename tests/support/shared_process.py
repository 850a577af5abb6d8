"""A process that acknowledges pages over a budget that it shares, for the tests that kill it.

Arguments: the simulator's URL and where Redis is; the ids come on standard input, one a line. How many calls failed is
printed at the end.
"""

from __future__ import annotations

import asyncio
import sys

from aiooncall import DatadogOnCall, SessionPool
from aiooncall.distributed import RedisBudget


async def acknowledge(url: str, redis: str, ids: list[str]) -> int:
    """Acknowledge pages, and return how many calls failed."""
    async with (
        SessionPool(shared=RedisBudget(redis)) as pool,
        DatadogOnCall("api-key", "app-key", api_url=url, paging_url=url, pool=pool) as client,
    ):
        return (await client.pages.acknowledge_many(ids)).failed


if __name__ == "__main__":
    sys.stdout.write(f"{asyncio.run(acknowledge(sys.argv[1], sys.argv[2], sys.stdin.read().split()))}\n")

"""A process that runs one bulk job over workers, for the tests that kill it.

Arguments: the URLs of broker, Redis and simulator, and the journal.
"""

from __future__ import annotations

import asyncio
import sys

from aiooncall import bulk
from aiooncall.distributed import TaskiqWorkers
from tests.support.job_process import make_client

CHUNK_SIZE = 10


async def main(broker: str, redis: str, url: str, journal: str) -> None:
    """Run a job from where it is."""
    async with make_client("datadog", url) as client:
        with bulk.open_job(client, journal) as job:
            await job.run(job.plan.hash, workers=TaskiqWorkers(broker, redis, chunk_size=CHUNK_SIZE))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

"""A process that plans or runs one bulk job, for the tests that kill it.

Arguments: what to do (`plan` or `run`), the provider, the simulator's URL, the verb, the journal, and how many
requests at once. Ctrl-C stops a run gracefully. What it came to is printed as JSON.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import Any

import attrs

from aiooncall import CallRate, ClientOptions, DatadogOnCall, GrafanaOnCall, RetryPolicy, bulk

PATIENT = ClientOptions(
    reconcile_timeout=0.2,
    retry=RetryPolicy(max_attempts=12, base=0.005, cap=0.02),
    rate_limit=CallRate(calls=100_000, per=1),
)
"""Tries again soon and often, so that seeded faults cost little time."""


def make_client(provider: str, url: str) -> DatadogOnCall | GrafanaOnCall:
    """Return a client of one account."""
    if provider == "datadog":
        return DatadogOnCall("api-key", "app-key", api_url=url, paging_url=url, options=PATIENT)
    return GrafanaOnCall(url, "token", options=PATIENT)


async def plan(client: DatadogOnCall | GrafanaOnCall, verb: Any, journal: str) -> None:
    """Plan a job for all that is listed, in small requests."""
    listed = (client.pages if isinstance(client, DatadogOnCall) else client.alert_groups).list(page_size=5)
    (await bulk.plan(client, verb, journal, listed)).close()


async def run(client: DatadogOnCall | GrafanaOnCall, journal: str, concurrency: int) -> None:
    """Run a job from where it is."""
    with bulk.open_job(client, journal) as job:
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, job.stop)
        counts = await job.run(job.plan.hash, concurrency=concurrency)
        sys.stdout.write(json.dumps(attrs.asdict(counts)))


async def main(*arguments: str) -> None:
    """Do one task."""
    task, provider, url, verb, journal, concurrency = arguments
    async with make_client(provider, url) as client:
        await (plan(client, verb, journal) if task == "plan" else run(client, journal, int(concurrency)))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

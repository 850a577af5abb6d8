"""A job over workers on Grafana OnCall: each alert group once, and undone over workers as well."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from aiooncall import GrafanaOnCall, bulk
from aiooncall.bulk import Counts
from aiooncall.distributed import TaskiqWorkers
from aiooncall.simulator import Fault, FaultKind, FaultPlan
from tests.support.broker_servers import NatsServer
from tests.support.bulk_world import acted_on, add_groups
from tests.support.published_client import simulator_in_a_thread
from tests.support.worker_processes import grafana_worker, running

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall.simulator import Simulator

ITEMS = 40
"""With its undo and a few reads, less than Grafana's limit of a minute."""
LOST = 2


async def done_and_undone(sim: Simulator, journal: Path, workers: TaskiqWorkers) -> None:
    """Silence alert groups over workers for an hour, undo it over workers, and look at what came of both."""
    groups = add_groups(sim, ITEMS)
    async with GrafanaOnCall(sim.grafana_url, "token") as client:

        async def states() -> set[str]:
            return {str(group.state) async for group in client.alert_groups.list()}

        with await bulk.plan(client, "silence", journal, groups, duration=3600) as job:
            counts = await job.run(job.plan.hash, workers=workers)
            assert (counts.succeeded, counts.total) == (ITEMS, ITEMS)
            assert await states() == {"silenced"}
            with await job.undo(journal.with_name("undo.db")) as undo:
                assert await undo.run(undo.plan.hash, workers=workers) == Counts(done=ITEMS)
                assert await states() == {"firing"}
    assert set(acted_on(sim, "silence")) == set(acted_on(sim, "unsilence")) == set(groups)
    assert len(acted_on(sim, "silence")) <= ITEMS + LOST


@pytest.mark.slow
def test_grafana_job_over_workers(redis_url: str, journal: Path) -> None:
    """Two workers with an account of Grafana silence alert groups, also those whose answers get lost, and undo it."""
    plan = FaultPlan()
    plan.script("POST", "*/silence/", *[Fault(FaultKind.DROP_AFTER)] * LOST)
    with NatsServer() as broker, simulator_in_a_thread(faults=plan) as sim:
        crew = [grafana_worker(name, broker.url, redis_url, sim.grafana_url) for name in ("first", "second")]
        with running(*crew):
            asyncio.run(done_and_undone(sim, journal, TaskiqWorkers(broker.url, redis_url, chunk_size=5)))
    shares = bulk.report(journal).workers
    assert {share.worker for share in shares} <= {"first", "second"}
    assert sum(share.succeeded for share in shares) == ITEMS

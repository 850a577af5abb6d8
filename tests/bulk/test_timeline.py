"""The timeline of a run, as the journal keeps it, and that a run is as fast as the limit allows."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

import pytest

from aiooncall import bulk
from aiooncall.bulk import Counts
from aiooncall.simulator import Fault, FaultKind, FaultPlan, GrafanaOptions, RateRule
from tests.support.bulk_world import add_groups, add_pages, planned_and_run, rows, run_all
from tests.support.datadog_client import PAGES, datadog
from tests.support.grafana_client import grafana_world
from tests.support.soak import SOAK
from tests.support.virtual_time import EPOCH

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall import DatadogOnCall
    from aiooncall.simulator import Simulator

pytestmark = pytest.mark.slow

MANY = 20_000 if SOAK else 3_050
FEW = 20_000 if SOAK else 1_030
SUMS = "SELECT sum(done), sum(failed), sum(requests), sum(refused), sum(retried) FROM timeline"


def answers(sim: Simulator, status: int) -> int:
    """Return how many requests were answered so."""
    return sum(record.status == status for record in sim.ledger.requests)


async def test_rows_add_up(journal: Path) -> None:
    """The seconds of a run add up to its items, and to the requests, refusals and retries that the server saw."""
    plan = FaultPlan()
    plan.script("POST", f"{PAGES}/*", None, *[Fault(FaultKind.ERROR_BEFORE, status=400)] * 3)
    plan.seed(seed=5, rates={Fault(FaultKind.ERROR_BEFORE): 0.05, Fault(FaultKind.DROP_AFTER): 0.05})
    async with datadog(plan, simulator={"rate_rules": [RateRule("oncall", 50, 10)]}) as (sim, client):
        job = await planned_and_run(client, "resolve", journal, add_pages(sim, 200))
        done, failed, requests, refused, retried = rows(job.journal, SUMS)[0]
        assert job.counts == Counts(done=done, failed=failed)
        assert failed == 3
        assert requests == len(sim.ledger.requests)
        assert refused == answers(sim, 429)
        assert retried == requests - 200
        assert plan.injected.total() > 10


async def test_seconds(journal: Path) -> None:
    """There is one row for each second in which something happened, with the calls that the limit allowed."""
    async with datadog(simulator={"rate_rules": [RateRule("oncall", 50, 10)]}) as (sim, client):
        job = await planned_and_run(client, "resolve", journal, add_pages(sim, 200))
        windows = rows(job.journal, "SELECT second / 10, sum(done), max(allowed) FROM timeline GROUP BY 1 ORDER BY 1")
        assert [window[0] for window in windows] == [int(EPOCH) // 10 + number for number in range(len(windows))]
        assert 45 < max(window[1] for window in windows) <= 50
        assert {window[2] for window in windows} == {5.0}
        assert rows(job.journal, "SELECT min(second) FROM timeline") == [(int(EPOCH),)]


async def test_seconds_of_two_runs(sim: Simulator, dd: DatadogOnCall, journal: Path) -> None:
    """A resumed run adds to the same timeline, to the same second if need be; what others do is not counted."""
    ids = add_pages(sim, 40)
    with await bulk.plan(dd, "escalate", journal, ids) as job:
        await run_all(job, concurrency=2, watch=lambda _: job.stop())
        first = rows(job.journal, SUMS)[0][0]
        assert 0 < first < 40
        await dd.pages.get(ids[0])
        await job.resume()
        assert rows(job.journal, SUMS) == [(40, 0, 40, 0, 0)]
        assert len(rows(job.journal, "SELECT * FROM timeline")) == 1


async def test_doubts_count_as_failed(journal: Path) -> None:
    """An escalation in doubt is no success in the timeline."""
    plan = FaultPlan()
    plan.script("POST", f"{PAGES}/*", None, *[Fault(FaultKind.DROP_AFTER)] * 4)
    async with datadog(plan) as (sim, client):
        job = await planned_and_run(client, "escalate", journal, add_pages(sim, 10))
        assert job.counts == Counts(done=6, ambiguous=4)
        assert rows(job.journal, SUMS) == [(6, 4, 10, 0, 0)]


@pytest.mark.no_cover
@pytest.mark.parametrize(("verb", "number", "limit"), [("resolve", MANY, 200), ("escalate", FEW, 40)])
async def test_as_fast_as_datadog_allows(verb: str, number: int, limit: int, journal: Path) -> None:
    """Thousands of pages take no more than 2 % longer than the limit's windows do."""
    rule = RateRule("oncall", limit, 10.0)
    async with datadog(simulator={"rate_rules": [rule], "keep_requests": False}) as (sim, client):
        job = await planned_and_run(client, verb, journal, add_pages(sim, number))
        assert job.counts == Counts(done=number)
        last_window = (EPOCH // 10.0 + ceil(number / limit) - 1) * 10.0
        assert client.options.clock.time() - EPOCH <= 1.02 * (last_window - EPOCH)


async def test_as_fast_as_grafana_allows(journal: Path) -> None:
    """The same for Grafana's sliding minute, without a single refusal."""
    number = FEW
    async with grafana_world(GrafanaOptions()) as world:
        started = world.clock.monotonic()
        job = await planned_and_run(world.client, "acknowledge", journal, add_groups(world.sim, number))
        assert job.counts == Counts(done=number)
        assert answers(world.sim, 429) == 0
        assert world.clock.monotonic() - started <= 1.02 * (ceil(number / 300) - 1) * 60.0

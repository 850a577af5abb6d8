"""Verification: accepted is not done, and reading back takes no more requests than it must."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import Forbidden, OptionsError, bulk
from aiooncall.bulk import Counts, Verification
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions
from tests.support.bulk_world import add_groups, add_pages, after, planned_and_run, rows, run_all, with_status
from tests.support.datadog_client import PAGES, TEAM, datadog, scripted, sends
from tests.support.grafana_client import API, grafana_world
from tests.support.virtual_time import EPOCH

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall import GrafanaOnCall
    from aiooncall.simulator import Simulator

pytestmark = pytest.mark.slow

LOST_ANSWER = Fault(FaultKind.DROP_AFTER)
LOST = Fault(FaultKind.DROP_BEFORE)
BROKEN = Fault(FaultKind.ERROR_BEFORE, status=500)


def lists(sim: Simulator, path: str) -> int:
    """Return how many requests were for a list."""
    return sends(sim, "GET", path)


def looks(sim: Simulator, path: str) -> int:
    """Return how many requests were for one item."""
    return sum(record.method == "GET" and not record.path.endswith(path) for record in sim.ledger.requests)


@pytest.mark.parametrize("verb", ["acknowledge", "resolve"])
async def test_accepted_is_not_done(verb: str, journal: Path) -> None:
    """What the server took and does not show yet is accepted; once it shows, it is confirmed."""
    async with datadog(simulator={"settle_delay": 20.0}) as (sim, client):
        job = await planned_and_run(client, verb, journal, add_pages(sim, 30))
        assert await job.verify(wait=0) == Verification(accepted=30)
        assert await job.verify(wait=5) == Verification(accepted=30)
        assert await job.verify() == Verification(confirmed=30)
        looked = len(sim.ledger.requests)
        assert await job.verify() == Verification(confirmed=30)
        assert len(sim.ledger.requests) == looked


async def test_waits_no_longer_than_told(journal: Path) -> None:
    """It looks again for as long as it was told, and not all the time."""
    async with datadog(simulator={"settle_delay": 1e6}) as (sim, client):
        job = await planned_and_run(client, "resolve", journal, add_pages(sim, 3))
        started = client.options.clock.monotonic()
        assert await job.verify(wait=60) == Verification(accepted=3)
        assert 45 < client.options.clock.monotonic() - started <= 61
        assert looks(sim, PAGES) <= 3 * 15
        with pytest.raises(OptionsError, match="wait"):
            await job.verify(wait=-1)


async def test_alert_groups_show_it_at_once(sim: Simulator, gf: GrafanaOnCall, journal: Path) -> None:
    """Grafana shows at once what it took."""
    job = await planned_and_run(gf, "silence", journal, add_groups(sim, 12), duration=60)
    assert await job.verify(wait=0) == Verification(confirmed=12)


async def test_gone_items_are_unknown(tmp_path: Path) -> None:
    """Of an item that is not there any more nothing is known, and it is not waited for."""
    async with grafana_world() as world, datadog(simulator={"settle_delay": 0.0}) as (sim, client):
        ids = add_groups(world.sim, 12)
        job = await planned_and_run(world.client, "acknowledge", tmp_path / "gf.db", ids)
        await world.client.alert_groups.delete(ids[3], mode="delete")
        await world.clock.sleep(1)
        assert await job.verify() == Verification(confirmed=11, unknown=1)
        pages = add_pages(sim, 5)
        job = await planned_and_run(client, "resolve", tmp_path / "dd.db", pages)
        sim._world._pages._pages.pop(pages[0])
        started = client.options.clock.monotonic()
        assert await job.verify() == Verification(confirmed=4, unknown=1)
        assert client.options.clock.monotonic() - started < 1


async def test_escalations_cannot_be_seen(journal: Path) -> None:
    """No state shows an escalation: it stays accepted, or unknown if it was in doubt, and nothing is read."""
    async with datadog(scripted("POST", f"{PAGES}/*", None, LOST, LOST_ANSWER)) as (sim, client):
        job = await planned_and_run(client, "escalate", journal, [*add_pages(sim, 10), "no-such-page"])
        assert await job.verify() == Verification(accepted=8, unknown=2, failed=1)
        assert len(sim.ledger.requests) == 11


async def test_everything_apart(journal: Path) -> None:
    """Confirmed, accepted, failed and unfinished items are told apart, and together they are all."""
    faults = scripted("POST", f"{PAGES}/*", *[None] * 4, Fault(FaultKind.ERROR_BEFORE, status=400))
    async with datadog(faults, simulator={"settle_delay": 10.0}) as (sim, client):
        ids = [*add_pages(sim, 2, status="resolved"), *add_pages(sim, 10)]
        with await bulk.plan(client, "resolve", journal, ids) as job:
            await run_all(job, concurrency=1, watch=after(4, job.stop))
            assert await job.verify(wait=0) == Verification(confirmed=2, accepted=2, unfinished=8)
            await job.resume()
            assert await job.verify(wait=0) == Verification(confirmed=2, accepted=9, failed=1)
            assert await job.verify() == Verification(confirmed=11, failed=1)


async def test_doubts_are_settled_by_what_is_seen(journal: Path) -> None:
    """What was in doubt is done once it is seen as wanted, and unknown as long as it is not."""
    async with grafana_world(client={"reconcile_timeout": 1.0}) as world:
        world.fail("POST", "*", LOST_ANSWER, LOST)
        world.fail("GET", "*", *[Fault(FaultKind.ERROR_BEFORE, status=404)] * 100)
        job = await planned_and_run(world.client, "acknowledge", journal, add_groups(world.sim, 10))
        assert job.counts == Counts(done=8, ambiguous=2)
        world.sim.faults._scripts.clear()
        assert await job.verify(wait=1) == Verification(confirmed=9, unknown=1)
        assert job.counts == Counts(done=8, found_done=1, ambiguous=1)
        assert rows(job.journal, "SELECT DISTINCT seen, reason FROM items WHERE status LIKE '%done'") == [
            ("acknowledged", None)
        ]


async def test_many_listed_pages_are_read_in_lists(journal: Path) -> None:
    """Pages of which it is known when they were created are read by the thousand."""
    async with datadog(simulator={"search_lag": 0.0, "settle_delay": 0.0}) as (sim, client):
        add_pages(sim, 1500)
        listing = client.pages.list(page_size=1000)
        job = await planned_and_run(client, "resolve", journal, listing)
        before = lists(sim, PAGES)
        assert await job.verify() == Verification(confirmed=1500)
        assert lists(sim, PAGES) - before == 2
        assert looks(sim, PAGES) == 0


async def test_many_listed_groups_are_read_in_lists(sim: Simulator, gf: GrafanaOnCall, journal: Path) -> None:
    """Alert groups of which it is known when they began are read by the hundred, and only those of that time."""
    add_groups(sim, 500, created_at=EPOCH - 500)
    wanted = add_groups(sim, 150, created_at=EPOCH - 300)
    add_groups(sim, 500, created_at=EPOCH - 100)
    listed = [group async for group in gf.alert_groups.list() if group.id in set(wanted)]
    job = await planned_and_run(gf, "acknowledge", journal, listed)
    before = lists(sim, "alert_groups/")
    assert await job.verify() == Verification(confirmed=150)
    assert lists(sim, "alert_groups/") - before == 2


async def test_few_pages_are_read_one_by_one(journal: Path) -> None:
    """For a few pages no long list is read."""
    async with datadog(simulator={"search_lag": 0.0, "settle_delay": 0.0}) as (sim, client):
        add_pages(sim, 1200)
        listed = [page async for page in client.pages.list(page_size=1000)][::120]
        job = await planned_and_run(client, "resolve", journal, listed)
        before = lists(sim, PAGES)
        assert await job.verify() == Verification(confirmed=10)
        assert lists(sim, PAGES) == before
        assert looks(sim, PAGES) == 10


async def test_ids_alone_are_read_one_by_one(journal: Path) -> None:
    """Where it is not known when the pages were created, they are read one by one."""
    async with datadog(simulator={"search_lag": 0.0, "settle_delay": 0.0}) as (sim, client):
        job = await planned_and_run(client, "resolve", journal, add_pages(sim, 150))
        assert await job.verify() == Verification(confirmed=150)
        assert lists(sim, PAGES) == 0
        assert looks(sim, PAGES) == 150


async def test_long_list_is_given_up(journal: Path) -> None:
    """A list that turns out longer than single looks would have been is left; the rest is looked at one by one."""
    async with grafana_world(GrafanaOptions(limit=None)) as world:
        (oldest,) = add_groups(world.sim, 1, created_at=EPOCH - 9000)
        add_groups(world.sim, 3000, created_at=EPOCH - 5000)
        newest = add_groups(world.sim, 11, created_at=EPOCH - 1000)
        wanted = [bulk.Item(id=group, created_at=(await world.client.alert_groups.get(group)).created_at or None)
                  for group in (oldest, *newest)]  # fmt: skip
        job = await planned_and_run(world.client, "acknowledge", journal, wanted)
        before = len(world.requests("GET"))
        assert await job.verify() == Verification(confirmed=12)
        assert 1 < len(world.requests("GET")) - before <= 2 * 12 + 1


@pytest.mark.parametrize("manner", [{"search_mode": "empty_body"}, {"search_lag": 1000.0}])
async def test_list_that_tells_nothing(manner: dict[str, Any], journal: Path) -> None:
    """Where the list is broken or does not have the pages yet, they are looked at one by one."""
    async with datadog(simulator={"settle_delay": 0.0, **manner}) as (sim, client):
        created = [await client.pages.create(f"page {number}", target=TEAM) for number in range(150)]
        found = [await client.pages.get(page.id) for page in created]
        before = looks(sim, PAGES)
        job = await planned_and_run(client, "resolve", journal, found)
        assert await job.verify() == Verification(confirmed=150)
        assert lists(sim, PAGES) >= 1
        assert looks(sim, PAGES) - before == 150


async def test_failing_looks_are_repeated(journal: Path) -> None:
    """A look that fails proves nothing: the item is looked at again."""
    faults = scripted("GET", "*", *[BROKEN] * 8)
    async with datadog(faults, simulator={"settle_delay": 0.0}) as (sim, client):
        job = await planned_and_run(client, "resolve", journal, add_pages(sim, 2))
        assert await job.verify(wait=0) == Verification(accepted=2)
        assert await job.verify() == Verification(confirmed=2)


async def test_refused_looks_are_raised(journal: Path) -> None:
    """Credentials that may not read are an error, not a finding."""
    faults = scripted("GET", "*", *[Fault(FaultKind.ERROR_BEFORE, status=403)] * 2)
    async with datadog(faults) as (sim, client):
        job = await planned_and_run(client, "resolve", journal, add_pages(sim, 2))
        with pytest.raises(Forbidden):
            await job.verify()


async def test_what_was_seen_is_written_down(sim: Simulator, gf: GrafanaOnCall, tmp_path: Path) -> None:
    """The journal has the state that was seen of each item, and when."""
    ids = add_groups(sim, 12)
    job = await planned_and_run(gf, "resolve", tmp_path / "job.db", ids)
    await gf.alert_groups.unresolve(ids[0])
    await job.verify(wait=0)
    found = dict(rows(job.journal, "SELECT id, seen FROM items"))
    assert found == {ids[0]: "firing", **dict.fromkeys(ids[1:], "resolved")}
    assert rows(job.journal, "SELECT count(*) FROM items WHERE seen_at IS NULL") == [(0,)]
    assert with_status(job.journal, "done") == set(ids)


async def test_paths(sim: Simulator, gf: GrafanaOnCall, journal: Path) -> None:
    """Reading back only reads."""
    job = await planned_and_run(gf, "resolve", journal, add_groups(sim, 12))
    before = len(sim.ledger.requests)
    await job.verify()
    after = sim.ledger.requests[before:]
    assert {record.method for record in after} == {"GET"}
    assert all(record.path.startswith(f"{API}/alert_groups/") for record in after)

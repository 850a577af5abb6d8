"""Plans: what they hold, what they refuse, and that nothing is left of one that failed."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import DatadogOnCall, Forbidden, JournalError, OptionsError, PlanRefused, bulk
from aiooncall.bulk.journal import BATCH
from aiooncall.client.base import core_of
from aiooncall.simulator import Fault, FaultKind
from tests.support.bulk_world import add_groups, add_pages, files, rows, statuses
from tests.support.datadog_client import PAGES, client_on, datadog, scripted
from tests.support.grafana_client import grafana_client, grafana_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from aiooncall import GrafanaOnCall
    from aiooncall.bulk import VerbName
    from aiooncall.simulator import Simulator

IDS = ["a", "b", "c"]


async def hash_of(client: Any, folder: Path, verb: VerbName = "acknowledge", ids: Any = IDS, **options: Any) -> str:
    """Return the hash of a plan."""
    with await bulk.plan(client, verb, folder / f"{len(files(folder))}.db", ids, **options) as job:
        assert job.preview().plan.hash == job.plan.hash
        return job.plan.hash


async def test_plan_of_ids_sends_nothing(sim: Simulator, dd: DatadogOnCall, journal: Path) -> None:
    """A plan of ids and its preview send nothing at all, and what they say is what was given."""
    with await bulk.plan(dd, "resolve", journal, IDS, described_as="three of them") as job:
        assert job.preview().plan == job.plan
        plan = job.plan
        assert (plan.provider, plan.verb, plan.items, plan.duplicates) == ("datadog", "resolve", 3, 0)
        assert (plan.selection, plan.account, plan.duration) == ("three of them", core_of(dd).profile.account, None)
        assert plan.created_at.timestamp() == pytest.approx(dd.options.clock.time(), abs=1)
        assert (job.counts.open, job.counts.total, job.journal) == (3, 3, journal)
    assert list(statuses(journal).items()) == [("a", "open"), ("b", "open"), ("c", "open")]
    assert sim.ledger.requests == []


@pytest.mark.parametrize("verb", ["acknowledge", "resolve", "escalate"])
async def test_plan_of_pages_only_reads(verb: VerbName, journal: Path) -> None:
    """A plan of a listing reads the list to its end, in its order, and does nothing else."""
    async with datadog(simulator={"search_lag": 0.0}) as (sim, client):
        ids = add_pages(sim, 25)
        with await bulk.plan(client, verb, journal, client.pages.list(page_size=10)) as job:
            job.preview()
            assert set(statuses(job.journal)) == set(ids)
        assert {record.method for record in sim.ledger.requests} == {"GET"}
        assert sim.ledger.effects == []


async def test_plan_of_alert_groups_only_reads(sim: Simulator, gf: GrafanaOnCall, journal: Path) -> None:
    """The same for alert groups."""
    ids = add_groups(sim, 25)
    listing = gf.alert_groups.list(page_size=10)
    with await bulk.plan(gf, "silence", journal, listing, duration=60) as job:
        assert job.preview().plan.duration == 60.0
        assert set(statuses(job.journal)) == set(ids)
    assert {record.method for record in sim.ledger.requests} == {"GET"}


async def test_duplicates_are_counted_and_left_out(journal: Path) -> None:
    """An id that comes again, however much later, is left out and counted; the first one keeps its place."""
    ids = [f"p{number}" for number in range(BATCH + 10)]
    async with datadog() as (_, client):
        with await bulk.plan(client, "resolve", journal, [*ids, *ids[:7], "new", "new"]) as job:
            assert (job.plan.items, job.plan.duplicates) == (BATCH + 11, 8)
            assert list(statuses(job.journal)) == [*ids, "new"]


async def test_hash_stands_for_the_plan(tmp_path: Path) -> None:
    """Equal plans have equal hashes; duplicates, titles and where the ids came from make no difference."""
    async with datadog() as (sim, client), client_on(sim) as same:
        first = await hash_of(client, tmp_path)
        assert await hash_of(same, tmp_path) == first
        assert await hash_of(client, tmp_path, ids=[*IDS, "a"], described_as="a file") == first
        assert await hash_of(client, tmp_path, ids=[bulk.Item(id=one, title="T") for one in IDS]) == first


@pytest.mark.parametrize(
    "ids",
    [["a", "b"], ["a", "b", "c", "d"], ["b", "a", "c"], ["a", "b", "C"], ["ab", "c"], ["a", "bc"], ["abc"]],
)
async def test_hash_changes_with_the_ids(dd: DatadogOnCall, ids: list[str], tmp_path: Path) -> None:
    """One id more, less, other, elsewhere or cut differently makes another hash."""
    assert await hash_of(dd, tmp_path, ids=ids) != await hash_of(dd, tmp_path)


async def test_hash_changes_with_what_is_done_where(tmp_path: Path) -> None:
    """Another verb, duration, account, address or provider makes another hash."""
    async with grafana_world() as world, datadog() as (sim, client):
        other_keys = DatadogOnCall("other-key", "other-app-key", api_url=sim.datadog_url, paging_url=sim.datadog_url)
        elsewhere = DatadogOnCall("api-key-0123456789", "app-key-9876543210", site="datadoghq.eu")
        plans = [
            await hash_of(client, tmp_path),
            await hash_of(client, tmp_path, "resolve"),
            await hash_of(other_keys, tmp_path),
            await hash_of(elsewhere, tmp_path),
            await hash_of(world.client, tmp_path),
            await hash_of(grafana_client(world.sim.grafana_url, "another-token"), tmp_path),
            await hash_of(world.client, tmp_path, "silence"),
            await hash_of(world.client, tmp_path, "silence", duration=60),
            await hash_of(world.client, tmp_path, "silence", duration=61),
        ]
        assert len(set(plans)) == len(plans)


def broken() -> Iterator[str]:
    """Yield an id and fail."""
    yield "a"
    raise LookupError("no more")


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        (("reboot", IDS, {}), OptionsError, "one of acknowledge, resolve, escalate for datadog"),
        (("unresolve", IDS, {}), OptionsError, "verb"),
        (("resolve", IDS, {"duration": 60}), OptionsError, "takes no duration"),
        (("resolve", [], {}), OptionsError, "at least one id"),
        (("resolve", ["a", "a/b"], {}), OptionsError, "id"),
        (("resolve", "abc", {}), OptionsError, "selection"),
        (("resolve", IDS, {"most": 2}), PlanRefused, "more than 2 items"),
        (("resolve", broken(), {}), LookupError, "no more"),
    ],
)
async def test_refused_plan_leaves_no_file(arguments: Any, kind: type[Exception], said: str, tmp_path: Path) -> None:
    """A plan that is refused, or whose selection fails, leaves no file and sends nothing."""
    verb, ids, options = arguments
    async with datadog() as (sim, client):
        with pytest.raises(kind, match=said):
            await bulk.plan(client, verb, tmp_path / "job.db", ids, **options)
        assert files(tmp_path) == []
        assert sim.ledger.requests == []


async def test_as_many_as_allowed(dd: DatadogOnCall, journal: Path) -> None:
    """Exactly the maximum is fine, and duplicates do not count."""
    with await bulk.plan(dd, "resolve", journal, [*IDS, *IDS], most=3) as job:
        assert job.plan.items == 3


async def test_too_many_are_not_read_to_their_end(journal: Path) -> None:
    """Beyond the maximum a selection is not read on."""

    def endless() -> Iterator[str]:
        number = 0
        while True:
            yield f"p{(number := number + 1)}"

    async with datadog() as (_, client):
        with pytest.raises(PlanRefused):
            await bulk.plan(client, "resolve", journal, endless(), most=5)


@pytest.mark.parametrize("duration", [0, -1, 0.5, 90.5, float("nan"), "60"])
async def test_bad_duration(gf: GrafanaOnCall, duration: Any, tmp_path: Path) -> None:
    """A duration that the provider cannot take is refused while planning, not when each item is sent."""
    with pytest.raises(OptionsError, match="duration"):
        await bulk.plan(gf, "silence", tmp_path / "job.db", IDS, duration=duration)
    assert files(tmp_path) == []


async def test_failing_listing_leaves_no_file(tmp_path: Path) -> None:
    """When the list fails on its way, the error arrives and no file is left."""
    faults = scripted("GET", PAGES, None, Fault(FaultKind.ERROR_BEFORE, status=403))
    async with datadog(faults, simulator={"search_lag": 0.0}) as (sim, client):
        add_pages(sim, 25)
        with pytest.raises(Forbidden):
            await bulk.plan(client, "resolve", tmp_path / "job.db", client.pages.list(page_size=10))
        assert files(tmp_path) == []


async def test_cancelled_plan_leaves_no_file(tmp_path: Path) -> None:
    """Cancelling a plan takes its file away."""

    async def stuck() -> AsyncIterator[str]:
        yield "a"
        await asyncio.sleep(1000)

    async with datadog() as (_, client):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await bulk.plan(client, "resolve", tmp_path / "job.db", stuck())
        assert files(tmp_path) == []


async def test_file_that_is_there_is_not_touched(tmp_path: Path) -> None:
    """A plan never writes over a file: neither another plan's nor anything else."""
    notes = tmp_path / "notes.txt"
    notes.write_text("mine")
    async with datadog() as (_, client):
        (await bulk.plan(client, "resolve", tmp_path / "job.db", IDS)).close()
        for path in (notes, tmp_path / "job.db", tmp_path):
            with pytest.raises(JournalError, match="is there already"):
                await bulk.plan(client, "resolve", path, ["x"])
    assert notes.read_text() == "mine"
    assert list(statuses(tmp_path / "job.db")) == IDS


async def test_no_folder_to_write_to(tmp_path: Path) -> None:
    """A folder that is not there, or is a file, is a JournalError that names the journal."""
    (tmp_path / "file").write_text("")
    async with datadog() as (_, client):
        for path in (tmp_path / "missing" / "job.db", tmp_path / "file" / "job.db"):
            with pytest.raises(JournalError, match=r"job\.db"):
                await bulk.plan(client, "resolve", path, IDS)
    assert files(tmp_path) == ["file"]


async def test_folder_that_may_not_be_written(tmp_path: Path) -> None:
    """A read-only folder is a JournalError."""
    tmp_path.chmod(0o500)
    try:
        try:
            (tmp_path / "probe").touch()
        except PermissionError:
            async with datadog() as (_, client):
                with pytest.raises(JournalError):
                    await bulk.plan(client, "resolve", tmp_path / "job.db", IDS)
        else:
            pytest.skip("this user may write everywhere")
    finally:
        tmp_path.chmod(0o700)


@pytest.mark.parametrize("size", [1, 12])
async def test_full_disk(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full while planning, at its beginning or later, is an error that says so; no file is left."""
    connect = sqlite3.connect

    def on_a_small_disk(*place: Any, **options: Any) -> Any:
        connection = connect(*place, **options)
        connection.execute(f"PRAGMA max_page_count = {size}")
        return connection

    monkeypatch.setattr(sqlite3, "connect", on_a_small_disk)
    async with datadog() as (sim, client):
        with pytest.raises(JournalError, match="full"):
            await bulk.plan(client, "resolve", tmp_path / "job.db", (f"page-{number}" for number in range(5000)))
        assert files(tmp_path) == []
        assert sim.ledger.requests == []


async def test_plan_is_written_before_it_is_run(dd: DatadogOnCall, journal: Path) -> None:
    """When `plan` returns, everything is in the file for anybody to read, the facts among it."""
    with await bulk.plan(dd, "resolve", journal, IDS) as job:
        facts = dict(rows(journal, "SELECT name, value FROM job"))
        assert (facts["hash"], facts["verb"], facts["items"]) == (job.plan.hash, "resolve", "3")

"""A fan-out that is stopped or fails: what may have left is told from what waited, and every id is accounted for."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import (
    BadRequest,
    ConnectError,
    FanOut,
    Forbidden,
    OptionsError,
    PoolOptions,
    SessionPool,
)
from aiooncall._base.compact_texts import CompactTexts
from aiooncall.outcomes import MOST_KEPT
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions, RateRule, Simulator
from aiooncall.transport.session_pool import MOST_UNUSED
from tests.support.datadog_client import PAGES, client_on, datadog
from tests.support.grafana_client import grafana_client, grafana_world
from tests.support.memory import peak_of_memory

if TYPE_CHECKING:
    from aiooncall import DatadogOnCall, GrafanaOnCall
    from tests.support.virtual_time import VirtualClock

SLOW = Fault(FaultKind.SLOW, delay=600.0)


async def stopped(job: FanOut, after: float) -> None:
    """Run a job and cancel it."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(after):
            await job


async def test_who_waits_for_the_limit_is_not_in_doubt() -> None:
    """A job that is cancelled while its workers wait for the rate limit has nothing in doubt: nothing left."""
    rules = [RateRule("oncall_paging", limit=20, period=30.0)]
    async with datadog(simulator={"rate_rules": rules}) as (sim, client):
        job = client.pages.escalate_many([sim.add_page(title=str(number)) for number in range(300)])
        await stopped(job, 3.0)
        assert job.report.interrupted == []
        assert job.report.succeeded == sim.ledger.count("escalate") > 0
        assert job.report.failed == 0


async def test_who_was_refused_and_waits_is_not_in_doubt(sim: Simulator, dd: DatadogOnCall) -> None:
    """An id whose request the server refused for the rate limit had no effect."""
    sim.faults.script("POST", f"{PAGES}/*", *[Fault(FaultKind.THROTTLE, retry_after="100")] * 9)
    job = dd.pages.escalate_many([sim.add_page(title="x")])
    await stopped(job, 5.0)
    assert (job.report.interrupted, sim.ledger.count("escalate")) == ([], 0)


@pytest.mark.parametrize("verb", ["escalate", "resolve"])
async def test_what_is_on_the_wire_is_in_doubt(sim: Simulator, dd: DatadogOnCall, verb: str) -> None:
    """An id whose request was sent and not answered may have been acted on; the others of the job were not sent."""
    pages = [sim.add_page(title=str(number)) for number in range(30)]
    sim.faults.script("POST", f"{PAGES}/*", None, *[SLOW] * 40)
    job: FanOut = getattr(dd.pages, f"{verb}_many")(pages, concurrency=4)
    await stopped(job, 5.0)
    assert job.report.succeeded == 1
    assert len(job.report.interrupted) == 4
    assert set(job.report.interrupted) == {request.path.split("/")[-2] for request in sim.ledger.requests[1:]}


async def test_what_is_tried_again_stays_in_doubt(sim: Simulator, dd: DatadogOnCall) -> None:
    """An id whose first attempt failed after sending may have been acted on, also while the next one waits."""
    page = sim.add_page(title="x")
    sim.faults.script("POST", f"{PAGES}/*", Fault(FaultKind.ERROR_AFTER, status=503, retry_after="500"))
    job = dd.pages.resolve_many([page])
    await stopped(job, 5.0)
    assert len(sim.ledger.requests) == 1
    assert job.report.interrupted in ([page], [])


async def test_what_got_no_connection_is_not_in_doubt(clock: VirtualClock) -> None:
    """An id that nobody took a connection for was not sent."""
    async with Simulator(clock=clock) as sim:
        client = client_on(sim, clock=clock, connections=PoolOptions(connect_timeout=1000.0))
    async with client:
        job = client.pages.escalate_many(["p1", "p2"])
        await stopped(job, 0.1)
        assert job.report.interrupted == []


async def test_action_of_ones_own_is_in_doubt() -> None:
    """Of an action that makes no call of this package nobody knows what it did: it is told as interrupted."""

    async def act(_: str) -> None:
        await asyncio.sleep(60.0)

    job = FanOut(["a", "b"], act)
    await stopped(job, 1.0)
    assert job.report.interrupted == ["a", "b"]


async def test_things_instead_of_ids(sim: Simulator, dd: DatadogOnCall, gf: GrafanaOnCall) -> None:
    """Both halves take what their lists yield: an async list is read to its end first, so that none is skipped."""
    for number in range(30):
        sim.add_page(title=str(number))
        sim.grafana.add_alert_group(str(number))
    report = await dd.pages.resolve_many(dd.pages.list("status:triggered", page_size=7))
    assert (report.succeeded, report.failed) == (30, 0)
    pages = [page async for page in dd.pages.list()]
    mixed: Any = [*pages, *pages, pages[0].id]
    report = await dd.pages.resolve_many(mixed)
    assert (report.succeeded, report.duplicates) == (30, 31)
    report = await gf.alert_groups.resolve_many(gf.alert_groups.list(page_size=7))
    assert (report.succeeded, report.failed) == (30, 0)


async def test_list_that_breaks_off(sim: Simulator, dd: DatadogOnCall) -> None:
    """A list that fails before its end is raised, and nothing is done: the job was to be all of it."""
    for number in range(20):
        sim.add_page(title=str(number))
    await dd.options.clock.sleep(5.0)
    sim.faults.script("GET", PAGES, None, Fault(FaultKind.ERROR_BEFORE, status=403))
    job = dd.pages.resolve_many(dd.pages.list(page_size=10))
    with pytest.raises(Forbidden):
        await job
    assert job.report.succeeded == sim.ledger.count("resolve") == 0


async def test_thing_of_another_kind(dd: DatadogOnCall) -> None:
    """What is neither an id nor a page fails alone, and is told."""
    odd: Any = [3, None, "no such page"]
    report = await dd.pages.resolve_many(odd)
    assert (report.failed, sorted(report.failed_ids)) == (3, ["3", "None", "no such page"])


async def test_first_id_proves_the_credentials_in_both_halves() -> None:
    """Credentials that may not act end a job at its first id, in Datadog as in Grafana."""
    plan = [Fault(FaultKind.ERROR_BEFORE, status=403)] * 99
    async with datadog() as (sim, client):
        sim.faults.script("POST", f"{PAGES}/*", *plan)
        job = client.pages.acknowledge_many([sim.add_page(title=str(number)) for number in range(50)])
        with pytest.raises(Forbidden):
            await job
        assert (len(sim.ledger.requests), job.report.failed) == (1, 1)
    async with grafana_world(GrafanaOptions(powerless=frozenset({"weak"})), token="weak") as w:
        job = w.client.alert_groups.resolve_many(w.groups(map(str, range(50))))
        with pytest.raises(Forbidden):
            await job
        assert len(w.requests()) == 1


async def test_no_more_workers_than_ids() -> None:
    """A job begins no worker that has nothing to do."""
    before = len(asyncio.all_tasks())
    most = 0

    async def act(_: str) -> None:
        nonlocal most
        most = max(most, len(asyncio.all_tasks()) - before)
        await asyncio.sleep(1.0)

    await FanOut((name for name in "abc"), act, concurrency=1000)
    assert most == 3


async def test_bad_id_of_a_crowd(sim: Simulator, dd: DatadogOnCall, gf: GrafanaOnCall) -> None:
    """An id with half a character in it fails by itself; all others are done."""
    pages = [sim.add_page(title=str(number)) for number in range(10)]
    groups = [sim.grafana.add_alert_group(str(number)) for number in range(10)]
    for job in (dd.pages.acknowledge_many([*pages, "bad\udcff"]), gf.alert_groups.resolve_many([*groups, "bad\udcff"])):
        report = await job
        assert (report.succeeded, list(report.failed_ids)) == (10, ["bad\udcff"])
        assert isinstance(report.outcomes[0].error, OptionsError)


class Evil:
    """What cannot even be shown."""

    def __repr__(self) -> str:
        raise RuntimeError("no")


async def test_thing_that_cannot_be_shown(sim: Simulator, dd: DatadogOnCall) -> None:
    """Something that is no id, and that cannot be shown either, fails by itself; all others are done."""
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    pages: list[Any] = [sim.add_page(title=str(number)) for number in range(4)]
    report = await dd.pages.acknowledge_many([*pages[:2], deep, Evil(), *pages[2:]])
    assert (report.succeeded, list(report.failed_ids)) == (
        4,
        ["a list that cannot be shown", "a Evil that cannot be shown"],
    )


async def refuse(item: str) -> None:
    """Fail, with much to tell."""
    reasons = tuple(f"reason {number} of {item} " * 10 for number in range(10))
    kind = BadRequest if item.endswith("7") else Forbidden
    raise kind(status=400, errors=reasons, method="POST", route="/x")


@pytest.mark.no_cover
async def test_failures_without_end_take_little_memory() -> None:
    """Of very many failures the first thousand are kept whole; of all the ids are, and each kind is counted."""
    number = 20_000
    with peak_of_memory() as peak:
        report = await FanOut((f"00000000-0000-4000-8000-{place:012}" for place in range(number)), refuse)
    assert peak[0] < 20_000_000
    assert (report.failed, len(report.failed_ids), len(report.outcomes)) == (number, number, MOST_KEPT)
    assert sorted(report.failed_ids) == [f"00000000-0000-4000-8000-{place:012}" for place in range(number)]
    assert {name: kind.count for name, kind in report.kinds.items()} == {"Forbidden": 18_000, "BadRequest": 2_000}
    assert isinstance(report.kinds["BadRequest"].first, BadRequest)
    with pytest.raises(ExceptionGroup, match="20000 of 20000") as raised:
        report.raise_for_failures()
    assert len(raised.value.exceptions) == MOST_KEPT


async def test_errors_hold_on_to_nothing(dd: DatadogOnCall) -> None:
    """An error in a report has no frames, nor has what caused it: they would hold on to all that was there."""
    report = await dd.pages.acknowledge_many(["no such page", "bad\udcff"])
    for outcome in report.outcomes:
        link: BaseException | None = outcome.error
        while link is not None:
            assert link.__traceback__ is None
            link = link.__cause__ or link.__context__


@given(texts=st.lists(st.text(st.characters() | st.characters(categories=["Cs"]))), place=st.integers(-9, 9))
def test_compact_texts_are_texts(texts: list[str], place: int) -> None:
    """Compact texts are a sequence like the list of them, whatever is in the texts."""
    compact = CompactTexts()
    for text in texts:
        compact.append(text)
    assert compact == texts
    assert list(compact) == texts
    assert (len(compact), compact[place:]) == (len(texts), texts[place:])
    assert (texts[0] in compact) if texts else (list(compact) == [])
    if -len(texts) <= place < len(texts):
        assert compact[place] == texts[place]
    else:
        with pytest.raises(IndexError):
            compact[place]
    assert compact != "abc"
    assert str(len(texts)) in repr(compact) or len(texts) <= 3


async def test_pool_forgets_the_budgets_of_closed_clients(clock: VirtualClock) -> None:
    """A pool that sees a new credential with each client keeps a few budgets, and those that the server has closed."""
    async with Simulator(clock=clock) as sim, SessionPool(clock=clock) as pool:
        sim.faults.script("GET", "*", Fault(FaultKind.THROTTLE, retry_after="50000"))
        async with grafana_client(sim.grafana_url, "first-token", pool=pool, clock=clock, deadline=1.0) as first:
            with pytest.raises(Exception, match="429"):
                await first.users.get("current")
        for number in range(3 * MOST_UNUSED):
            async with grafana_client(sim.grafana_url, f"token-{number}", pool=pool, clock=clock):
                pass
        gc.collect()
        assert MOST_UNUSED <= len(pool._budgets) <= MOST_UNUSED + 1
        async with grafana_client(sim.grafana_url, "first-token", pool=pool, clock=clock, deadline=1.0) as again:
            with pytest.raises(Exception, match="429"):
                await again.users.get("current")
        assert sum(record.status == 429 for record in sim.ledger.requests) == 1


async def test_nobody_listens_is_the_failure_of_each(clock: VirtualClock) -> None:
    """When no connection can be made each id fails as such, and none is in doubt."""
    async with Simulator(clock=clock) as sim:
        client = client_on(sim, clock=clock)
    async with client:
        report = await client.pages.escalate_many(["p1", "p2", "p3"])
        assert (report.failed, report.ambiguous) == (3, 0)
        assert {type(outcome.error) for outcome in report.outcomes} == {ConnectError}

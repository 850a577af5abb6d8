"""What a `dedup_key` does: it finds a page; and what it does not: keep a second one from being made, unless asked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import AmbiguousOutcome, ApiError, OptionsError, PageStatus, TeamHandle
from aiooncall.simulator import Fault, FaultKind
from tests.support.datadog_client import PAGES, client_on, datadog

if TYPE_CHECKING:
    from aiooncall import DatadogOnCall
    from aiooncall.simulator import Simulator
    from tests.support.virtual_time import VirtualClock

TARGET = TeamHandle("storage")
KEY = "alert-1"
TAG = f"dedup_key:{KEY}"


async def create(dd: DatadogOnCall, **options: Any) -> Any:
    """Page somebody, with the key."""
    return await dd.pages.create("Disk full", target=TARGET, **{"dedup_key": KEY, **options})


async def test_key_alone_makes_two(sim: Simulator, dd: DatadogOnCall) -> None:
    """Two creates with one key are two pages: the key is for finding."""
    first, second = await create(dd), await create(dd)
    assert first.id != second.id
    assert first.created
    assert second.created
    assert sim.ledger.count("create") == 2


async def test_page_is_found_by_its_key(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """The newest page of the key is found: at once if this client made it, else when the list shows it."""
    assert await dd.pages.find(KEY) is None
    sim.add_page(title="older", tags=[TAG])
    await clock.sleep(5.0)
    page = await create(dd)
    found = await dd.pages.find(KEY)
    assert found is not None
    assert (found.id, found.title) == (page.id, "Disk full")
    async with client_on(sim, clock=clock) as other:
        await clock.sleep(5.0)
        theirs = await other.pages.find(KEY)
        assert theirs is not None
        assert theirs.id == page.id
        assert await other.pages.find("alert-12") is None


@pytest.mark.parametrize("state", ["triggered", "acknowledged"])
async def test_open_page_is_not_made_again(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock, state: str) -> None:
    """With `unless_open` a page that is triggered or acknowledged is the result, and nobody is paged."""
    page = sim.add_page(title="x", tags=[TAG])
    if state == "acknowledged":
        await dd.pages.acknowledge(page)
    await clock.sleep(5.0)
    found = await create(dd, unless_open=True)
    assert (found.id, found.created, found.reconciled) == (page, False, False)
    assert sim.ledger.count("create") == 0


async def test_resolved_page_is_made_again(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """A page that is over does not stop a new one."""
    page = sim.add_page(title="x", tags=[TAG])
    await dd.pages.resolve(page)
    await clock.sleep(5.0)
    made = await create(dd, unless_open=True)
    assert made.created
    assert made.id != page
    assert (await create(dd, unless_open=True)).id == made.id


async def test_key_is_the_whole_of_it(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """A page whose key only begins alike, or that says it in its title, is another one."""
    sim.add_page(title=TAG, tags=[f"{TAG}2", "dedup_key:alert"])
    await clock.sleep(5.0)
    assert (await create(dd, unless_open=True)).created


@pytest.mark.parametrize("manner", ["normal", "ignores_tags", "refuse"])
async def test_whatever_the_search_does(manner: str) -> None:
    """The page is found whatever the server makes of the query, as the newest pages are read too."""
    mode = {} if manner == "refuse" else {"search_mode": manner}
    async with datadog(simulator=mode) as (sim, client):
        page = sim.add_page(title="x", tags=[TAG])
        await client.options.clock.sleep(5.0)
        if manner == "refuse":
            sim.faults.script("GET", PAGES, Fault(FaultKind.ERROR_BEFORE, status=400))
        assert (await create(client, unless_open=True)).id == page


async def test_look_that_fails(sim: Simulator, dd: DatadogOnCall) -> None:
    """If nobody can tell whether a page is open the call fails; who prefers twice to never is paged."""
    sim.faults.script("GET", PAGES, *[Fault(FaultKind.ERROR_BEFORE, status=403)] * 9)
    with pytest.raises(ApiError):
        await create(dd, unless_open=True)
    assert sim.ledger.count("create") == 0
    assert (await create(dd, unless_open=True, delivery="at_least_once")).created
    assert sim.ledger.count("create") == 1


async def test_lost_answer_after_the_look(sim: Simulator, dd: DatadogOnCall) -> None:
    """A page whose answer was lost is found again, as without `unless_open`, and is new."""
    sim.faults.script("POST", PAGES, Fault(FaultKind.DROP_AFTER))
    page = await create(dd, unless_open=True)
    assert (page.created, page.reconciled) == (True, True)
    assert sim.ledger.pages_by_title("Disk full") == [page.id]


@pytest.mark.parametrize("key", [None, "UPPER", "ends:", "", 5])
async def test_without_a_key(sim: Simulator, dd: DatadogOnCall, key: Any) -> None:
    """There is nothing to look for without a key that Datadog keeps as it is."""
    with pytest.raises(OptionsError) as raised:
        await create(dd, dedup_key=key, unless_open=True)
    assert raised.value.field == ("unless_open" if key is None else "dedup_key")
    assert sim.ledger.requests == []


async def test_states_that_are_open() -> None:
    """Every state of a page is either open or over."""
    from aiooncall.datadog.resources.dedup import OPEN  # noqa: PLC0415 (the only test that needs it)

    assert OPEN | {PageStatus.RESOLVED} == set(PageStatus)


async def test_open_page_behind_a_resolved_one(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """An open page of the key is the result also where a newer one is over."""
    older = sim.add_page(title="x", tags=[TAG])
    await clock.sleep(5.0)
    await dd.pages.resolve((await create(dd)).id)
    await clock.sleep(5.0)
    found = await create(dd, unless_open=True)
    assert (found.id, found.created) == (older, False)


@pytest.mark.parametrize("theirs", [False, True])
async def test_doubt_is_not_settled_by_what_was_there_before(
    sim: Simulator, dd: DatadogOnCall, clock: VirtualClock, theirs: bool
) -> None:
    """A page that was there before the create, of whomever, is never taken for the one that is in doubt."""
    before = sim.add_page(title="Disk full", tags=[TAG]) if theirs else (await create(dd)).id
    await dd.pages.resolve(before)
    await clock.sleep(5.0)
    sim.faults.script("POST", PAGES, Fault(FaultKind.DROP_BEFORE))
    with pytest.raises(AmbiguousOutcome):
        await create(dd, unless_open=True)
    sim.faults.script("POST", PAGES, Fault(FaultKind.DROP_AFTER))
    found = await create(dd, unless_open=True)
    assert found.reconciled
    assert [found.id] == [page for page in sim.ledger.pages_by_title("Disk full") if page != before]


@pytest.mark.parametrize("key", [[], 5, b"k", "A"])
async def test_what_is_no_key(sim: Simulator, dd: DatadogOnCall, key: Any) -> None:
    """What cannot be a key is refused before a page is looked for."""
    with pytest.raises(OptionsError, match="dedup_key"):
        await dd.pages.find(key)
    assert sim.ledger.requests == []

"""What comes of a page in doubt, by what its sender prefers: none too many, or none lost. Both halves do the same."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from aiooncall import (
    AmbiguousOutcome,
    BadRequest,
    ConnectionDropped,
    Delivery,
    OptionsError,
    RetryPolicy,
    ServerError,
    TeamHandle,
    TransportError,
)
from aiooncall.simulator import Fault, FaultKind
from tests.support.datadog_client import PAGES, client_on
from tests.support.grafana_client import grafana_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall.simulator import Simulator
    from tests.support.virtual_time import VirtualClock

DONE = Fault(FaultKind.DROP_AFTER)
UNDONE = Fault(FaultKind.DROP_BEFORE)
TITLE = "Disk full"


@attrs.frozen
class Half:
    """One provider: a simulator, and how a page is sent to it."""

    sim: Simulator
    clock: VirtualClock
    client: Any
    path: str

    async def page(self, *, found: bool = False, **options: Any) -> Any:
        """Page somebody; `found` says whether it can be found again."""
        if self.path == PAGES:
            key = {"dedup_key": "disk-1"} if found else {}
            return await self.client.pages.create(TITLE, target=TeamHandle("storage"), **key, **options)
        users = [self.sim.grafana.add_user("ann")]
        return await self.client.paging.page(users=users, title=TITLE, reconcile=found, **options)

    def fail(self, *faults: Fault | None) -> None:
        """Give the next pages these faults."""
        self.sim.faults.script("POST", self.path, *faults)

    @property
    def made(self) -> list[str]:
        """The pages that there are."""
        return self.sim.ledger.pages_by_title(TITLE)

    @property
    def sends(self) -> int:
        """How often a page arrived."""
        return sum(request.method == "POST" for request in self.sim.ledger.requests)


@pytest.fixture(params=["datadog", "grafana"])
async def half(request: pytest.FixtureRequest, sim: Simulator, clock: VirtualClock) -> AsyncIterator[Half]:
    """Return each of the two halves."""
    options: Any = {"deadline": 20.0, "retry": RetryPolicy(max_attempts=3), "clock": clock}
    if request.param == "datadog":
        async with client_on(sim, **options) as client:
            yield Half(sim, clock, client, PAGES)
    else:
        async with grafana_client(sim.grafana_url, **options) as client:
            yield Half(sim, clock, client, "/api/v1/escalation/")


@pytest.mark.parametrize("fault", [DONE, UNDONE], ids=str)
async def test_at_most_once(half: Half, fault: Fault) -> None:
    """Unless told otherwise a page in doubt is not sent again."""
    half.fail(fault)
    with pytest.raises(AmbiguousOutcome):
        await half.page()
    assert (half.sends, len(half.made)) == (1, fault is DONE)


@pytest.mark.parametrize("fault", [DONE, UNDONE], ids=str)
async def test_at_least_once(half: Half, fault: Fault) -> None:
    """A page in doubt is sent again for who prefers twice to never, and its result says that it may be there twice."""
    half.fail(fault)
    page = await half.page(delivery="at_least_once")
    assert (page.maybe_twice, page.reconciled, half.sends) == (True, False, 2)
    assert page.id in half.made
    assert len(half.made) == 1 + (fault is DONE)


async def test_what_can_be_found_is_looked_for_first(half: Half) -> None:
    """A page that looking finds is not sent again, and is there once."""
    half.fail(DONE)
    page = await half.page(found=True, delivery=Delivery.AT_LEAST_ONCE)
    assert (page.maybe_twice, page.reconciled, half.made) == (False, True, [page.id])


async def test_page_that_was_not_found_is_sent_again(half: Half) -> None:
    """A page that looking does not find in time is sent again within the deadline."""
    half.fail(UNDONE)
    page = await half.page(found=True, delivery="at_least_once")
    assert (page.maybe_twice, page.reconciled, half.made) == (True, False, [page.id])
    assert half.clock.monotonic() < 20.0


@pytest.mark.parametrize("deadline", [2.0, 6.0, 12.0])
@pytest.mark.parametrize("hanging", [False, True])
async def test_looking_leaves_time_to_send_again(half: Half, deadline: float, hanging: bool) -> None:
    """However short the deadline is, and if reading hangs too, a page that must not be lost is sent again in time."""
    half.fail(UNDONE)
    if hanging:
        half.sim.faults.script("GET", "*", *[Fault(FaultKind.SLOW, delay=1000.0)] * 9)
    hasty = half.client.with_options(deadline=deadline)
    page = await attrs.evolve(half, client=hasty).page(found=True, delivery="at_least_once")
    assert (page.maybe_twice, half.made) == (True, [page.id])
    assert half.clock.monotonic() < deadline


async def test_look_for_an_open_page_leaves_time_to_send(sim: Simulator, clock: VirtualClock) -> None:
    """A look for an open page that hangs does not keep a page that must not be lost from being sent."""
    async with client_on(sim, clock=clock, deadline=8.0) as client:
        sim.faults.script("GET", "*", *[Fault(FaultKind.SLOW, delay=1000.0)] * 9)
        options: Any = {"target": TeamHandle("t"), "dedup_key": "k-1", "unless_open": True}
        page = await client.pages.create(TITLE, **options, delivery=Delivery.AT_LEAST_ONCE)
        assert sim.ledger.pages_by_title(TITLE) == [page.id]
        with pytest.raises(TransportError):
            await client.pages.create(TITLE, **options)
        assert len(sim.ledger.pages_by_title(TITLE)) == 1


@pytest.mark.parametrize("delivery", Delivery)
async def test_closing_while_looking_leaves_the_doubt(half: Half, delivery: Delivery) -> None:
    """Should the client be closed while a page in doubt is looked for, it is the doubt that is raised."""
    half.fail(UNDONE)
    page = asyncio.ensure_future(half.page(found=True, delivery=delivery))
    while not any(request.method == "GET" for request in half.sim.ledger.requests):
        await asyncio.sleep(0.05)
    await half.client.close()
    with pytest.raises(AmbiguousOutcome):
        await page
    assert half.sends == 1


async def test_what_went_well_is_there_once(half: Half) -> None:
    """Without a doubt it is as if nothing had been said of delivery."""
    page = await half.page(delivery="at_least_once")
    assert (page.maybe_twice, half.made) == (False, [page.id])


async def test_repetitions_end(half: Half) -> None:
    """A page is sent as often as the retry policy says; then it is in doubt, with all sends counted."""
    half.fail(*[DONE] * 9)
    with pytest.raises(AmbiguousOutcome) as raised:
        await half.page(delivery="at_least_once")
    assert raised.value.attempts == half.sends == len(half.made) == 3
    assert isinstance(raised.value.__cause__, ConnectionDropped)


async def test_deadline_bounds_the_repetitions(half: Half) -> None:
    """A server that never answers is asked until the deadline, and no longer."""
    half.fail(*[Fault(FaultKind.SLOW, delay=1000.0)] * 9)
    with pytest.raises(AmbiguousOutcome):
        await half.page(delivery="at_least_once")
    assert 20.0 <= half.clock.monotonic() <= 20.5
    assert half.sends == 2


@pytest.mark.parametrize(("status", "error"), [(400, BadRequest), (501, ServerError)])
async def test_refusal_after_a_doubt_leaves_the_doubt(half: Half, status: int, error: type[Exception]) -> None:
    """That a page is refused the second time does not say that the first one did not happen."""
    half.fail(DONE, Fault(FaultKind.ERROR_BEFORE, status=status))
    with pytest.raises(AmbiguousOutcome) as raised:
        await half.page(delivery="at_least_once")
    assert isinstance(raised.value.__cause__, error)
    assert len(half.made) == 1


async def test_refusal_is_a_refusal(half: Half) -> None:
    """A page that is refused at once is not in doubt."""
    half.fail(Fault(FaultKind.ERROR_BEFORE, status=400))
    with pytest.raises(BadRequest):
        await half.page(delivery="at_least_once")
    assert half.made == []


@pytest.mark.parametrize("delivery", ["exactly_once", "", None, True, []])
async def test_way_of_delivery_that_there_is_not(half: Half, delivery: Any) -> None:
    """A way of delivery that nobody can promise is refused, with those that there are, and nothing is sent."""
    unless_open = {"unless_open": True} if half.path == PAGES else {}
    with pytest.raises(OptionsError, match="at_most_once, at_least_once") as raised:
        await half.page(found=True, delivery=delivery, **unless_open)
    assert (raised.value.field, half.sends) == ("delivery", 0)

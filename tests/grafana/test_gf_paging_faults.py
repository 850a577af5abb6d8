"""Paging through faults: nobody is paged twice, and what was lost is found again, with the ledger as judge."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import AmbiguousOutcome, ApiError, CodecError, OnCallError, PagedGroup, PagedUser, RateLimited
from aiooncall.simulator import Fault, FaultKind, FaultPlan, GrafanaOptions
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from tests.support.grafana_client import GrafanaWorld

PATHS: Final = ["escalation", "direct_paging"]
GARBAGE: Final = [b"", b"null", b"[]", b"{}", b'"I1"', b"7", b"<html></html>", b'{"id":', b'{"id": 7}', b'{"id": null}']
UNREADABLE: Final = [*GARBAGE, b'{"alert_group_id": null}', b'{"alert_group_id": ""}', b'{"alert_group_id": 7}']
"""Answers to a page that do not say which group it is."""
UNDONE: Final = [
    *(Fault(FaultKind.ERROR_BEFORE, status=status) for status in (408, 500, 502, 503, 504)),
    Fault(FaultKind.ERROR_BEFORE, status=500, html=True),
    Fault(FaultKind.DROP_BEFORE),
]
UNHEARD: Final = [
    *(Fault(FaultKind.ERROR_AFTER, status=status) for status in (500, 502, 504)),
    Fault(FaultKind.ERROR_AFTER, status=500, html=True),
    Fault(FaultKind.DROP_AFTER),
    Fault(FaultKind.SLOW, delay=60.0),
    Fault(FaultKind.SLOW_BODY, delay=60.0),
    Fault(FaultKind.TRUNCATED_BODY),
]
UNREAD: Final = [Fault(FaultKind.EMPTY_OK), Fault(FaultKind.HUGE_BODY, size=300_000)]
HARMLESS: Final = [Fault(FaultKind.GARBAGE_HEADERS), Fault(FaultKind.SLOW, delay=3.0)]
REFUSED: Final = [
    Fault(FaultKind.THROTTLE),
    Fault(FaultKind.THROTTLE, retry_after="3"),
    Fault(FaultKind.THROTTLE_BARE),
    Fault(FaultKind.THROTTLE_HTML),
]
SMALL: Final = {"max_response_bytes": 200_000}


def name(fault: Fault) -> str:
    """Return a readable test id."""
    return f"{fault.kind}-{fault.status or ''}{'-html' if fault.html else ''}{fault.retry_after or ''}".strip("-")


def sends(world: GrafanaWorld, path: str) -> int:
    """Return how often a page reached a path."""
    return len(world.requests("POST", f"{path}/"))


def unread(world: GrafanaWorld, answer: bytes) -> None:
    """Let the engine page, and then answer with this body."""
    router = world.sim.grafana.router
    page = router.answer

    def spoilt(call: Any) -> Any:
        reply = page(call)
        if call.method == "POST":
            reply.body = answer
        return reply

    router.answer = spoilt  # type: ignore[method-assign]  # no fault of the simulator's answers so


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", UNDONE + UNHEARD + UNREAD, ids=name)
async def test_page_in_doubt_is_sent_once(path: Any, fault: Fault) -> None:
    """Whatever happens to the answer, the page is sent once and in doubt, and the group exists at most once."""
    async with grafana_world(GrafanaOptions(paging=path), client=SMALL) as world:
        ann = world.sim.grafana.add_user("ann")
        world.fail("POST", f"{path}/", fault, fault)
        with pytest.raises(AmbiguousOutcome):
            await world.client.paging.page(users=[ann], title="Down")
        assert sends(world, path) == 1
        assert world.paged() == ([] if fault in UNDONE else [ann])
        assert world.sim.ledger.doubled() == []


@pytest.mark.parametrize("fault", UNDONE + UNHEARD, ids=name)
async def test_responder_in_doubt_is_sent_once(fault: Fault) -> None:
    """Adding somebody to a group is never repeated either."""
    async with grafana_world() as world:
        ann = world.sim.grafana.add_user("ann")
        (group,) = world.groups(["Down"])
        world.fail("POST", "escalation/", fault, fault)
        with pytest.raises(AmbiguousOutcome):
            await world.client.paging.add_responders(group, [ann])
        assert world.sent() == ["POST escalation/"]
        assert world.paged() == ([] if fault in UNDONE else [ann])


@pytest.mark.parametrize("fault", HARMLESS + REFUSED, ids=name)
async def test_page_survives(fault: Fault) -> None:
    """A page that the server surely refused is sent again; one that comes through badly is not; it pages once."""
    async with grafana_world() as world:
        ann = world.sim.grafana.add_user("ann")
        world.fail("POST", "escalation/", fault)
        group = await world.client.paging.page(users=[ann], title="Down")
        assert world.sim.ledger.pages_by_title("Down") == [group.id]
        assert sends(world, "escalation") == (2 if fault in REFUSED else 1)
        assert world.paged() == [ann]


@pytest.mark.parametrize("reconcile", [False, True])
async def test_refusals_without_end(reconcile: bool) -> None:
    """A page that is refused until the deadline is RateLimited; nobody was paged, and nobody is looked for."""
    async with grafana_world() as world:
        world.fail("POST", "escalation/", *[Fault(FaultKind.THROTTLE)] * 99)
        with pytest.raises(RateLimited):
            await world.client.paging.page(users=["U1"], title="Down", reconcile=reconcile)
        assert world.requests("GET") == []
        assert world.paged() == []


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("body", UNREADABLE)
async def test_unreadable_answer_is_a_doubt(path: Any, body: bytes) -> None:
    """A success that does not say which group it is leaves doubt; it pages once, and looking finds the group."""
    async with grafana_world(GrafanaOptions(paging=path)) as world:
        ann = world.sim.grafana.add_user("ann")
        unread(world, body)
        with pytest.raises(AmbiguousOutcome) as raised:
            await world.client.paging.page(users=[ann], title="first")
        assert isinstance(raised.value.__cause__, CodecError)
        second = await world.client.paging.page(users=[ann], title="second", reconcile=True)
        assert world.sim.ledger.pages_by_title("second") == [second.id]
        assert second.reconciled
        assert world.paged() == [ann, ann]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("fault", UNHEARD + UNREAD, ids=name)
async def test_lost_page_is_found(path: Any, fault: Fault) -> None:
    """With `reconcile` a page whose answer was lost is found again: one group, one send."""
    async with grafana_world(GrafanaOptions(paging=path), client=SMALL) as world:
        ann = world.sim.grafana.add_user("ann")
        world.fail("POST", f"{path}/", fault)
        group = await world.client.paging.page(users=[ann], title="Down", reconcile=True)
        assert group.reconciled
        assert group.alert_group == await world.client.alert_groups.get(group.id)
        assert world.sim.ledger.pages_by_title("Down") == [group.id]
        assert sends(world, path) == 1
        assert world.paged() == [ann]


@pytest.mark.parametrize("fault", UNDONE, ids=name)
async def test_page_that_never_happened_stays_in_doubt(fault: Fault) -> None:
    """What does not show up within the settle time stays in doubt, and is not sent again."""
    async with grafana_world(client={"reconcile_timeout": 5.0}) as world:
        world.fail("POST", "escalation/", fault)
        with pytest.raises(AmbiguousOutcome):
            await world.client.paging.page(users=[world.sim.grafana.add_user("ann")], title="Down", reconcile=True)
        assert sends(world, "escalation") == 1
        assert world.paged() == []
        started, ended = world.requests()[0].at, world.requests()[-1].at
        assert 3.0 < ended - started <= 5.5


async def test_redirected_page_is_refused() -> None:
    """A redirect leaves doubt, and is not a second page: no other host sees the request."""
    async with grafana_world() as world:
        world.fail("POST", "escalation/", FaultKind.REDIRECT)
        with pytest.raises(AmbiguousOutcome, match="redirects are not followed"):
            await world.client.paging.page(users=[world.sim.grafana.add_user("ann")], title="Down")
        assert world.sent() == ["POST escalation/"]
        assert (world.sim.elsewhere, world.paged()) == ([], [])


async def test_cancelled_page_is_not_repeated() -> None:
    """A page whose task is cancelled is not sent again."""
    async with grafana_world() as world:
        ann = world.sim.grafana.add_user("ann")
        world.fail("POST", "escalation/", FaultKind.SLOW)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.0):
                await world.client.paging.page(users=[ann], title="Down", reconcile=True)
        await asyncio.sleep(120.0)
        assert world.sent() == ["POST escalation/"]


@pytest.mark.no_cover
@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("seed", range(4))
async def test_storm(path: Any, seed: int) -> None:
    """Of many pages through faults of every kind none pages twice, and each outcome is what happened."""
    plan = FaultPlan()
    faults = [Fault(kind, size=300_000, delay=20.0, retry_after="1") for kind in FaultKind]
    for method, rate in (("POST", 0.05), ("GET", 0.01)):
        plan.seed(seed=seed, rates=dict.fromkeys(faults, rate), methods={method})
    options = {**SMALL, "deadline": None}
    async with grafana_world(GrafanaOptions(paging=path, limit=None), client=options, faults=plan) as world:
        users = [PagedUser(world.sim.grafana.add_user(f"u{number}")) for number in range(100)]
        titles = [f"t{number} <&>" for number in range(100)]
        few = asyncio.Semaphore(10)

        async def page(number: int) -> PagedGroup:
            async with few:
                said: Any = {"title": titles[number], "reconcile": number % 2 == 0}
                return await world.client.paging.page(users=[users[number]], **said)

        ends = await asyncio.gather(*map(page, range(100)), return_exceptions=True)
        assert plan.injected.total() > 50
        assert world.sim.ledger.doubled() == []
        assert set(Counter(world.paged()).values()) == {1}
        for user, title, end in zip(users, titles, ends, strict=True):
            made = world.sim.ledger.pages_by_title(title.replace("<&>", "&lt;&amp;&gt;"))
            assert isinstance(end, (PagedGroup, OnCallError))
            if isinstance(end, PagedGroup):
                assert made == [end.id]
            elif isinstance(end, ApiError):
                assert made == []
            assert (user.id in world.paged()) == bool(made)
        assert sum(isinstance(end, PagedGroup) for end in ends) > 40
        assert sum(isinstance(end, PagedGroup) and end.reconciled for end in ends) > 8

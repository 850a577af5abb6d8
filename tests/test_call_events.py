"""Hooks are told when a call begins and ends, and what it came to: one call, however many requests it takes."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import (
    AmbiguousOutcome,
    AttemptFinished,
    AttemptStarted,
    CallCancelled,
    CallFinished,
    CallStarted,
    ClientOptions,
    DatadogOnCall,
    NotFound,
    OnCallError,
    RetryScheduled,
    TeamHandle,
    Throttled,
)
from aiooncall.simulator import Fault, FaultKind, RateRule
from tests.support.datadog_client import API_KEY, LOST_ANSWERS, PAGES, datadog
from tests.support.grafana_client import grafana_world
from tests.support.raw_server import RawServer
from tests.support.virtual_time import VirtualClock, VirtualTimeLoop

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall import Event
    from tests.support.raw_server import RawConnection

T = TypeVar("T")

TEAM = TeamHandle("storage")
SLOW = Fault(FaultKind.SLOW, delay=600.0)


def only(kind: type[T], events: Iterable[Event]) -> list[T]:
    """Return the events of one kind."""
    return [event for event in events if isinstance(event, kind)]


async def test_a_call_from_beginning_to_end() -> None:
    """A call that succeeds at once begins, sends, hears the answer and ends; all four tell of the same call."""
    events: list[Event] = []
    async with datadog(hooks=[events.append]) as (sim, client):
        page = sim.add_page(title="disk full")
        await client.pages.acknowledge(page)
        port = int(sim.datadog_url.rpartition(":")[2])
        began, sent, answered, ended = [event for event in events if "Budget" not in type(event).__name__]
    assert isinstance(began, CallStarted)
    expected = ("datadog", "http", "127.0.0.1", port, "POST", f"{PAGES}/{{page_id}}/acknowledge", "interactive")
    assert attrs.astuple(began)[1:8] == expected
    assert began.named == {"page_id": page}
    assert isinstance(sent, AttemptStarted)
    assert (sent.call, sent.attempt, sent.url) == (began, 1, f"{sim.datadog_url}{PAGES}/{page}/acknowledge")
    assert isinstance(answered, AttemptFinished)
    assert (answered.call, answered.status, answered.error) == (began, 202, None)
    assert isinstance(ended, CallFinished)
    assert (ended.call, ended.outcome, ended.status, ended.attempts, ended.refusals) == (began, "success", 202, 1, 0)
    assert (ended.in_doubt, ended.reconciled, ended.error) == (False, False, None)


async def test_calls_have_numbers_of_their_own() -> None:
    """No two calls have the same number, also of two clients, and each repr is short enough for a line of a log."""
    events: list[Event] = []
    async with (
        datadog(hooks=[events.append]) as (sim, client),
        grafana_world(client={"hooks": [events.append]}) as world,
    ):
        page = sim.add_page(title="x")
        await asyncio.gather(*(client.pages.acknowledge(page) for _ in range(3)))
        assert [user.username async for user in world.client.users.list()] == ["admin"]
    began = only(CallStarted, events)
    assert len({call.number for call in began}) == len(began) == 4
    assert [call.provider for call in began] == ["datadog"] * 3 + ["grafana"]
    assert all(f"call=#{event.call.number}," in repr(event) for event in only(CallFinished, events))


async def test_time_between_attempts() -> None:
    """What a call waits between attempts is told apart from what it waits in the queue."""
    events: list[Event] = []
    async with datadog(hooks=[events.append]) as (sim, client):
        sim.faults.script("POST", "*", *[Fault(FaultKind.ERROR_BEFORE, status=502)] * 2)
        await client.pages.acknowledge(sim.add_page(title="x"))
    (ended,) = only(CallFinished, events)
    assert (ended.attempts, ended.outcome, ended.status, ended.waited) == (3, "success", 202, 0)
    assert ended.delayed == pytest.approx(sum(event.delay for event in only(RetryScheduled, events)))
    assert 0 < ended.delayed <= ended.elapsed
    assert [event.attempt for event in only(AttemptStarted, events)] == [1, 2, 3]


async def test_time_in_the_queue() -> None:
    """A call that was refused waits in the queue of the budget, and says how long and how often it was refused."""
    events: list[Event] = []
    async with datadog(simulator={"rate_rules": [RateRule("pages", 1, 10)]}, hooks=[events.append]) as (sim, client):
        page = sim.add_page(title="x")
        for _ in range(3):
            await client.pages.acknowledge(page)
    ended = only(CallFinished, events)
    assert [event.refusals for event in ended] == [0] * 3 or sum(event.refusals for event in ended) <= 1
    assert sum(event.waited for event in ended) > 10
    assert all(event.waited <= event.elapsed for event in ended)
    assert len(only(Throttled, events)) == sum(event.refusals for event in ended)


async def test_attempt_that_brought_no_answer() -> None:
    """An attempt without an answer names the error, without its text."""
    events: list[Event] = []
    async with datadog(hooks=[events.append]) as (sim, client):
        sim.faults.script("POST", "*", Fault(FaultKind.DROP_BEFORE))
        await client.pages.acknowledge(sim.add_page(title="x"))
    assert [event.error for event in only(AttemptFinished, events)] == ["ConnectionDropped", None]


async def test_error() -> None:
    """A call that fails says with which status and error; nothing of it is in doubt."""
    events: list[Event] = []
    async with datadog(hooks=[events.append]) as (_, client):
        with pytest.raises(NotFound):
            await client.pages.get("nothing")
    (ended,) = only(CallFinished, events)
    assert (ended.outcome, ended.error, ended.status, ended.in_doubt) == ("error", "NotFound", 404, False)


async def test_in_doubt() -> None:
    """A call that may have had its effect says so, whether the answer was lost or cannot be read."""
    events: list[Event] = []
    async with datadog(hooks=[events.append]) as (sim, client):
        sim.faults.script("POST", "*", Fault(FaultKind.DROP_AFTER), Fault(FaultKind.EMPTY_OK))
        with pytest.raises(AmbiguousOutcome):
            await client.pages.escalate(sim.add_page(title="x"))
        with pytest.raises(AmbiguousOutcome):
            await client.pages.create("Down", target=TEAM)
    told = [(event.outcome, event.in_doubt, event.error, event.attempts) for event in only(CallFinished, events)]
    assert told == [("in_doubt", True, "AmbiguousOutcome", 1)] * 2


async def test_page_that_was_looked_for_is_one_call() -> None:
    """A page whose answer was lost and that a look finds is one call, which succeeds; the looks are calls within it."""
    events: list[Event] = []
    async with datadog(hooks=[events.append]) as (sim, client):
        sim.faults.script("POST", "*", Fault(FaultKind.DROP_AFTER))
        made = await client.pages.create("Down", target=TEAM, dedup_key="deploy-4711")
    assert made.reconciled
    first, *looks = only(CallStarted, events)
    assert (first.method, {look.method for look in looks}) == ("POST", {"GET"})
    last = events[-1]
    assert isinstance(last, CallFinished)
    assert (last.call, last.outcome, last.reconciled, last.in_doubt, last.attempts) == (
        first,
        "success",
        True,
        False,
        1,
    )


async def test_page_that_is_sent_again_is_one_call() -> None:
    """A page that is sent again after a doubt stays one call, and its attempts count on."""
    events: list[Event] = []
    async with datadog(hooks=[events.append], reconcile_timeout=1) as (sim, client):
        sim.faults.script("POST", "*", Fault(FaultKind.DROP_BEFORE))
        made = await client.pages.create("Down", target=TEAM, dedup_key="k-1", delivery="at_least_once")
        assert made.maybe_twice
    (call,) = [call for call in only(CallStarted, events) if call.method == "POST"]
    assert [event.attempt for event in only(AttemptStarted, events) if event.call is call] == [1, 2]
    assert [event.attempt for event in only(AttemptFinished, events) if event.call is call] == [1, 2]
    (ended,) = [event for event in only(CallFinished, events) if event.call is call]
    assert (ended.outcome, ended.attempts, ended.reconciled) == ("success", 2, False)


async def test_override_that_was_looked_for_is_one_call() -> None:
    """An override whose answer was lost is one call as well, and so is an action or a page of Grafana."""
    events: list[Event] = []
    async with grafana_world(client={"hooks": [events.append]}) as world:
        group = world.sim.grafana.add_alert_group("Down")
        user = world.sim.grafana.add_user("ann")
        world.fail("POST", "*", FaultKind.DROP_AFTER, FaultKind.DROP_AFTER)
        await world.client.alert_groups.acknowledge(group)
        paged = await world.client.paging.page(users=[user], title="Down", message="4711", reconcile=True)
        assert paged.reconciled
    ended = [event for event in only(CallFinished, events) if event.call.method == "POST"]
    assert [(event.outcome, event.reconciled, event.attempts) for event in ended] == [("success", True, 1)] * 2


@pytest.mark.parametrize(("kind", "in_doubt"), [(SLOW, True), (None, False)])
async def test_cancelled(kind: Fault | None, in_doubt: bool) -> None:
    """A cancelled call is in doubt if it was on its way, and not if it waited for the rate limit."""
    events: list[Event] = []
    async with datadog(simulator={"rate_rules": [RateRule("pages", 1, 60)]}, hooks=[events.append]) as (sim, client):
        page = sim.add_page(title="x")
        sim.faults.script("POST", "*", kind)
        if kind is None:
            await client.pages.acknowledge(page)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await client.pages.escalate(page)
        assert sim.ledger.count("escalate", page) == in_doubt
    ended = only(CallFinished, events)[-1]
    assert (ended.outcome, ended.error, ended.in_doubt) == ("cancelled", "CancelledError", in_doubt)
    (cancelled,) = only(CallCancelled, events)
    assert cancelled.call is ended.call


async def test_cancelled_while_it_is_looked_for() -> None:
    """A page that is cancelled while it is looked for is in doubt."""
    events: list[Event] = []
    async with datadog(hooks=[events.append]) as (sim, client):
        sim.faults.script("POST", "*", Fault(FaultKind.DROP_BEFORE))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(3):
                await client.pages.create("Down", target=TEAM, dedup_key="k-1")
    ended = only(CallFinished, events)[-1]
    assert (ended.call.method, ended.outcome, ended.in_doubt) == ("POST", "cancelled", True)


async def test_bulk_calls_are_in_the_lane_of_jobs() -> None:
    """Each id of a fan-out is a call of its own, in the lane of jobs."""
    events: list[Event] = []
    async with datadog(hooks=[events.append]) as (sim, client):
        pages = [sim.add_page(title="x") for _ in range(5)]
        await client.pages.acknowledge_many(pages)
    began = only(CallStarted, events)
    assert {call.lane for call in began} == {"bulk"}
    assert sorted(call.named["page_id"] for call in began) == sorted(pages)


async def test_hook_adds_headers_to_an_attempt() -> None:
    """What a hook puts into the headers of an attempt goes along with that one request, beside all others."""

    async def serve(connection: RawConnection) -> None:
        while True:
            await connection.read()
            status = "502 Bad Gateway" if len(connection.server.requests) == 1 else "202 Accepted"
            await connection.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode())

    def add(event: Event) -> None:
        if isinstance(event, AttemptStarted) and event.attempt == 2:
            event.headers["traceparent"] = "00-1-2-03"

    async with RawServer(serve) as server:
        options = ClientOptions(hooks=[add], clock=VirtualClock())
        async with DatadogOnCall(API_KEY, "app", api_url=server.url, paging_url=server.url, options=options) as client:
            await client.pages.acknowledge("p")
            await client.pages.acknowledge("p")
    assert [request.headers.get("traceparent") for request in server.requests] == [None, "00-1-2-03", None]
    assert {request.headers["dd-api-key"] for request in server.requests} == {API_KEY}


async def test_events_hold_no_secret() -> None:
    """No event of a call has a credential or a query, whatever the call was about."""
    events: list[Event] = []
    async with datadog(hooks=[events.append]) as (_, client):
        with pytest.raises(OnCallError):
            await client.pages.get(API_KEY)
        await client.pages.create(f"Refused: {API_KEY}\x1b[2J", target=TEAM)
        assert [page.id async for page in client.pages.list(query=API_KEY)] == []
    assert API_KEY not in repr(events)
    assert "\x1b" not in repr([dict(event.named) for event in only(CallStarted, events)])
    assert all("?" not in event.url for event in only(AttemptStarted, events))


async def test_call_that_cannot_be_made() -> None:
    """A call that is refused before anything is sent ends with its error, without an attempt."""
    events: list[Event] = []
    async with datadog(hooks=[events.append]) as (_, client):
        with pytest.raises(OnCallError):
            await client.pages.get("../secrets")
    assert [(event.outcome, event.error, event.attempts) for event in only(CallFinished, events)] == [
        ("error", "OptionsError", 0)
    ]


@given(seed=st.integers(0, 2**32))
def test_events_add_up(seed: int) -> None:
    """Whatever fails, each call that begins ends once, and the attempts of all calls are the server's requests."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(_events_add_up(random.Random(seed)))


async def _events_add_up(dice: random.Random) -> None:
    events: list[Event] = []
    faults = [*LOST_ANSWERS, Fault(FaultKind.THROTTLE), Fault(FaultKind.SLOW, delay=60.0), None]
    async with datadog(hooks=[events.append], reconcile_timeout=1) as (sim, client):
        page = sim.add_page(title="x")
        sim.faults.script("*", "*", *dice.choices(faults, k=8))
        calls: list[Any] = [
            lambda: client.pages.acknowledge(page),
            lambda: client.pages.escalate(page),
            lambda: client.pages.create("Down", target=TEAM, dedup_key="k-1"),
            lambda: client.pages.create("Down", target=TEAM, dedup_key="k-2", delivery="at_least_once"),
            lambda: client.pages.get(page),
        ]
        for call in dice.choices(calls, k=5):
            with suppress(OnCallError, TimeoutError):
                async with asyncio.timeout(dice.choice([1, 100])):
                    await call()
        began, ended = only(CallStarted, events), only(CallFinished, events)
        assert sorted(call.number for call in began) == sorted(event.call.number for event in ended)
        cut_off = len(only(AttemptStarted, events)) - sum(event.attempts for event in ended)
        assert 0 <= cut_off <= sum(event.outcome == "cancelled" for event in ended)
        assert len(only(AttemptStarted, events)) == len(sim.ledger.requests)

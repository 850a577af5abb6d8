"""The table of what is retried when, row by row, with the server's ledger as judge."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from aiooncall import (
    AmbiguousOutcome,
    ApiError,
    AttemptFinished,
    ClientOptions,
    CodecError,
    ConnectError,
    DatadogOnCall,
    NotFound,
    OnCallError,
)
from aiooncall.client.base import core_of
from aiooncall.errors import ResponseTooLarge
from aiooncall.simulator import Fault, FaultKind
from aiooncall.transport.endpoint import Endpoint, Idempotency
from tests.support.datadog_client import PAGES, TEAM, datadog, in_flight, scripted, sends
from tests.support.virtual_time import VirtualClock

REFUSALS = [
    Fault(FaultKind.THROTTLE),
    Fault(FaultKind.THROTTLE, retry_after="3"),
    Fault(FaultKind.THROTTLE_BARE),
    Fault(FaultKind.THROTTLE_HTML),
]
ASKED_TO_WAIT = Fault(FaultKind.ERROR_BEFORE, status=503, retry_after="2")
"""No proof that nothing happened."""
UNDONE = [
    ASKED_TO_WAIT,
    Fault(FaultKind.ERROR_BEFORE, status=408),
    Fault(FaultKind.ERROR_BEFORE, status=500),
    Fault(FaultKind.ERROR_BEFORE, status=502, html=True),
    Fault(FaultKind.ERROR_BEFORE, status=503),
    Fault(FaultKind.ERROR_BEFORE, status=504, object_errors=True),
    Fault(FaultKind.DROP_BEFORE),
]
DONE_BUT_UNHEARD = [
    Fault(FaultKind.ERROR_AFTER, status=500),
    Fault(FaultKind.ERROR_AFTER, status=504),
    Fault(FaultKind.DROP_AFTER),
    Fault(FaultKind.SLOW, delay=60.0),
]
DONE_BUT_UNREAD = [Fault(FaultKind.SLOW_BODY, delay=60.0), Fault(FaultKind.TRUNCATED_BODY)]


def name(fault: Fault) -> str:
    """Return a readable test id."""
    return f"{fault.kind}-{fault.status or ''}{fault.retry_after or ''}".strip("-")


@pytest.mark.parametrize("fault", REFUSALS + UNDONE + DONE_BUT_UNHEARD, ids=name)
@pytest.mark.parametrize("action", ["acknowledge", "resolve"])
async def test_repeatable_action_survives(action: Any, fault: Fault) -> None:
    """Acknowledge and resolve are repeated through every passing fault, and take effect once."""
    async with datadog(scripted("POST", f"{PAGES}/*/{action}", fault, fault)) as (sim, client):
        page = sim.add_page(title="disk full")
        await getattr(client.pages, action)(page)
        assert sim.ledger.count(action, page) == 1
        assert sends(sim, "POST", action) == 3
        assert in_flight(client) == 0


@pytest.mark.parametrize("fault", REFUSALS + UNDONE + DONE_BUT_UNHEARD + DONE_BUT_UNREAD, ids=name)
async def test_reading_survives(fault: Fault) -> None:
    """A read is repeated through every passing fault."""
    async with datadog(scripted("GET", f"{PAGES}/*", fault)) as (sim, client):
        page = await client.pages.get(sim.add_page(title="disk full"))
        assert page.title == "disk full"
        assert len(sim.ledger.requests) == 2


@pytest.mark.parametrize("fault", DONE_BUT_UNREAD, ids=name)
async def test_action_needs_no_body(fault: Fault) -> None:
    """An action that was accepted is not sent again because its body, which nobody needs, is late or cut off."""
    async with datadog(scripted("POST", f"{PAGES}/*", fault)) as (sim, client):
        page = sim.add_page(title="disk full")
        await client.pages.escalate(page)
        assert sim.ledger.count("escalate", page) == 1
        assert sends(sim, "POST", "escalate") == 1


@pytest.mark.parametrize("fault", REFUSALS, ids=name)
async def test_refused_create_is_repeated(fault: Fault) -> None:
    """A create that the server refused did nothing, so it is repeated and pages once."""
    async with datadog(scripted("POST", PAGES, fault, fault)) as (sim, client):
        page = await client.pages.create("disk full", target=TEAM)
        assert sim.ledger.pages_by_title("disk full") == [page.id]
        assert not page.reconciled


@pytest.mark.parametrize("fault", REFUSALS, ids=name)
async def test_refused_delete_has_deleted_nothing(fault: Fault) -> None:
    """A delete that was refused before did nothing, so that what is not there then was never there."""
    async with datadog(scripted("DELETE", "*", fault)) as (sim, client):
        with pytest.raises(NotFound):
            await client.schedules.delete("no-such-schedule")
        assert sends(sim, "DELETE", "no-such-schedule") == 2


@pytest.mark.parametrize("fault", [ASKED_TO_WAIT, Fault(FaultKind.ERROR_BEFORE, status=500)], ids=name)
async def test_delete_in_doubt_may_have_been_done(fault: Fault) -> None:
    """After an answer that leaves open whether a delete was done, that it is gone is what was wanted."""
    async with datadog(scripted("DELETE", "*", fault)) as (_, client):
        await client.schedules.delete("gone-by-then")


@pytest.mark.parametrize("fault", UNDONE + DONE_BUT_UNHEARD + DONE_BUT_UNREAD, ids=name)
async def test_create_in_doubt_is_not_repeated(fault: Fault) -> None:
    """Without a dedup_key, a create in doubt is sent once and reported as AmbiguousOutcome."""
    async with datadog(scripted("POST", PAGES, fault)) as (sim, client):
        with pytest.raises(AmbiguousOutcome) as raised:
            await client.pages.create("disk full", target=TEAM)
        assert raised.value.attempts == 1
        assert raised.value.__cause__ is not None
        assert sends(sim, "POST", PAGES) == 1
        assert sim.ledger.count("create") == (0 if fault in UNDONE else 1)
        assert in_flight(client) == 0


@pytest.mark.parametrize("fault", DONE_BUT_UNHEARD + DONE_BUT_UNREAD, ids=name)
async def test_create_with_key_is_found_again(fault: Fault) -> None:
    """With a dedup_key, a page whose answer was lost is found: one page, one send."""
    async with datadog(scripted("POST", PAGES, fault)) as (sim, client):
        page = await client.pages.create("disk full", target=TEAM, dedup_key="disk-17")
        assert page.reconciled
        assert sim.ledger.pages_by_title("disk full") == [page.id]
        assert sends(sim, "POST", PAGES) == 1


@pytest.mark.parametrize("fault", UNDONE, ids=name)
async def test_create_with_key_that_never_happened(fault: Fault) -> None:
    """With a dedup_key, a page that does not show up within the settle time stays in doubt; it is not sent again."""
    async with datadog(scripted("POST", PAGES, fault), reconcile_timeout=5.0) as (sim, client):
        with pytest.raises(AmbiguousOutcome):
            await client.pages.create("disk full", target=TEAM, dedup_key="disk-17")
        assert sends(sim, "POST", PAGES) == 1
        assert sim.ledger.count("create") == 0
        assert 3.0 < sim.ledger.requests[-1].at - sim.ledger.requests[0].at <= 5.5


@pytest.mark.parametrize("action", ["escalate", "reroute"])
@pytest.mark.parametrize("fault", UNDONE + DONE_BUT_UNHEARD, ids=name)
async def test_action_in_doubt_is_sent_once(action: Any, fault: Fault) -> None:
    """Escalate and reroute are never sent twice, whatever happens to the answer."""
    async with datadog(scripted("POST", f"{PAGES}/*/{action}", fault, fault)) as (sim, client):
        page = sim.add_page(title="disk full")
        arguments = {"target": TEAM} if action == "reroute" else {}
        with pytest.raises(AmbiguousOutcome):
            await getattr(client.pages, action)(page, **arguments)
        assert sends(sim, "POST", action) == 1
        assert sim.ledger.count(action) == (0 if fault in UNDONE else 1)


@pytest.mark.parametrize("fault", [Fault(FaultKind.EMPTY_OK), Fault(FaultKind.HUGE_BODY, size=300_000)], ids=name)
async def test_unreadable_success_of_create(fault: Fault) -> None:
    """A create whose success cannot be read is in doubt without a key and found again with one; it pages once each."""
    plan = scripted("POST", PAGES, fault, fault)
    async with datadog(plan, max_response_bytes=200_000) as (sim, client):
        with pytest.raises(AmbiguousOutcome, match=r"\((CodecError|ResponseTooLarge): ") as raised:
            await client.pages.create("first", target=TEAM)
        assert isinstance(raised.value.__cause__, (CodecError, ResponseTooLarge))
        second = await client.pages.create("second", target=TEAM, dedup_key="second")
        assert sim.ledger.pages_by_title("second") == [second.id]
        assert sim.ledger.count("create") == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 410, 422, 451])
@pytest.mark.parametrize("action", ["acknowledge", "escalate"])
async def test_final_refusal_is_raised(action: str, status: int) -> None:
    """Other 4xx answers are raised at once, with the server's words, and never repeated."""
    fault = Fault(FaultKind.ERROR_BEFORE, status=status, object_errors=True)
    async with datadog(scripted("POST", f"{PAGES}/*", fault)) as (sim, client):
        with pytest.raises(ApiError) as raised:
            await getattr(client.pages, action)(sim.add_page(title="disk full"))
        assert raised.value.status == status
        assert raised.value.errors
        assert len(sim.ledger.requests) == 1


@pytest.mark.parametrize("operation", ["create", "get", "acknowledge"])
async def test_nobody_listens(operation: str) -> None:
    """A refused connection is tried again for every operation and ends in ConnectError: nothing can have happened."""
    clock = VirtualClock()
    options = ClientOptions(clock=clock)
    dead = "http://127.0.0.1:9"
    async with DatadogOnCall("k", "a", api_url=dead, paging_url=dead, options=options) as client:
        started = clock.monotonic()
        arguments = {"target": TEAM} if operation == "create" else {}
        with pytest.raises(ConnectError):
            await getattr(client.pages, operation)("p1", **arguments)
        assert clock.monotonic() - started < 60
        assert in_flight(client) == 0


async def test_redirect_is_refused() -> None:
    """A redirect to another origin is an error that says so, a doubt for a create; the credentials never go there."""
    plan = scripted("POST", PAGES, FaultKind.REDIRECT)
    plan.script("GET", f"{PAGES}/*", Fault(FaultKind.REDIRECT))
    async with datadog(plan) as (sim, client):
        with pytest.raises(AmbiguousOutcome, match="redirects are not followed"):
            await client.pages.create("disk full", target=TEAM, dedup_key="k")
        with pytest.raises(ApiError, match="redirects are not followed"):
            await client.pages.get("p1")
        assert sim.elsewhere == []
        assert sim.ledger.count("create") == 0


async def test_wait_that_was_asked_for_holds_after_a_doubt() -> None:
    """A 503 with `Retry-After` after the effect: one escalation, in doubt, and everybody waits as long as told."""
    fault = Fault(FaultKind.ERROR_AFTER, status=503, retry_after="20")
    async with datadog(scripted("POST", f"{PAGES}/*/escalate", fault)) as (sim, client):
        first, second = sim.add_page(title="first"), sim.add_page(title="second")
        with pytest.raises(AmbiguousOutcome, match="503"):
            await client.pages.escalate(first)
        await client.pages.escalate(second)
        asked, after = (request.at for request in sim.ledger.requests)
        assert after - asked >= 20.0
        assert [sim.ledger.count("escalate", page) for page in (first, second)] == [1, 1]


@pytest.mark.parametrize("status", [408, 499, 507, 512, 520, 524, 530, 599])
async def test_unknown_failure_is_like_a_500(status: int) -> None:
    """A failure that gateways have a number of their own for is got over when reading, and a doubt for a create."""
    plan = scripted("GET", f"{PAGES}/*", Fault(FaultKind.ERROR_BEFORE, status=status))
    plan.script("POST", PAGES, Fault(FaultKind.ERROR_AFTER, status=status))
    async with datadog(plan) as (sim, client):
        assert (await client.pages.get(sim.add_page(title="disk full"))).title == "disk full"
        page = await client.pages.create("down", target=TEAM, dedup_key="k1")
        assert page.reconciled
        assert sim.ledger.pages_by_title("down") == [page.id]


async def test_attempts_end() -> None:
    """A server that always fails is asked max_attempts times, and the last error is raised."""
    faults = [Fault(FaultKind.ERROR_BEFORE, status=502)] * 9
    async with datadog(scripted("POST", f"{PAGES}/*", *faults)) as (sim, client):
        with pytest.raises(OnCallError) as raised:
            await client.pages.resolve(sim.add_page(title="disk full"))
        assert isinstance(raised.value, ApiError)
        assert raised.value.attempts == 4
        assert len(sim.ledger.requests) == 4


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_every_send_is_one_attempt(method: str) -> None:
    """A kept-alive connection that breaks is a failed attempt of ours: aiohttp does not repeat it behind our back."""
    endpoint = Endpoint(method, f"{PAGES}/{{page_id}}", Idempotency.IDEMPOTENT)
    attempts: list[AttemptFinished] = []

    def hook(event: object) -> None:
        attempts.extend([event] if isinstance(event, AttemptFinished) else [])

    async with datadog(scripted(method, f"{PAGES}/*", FaultKind.DROP_BEFORE), hooks=(hook,)) as (sim, client):
        page = sim.add_page(title="disk full")
        await client.pages.acknowledge(page)
        with suppress(ApiError):
            await core_of(client).call(endpoint, page)
        assert [event.status is None for event in attempts].count(True) == 1
        assert len(attempts) == len(sim.ledger.requests)

"""A doubt helps: it says what was asked, why nobody knows, and how to look; also when somebody is cancelled."""

from __future__ import annotations

import asyncio
import logging
import pickle
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import AmbiguousOutcome, CallCancelled, TeamHandle
from aiooncall.simulator import Fault, FaultKind, RateRule
from tests.support.datadog_client import API_KEY, PAGES, datadog
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from aiooncall import DatadogOnCall, Event, GrafanaOnCall
    from aiooncall.simulator import Simulator

DONE = Fault(FaultKind.DROP_AFTER)
SLOW = Fault(FaultKind.SLOW, delay=600.0)


async def test_doubt_names_what_was_asked(sim: Simulator, dd: DatadogOnCall, gf: GrafanaOnCall) -> None:
    """The error has the ids in the path, or the title and the key; its cause stands in its text, as in its pickle."""
    sim.faults.script("POST", "*", *[Fault(FaultKind.DROP_BEFORE)] * 9)
    page = sim.add_page(title="x")
    dd, gf = dd.with_options(deadline=1.0), gf.with_options(deadline=1.0)
    calls: list[tuple[Any, dict[str, str]]] = [
        (lambda: dd.pages.escalate(page), {"page_id": page}),
        (lambda: dd.pages.create("Down", target=TeamHandle("t")), {"title": "Down"}),
        (
            lambda: dd.pages.create("Down", target=TeamHandle("t"), dedup_key="k-1"),
            {"title": "Down", "dedup_key": "k-1"},
        ),
        (lambda: gf.alert_groups.resolve("I1"), {"alert_group_id": "I1"}),
        (lambda: gf.paging.page(users=["U1"], title="Down", message="m"), {"title": "Down", "message": "m"}),
        (lambda: gf.paging.add_responders("I1", ["U1"]), {"alert_group_id": "I1"}),
    ]
    for call, named in calls:
        with pytest.raises(AmbiguousOutcome) as raised:
            await call()
        error = raised.value
        assert error.named == named
        for text in (str(error), str(pickle.loads(pickle.dumps(error)))):
            assert all(value in text for value in named.values())
            assert "ConnectionDropped" in text
            assert error.hint in text


async def test_doubt_shows_no_secret(sim: Simulator, dd: DatadogOnCall) -> None:
    """What a server said in the answer that left the doubt is shown without credentials."""
    sim.faults.script("POST", "*", Fault(FaultKind.ERROR_AFTER, status=500))
    with pytest.raises(AmbiguousOutcome) as raised:
        await dd.pages.escalate(sim.add_page(title="x"))
    assert API_KEY not in str(raised.value)
    assert "500" in str(raised.value)


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.EMPTY_OK])
async def test_doubt_about_a_text_with_a_secret(sim: Simulator, dd: DatadogOnCall, kind: FaultKind) -> None:
    """A credential in the text that a call was about, such as the title of a page, is not shown by the doubt."""
    sim.faults.script("POST", "*", Fault(kind))
    with pytest.raises(AmbiguousOutcome) as raised:
        await dd.pages.create(f"Refused: {API_KEY}", target=TeamHandle("t"))
    error = raised.value
    assert API_KEY not in f"{error} {error.named} {pickle.loads(pickle.dumps(error))}"
    assert error.named["title"].startswith("Refused: ")


async def cancelled(call: Any, after: float) -> None:
    """Run a call with a timeout around it that is shorter than the call."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(after):
            await call


def doubts(events: list[Event], caplog: pytest.LogCaptureFixture) -> list[CallCancelled]:
    """Return the cancellations, each of which has a line in the log."""
    found = [event for event in events if isinstance(event, CallCancelled)]
    logged = [record for record in caplog.records if "cancelled;" in record.getMessage()]
    assert [record.getMessage() for record in logged] == [str(event) for event in found]
    loud = [event.left and not event.repeatable for event in found]
    assert [record.levelno == logging.WARNING for record in logged] == loud
    return found


async def test_cancelled_while_on_its_way(caplog: pytest.LogCaptureFixture) -> None:
    """A timeout around a call that is on its way leaves an event and a warning: it may have been sent."""
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    async with datadog(hooks=(events.append,)) as (sim, client):
        sim.faults.script("POST", "*", SLOW)
        page = sim.add_page(title="x")
        await cancelled(client.pages.escalate(page), 3.0)
        (told,) = doubts(events, caplog)
    assert (told.left, told.repeatable, told.named) == (True, False, {"page_id": page})
    assert "may have been sent" in str(told)


async def test_cancelled_while_it_is_looked_for(caplog: pytest.LogCaptureFixture) -> None:
    """A timeout that strikes while a page in doubt is looked for tells of the page, not only of the look."""
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    async with datadog(hooks=(events.append,)) as (sim, client):
        sim.faults.script("POST", "*", Fault(FaultKind.DROP_BEFORE))
        call = client.pages.create("Down", target=TeamHandle("t"), dedup_key="k-1")
        await cancelled(call, 3.1)
        told = [event for event in doubts(events, caplog) if not event.repeatable]
    assert [(one.left, one.named) for one in told] == [(True, {"title": "Down", "dedup_key": "k-1"})]
    events.clear()
    caplog.clear()
    async with grafana_world(client={"hooks": (events.append,)}) as w:
        (group,) = w.groups(["Down"])
        w.sim.faults.script("POST", "*", Fault(FaultKind.DROP_BEFORE))
        await cancelled(w.client.alert_groups.resolve(group), 3.1)
        told = [event for event in doubts(events, caplog) if not event.repeatable]
    assert [(one.left, one.named) for one in told] == [(True, {"alert_group_id": group})]


async def test_cancelled_while_it_is_sent_again(caplog: pytest.LogCaptureFixture) -> None:
    """A timeout that strikes while a page in doubt waits to be sent again still tells of the doubt."""
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    async with datadog(hooks=(events.append,)) as (sim, client):
        sim.faults.script("POST", "*", Fault(FaultKind.ERROR_AFTER, status=503, retry_after="60"))
        await cancelled(client.pages.create("Down", target=TeamHandle("t"), delivery="at_least_once"), 10.0)
        told = doubts(events, caplog)
    assert (told[-1].left, told[-1].named, len(sim.ledger.requests)) == (True, {"title": "Down"}, 1)


async def test_cancelled_while_it_waits_its_turn(caplog: pytest.LogCaptureFixture) -> None:
    """A timeout around a call that waits for the rate limit says that nothing was sent, and is no warning."""
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    rules = [RateRule("oncall_paging", limit=1, period=60.0)]
    async with datadog(hooks=(events.append,), simulator={"rate_rules": rules}) as (sim, client):
        await client.pages.escalate(sim.add_page(title="x"))
        await cancelled(client.pages.escalate(sim.add_page(title="y")), 3.0)
        (told,) = doubts(events, caplog)
        assert (told.left, sim.ledger.count("escalate")) == (False, 1)
    assert "nothing was sent" in str(told)


@pytest.mark.parametrize(
    "fault", [Fault(FaultKind.THROTTLE, retry_after="60"), Fault(FaultKind.ERROR_AFTER, status=503, retry_after="60")]
)
async def test_cancelled_between_two_attempts(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    """Between two attempts it depends on what became of the first: a refusal had no effect, a failure may have had."""
    caplog.set_level(logging.DEBUG)
    events: list[Event] = []
    async with datadog(hooks=(events.append,)) as (sim, client):
        sim.faults.script("POST", f"{PAGES}/*/resolve", fault, fault)
        await cancelled(client.pages.resolve(sim.add_page(title="x")), 3.0)
        (told,) = doubts(events, caplog)
    assert (told.attempt, told.repeatable) == (2, True)
    assert told.left in {False, fault.status == 503}

"""The events of the simulator: which of them page, what ends that, and what is refused."""

from __future__ import annotations

from typing import Any, Final

import pytest
from datadog_api_client.v2.api.events_api import EventsApi
from datadog_api_client.v2.model.event_create_request_payload import EventCreateRequestPayload

from tests.support.datadog_http import data_body, simulated
from tests.support.published_client import published_api_client, published_model, simulator_in_a_thread

EVENTS: Final = "/api/v2/events"
ALERT: Final = {"title": "Down", "category": "alert", "aggregation_key": "k", "message": "Look! @oncall-web.eu."}


def event_body(status: str = "error", details: dict[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    """Return the body of an event; None leaves an attribute out."""
    merged = {**ALERT, "attributes": {"status": status, **(details or {})}, **attributes}
    return data_body("event", {name: value for name, value in merged.items() if value is not None})


async def test_life_of_a_key() -> None:
    """A key pages while no page of it is triggered; acknowledged in between, it makes one more, a doubled one."""
    async with simulated(settle_delay=0.0) as (sim, caller):
        for _ in range(2):
            answer = await caller.ask("POST", EVENTS, event_body(), status=202)
        assert answer["data"]["type"] == "event"
        assert answer["data"]["attributes"]["attributes"]["evt"]["uid"]
        (page_id,) = sim.ledger.unfinished()
        await caller.act(page_id, "acknowledge")
        await caller.ask("POST", EVENTS, event_body(), status=202)
        assert len(sim.ledger.unfinished()) == len(sim.ledger.doubled()) == 2
        await caller.ask("POST", EVENTS, event_body("ok"), status=202)
        assert (sim.ledger.count("resolve"), sim.ledger.unfinished()) == (2, [])


@pytest.mark.parametrize(
    "body",
    [
        event_body("warn"),
        event_body("ok"),
        event_body("ok", aggregation_key=None),
        event_body(message="@oncall- and oncall-web"),
        event_body(message=None),
        event_body(category="change", attributes={"changed_resource": {"name": "x", "type": "feature_flag"}}),
    ],
    ids=["a warning", "a recovery", "a recovery without a key", "no mention", "no message", "a change"],
)
async def test_what_pages_nobody(body: dict[str, Any]) -> None:
    """An event pages only if it is an alert with the status error and mentions a team; all others are taken in."""
    async with simulated() as (sim, caller):
        await caller.ask("POST", EVENTS, body, status=202)
        assert (sim.ledger.notifications, sim.ledger.unfinished()) == ([], [])


async def test_each_team_that_is_mentioned_is_paged() -> None:
    """An alert without a key pages every time, and pages each team that it mentions once."""
    async with simulated() as (sim, caller):
        for _ in range(2):
            body = event_body(aggregation_key=None, message="@oncall-web, @oncall-db and @oncall-web again")
            await caller.ask("POST", EVENTS, body, status=202)
        assert sim.ledger.count("create") == 4


LINK: Final = {"url": "https://x.example.com", "category": "runbook", "title": "x"}
REFUSED: Final[dict[str, list[dict[str, Any]]]] = {
    "attributes.title": [{"title": None}, {"title": ""}, {"title": "x" * 501}, {"title": 5}],
    "attributes.message": [{"message": ""}, {"message": "x" * 4001}],
    "attributes.aggregation_key": [{"aggregation_key": ""}, {"aggregation_key": "x" * 101}],
    "attributes.category": [{"category": None}, {"category": "incident"}],
    "attributes.host": [{"host": "x" * 256}],
    "attributes.tags": [{"tags": []}, {"tags": ["a:b"] * 101}, {"tags": "a:b"}, {"tags": [1]}],
    "attributes.attributes": [{"attributes": None}, {"attributes": "error"}],
    "attributes.attributes.status": [{"attributes": {}}, {"status": "bad"}],
    "attributes.attributes.priority": [{"details": {"priority": wrong}} for wrong in ("0", "6", 1)],
    "attributes.attributes.links": [{"details": {"links": wrong}} for wrong in ([], [LINK] * 21, LINK)],
    "attributes.attributes.links[0].url": [{"details": {"links": [{**LINK, "url": "x" * 2049}]}}],
    "attributes.attributes.links[0].category": [{"details": {"links": [{**LINK, "category": "photo"}]}}],
    "attributes.attributes.links[0].title": [{"details": {"links": [{**LINK, "title": "x" * 301}]}}],
}


@pytest.mark.parametrize("field", REFUSED)
async def test_refusal(field: str) -> None:
    """An event that is not as documented is refused by an error that names the field, and pages nobody."""
    async with simulated() as (sim, caller):
        for wrong in REFUSED[field]:
            answer = await caller.ask("POST", EVENTS, event_body(**wrong), status=400)
            assert answer["errors"][0].startswith(f"data.{field}: ")
        assert sim.ledger.effects == []


def test_published_client_pages_by_a_key() -> None:
    """Datadog's own client triggers an alert twice and recovers it: that is one page, which is over then."""
    details = {"priority": "1", "links": [LINK]}
    bodies = [event_body(details=details), event_body(details=details), event_body("ok")]
    with simulator_in_a_thread(settle_delay=0.0) as sim, published_api_client(sim) as client:
        api = EventsApi(client)  # type: ignore[no-untyped-call]
        uids = {
            api.create_event(published_model(EventCreateRequestPayload, body)).data.attributes.attributes.evt.uid
            for body in bodies
        }
    assert len(uids) == 3
    assert (sim.ledger.count("create"), sim.ledger.count("resolve"), sim.ledger.doubled()) == (1, 1, [])

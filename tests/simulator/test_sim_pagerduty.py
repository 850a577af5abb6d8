"""PagerDuty services in the simulator, in the manner of the first version of the API."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.support.datadog_http import simulated

SERVICES = "/api/v1/integration/pagerduty/configuration/services"
SERVICE = {"service_name": "web", "service_key": "secret-1"}


async def test_service_lives() -> None:
    """A service is created, read, changed and deleted; no answer ever holds a key."""
    async with simulated() as (sim, caller):
        created = await caller.send("POST", SERVICES, json=SERVICE)
        read = await caller.send("GET", f"{SERVICES}/web")
        changed = await caller.send("PUT", f"{SERVICES}/web", json={"service_key": "secret-2"})
        assert sim.stored("pagerduty_services", "web")["service_key"] == "secret-2"
        deleted = await caller.send("DELETE", f"{SERVICES}/web")
        with pytest.raises(KeyError):
            sim.stored("pagerduty_services", "web")
    replies = [created, read, changed, deleted]
    assert [reply.status for reply in replies] == [201, 200, 200, 204]
    assert deleted.body == b""
    assert created.json == read.json == changed.json == {"service_name": "web"}
    assert created.headers["Content-Type"] == "application/json"


async def test_change_can_answer_nothing() -> None:
    """On request a change answers without a body, as documented, in place of the name, as recorded."""
    async with simulated(pagerduty_answers_put=False) as (_, caller):
        await caller.ask("POST", SERVICES, SERVICE, status=201)
        assert (await caller.send("PUT", f"{SERVICES}/web", json={"service_key": "k"})).body == b""


@pytest.mark.parametrize("name", ["a/b", "ä b", "100%", "a?b#c"])
async def test_odd_names_work(name: str) -> None:
    """A name is one segment of a path, whatever it holds."""
    async with simulated() as (_, caller):
        await caller.ask("POST", SERVICES, {**SERVICE, "service_name": name}, status=201)
        assert await caller.ask("GET", f"{SERVICES}/{quote(name, safe='')}") == {"service_name": name}


NO_NAME = "'service_name' should be string"
NO_KEY = "service_key cannot be blank"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"service_key": None, "service_name": None}, NO_NAME),
        ({}, NO_NAME),
        ({"service_key": "x"}, NO_NAME),
        ({"service_name": "x"}, NO_KEY),
        ({"service_name": "x", "service_key": ""}, NO_KEY),
        ([], "the body must be an object"),
        (SERVICE, "service_name: web exists"),
    ],
)
async def test_bad_service_is_refused(body: object, expected: str) -> None:
    """A service needs a key and a name that is not taken; errors are texts, for the first two as recorded."""
    async with simulated() as (_, caller):
        await caller.ask("POST", SERVICES, SERVICE, status=201)
        assert await caller.ask("POST", SERVICES, body, status=400) == {"errors": [expected]}
        assert await caller.ask("PUT", f"{SERVICES}/web", {}, status=400) == {"errors": [NO_KEY]}


async def test_unknown_service_is_404() -> None:
    """Each operation on a service that is not there is 404, in the words that were recorded."""
    async with simulated() as (_, caller):
        for method in ("GET", "PUT", "DELETE"):
            answer = await caller.ask(method, f"{SERVICES}/nothing", status=404)
            assert answer == {"errors": ["Service not found"]}


async def test_wrong_keys_are_403() -> None:
    """Wrong and missing keys alike are 403 with a status and a code, while the second version knows 401."""
    async with simulated(credentials={"api": "app"}) as (_, caller):
        wrong = await caller.send("GET", f"{SERVICES}/web")
        missing = await caller.send("GET", f"{SERVICES}/web", headers={})
        second = await caller.send("GET", "/api/v2/on-call/schedules", headers={})
    assert wrong.json == missing.json
    assert wrong.json.items() >= {"status": "error", "code": 403, "errors": ["Forbidden"]}.items()
    assert [reply.status for reply in (wrong, missing, second)] == [403, 403, 401]

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
    assert [reply.body for reply in (changed, deleted)] == [b"", b""]
    assert created.json == read.json == {"service_name": "web"}
    assert created.headers["Content-Type"] == "application/json"


async def test_change_can_answer() -> None:
    """On request a change answers with the service's name, as was recorded once."""
    async with simulated(pagerduty_answers_put=True) as (_, caller):
        await caller.ask("POST", SERVICES, SERVICE, status=201)
        assert await caller.ask("PUT", f"{SERVICES}/web", {"service_key": "k"}) == {"service_name": "web"}


@pytest.mark.parametrize("name", ["a/b", "ä b", "100%", "a?b#c"])
async def test_odd_names_work(name: str) -> None:
    """A name is one segment of a path, whatever it holds."""
    async with simulated() as (_, caller):
        await caller.ask("POST", SERVICES, {**SERVICE, "service_name": name}, status=201)
        assert await caller.ask("GET", f"{SERVICES}/{quote(name, safe='')}") == {"service_name": name}


@pytest.mark.parametrize(
    "body", [{}, {"service_name": "x"}, {"service_key": "x"}, {**SERVICE, "service_name": ""}, [], SERVICE]
)
async def test_bad_service_is_refused(body: object) -> None:
    """A service needs a key and a name that is not taken; errors are texts."""
    async with simulated() as (_, caller):
        await caller.ask("POST", SERVICES, SERVICE, status=201)
        (error,) = (await caller.ask("POST", SERVICES, body, status=400))["errors"]
        (other,) = (await caller.ask("PUT", f"{SERVICES}/web", {}, status=400))["errors"]
    assert isinstance(error, str)
    assert "service_key" in other


async def test_unknown_service_is_404() -> None:
    """Each operation on a service that is not there is 404."""
    async with simulated() as (_, caller):
        for method in ("GET", "PUT", "DELETE"):
            assert "nothing" in (await caller.ask(method, f"{SERVICES}/nothing", status=404))["errors"][0]


async def test_wrong_keys_are_403() -> None:
    """Wrong and missing keys alike are 403 with a status and a code, while the second version knows 401."""
    async with simulated(credentials={"api": "app"}) as (_, caller):
        wrong = await caller.send("GET", f"{SERVICES}/web")
        missing = await caller.send("GET", f"{SERVICES}/web", headers={})
        second = await caller.send("GET", "/api/v2/on-call/schedules", headers={})
    assert wrong.json == missing.json
    assert wrong.json.items() >= {"status": "error", "code": 403, "errors": ["Forbidden"]}.items()
    assert [reply.status for reply in (wrong, missing, second)] == [403, 403, 401]

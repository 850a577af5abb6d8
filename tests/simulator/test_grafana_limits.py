"""The sliding limits of the fake Grafana OnCall, and faults in its words."""

from __future__ import annotations

import asyncio
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiooncall.simulator import Fault, FaultKind, FaultPlan, GrafanaOptions, RateRule
from tests.support.datadog_http import PAGES, Caller
from tests.support.grafana_http import NOTHING, TOKEN, grafana
from tests.support.virtual_time import EPOCH

FEW = GrafanaOptions(tokens={TOKEN: "ann", "other": "ann", "bobs": "bob"}, limit=2, info_limit=1, phone_limit=1)


@settings(max_examples=30, deadline=None)
@given(gaps=st.lists(st.floats(0, 40), min_size=1, max_size=20), limit=st.integers(1, 4))
async def test_window_slides(gaps: list[float], limit: int) -> None:
    """No stretch of the period's length has more than the limit, none is refused before, and the wait is enough."""
    async with grafana(GrafanaOptions(limit=limit)) as (sim, caller):
        passed: list[float] = []
        for gap in gaps:
            await asyncio.sleep(gap)
            reply = await caller.send("GET", "users/")
            wall = EPOCH + sim.ledger.requests[-1].at
            recent = [at for at in passed if at > wall - 60]
            assert (reply.status == 429) == (len(recent) == limit)
            if reply.status == 200:
                passed.append(wall)
            else:
                assert int(reply.headers["Retry-After"]) == max(1, math.ceil(recent[0] + 60 - wall))


async def test_refusal_says_when_to_come_back() -> None:
    """A 429 has the wait in its sentence and in two headers; a success has no rate header, and waiting helps."""
    async with grafana(FEW) as (_, caller):
        good = [await caller.send("GET", "users/") for _ in range(2)][-1]
        await asyncio.sleep(0.5)
        refused = await caller.send("GET", "users/")
        await asyncio.sleep(int(refused.headers["Retry-After"]))
        assert (await caller.send("GET", "users/")).status == 200
    assert not {"Retry-After", "RateLimit-Reset"} & set(good.headers)
    assert refused.json == {"detail": "Request was throttled. Expected available in 60 seconds."}
    assert (refused.headers["Retry-After"], refused.headers["RateLimit-Reset"]) == ("60", "60")


async def test_last_second_is_one_second() -> None:
    """The sentence knows the singular."""
    async with grafana(FEW) as (_, caller):
        await caller.send("GET", "users/")
        await caller.send("GET", "users/")
        await asyncio.sleep(59.5)
        assert "in 1 second." in (await caller.send("GET", "users/")).json["detail"]


async def test_tokens_of_a_user_share_the_limit() -> None:
    """Two tokens of one user count together, those of another apart."""
    async with grafana(FEW) as (_, caller):
        statuses = [(await caller.send("GET", "users/", token=token)).status for token in (TOKEN, "other", TOKEN)]
        other = await caller.send("GET", "users/", token="bobs")
    assert (statuses, other.status) == ([200, 200, 429], 200)


async def test_errors_count_and_refusals_do_not() -> None:
    """A 400 and a 404 use the limit up, a bad token, an unknown path and a 429 don't."""
    async with grafana(FEW) as (_, caller):
        for _ in range(3):
            assert (await caller.send("GET", "users/", token="wrong")).status == 403
            assert (await caller.send("GET", "nothing/")).status == 404
        await caller.ask("GET", f"users/{NOTHING}/", status=404)
        await caller.refusal("POST", "escalation/", {})
        for _ in range(5):
            assert (await caller.send("GET", "users/")).status == 429
        await asyncio.sleep(60)
        assert (await caller.send("GET", "users/")).status == 200


async def test_scopes_have_their_own_limits() -> None:
    """Info and telephone count apart from the rest, and the two ways to telephone together."""
    async with grafana(FEW) as (_, caller):
        statuses = [
            (await caller.send(method, path)).status
            for method, path in (
                ("GET", "info/"),
                ("GET", "info/"),
                ("POST", "make_call/"),
                ("POST", "send_sms/"),
                ("GET", "users/"),
                ("GET", "users/"),
                ("GET", "users/"),
            )
        ]
    assert statuses == [200, 429, 400, 429, 200, 200, 429]


@pytest.mark.parametrize(
    ("method", "path", "tells"),
    [
        ("GET", "users/", True),
        ("POST", "alert_groups/X/resolve/", True),
        ("GET", "teams/", False),
        ("POST", "escalation/", False),
        ("GET", "info/", False),
        ("POST", "make_call/", False),
        ("POST", "send_sms/", False),
    ],
)
async def test_some_views_tell_no_reset(method: str, path: str, tells: bool) -> None:
    """Every 429 has `Retry-After`, and most views have `RateLimit-Reset` too."""
    async with grafana(GrafanaOptions(limit=0, info_limit=0, phone_limit=0)) as (_, caller):
        reply = await caller.send(method, path)
    assert (reply.status, reply.headers["Retry-After"]) == (429, "60")
    assert ("RateLimit-Reset" in reply.headers) == tells


async def test_usual_limit_and_none() -> None:
    """The usual limit is 300, and none at all can be chosen."""
    async with grafana() as (_, caller):
        statuses = [(await caller.send("GET", "teams/")).status for _ in range(301)]
    async with grafana(GrafanaOptions(limit=None)) as (_, caller):
        unlimited = [(await caller.send("GET", "teams/")).status for _ in range(301)]
    assert statuses == [200] * 300 + [429]
    assert unlimited == [200] * 301


async def test_each_half_has_its_own_limit() -> None:
    """Datadog's rules do not count Grafana's requests, nor the other way round; the ledger has both."""
    async with grafana(FEW, rate_rules=(RateRule("r", 1, 10),)) as (sim, caller):
        datadog = Caller(caller.session, sim)
        statuses = [(await caller.send("GET", "users/")).status for _ in range(2)]
        statuses += [(await datadog.send("GET", PAGES)).status for _ in range(2)]
        assert [record.path for record in sim.ledger.requests] == ["/api/v1/users/"] * 2 + [PAGES] * 2
    assert statuses == [200, 200, 200, 429]


async def test_faults_speak_like_the_engine() -> None:
    """Injected errors and throttles have the engine's shape, and a redirect leads to the other origin."""
    faults = FaultPlan()
    kinds = [FaultKind.THROTTLE, FaultKind.THROTTLE_BARE, FaultKind.ERROR_BEFORE, FaultKind.GARBAGE_HEADERS]
    faults.script("GET", "/api/v1/users/", *map(Fault, kinds), Fault(FaultKind.REDIRECT))
    faults.script("GET", "/api/v1/teams/", Fault(FaultKind.THROTTLE_HTML), Fault(FaultKind.ERROR_AFTER, html=True))
    async with grafana(faults=faults) as (sim, caller):
        throttled, bare, failed, garbage, redirected = [await caller.send("GET", "users/") for _ in range(5)]
        pages = [await caller.send("GET", "teams/") for _ in range(2)]
        assert redirected.headers["Location"] == f"{sim.elsewhere_url}/api/v1/users/"
    assert throttled.headers["RateLimit-Reset"] == throttled.headers["Retry-After"] == "60"
    assert "Retry-After" not in bare.headers
    assert bare.json == {"detail": "Request was throttled."}
    assert (failed.status, failed.json) == (503, {"detail": "Service Unavailable"})
    assert garbage.status == 200
    assert "RateLimit-Reset" in garbage.headers
    assert [(page.status, page.headers["Content-Type"][:9]) for page in pages] == [
        (429, "text/html"),
        (504, "text/html"),
    ]


async def test_faults_commit_or_do_not() -> None:
    """A fault after the effect leaves it, one before leaves nothing."""
    faults = FaultPlan()
    steps = (Fault(FaultKind.ERROR_AFTER), Fault(FaultKind.ERROR_BEFORE))
    faults.script("POST", "/api/v1/alert_groups/*/acknowledge/", *steps)
    async with grafana(faults=faults) as (sim, caller):
        first, second = sim.grafana.add_alert_group("A"), sim.grafana.add_alert_group("B")
        statuses = [(await caller.send("POST", f"alert_groups/{one}/acknowledge/")).status for one in (first, second)]
        states = [(await caller.get("alert_groups", one))["state"] for one in (first, second)]
    assert statuses == [504, 503]
    assert states == ["acknowledged", "firing"]

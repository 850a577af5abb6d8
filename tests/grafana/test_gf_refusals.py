"""Refusals by Grafana OnCall: whatever they say of the wait, it is kept, and nothing is lost."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Final

import pytest
from aiohttp import web

from aiooncall import RateLimited, RetryPolicy
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions
from aiooncall.simulator.http.server import HttpServer
from tests.support.grafana_calls import saying
from tests.support.grafana_client import STACK, grafana_client, grafana_world, shown
from tests.support.virtual_time import EPOCH, VirtualClock

NO_ROOM: Final = "the rate limit leaves no room for this call before its deadline"


def now() -> float:
    """Return virtual seconds."""
    return VirtualClock().monotonic()


def back_in(error: RateLimited) -> float:
    """Return the seconds from now until the server is expected to accept calls again."""
    assert error.retry_at is not None
    return (error.retry_at - datetime.fromtimestamp(EPOCH + now(), UTC)).total_seconds()


REFUSALS: dict[str, tuple[Fault, float, float]] = {
    "retry-after": (Fault(FaultKind.THROTTLE_BARE, retry_after="7"), 7.0, 8.0),
    "both": (Fault(FaultKind.THROTTLE, retry_after="7"), 7.0, 8.0),
    "neither": (Fault(FaultKind.THROTTLE_BARE), 1.0, 2.0),
    "html": (Fault(FaultKind.THROTTLE_HTML), 1.0, 2.0),
}


@pytest.mark.parametrize(("fault", "least", "most"), REFUSALS.values(), ids=REFUSALS)
@pytest.mark.parametrize("action", ["get", "acknowledge"])
async def test_refused_call_waits_and_ends_well(fault: Fault, least: float, most: float, action: str) -> None:
    """After a refusal nothing goes before the wait is over that the server asked for, or a second if it did not."""
    async with grafana_world() as world:
        (group,) = world.groups(["disk full"])
        path = f"alert_groups/{group}/" + ("" if action == "get" else "acknowledge/")
        world.fail("GET" if action == "get" else "POST", path, fault)
        await getattr(world.client.alert_groups, action)(group)
        first, second = world.requests()
        assert (first.status, second.status) == (429, 200)
        assert least <= second.at - first.at <= most


async def test_reset_alone_ends_well() -> None:
    """After a refusal that only says `RateLimit-Reset` nothing goes before that, and then all goes well."""
    at: list[float] = []

    async def answer(_: web.BaseRequest) -> web.StreamResponse:
        at.append(now())
        if len(at) == 1:
            return web.json_response({"detail": "Request was throttled."}, status=429, headers={"RateLimit-Reset": "7"})
        return web.json_response({"url": "https://grafana.example.com"})

    origin = HttpServer(answer)
    await origin.start("127.0.0.1", 0)
    async with grafana_client(origin.url) as client:
        await asyncio.gather(*(client.info.get() for _ in range(20)))
        await client.info.get()
    await origin.close()
    early = [time for time in at if time < 1]
    assert len(early) <= 4
    assert len(at) == 22
    assert all(7 <= time <= 9 for time in at[len(early) :])


async def test_reset_alone_is_a_wait() -> None:
    """A refusal that only says `RateLimit-Reset`, as for a stack that is being synced, is waited out in full."""
    rules = GrafanaOptions(stack_url="https://other.grafana.net")
    async with grafana_world(rules, token="glsa_0123456789", client={"stack_url": STACK, "deadline": 3600.0}) as world:
        task = asyncio.create_task(world.client.users.get("current"))
        await asyncio.sleep(1000)
        task.cancel()
        assert [record.at for record in world.requests()] == pytest.approx([0, 351, 702], abs=2)


@pytest.mark.parametrize("kind", [FaultKind.THROTTLE, FaultKind.THROTTLE_BARE, FaultKind.THROTTLE_HTML])
async def test_refusal_pauses_everybody(kind: FaultKind) -> None:
    """When a crowd of 64 meets refusals, single probes go until the server accepts again, and all is done once."""
    async with grafana_world() as world:
        ids = world.groups(f"g{number}" for number in range(64))
        world.fail("POST", "alert_groups/*", None, *[Fault(kind)] * 8)
        report = await world.client.alert_groups.acknowledge_many(ids)
        assert (report.succeeded, report.failed) == (64, 0)
        assert world.sim.ledger.statuses == {200: 64, 429: 8}
        assert [world.sim.ledger.count("acknowledge", group) for group in ids] == [1] * 64
        at = [record.at for record in world.requests() if record.status == 429]
        assert len([time for time in at if time < 0.5]) <= 5


async def test_absurd_headers_do_no_harm() -> None:
    """Malformed and absurd rate headers on half of the answers neither stall nor break a job."""
    async with grafana_world() as world:
        world.sim.faults.seed(seed=3, rates={Fault(FaultKind.GARBAGE_HEADERS): 0.5})
        report = await world.client.alert_groups.acknowledge_many(world.groups(f"g{number}" for number in range(250)))
        assert (report.succeeded, report.failed) == (250, 0)
        assert now() < 10.0


async def test_lower_limit_than_known_is_learned() -> None:
    """Where the server allows far less than usual, a job is slowed down by refusals, and still does everything once."""
    async with grafana_world(GrafanaOptions(limit=20)) as world:
        ids = world.groups(f"g{number}" for number in range(90))
        report = await world.client.alert_groups.acknowledge_many(ids)
        assert (report.succeeded, report.failed) == (90, 0)
        assert world.sim.ledger.statuses[200] == 90
        assert world.sim.ledger.statuses[429] <= 90
        assert now() <= 1.1 * 4 * 60.0


async def test_wait_beyond_the_deadline_is_told_at_once() -> None:
    """A server's wait that does not fit in the deadline is RateLimited at once, and says when to come back."""
    async with grafana_world() as world:
        world.fail("GET", "users/current/", Fault(FaultKind.THROTTLE_BARE, retry_after="300"))
        with pytest.raises(RateLimited) as raised:
            await world.client.users.get("current")
        assert now() < 1.0
        assert raised.value.attempts == 1
        assert back_in(raised.value) == pytest.approx(300, abs=1.0)
        with pytest.raises(RateLimited) as again:
            await world.client.users.get("current")
        assert again.value.attempts == 0
        assert back_in(again.value) == pytest.approx(300, abs=1.0)
        assert len(world.requests()) == 1


async def test_unknown_stack_is_told_at_once() -> None:
    """The 350 s that a service account waits for its stack do not fit in the usual deadline."""
    rules = GrafanaOptions(stack_url="https://other.grafana.net")
    async with grafana_world(rules, token="glsa_0123456789", client={"stack_url": STACK}) as world:
        with pytest.raises(RateLimited) as raised:
            await world.client.users.get("current")
        assert back_in(raised.value) == pytest.approx(350, abs=2)
        assert raised.value.errors == ("Organization being synced, please retry.", NO_ROOM)
        assert now() < 1.0
        with pytest.raises(RateLimited) as again:
            await world.client.users.get("current")
        assert (again.value.attempts, again.value.errors) == (0, (NO_ROOM,))


async def test_words_of_a_refusal_are_shown_as_any() -> None:
    """What a server says with a refusal that there is no room to wait for has no credential in it, and one line."""
    said = {"detail": "Too many\x1b[2J requests of token-0123456789."}
    async with saying(said, status=429, token="token-0123456789", deadline=0.5) as (_, client):
        with pytest.raises(RateLimited) as raised:
            await client.users.get("current")
    first, second = raised.value.errors
    assert (first.startswith("Too many"), second) == (True, NO_ROOM)
    assert not [text for text in ("\x1b", "token-0123456789") if text in shown(raised.value)]


async def test_words_of_a_crash_are_none_of_a_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that failed, and then has no room since another one was refused, does not pass its error off as that."""
    monkeypatch.setattr("aiooncall.transport.retry.jittered", lambda most: most)  # so that the refusal comes first
    async with grafana_world() as world:
        world.fail("GET", "users/current/", Fault(FaultKind.ERROR_BEFORE, status=502))
        world.fail("GET", "teams/T1/", Fault(FaultKind.THROTTLE_BARE, retry_after="300"))
        users, teams = world.client.users, world.client.teams
        failed, refused = await asyncio.gather(users.get("current"), teams.get("T1"), return_exceptions=True)
    assert isinstance(failed, RateLimited)
    assert isinstance(refused, RateLimited)
    assert (failed.attempts, failed.errors) == (1, (NO_ROOM,))
    assert (refused.attempts, len(refused.errors), refused.errors[1]) == (1, 2, NO_ROOM)


async def test_refusals_are_borne_as_often_as_allowed() -> None:
    """A call gives up after as many refusals as the policy allows; none means the first one is raised."""
    for most in (0, 2):
        policy = RetryPolicy(max_refusals=most)
        async with grafana_world(GrafanaOptions(limit=0, period=5.0), client={"retry": policy}) as world:
            with pytest.raises(RateLimited) as raised:
                await world.client.users.get("current")
            assert (raised.value.attempts, len(world.requests())) == (most + 1, most + 1)

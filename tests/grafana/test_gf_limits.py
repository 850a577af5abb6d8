"""The limits of Grafana OnCall, kept before they are met."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import CallRate, FanOut, Forbidden, NotFound, RateLimited, SessionPool
from aiooncall.simulator import GrafanaOptions
from tests.support.grafana_client import NOTHING, TOKEN, grafana_world
from tests.support.virtual_time import EPOCH, VirtualClock

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from aiooncall import Report
    from tests.support.grafana_client import GrafanaWorld

pytestmark = pytest.mark.slow

MINUTE = 60.0
USUAL = CallRate(calls=300, per=MINUTE)
NO_LIMIT = GrafanaOptions(limit=None, info_limit=None, phone_limit=None)
TWO_TOKENS = GrafanaOptions(tokens={TOKEN: "ann", "second-token": "ann"})


def now() -> float:
    """Return virtual seconds."""
    return VirtualClock().monotonic()


def theory(total: int, limit: CallRate = USUAL) -> float:
    """Return the seconds that `total` calls need at least."""
    return (total - 1) // limit.calls * limit.per


def busiest(world: GrafanaWorld, path: str = "", per: float = MINUTE) -> int:
    """Return the most requests that any stretch of `per` seconds saw."""
    times = [record.at for record in world.requests() if path in record.path]
    return max(sum(start <= at < start + per for at in times) for start in times)


async def done(job: FanOut) -> Report:
    """Return a job's report."""
    return await job


async def test_storm_uses_the_limit_up() -> None:
    """1200 acknowledges at 300 a minute take 2 % more than they must, are never refused, and happen once each."""
    async with grafana_world() as world:
        ids = world.groups(f"g{number}" for number in range(1200))
        started = now()
        report = await world.client.alert_groups.acknowledge_many(ids)
        assert (report.succeeded, report.failed, report.finished) == (1200, 0, True)
        assert theory(1200) <= now() - started <= 1.02 * theory(1200)
        assert world.sim.ledger.statuses == {200: 1200}
        assert [world.sim.ledger.count("acknowledge", group) for group in ids] == [1] * 1200
        assert world.sim.ledger.doubled() == []
        assert busiest(world) == 300


async def test_first_calls_do_not_wait() -> None:
    """Up to the limit calls go at once, in a job and one by one."""
    async with grafana_world() as world:
        ids = world.groups(f"g{number}" for number in range(200))
        await world.client.alert_groups.acknowledge_many(ids)
        for _ in range(100):
            await world.client.info.get()
        for _ in range(99):
            await world.client.users.get("current")
        assert now() < 1.0


async def test_each_scope_has_a_window_of_its_own() -> None:
    """Info has 100 calls a minute and the phone 60, calls and messages together, while the rest has its 300."""
    async with grafana_world() as world:
        world.sim.grafana.add_user("ann", phone=True)
        client, email = world.client, "ann@example.com"
        calls: list[Coroutine[Any, Any, object]] = [client.info.get() for _ in range(101)]
        calls += [client.phone.make_call(email, "wake up") for _ in range(30)]
        calls += [client.phone.send_sms(email, "wake up") for _ in range(31)]
        calls += [client.users.get("current") for _ in range(301)]
        await asyncio.gather(*calls)
        late = Counter(record.path for record in world.requests() if record.at > 1)
        assert {path.rsplit("/", 2)[-2]: count for path, count in late.items()} == {
            "info": 1, "send_sms": 1, "current": 1
        }  # fmt: skip
        assert set(world.sim.ledger.statuses) <= {200}
        assert now() < 1.02 * MINUTE


async def test_errors_count_as_the_server_counts_them() -> None:
    """A 404 uses a turn, as it does at the server."""
    async with grafana_world(GrafanaOptions(limit=5), client={"rate_limit": CallRate(calls=5, per=MINUTE)}) as world:
        report = await FanOut([f"{NOTHING}{number}" for number in range(8)], world.client.users.get)
        assert {type(outcome.error) for outcome in report.outcomes} == {NotFound}
        assert (report.failed, world.sim.ledger.statuses) == (8, {404: 8})
        assert MINUTE < now() < 1.02 * MINUTE


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("rules", "rate", "total"),
    [
        (GrafanaOptions(limit=1000), CallRate(calls=1000, per=MINUTE), 1500),
        (GrafanaOptions(limit=20), CallRate(calls=20, per=MINUTE), 70),
        (GrafanaOptions(limit=300), CallRate(calls=10, per=5.0), 70),
        (GrafanaOptions(limit=30, period=timedelta(hours=1).total_seconds()), CallRate(calls=30, per=3600), 70),
    ],
    ids=["more", "fewer", "shorter", "hours"],
)
async def test_own_limit_replaces_the_usual_one(rules: GrafanaOptions, rate: CallRate, total: int) -> None:
    """A `rate_limit` is kept in place of the usual one, whether it is more or less, and used up."""
    async with grafana_world(rules, client={"rate_limit": rate}) as world:
        ids = world.groups(f"g{number}" for number in range(total))
        report = await world.client.alert_groups.acknowledge_many(ids)
        assert (report.succeeded, world.sim.ledger.statuses) == (total, {200: total})
        assert busiest(world, per=rate.per) == rate.calls
        assert theory(total, rate) <= now() <= 1.02 * theory(total, rate) + 0.1


async def test_own_limit_leaves_the_other_scopes_alone() -> None:
    """A `rate_limit` is for most calls; info and phone keep their own."""
    async with grafana_world(client={"rate_limit": CallRate(calls=1, per=MINUTE)}) as world:
        await asyncio.gather(*(world.client.info.get() for _ in range(100)))
        assert now() < 1.0


async def storm_of_two(group: str | None) -> Counter[int | None]:
    """Let two clients with two tokens of one user acknowledge 300 groups each; return the statuses of all answers."""
    async with grafana_world(TWO_TOKENS) as world, SessionPool(clock=world.clock) as pool:
        first = world.another(pool=pool, limit_group=group)
        second = world.another("second-token", pool=pool, limit_group=group)
        async with first, second:
            ids = world.groups(f"g{number}" for number in range(600))
            jobs = (first.alert_groups.acknowledge_many(ids[::2]), second.alert_groups.acknowledge_many(ids[1::2]))
            reports = await asyncio.gather(*map(done, jobs))
            assert [(report.succeeded, report.failed) for report in reports] == [(300, 0)] * 2
            assert [world.sim.ledger.count("acknowledge", one) for one in ids] == [1] * 600
            assert theory(600) <= now() <= 1.1 * theory(600) + 5
            return Counter(world.sim.ledger.statuses)


async def test_clients_of_one_group_share_a_window() -> None:
    """Two tokens of one user, in one pool and one `limit_group`, are never refused: they share the window."""
    assert await storm_of_two("ann") == {200: 600}


async def test_clients_apart_learn_from_refusals() -> None:
    """Without a group each client believes it is alone; refusals tell otherwise, and nothing is lost or doubled."""
    statuses = await storm_of_two(None)
    assert statuses[200] == 600
    assert 0 < statuses[429] < 200


async def test_one_token_shares_without_a_group() -> None:
    """Two clients with the same token and pool share the window anyway; in pools of their own they don't."""
    async with (
        grafana_world() as world,
        SessionPool(clock=world.clock) as pool,
        world.another(pool=pool) as first,
        world.another(pool=pool) as second,
        world.another() as third,
    ):
        await first.users.get("current")
        assert first.budgets() == second.budgets() != ()
        assert third.budgets() == ()


async def test_person_passes_a_job() -> None:
    """While a job of a thousand waits for its next turns, a person's call is the first to go."""
    async with grafana_world() as world:
        *ids, urgent = world.groups(f"g{number}" for number in range(1001))
        job = asyncio.create_task(done(world.client.alert_groups.acknowledge_many(ids)))
        await asyncio.sleep(5.0)
        await world.client.alert_groups.acknowledge(urgent)
        assert MINUTE < now() < 1.02 * MINUTE
        assert [urgent in record.path for record in world.requests()].index(True) == 300
        assert (await job).succeeded == 1000


async def test_window_beyond_the_deadline_is_told_at_once() -> None:
    """When the limit is used up and its next turn comes after the deadline, the call is RateLimited without waiting."""
    async with grafana_world(client={"deadline": 30.0}) as world:
        await asyncio.gather(*(world.client.users.get("current") for _ in range(300)))
        await asyncio.sleep(10.0)
        before = now()
        with pytest.raises(RateLimited) as raised:
            await world.client.users.get("current")
        assert now() - before < 0.1
        assert raised.value.attempts == 0
        wait = raised.value.retry_at - datetime.fromtimestamp(EPOCH + now(), UTC)  # type: ignore[operator]  # (it is known)
        assert wait.total_seconds() == pytest.approx(50.6, abs=0.2)
        await asyncio.sleep(21.0)
        await world.client.users.get("current")
        assert world.sim.ledger.statuses == {200: 301}


async def test_bad_credentials_are_one_request() -> None:
    """A job whose credentials may not act sends one request."""
    rules: Any = GrafanaOptions(tokens={TOKEN: "ann"}, powerless=frozenset({TOKEN}))
    async with grafana_world(rules) as world:
        with pytest.raises(Forbidden):
            await world.client.alert_groups.acknowledge_many(world.groups(["a", "b", "c"]))
        assert world.sim.ledger.statuses == {403: 1}

"""A chunk in the hands of a worker: nothing that may not be repeated goes twice, and what came of it is told."""

from __future__ import annotations

import asyncio
import itertools
import os
from typing import TYPE_CHECKING

import pytest

from aiooncall import ConnectError, OptionsError, PlanRefused
from aiooncall.distributed import Chunk, ChunkResult, work_chunk
from aiooncall.distributed.chunk_store import ChunkStore
from aiooncall.distributed.told import Told
from aiooncall.simulator import Fault, FaultKind, FaultPlan
from tests.support.bulk_world import acted_on, add_pages
from tests.support.chunk_queue import client_of, paused, until, world
from tests.support.servers import RedisServer

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tests.support.chunk_queue import World

JOBS = itertools.count()


def chunk_of(world: World, ids: list[str], verb: str = "escalate", **changes: Any) -> Chunk:
    """Return a chunk of a job that nobody else has."""
    account = world.client._core.profile.account
    facts = {
        "job": f"job{next(JOBS)}-{os.getpid()}",
        "number": 1,
        "provider": "datadog",
        "account": account,
        "verb": verb,
    }
    rows = tuple((at, item, 0) for at, item in enumerate(ids, 1))
    return Chunk(**{**facts, "duration": None, "seconds": 10.0, "proven": True, "rows": rows, **changes})


async def told_of(store: ChunkStore) -> list[Told]:
    """Return all messages of a job's workers."""
    return [told for _, told in await store.read("0", 0) if told is not None]


def test_outcomes_are_told(redis_url: str) -> None:
    """A worker does the verb once to each item, and tells its outcome, its requests and its name."""

    async def run() -> None:
        async with world(redis_url) as found:
            ids = add_pages(found.sim, 5)
            chunk = chunk_of(found, [*ids, "unknown-page"])
            async with ChunkStore(redis_url, chunk.job) as store:
                await store.register(1)
                result = await work_chunk(found.client, chunk, redis_url=redis_url, worker="w1")
                assert result == ChunkResult(succeeded=5, failed=1)
                messages = await told_of(store)
            outcomes = {at: change[0] for told in messages for at, change in told.outcomes.items()}
            assert outcomes == {1: "done", 2: "done", 3: "done", 4: "done", 5: "done", 6: "failed"}
            assert {told.worker for told in messages} == {"w1"}
            assert [told.ended for told in messages] == [False] * (len(messages) - 1) + [True]
            assert sum(row[3] for told in messages for row in told.timeline) == 6
            assert sorted(acted_on(found.sim, "escalate")) == sorted([*ids, "unknown-page"])

    asyncio.run(run())


def test_chunk_in_two_hands(redis_url: str) -> None:
    """A chunk that two workers have at once sends each item once, and each outcome is told by one of them."""

    async def run() -> None:
        async with world(redis_url) as found:
            ids = add_pages(found.sim, 30)
            chunk = chunk_of(found, ids)
            async with ChunkStore(redis_url, chunk.job) as store, client_of(found.sim) as other:
                await store.register(1)
                both = [work_chunk(client, chunk, redis_url=redis_url) for client in (found.client, other)]
                results = await asyncio.gather(*both)
                messages = await told_of(store)
            assert sum(result.succeeded for result in results) == 30
            assert sorted(at for told in messages for at in told.outcomes) == list(range(1, 31))
            assert sorted(acted_on(found.sim, "escalate")) == sorted(ids)

    asyncio.run(run())


def test_fenced_items_are_left(redis_url: str) -> None:
    """A chunk that comes again is worked on without the items that were fenced or told: nobody knows better."""

    async def run() -> None:
        async with world(redis_url) as found:
            ids = add_pages(found.sim, 4)
            chunk = chunk_of(found, ids)
            async with ChunkStore(redis_url, chunk.job) as store:
                await store.register(1)
                await store.begin(Told(chunk=1, holder="dead", worker="dead", sequence=1))
                assert await store.fence(1, 2, "dead", 1) == "mine"
                assert await store.fence(1, 2, "other", 1) == "taken"
                done = Told(
                    chunk=1, holder="dead", worker="dead", sequence=2, outcomes={3: ("done", None, None, 1.0, False)}
                )
                assert await store.tell(1, "dead", done)
                result = await work_chunk(found.client, chunk, redis_url=redis_url)
            assert result == ChunkResult(succeeded=2)
            assert sorted(acted_on(found.sim, "escalate")) == sorted([ids[0], ids[3]])

    asyncio.run(run())


def test_repeatable_chunk_comes_again(redis_url: str) -> None:
    """What may be repeated needs no fence: what a dead worker has not told of is sent again."""

    async def run() -> None:
        async with world(redis_url) as found:
            ids = add_pages(found.sim, 3)
            chunk = chunk_of(found, ids, "acknowledge")
            async with ChunkStore(redis_url, chunk.job) as store:
                await store.register(1)
                await store.begin(Told(chunk=1, holder="dead", worker="dead", sequence=1))
                await work_chunk(found.client, chunk, redis_url=redis_url)
                assert await work_chunk(found.client, chunk, redis_url=redis_url) == ChunkResult()
            assert sorted(acted_on(found.sim, "acknowledge")) == sorted(ids)

    asyncio.run(run())


@pytest.mark.parametrize("closing", ["close", "forget", "never"])
def test_closed_chunk_sends_nothing(redis_url: str, closing: str) -> None:
    """Without the permission in Redis nothing of a chunk is sent, whatever took the permission away."""

    async def run() -> None:
        async with world(redis_url) as found:
            chunk = chunk_of(found, add_pages(found.sim, 3), "acknowledge")
            async with ChunkStore(redis_url, chunk.job) as store:
                if closing != "never":
                    await store.register(1)
                    await (store.close(1) if closing == "close" else store.forget([1]))
                assert await work_chunk(found.client, chunk, redis_url=redis_url) == ChunkResult(is_open=False)
            assert found.sim.ledger.requests == []

    asyncio.run(run())


@pytest.mark.parametrize("verb", ["escalate", "acknowledge"])
def test_chunk_closed_amid_work(redis_url: str, verb: str) -> None:
    """A chunk that is closed while a worker has it gives back what was not sent."""

    async def run() -> None:
        plan = FaultPlan()
        plan.script("POST", f"*/{verb}", *[Fault(FaultKind.SLOW, delay=0.05)] * 200)
        async with world(redis_url, faults=plan) as found:
            ids = add_pages(found.sim, 200)
            chunk = chunk_of(found, ids, verb)
            async with ChunkStore(redis_url, chunk.job) as store:
                await store.register(1)
                work = asyncio.create_task(work_chunk(found.client, chunk, redis_url=redis_url, concurrency=4))
                await until(lambda: len(found.sim.ledger.requests) > 10)
                await store.close(1)
                result = await work
                last = (await told_of(store))[-1]
            assert result.given_back == len(last.given_back) == 200 - result.succeeded
            assert 10 < result.succeeded < 150
            assert len(acted_on(found.sim, verb)) == result.succeeded

    asyncio.run(run())


def test_time_is_over(redis_url: str) -> None:
    """A worker gives back what it has not sent when the time of the chunk is over, and counts none of it as sent."""

    async def run() -> None:
        plan = FaultPlan()
        plan.script("POST", "*/escalate", *[Fault(FaultKind.SLOW, delay=0.05)] * 200)
        async with world(redis_url, faults=plan) as found:
            ids = add_pages(found.sim, 200)
            chunk = chunk_of(found, ids, seconds=0.3)
            async with ChunkStore(redis_url, chunk.job) as store:
                await store.register(1)
                result = await work_chunk(found.client, chunk, redis_url=redis_url, concurrency=4)
                _, held = await store.close(1)
            assert result.given_back > 100
            assert result.succeeded == len(acted_on(found.sim, "escalate"))
            assert held is not None
            assert (len(held.told), held.fences) == (result.succeeded, {})

    asyncio.run(run())


def test_no_redis_no_escalation(tmp_path: Path) -> None:
    """While Redis does not answer, no item that needs a fence is sent; once it answers, all are."""

    async def run(server: RedisServer) -> None:
        async with world(server.url) as found:
            ids = add_pages(found.sim, 3)
            chunk = chunk_of(found, ids)
            async with ChunkStore(server.url, chunk.job) as store:
                await store.register(1)
                entered = asyncio.Event()
                begin = ChunkStore.fence

                async def fence(self: ChunkStore, *values: Any) -> str:
                    entered.set()
                    await asyncio.sleep(0.05)
                    return await begin(self, *values)

                with pytest.MonkeyPatch.context() as patch:
                    patch.setattr(ChunkStore, "fence", fence)
                    work = asyncio.create_task(work_chunk(found.client, chunk, redis_url=server.url))
                    await entered.wait()
                    with paused(server):
                        await asyncio.sleep(0.5)
                        assert found.sim.ledger.requests == []
                    assert await work == ChunkResult(succeeded=3)
            assert sorted(acted_on(found.sim, "escalate")) == sorted(ids)

    with RedisServer(tmp_path) as server:
        asyncio.run(run(server))


@pytest.mark.parametrize("keeps", [False, True])
def test_redis_starts_anew(tmp_path: Path, keeps: bool) -> None:
    """A Redis that started anew, with its data or without, lets nothing more of a chunk be sent."""

    async def run(server: RedisServer) -> None:
        async with world(server.url) as found:
            chunk = chunk_of(found, add_pages(found.sim, 3))
            async with ChunkStore(server.url, chunk.job) as store:
                before = await store.register(1)
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(server.start)
            async with ChunkStore(server.url, chunk.job) as store:
                result = await work_chunk(found.client, chunk, redis_url=server.url)
                assert result == ChunkResult(is_open=False)
                run_id, held = await store.close(1)
                assert run_id != before
                assert (held is not None) == keeps
            assert found.sim.ledger.requests == []

    options = ("--appendonly", "yes", "--appendfsync", "always") if keeps else ()
    with RedisServer(tmp_path, *options) as server:
        asyncio.run(run(server))


def test_another_account(redis_url: str) -> None:
    """A worker whose client is of another account refuses the chunk, sends nothing, and tells why."""

    async def run() -> None:
        async with world(redis_url) as found:
            chunk = chunk_of(found, add_pages(found.sim, 3))
            async with ChunkStore(redis_url, chunk.job) as store, client_of(found.sim, "other-key-0123") as other:
                await store.register(1)
                with pytest.raises(PlanRefused, match="same credentials"):
                    await work_chunk(other, chunk, redis_url=redis_url)
                last = (await told_of(store))[-1]
            assert last.fatal is not None
            assert (last.fatal["kind"], last.given_back) == ("PlanRefused", (1, 2, 3))
            assert found.sim.ledger.requests == []

    asyncio.run(run())


def test_refused_item_has_no_fence(redis_url: str) -> None:
    """An item that the server refused for its limit had no effect: given back, it has no fence."""

    async def run() -> None:
        plan = FaultPlan()
        plan.script("POST", "*/escalate", Fault(FaultKind.THROTTLE, retry_after="30"))
        async with world(redis_url, faults=plan) as found:
            chunk = chunk_of(found, add_pages(found.sim, 1), seconds=0.5)
            async with ChunkStore(redis_url, chunk.job) as store:
                await store.register(1)
                assert await work_chunk(found.client, chunk, redis_url=redis_url) == ChunkResult(given_back=1)
                assert len(found.sim.ledger.requests) == 1
                _, held = await store.close(1)
            assert held is not None
            assert (held.fences, held.told) == ({}, frozenset())

    asyncio.run(run())


def test_no_redis_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a Redis nothing is sent: its URL is asked for, and one that leads nowhere is told without password."""

    async def run() -> None:
        async with world("redis://127.0.0.1:1") as found:
            chunk = chunk_of(found, add_pages(found.sim, 1), seconds=0.2)
            with pytest.raises(OptionsError, match="AIOONCALL_REDIS_URL"):
                await work_chunk(found.client, chunk)
            with pytest.raises(OptionsError, match="redis_url"):
                await work_chunk(found.client, chunk, redis_url="http://127.0.0.1")
            with pytest.raises(ConnectError, match="Redis cannot be used") as error:
                await work_chunk(found.client, chunk, redis_url="redis://:very-secret@127.0.0.1:1")
            assert "very-secret" not in str(error.value)
            assert found.sim.ledger.requests == []

    monkeypatch.delenv("AIOONCALL_REDIS_URL", raising=False)
    asyncio.run(run())

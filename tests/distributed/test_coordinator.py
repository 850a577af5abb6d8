"""A job over workers: each item once, whoever of those involved is lost, and everything told."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import ConnectError, Forbidden, OptionsError, PlanRefused, bulk
from aiooncall.bulk import Counts
from aiooncall.distributed import Chunk, work_chunk
from aiooncall.distributed.chunk_store import ChunkStore, ServerFacts
from aiooncall.distributed.told import Told
from aiooncall.simulator import Fault, FaultKind, FaultPlan
from tests.support.bulk_world import acted_on, add_pages, everything, rows, statuses, tally, with_status
from tests.support.chunk_queue import MemoryQueue, client_of, until, world
from tests.support.datadog_client import API_KEY, APP_KEY
from tests.support.servers import RedisServer, free_port

if TYPE_CHECKING:
    from pathlib import Path

    from aiooncall.bulk import Job, Status, VerbName
    from tests.support.chunk_queue import World

VERBS: list[VerbName] = ["escalate", "acknowledge"]


async def planned(world: World, verb: VerbName, journal: Path, ids: list[str]) -> Job:
    """Return a planned job."""
    return await bulk.plan(world.client, verb, journal, ids)


async def go(world: World, job: Job, **options: Any) -> Counts:
    """Run a job over the workers of a world."""
    async with asyncio.timeout(60):
        return await job.run(job.plan.hash, workers=world.queue, **options)


def slowly(verb: VerbName, delay: float = 0.05) -> FaultPlan:
    """Return a plan that lets the answers of a verb take their time."""
    plan = FaultPlan()
    plan.script("POST", f"*/{verb}", *[Fault(FaultKind.SLOW, delay=delay)] * 1000)
    return plan


@pytest.mark.parametrize("verb", VERBS)
def test_each_item_once(redis_url: str, journal: Path, verb: VerbName) -> None:
    """Four workers do a job together: each item once, all of it told, and the report knows who did what."""

    async def run() -> None:
        async with world(redis_url) as found:
            ids = add_pages(found.sim, 95)
            for at in range(4):
                found.work(f"worker-{at}")
            heard: list[Status] = []
            with await planned(found, verb, journal, ids) as job:
                assert await go(found, job, watch=heard.append) == Counts(done=95)
            assert heard == ["done"] * 95
            assert sorted(acted_on(found.sim, verb)) == sorted(ids)
            told = bulk.report(journal)
            assert {share.worker for share in told.workers} <= {f"worker-{at}" for at in range(4)}
            assert sum(share.succeeded for share in told.workers) == 95
            assert sum(share.requests for share in told.workers) == told.requests == 95
            assert "worker-" in bulk.report_text(told)

    asyncio.run(run())


def test_verified_and_undone(redis_url: str, journal: Path) -> None:
    """A job that was done over workers is verified, and refuses an undo that its verb has not, as on one machine."""

    async def run() -> None:
        async with world(redis_url) as found:
            found.work("worker")
            with await planned(found, "acknowledge", journal, add_pages(found.sim, 12)) as job:
                await go(found, job)
                assert await job.verify(wait=5) == bulk.Verification(confirmed=12)
                with pytest.raises(OptionsError, match="taken back"):
                    await job.undo(journal.with_name("undo.db"))

    asyncio.run(run())


def test_nothing_is_left_in_redis(redis_url: str, journal: Path) -> None:
    """A finished job leaves nothing in Redis but signs of life, and no credential was in messages or the journal."""

    async def run() -> None:
        async with world(redis_url) as found:
            found.work("worker")
            with await planned(found, "escalate", journal, add_pages(found.sim, 25)) as job:
                await go(found, job)
            async with ChunkStore(redis_url, rows(journal, "SELECT value FROM job WHERE name = 'id'")[0][0]) as store:
                keys = [key async for key in store._redis.scan_iter(f"{store._prefix}:*")]
                assert [key for key in keys if ":life:" not in key] == []
                assert [key for key in keys if not 0 < await store._redis.pttl(key) <= 5000] == []
            for secret in (API_KEY, APP_KEY):
                assert secret not in "".join(found.queue.sent)
                assert secret.encode() not in everything(journal.parent)

    asyncio.run(run())


@pytest.mark.parametrize("verb", VERBS)
def test_worker_dies(redis_url: str, journal: Path, verb: VerbName, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a dead worker has fenced is in doubt; the rest of its chunk goes out again, on a queue that is idle."""
    monkeypatch.setattr("aiooncall.distributed.chunk_store.LIFE", 2.0)

    async def run() -> None:
        async with world(redis_url) as found:
            ids = add_pages(found.sim, 11)
            with await planned(found, verb, journal, ids) as job:
                running = asyncio.create_task(go(found, job))
                await found.work_once()  # the first item goes alone
                chunk = Chunk.from_json(await found.queue.messages.get())
                async with ChunkStore(redis_url, chunk.job) as store:
                    await store.begin(Told(chunk=chunk.number, holder="dead", worker="dead", sequence=1))
                    await store.fence(chunk.number, 3, "dead", 1)
                found.work("alive")
                counts = await asyncio.wait_for(running, 15)
            if verb == "escalate":
                assert counts == Counts(done=10, ambiguous=1)
                assert with_status(journal, "ambiguous") == {ids[2]}
                assert rows(journal, "SELECT reason FROM items WHERE status = 'ambiguous'") == [("Interrupted",)]
                assert sorted(acted_on(found.sim, verb)) == sorted(set(ids) - {ids[2]})
            else:
                assert counts == Counts(done=11)

    asyncio.run(run())


def test_doubt_ends(redis_url: str, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that was taken for dead, and tells an outcome after all, ends the doubt about its item."""
    monkeypatch.setattr("aiooncall.distributed.chunk_store.LIFE", 2.0)

    async def run() -> None:
        async with world(redis_url) as found:
            ids = add_pages(found.sim, 30)
            with await planned(found, "escalate", journal, ids) as job:
                running = asyncio.create_task(go(found, job))
                await found.work_once()
                chunk = Chunk.from_json(await found.queue.messages.get())
                async with ChunkStore(redis_url, chunk.job) as store:
                    await store.begin(Told(chunk=chunk.number, holder="late", worker="late", sequence=1))
                    await store.fence(chunk.number, 3, "late", 1)
                    await until(lambda: with_status(journal, "ambiguous") == {ids[2]})
                    done = {3: ("done", None, None, 1.0, False)}
                    await store.tell(
                        chunk.number,
                        "late",
                        Told(chunk=chunk.number, holder="late", worker="late", sequence=2, outcomes=done),
                    )
                    await store.tell(
                        chunk.number,
                        "late",
                        Told(chunk=chunk.number, holder="late", worker="late", sequence=2, outcomes=done),
                    )
                await until(lambda: with_status(journal, "ambiguous") == set())
                found.work("alive")
                assert await running == Counts(done=30)
            assert len(acted_on(found.sim, "escalate")) == 29

    asyncio.run(run())


def test_lost_message(redis_url: str, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A chunk that the queue has lost is handed out anew; if it appears later, nothing of it is sent."""
    monkeypatch.setattr("aiooncall.distributed.coordinator.FIRST_PATIENCE", 0.5)

    async def run() -> None:
        async with world(redis_url) as found:
            ids = add_pages(found.sim, 11)
            with await planned(found, "escalate", journal, ids) as job:
                running = asyncio.create_task(go(found, job))
                await found.work_once()
                lost = Chunk.from_json(await found.queue.messages.get())
                again = Chunk.from_json(await found.queue.messages.get())
                assert (again.rows, again.number > lost.number) == (lost.rows, True)
                assert not (await work_chunk(found.client, lost, redis_url=redis_url)).is_open
                await work_chunk(found.client, again, redis_url=redis_url)
                assert await running == Counts(done=11)
            assert sorted(acted_on(found.sim, "escalate")) == sorted(ids)

    asyncio.run(run())


@pytest.mark.parametrize("verb", VERBS)
def test_redelivery(redis_url: str, journal: Path, verb: VerbName) -> None:
    """A queue that delivers every message twice, at once or much later, does no harm."""

    async def run() -> None:
        async with world(redis_url, faults=slowly(verb, 0.002)) as found:
            ids = add_pages(found.sim, 60)
            send = found.queue.send

            async def twice(chunk: Chunk) -> None:
                await send(chunk)
                await send(chunk)

            found.queue.send = twice  # type: ignore[method-assign]
            for at in range(3):
                found.work(f"worker-{at}")
            with await planned(found, verb, journal, ids) as job:
                assert (await go(found, job)).done == 60
            for text in found.queue.sent:
                assert not (await work_chunk(found.client, Chunk.from_json(text), redis_url=redis_url)).is_open
            if verb == "escalate":
                assert sorted(acted_on(found.sim, verb)) == sorted(ids)

    asyncio.run(run())


@pytest.mark.parametrize("verb", VERBS)
def test_coordinator_dies(redis_url: str, journal: Path, verb: VerbName) -> None:
    """The next coordinator closes what was handed out, hears the workers out, and goes on: nothing twice, no doubt."""

    async def run() -> None:
        async with world(redis_url, faults=slowly(verb)) as found:
            ids = add_pages(found.sim, 80)
            with await planned(found, verb, journal, ids) as job:
                found.work("one", concurrency=4)
                running = asyncio.create_task(go(found, job))
                await until(lambda: len(acted_on(found.sim, verb)) > 12)
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                assert job.counts.sending > 10
                found.work("two", concurrency=4)
                assert (await go(found, job)).succeeded == 80
            if verb == "escalate":
                assert sorted(acted_on(found.sim, verb)) == sorted(ids)
            assert bulk.report(journal).counts.total == 80

    asyncio.run(run())


def test_local_run_after_a_dead_coordinator(redis_url: str, journal: Path) -> None:
    """On one machine, what was handed out and may not be repeated is in doubt: its workers may still send it."""

    async def run() -> None:
        async with world(redis_url) as found:
            ids = add_pages(found.sim, 30)
            with await planned(found, "escalate", journal, ids) as job:
                running = asyncio.create_task(go(found, job))
                await found.work_once()
                await until(lambda: len(found.queue.sent) > 2)
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
                handed_out = job.counts.sending
                counts = await job.resume()
                assert counts == Counts(done=30 - handed_out, ambiguous=handed_out)
                while not found.queue.messages.empty():
                    await found.work_once()
            assert len(set(acted_on(found.sim, "escalate"))) == len(acted_on(found.sim, "escalate"))

    asyncio.run(run())


@pytest.mark.parametrize("verb", VERBS)
def test_stop(redis_url: str, journal: Path, verb: VerbName) -> None:
    """`stop` lets nothing more be sent: workers give back what they have, nothing is in doubt, and a resume ends it."""

    async def run() -> None:
        async with world(redis_url, faults=slowly(verb)) as found:
            ids = add_pages(found.sim, 60)
            with await planned(found, verb, journal, ids) as job:
                found.work("worker", concurrency=4)
                running = asyncio.create_task(go(found, job))
                await until(lambda: len(acted_on(found.sim, verb)) > 12)
                job.stop()
                counts = await asyncio.wait_for(running, 5)
                sent = len(acted_on(found.sim, verb))
                assert counts == Counts(done=sent, open=60 - sent)
                await asyncio.sleep(0.3)
                assert len(acted_on(found.sim, verb)) == sent < 45
                assert (await job.resume(workers=found.queue)).done == 60
            assert sorted(acted_on(found.sim, verb)) == sorted(ids)

    asyncio.run(run())


@pytest.mark.parametrize("keeps", [False, True])
@pytest.mark.parametrize("verb", VERBS)
def test_redis_dies(tmp_path: Path, journal: Path, keeps: bool, verb: VerbName) -> None:
    """A Redis that starts anew leaves in doubt only what was handed out and not told, and sends nothing twice."""

    async def run(server: RedisServer) -> None:
        async with world(server.url, faults=slowly(verb)) as found:
            ids = add_pages(found.sim, 100)
            with await planned(found, verb, journal, ids) as job:
                found.work("one", concurrency=4)
                running = asyncio.create_task(go(found, job))
                await until(lambda: len(acted_on(found.sim, verb)) > 12)
                await asyncio.to_thread(server.kill)
                await asyncio.sleep(0.2)
                known = with_status(journal, "done")
                handed_out = with_status(journal, "sending")
                await asyncio.to_thread(server.start)
                counts = await running
            assert counts.total == 100
            acted = acted_on(found.sim, verb)
            if verb == "escalate":
                assert len(set(acted)) == len(acted)
                assert with_status(journal, "ambiguous") <= handed_out
                assert counts.done + counts.ambiguous == 100
                assert {item for item, status in statuses(journal).items() if status == "done"} <= set(acted)
            else:
                assert counts.succeeded == 100
            assert known <= with_status(journal, "done")

    options = ("--appendonly", "yes") if keeps else ()
    with RedisServer(tmp_path, *options) as server:
        asyncio.run(run(server))


def test_data_of_redis_are_lost(redis_url: str, tmp_path: Path, journal: Path) -> None:
    """A Redis whose data somebody deletes takes the permission to send along; what was handed out is in doubt."""

    async def run(server: RedisServer) -> None:
        async with world(server.url, faults=slowly("escalate")) as found:
            ids = add_pages(found.sim, 60)
            with await planned(found, "escalate", journal, ids) as job:
                found.work("one", concurrency=4)
                running = asyncio.create_task(go(found, job))
                await until(lambda: len(acted_on(found.sim, "escalate")) > 12)
                known = with_status(journal, "done")
                async with ChunkStore(server.url, "x") as store:
                    await store._redis.flushall()
                await running
            acted = acted_on(found.sim, "escalate")
            assert len(set(acted)) == len(acted)
            assert known <= with_status(journal, "done") <= set(acted)
            assert sum(tally(journal).values()) == 60
            assert set(tally(journal)) == {"done", "ambiguous"}

    with RedisServer(tmp_path) as server:
        asyncio.run(run(server))


def test_wrong_credentials(redis_url: str, journal: Path) -> None:
    """Credentials that may not do this end the job at its first item, which stays open with all others."""

    async def run() -> None:
        plan = FaultPlan()
        plan.script("POST", "*/acknowledge", *[Fault(FaultKind.ERROR_BEFORE, status=403)] * 50)
        async with world(redis_url, faults=plan) as found:
            found.work("worker")
            with await planned(found, "acknowledge", journal, add_pages(found.sim, 30)) as job:
                with pytest.raises(Forbidden, match="told by worker worker"):
                    await go(found, job)
                assert job.counts == Counts(open=30)
            assert len(found.sim.ledger.requests) == 1

    asyncio.run(run())


def test_workers_of_another_account(redis_url: str, journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job whose workers are all of another account ends, and says so; nothing was sent."""
    monkeypatch.setattr("aiooncall.distributed.working.REFUSAL_PAUSE", 0.0)
    monkeypatch.setattr("aiooncall.distributed.coordinator.MOST_REFUSALS", 3)

    async def run() -> None:
        async with world(redis_url) as found, client_of(found.sim, "other-key-0123") as other:
            with await planned(found, "escalate", journal, add_pages(found.sim, 30)) as job:
                running = asyncio.create_task(go(found, job))
                while not running.done():
                    with suppress(PlanRefused, TimeoutError):
                        await asyncio.wait_for(found.work_once(other, worker="stranger"), 1)
                with pytest.raises(PlanRefused, match=r"worker stranger: .*same credentials"):
                    await running
                assert job.counts == Counts(open=30)
            assert found.sim.ledger.requests == []

    asyncio.run(run())


def test_no_workers(redis_url: str, journal: Path) -> None:
    """A job that nobody works on ends after its patience, with all items open."""

    async def run() -> None:
        async with world(redis_url) as found:
            with await planned(found, "escalate", journal, add_pages(found.sim, 3)) as job:
                with pytest.raises(ConnectError, match=r"no outcome came for 0\.5 s"):
                    await go(found, job, patience=0.5)
                assert job.counts == Counts(open=3)

    asyncio.run(run())


def test_no_redis(journal: Path) -> None:
    """Without its Redis a job does not begin."""

    async def run() -> None:
        async with world("redis://127.0.0.1:1") as found:
            with await planned(found, "escalate", journal, add_pages(found.sim, 3)) as job:
                with pytest.raises(ConnectError, match="Redis cannot be used"):
                    await go(found, job)
                assert job.counts == Counts(open=3)

    asyncio.run(run())


def test_cluster_holds_no_fences(tmp_path: Path, journal: Path) -> None:
    """A Redis Cluster may forget a fence when it fails over, and is refused for what may not be repeated."""

    async def run(server: RedisServer) -> None:
        async with world(server.url) as found:
            with await planned(found, "escalate", journal, add_pages(found.sim, 3)) as job:
                with pytest.raises(OptionsError, match="forget a fence"):
                    await go(found, job)
                assert job.counts == Counts(open=3)

    with RedisServer(tmp_path, "--cluster-enabled", "yes", "--cluster-port", str(free_port())) as server:
        asyncio.run(run(server))


@pytest.mark.parametrize(
    ("told", "mode"),
    [
        ({"redis_mode": "standalone"}, "standalone"),
        ({"redis_mode": "cluster"}, "cluster"),
        ({"redis_version": "7.2.4", "server_name": "valkey", "server_mode": "standalone"}, "standalone"),
        ({"redis_version": "7.2.4", "server_name": "valkey", "server_mode": "sentinel"}, "sentinel"),
        ({"redis_version": "7.4.0"}, "unknown"),
    ],
)
def test_mode_in_the_words_of_redis_and_of_valkey(told: dict[str, str], mode: str) -> None:
    """Valkey has a name of its own for what Redis calls its mode, and a server that tells none is not standalone."""
    assert ServerFacts.of({"run_id": "5f", **told}) == ServerFacts(run_id="5f", mode=mode)


def test_server_without_a_run_id_is_refused() -> None:
    """A server that cannot be told from the one after a restart can hold no fences, whatever it calls itself."""
    with pytest.raises(OptionsError, match="redis_url: got 'a server without a run_id'; expected Redis or Valkey"):
        ServerFacts.of({"redis_version": "7.4.0", "redis_mode": "standalone"})


def test_bad_options(redis_url: str) -> None:
    """What is wrong with a queue's options is told at once."""
    for options, field in (({"chunk_size": 0}, "chunk_size"), ({"redelivery": 0}, "redelivery")):
        with pytest.raises(OptionsError, match=field):
            MemoryQueue(redis_url, **options)
    with pytest.raises(OptionsError, match="redis_url"):
        MemoryQueue("localhost:6379")

"""The work of a worker: a chunk is sent by the rules of any bulk job, and what came of it is told through Redis."""

from __future__ import annotations

import os
import socket
from collections import Counter
from contextlib import AsyncExitStack
from secrets import token_hex
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall._base.backoff import backoff_wait
from aiooncall._base.validation import count
from aiooncall.bulk.models import Status
from aiooncall.bulk.planning import find_verb
from aiooncall.bulk.providers import provider_of
from aiooncall.bulk.running import Runner, RunOptions
from aiooncall.bulk.timeline import Timeline
from aiooncall.distributed.chunk_recorder import ChunkRecorder
from aiooncall.distributed.chunk_store import ChunkStore
from aiooncall.distributed.told import Told
from aiooncall.errors import ClientClosed, ConnectError, Forbidden, OptionsError, PlanRefused, Unauthorized

if TYPE_CHECKING:
    from aiooncall.bulk.providers import Provider
    from aiooncall.bulk.running import Row
    from aiooncall.datadog.client import DatadogOnCall
    from aiooncall.distributed.chunk_store import Held
    from aiooncall.distributed.chunks import Chunk
    from aiooncall.errors import OnCallError
    from aiooncall.grafana.client import GrafanaOnCall

REDIS_URL: Final = "AIOONCALL_REDIS_URL"
CONCURRENCY: Final = 16
"""Requests at once of one worker."""
REFUSAL_PAUSE: Final = 1.0
"""A worker that refuses a chunk holds it for so many seconds, so that others get the next one first."""
_FATAL: Final = (Unauthorized, Forbidden, ConnectError, ClientClosed)


@attrs.frozen(kw_only=True)
class ChunkResult:
    """What a worker has done of a chunk.

    Attributes:
        succeeded: items that have the wanted state.
        failed: items that failed.
        ambiguous: items in doubt.
        given_back: items that were not sent; the job hands them out again.
        is_open: whether the chunk was still to be worked on; if not, nothing was sent.
    """

    succeeded: int = 0
    failed: int = 0
    ambiguous: int = 0
    given_back: int = 0
    is_open: bool = True


async def work_chunk(
    client: DatadogOnCall | GrafanaOnCall,
    chunk: Chunk,
    *,
    redis_url: str | None = None,
    worker: str | None = None,
    concurrency: int = CONCURRENCY,
) -> ChunkResult:
    """Do the verb of a chunk to its items, and tell the job what came of them.

    It knows nothing of queues: call it from a task of any of them. That the same chunk is worked on twice, at once or
    later, sends nothing twice that may not be repeated. Let one client work on one chunk at a time.

    Args:
        client: an open client of the account that the job was planned for.
        chunk: the chunk, as the job has handed it out.
        redis_url: the Redis of the job; that of `AIOONCALL_REDIS_URL` without it.
        worker: the name of the worker, for the report; host and process without it.
        concurrency: the number of requests at once.

    Returns:
        What was done. The job has been told of it already.

    Raises:
        OptionsError: the verb is unknown, or there is no URL of Redis.
        PlanRefused: the client is of another account; nothing was sent.
        ConnectError: Redis could not be reached for as long as the chunk may take; nothing was sent.
    """
    provider = provider_of(client)
    find_verb(provider, chunk.verb, chunk.duration)
    name = worker or f"{socket.gethostname()}-{os.getpid()}"
    async with ChunkStore(_url(redis_url), chunk.job) as store:
        delivery = Delivery(provider, chunk, store, name, count("concurrency", concurrency, most=1000))
        return await delivery.run()


class Delivery:
    """One delivery of a chunk to a worker.

    Args:
        provider: the provider, with the client.
        chunk: the chunk.
        store: what is shared with the job.
        worker: the name of the worker.
        concurrency: the number of requests at once.
    """

    def __init__(self, provider: Provider, chunk: Chunk, store: ChunkStore, worker: str, concurrency: int) -> None:
        self._provider = provider
        self._chunk = chunk
        self._store = store
        self._clock = provider.core.options.clock
        self._timeline = Timeline(provider.core, self._clock)
        verb = find_verb(provider, chunk.verb, chunk.duration)
        self._fences = not verb.repeatable
        self._holder = f"{worker}/{token_hex(6)}"
        self._worker = worker
        self._recorder = ChunkRecorder(
            store, chunk, self._holder, worker, self._timeline, fences=self._fences, closed=self._stop
        )
        options = RunOptions(concurrency=concurrency)
        self._runner = Runner(provider, verb, chunk.duration, options, self._recorder, proven=chunk.proven)

    async def run(self) -> ChunkResult:
        """Work on the chunk until it is done, until it was closed, or until its time is over.

        Raises:
            PlanRefused: the client is of another account.
            ConnectError: Redis cannot be reached.
        """
        held = await self._begin()
        if held is None:
            return ChunkResult(is_open=False)
        if refused := self._refused():
            await self._recorder.end(refused)
            await self._clock.sleep(REFUSAL_PAUSE)
            raise refused
        began = bool(held.holders.keys() - {self._holder})
        rows = _left(self._chunk, held, maybe_left=began and not self._fences)
        self._recorder.taken |= {position for position, _, _ in self._chunk.rows} - {row[0] for row in rows}
        fatal = await self._send(rows)
        await self._recorder.end(fatal)
        return self._result()

    async def _begin(self) -> Held | None:
        until, failures = self._clock.monotonic() + self._chunk.seconds, 0
        told = Told(chunk=self._chunk.number, holder=self._holder, worker=self._worker, sequence=1)
        while True:
            try:
                return await self._store.begin(told)
            except ConnectError:
                failures += 1
                wait = backoff_wait(failures, base=0.1, cap=1.0)
                if self._clock.monotonic() + wait > until:
                    raise
                await self._clock.sleep(wait)

    def _refused(self) -> PlanRefused | None:
        account = self._provider.core.profile.account
        if (self._provider.name, account) == (self._chunk.provider, self._chunk.account):
            return None
        return PlanRefused(
            f"the job is of {self._chunk.provider} {self._chunk.account}, and this worker's client is of"
            f" {self._provider.name} {account}: give it the same credentials and the same URL"
        )

    async def _send(self, rows: list[Row]) -> OnCallError | None:
        """Send items, and return the error that ends the job, if there is one."""
        timer = self._clock.call_later(self._chunk.seconds, self._stop)
        async with AsyncExitStack() as ending:
            ending.callback(timer.cancel)
            ending.enter_context(self._provider.core.add_trouble_hook(self._timeline))
            try:
                await self._runner.run(rows, len(rows))
            except _FATAL as fatal:
                return fatal
        return None

    def _stop(self) -> None:
        self._runner.stop()

    def _result(self) -> ChunkResult:
        ended = Counter(self._recorder.ended.values())
        failed, ambiguous = ended[Status.FAILED], ended[Status.AMBIGUOUS]
        return ChunkResult(
            succeeded=ended.total() - failed - ambiguous,
            failed=failed,
            ambiguous=ambiguous,
            given_back=len(self._chunk.rows) - ended.total() - len(self._recorder.taken),
        )


def _left(chunk: Chunk, held: Held, *, maybe_left: bool) -> list[Row]:
    """Return the items that a delivery has to deal with: those that no earlier one has told of or fenced.

    Args:
        chunk: the chunk.
        held: what is known of it.
        maybe_left: whether an earlier delivery may have sent any of them: those that may be repeated have no fence.
    """
    known = held.told | held.fences.keys()
    return [(position, item, int(left or maybe_left)) for position, item, left in chunk.rows if position not in known]


def _url(given: str | None) -> str:
    url = given or os.environ.get(REDIS_URL)
    if not url:
        raise OptionsError(REDIS_URL, None, "the URL of the job's Redis, in the environment or as redis_url")
    return url

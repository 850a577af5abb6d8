"""The coordinator: it hands out chunks of the open items, and takes what workers tell of them into the journal, once.

The journal is the truth. An item is listed there as being sent before its chunk can be known to anybody else, and what
was told is deleted from Redis only when the journal has it. So the coordinator may be killed at any moment: the next
one finds every chunk that was handed out, closes it, hears the workers out, and goes on.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import orjson

from aiooncall.bulk.local_run import time_text
from aiooncall.bulk.models import Status
from aiooncall.bulk.planning import find_verb
from aiooncall.bulk.shares import Shares
from aiooncall.bulk.timeline import Timeline
from aiooncall.distributed.assignments import Assignments
from aiooncall.distributed.chunk_store import ChunkStore
from aiooncall.distributed.dispatcher import Dispatcher, on_thread
from aiooncall.distributed.told import error_of
from aiooncall.errors import ConnectError, OptionsError, PlanRefused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aiooncall.bulk.journal import Journal
    from aiooncall.bulk.models import PlanFacts, Verb
    from aiooncall.bulk.outcomes import Change
    from aiooncall.bulk.providers import Provider
    from aiooncall.bulk.running import RunOptions
    from aiooncall.distributed.assignments import Assignment
    from aiooncall.distributed.dispatcher import ChunkQueue
    from aiooncall.distributed.told import Told

CHUNKS: Final = "chunks"
"""The fact of the job with the chunks that are handed out."""
READ_WAIT: Final = 0.25
TICK: Final = 0.5
"""The time between two looks at signs of life, in seconds."""
FIRST_PATIENCE: Final = 10.0
"""A chunk that no worker has begun for so many seconds is handed out anew; the next time it may take twice as long."""
MOST_REFUSALS: Final = 20
"""The number of chunks in a row that were refused by workers of another account, which ends the job."""
STOP_PATIENCE: Final = 10.0
"""A job that is to stop waits so many seconds for a Redis that is away; its next run finds what was handed out."""


class Coordinator:
    """A run of a job over workers.

    Args:
        provider: the provider; nothing is sent through its client.
        journal: the journal of the job.
        plan: the facts of the plan.
        options: the options of the run; `concurrency` is the workers' own.
        workers: the way to the workers.
    """

    def __init__(
        self, provider: Provider, journal: Journal, plan: PlanFacts, options: RunOptions, workers: ChunkQueue
    ) -> None:
        self._journal = journal
        self._verb: Verb = find_verb(provider, plan.verb, plan.duration)
        self._plan = plan
        self._options = options
        self._workers = workers
        self._clock = provider.core.options.clock
        self._timeline = Timeline(provider.core, self._clock)
        self._at = time_text(self._clock.time)
        self._job = journal.facts()["id"]
        self._assigned = Assignments(repeatable=self._verb.repeatable)
        self._shares = Shares.of(journal.facts())
        self._proven = journal.counts().succeeded > 0
        self._dispatcher = Dispatcher(
            journal, plan, workers, self._assigned, self._clock, repeatable=self._verb.repeatable
        )
        self._read_to = "0"
        self._run_id = ""
        self._patience = FIRST_PATIENCE
        self._refusals = 0
        self._stopped = False
        self._fatal: Exception | None = None
        self._next_look = 0.0
        self._last_outcome = self._last_answer = 0.0
        self._store: ChunkStore

    def stop(self) -> None:
        """Hand out nothing more, and close what is handed out: items that were not sent stay open."""
        self._stopped = True

    async def run(self) -> None:
        """Hand out the open items until all have an outcome, or until `stop` is called.

        Raises:
            ConnectError: Redis or the queue cannot be reached at the start, no outcome came for longer than `patience`,
                or a worker could not reach the provider from the start.
            Unauthorized, Forbidden: the credentials may not do this.
            PlanRefused: the workers are of another account.
            OptionsError: the Redis cannot hold fences.
        """
        async with ChunkStore(self._workers.redis_url, self._job) as self._store:
            self._run_id = await self._check_server()
            await self._workers.open()
            try:
                await self._recover()
                await self._carry_out()
            finally:
                await self._dispatcher.close()
                await self._workers.close()
        if self._fatal is not None:
            raise self._fatal

    async def _check_server(self) -> str:
        server = await self._store.server()
        if server.mode != "standalone" and not self._verb.repeatable:
            wanted = f"one server for {self._verb.name}, standalone by its own word: others may forget a fence"
            raise OptionsError("redis_url", server.mode, wanted)
        return server.run_id

    async def _recover(self) -> None:
        """Take over what an earlier coordinator has handed out."""
        facts = self._journal.facts()
        known: dict[str, Any] = orjson.loads(facts.get(CHUNKS, "{}"))
        self._dispatcher.next_number = int(known.get("next", 1))
        sending = set(orjson.loads(facts.get("sending", "[]")))
        for number, positions in known.get("handed_out", {}).items():
            rows = await on_thread(self._journal.unfinished_at, [at for at in positions if at in sending])
            self._assigned.hand_out(int(number), rows)
        out = self._assigned.positions
        self._journal.mark_interrupted(repeatable=self._verb.repeatable, at=self._clock.time(), but=out)
        for chunk in list(self._assigned.chunks.values()):
            await self._close(chunk)

    async def _carry_out(self) -> None:
        self._last_outcome = self._last_answer = self._clock.monotonic()
        while self._assigned.chunks or not self._is_done():
            try:
                await self._step()
                self._last_answer = self._clock.monotonic()
            except ConnectError as away:  # no item that needs a fence is sent meanwhile
                if self._stopped and self._clock.monotonic() - self._last_answer > STOP_PATIENCE:
                    self._fatal = self._fatal or away
                    return
                self._check_patience()
                await self._clock.sleep(READ_WAIT)
        with suppress(ConnectError):  # it expires
            await self._store.drop()

    def _is_done(self) -> bool:
        return self._stopped or self._dispatcher.is_exhausted

    async def _step(self) -> None:
        if not self._stopped:
            await self._hand_out()
        await self._read(READ_WAIT)
        if self._clock.monotonic() >= self._next_look or self._stopped or self._has_over():
            self._next_look = self._clock.monotonic() + TICK
            await self._look()
        self._check_patience()

    def _has_over(self) -> bool:
        return any(not chunk.rows for chunk in self._assigned.chunks.values())

    def _check_patience(self) -> None:
        if not self._stopped and self._clock.monotonic() - self._last_outcome > self._options.patience:
            told = (
                f"no outcome came for {self._options.patience:g} s: see whether workers run, with this Redis and queue"
            )
            self._end_job(ConnectError(told))

    def _end_job(self, reason: Exception) -> None:
        self._fatal = self._fatal or reason
        self.stop()

    async def _hand_out(self) -> None:
        new = await self._dispatcher.take(self._store, proven=self._proven)
        if new:
            await self._write({})
            self._dispatcher.send(new, proven=self._proven)

    async def _read(self, wait: float) -> bool:
        """Take what workers have told into the journal, and return whether there was anything."""
        messages = await self._store.read(self._read_to, wait)
        if not messages:
            return False
        changes: dict[int, Change] = {}
        timeline: list[tuple[Any, ...]] = []
        for _, told in messages:
            if told is not None and (taken := self._assigned.take(told)) is not None:
                changes |= taken
                timeline += told.timeline
                self._take(told, taken)
        await self._write(changes, timeline)
        self._read_to = messages[-1][0]
        await self._store.drop_read(self._read_to)
        return True

    def _take(self, told: Told, taken: Mapping[int, Change]) -> None:
        self._patience = FIRST_PATIENCE
        self._shares.add(told.worker, taken.values(), told.timeline)
        if taken:
            self._proven = True
            self._refusals = 0
            self._last_outcome = self._clock.monotonic()
        if told.fatal is not None:
            self._take_fatal(error_of(told.fatal, told.worker))
        self._watch(taken)

    def _watch(self, changes: Mapping[int, Change]) -> None:
        if self._options.watch is None:
            return
        try:
            for status, *_ in changes.values():
                if status != Status.OPEN:
                    self._options.watch(Status(status))
        except Exception as mistake:  # noqa: BLE001 (the caller's own: raised when the job has stopped)
            self._end_job(mistake)

    def _take_fatal(self, error: Exception) -> None:
        self._refusals += isinstance(error, PlanRefused)
        if not isinstance(error, PlanRefused) or self._refusals >= MOST_REFUSALS:
            self._end_job(error)

    async def _look(self) -> None:
        """Close the chunks that are over, and decide on what is left of those that are closed."""
        living = await self._store.living(self._assigned.holders)
        run_id = (await self._store.server()).run_id
        now = self._clock.monotonic()
        to_close = self._assigned.to_close(living, self._patience, now)
        if any(chunk.rows and not chunk.begun for chunk in to_close):
            self._patience *= 2
        if self._stopped or run_id != self._run_id:
            to_close = self._assigned.still_open
        self._run_id = run_id
        for chunk in to_close:
            await self._close(chunk)
        if any(chunk.lost for chunk in to_close):  # what Redis has lost of one chunk, it has lost of others
            for chunk in self._assigned.still_open:
                await self._close(chunk)
        await self._settle()

    async def _close(self, chunk: Assignment) -> None:
        """Let nothing more of a chunk be sent."""
        await self._dispatcher.cancel(chunk.number)
        run_id, held = await self._store.close(chunk.number)
        chunk.close(held, run_id)

    async def _settle(self) -> None:
        """Decide on the items that are left of closed chunks.

        The signs of life come first, and then what was told: whatever a delivery has told before it was found dead is
        heard before anything is decided. The other way round, its last words could come between the two.
        """
        living = await self._store.living(self._assigned.holders)
        while await self._read(0):
            pass
        changes, free = self._assigned.settle(living, self._clock.time())
        self._dispatcher.give_back(free)
        over = list(self._assigned.over())
        for number in over:
            del self._assigned.chunks[number]
        if changes or over:
            await self._write(changes)
            await self._store.forget(over)
        self._watch(changes)

    async def _write(self, changes: Mapping[int, Change], timeline: list[tuple[Any, ...]] | None = None) -> None:
        """Write outcomes, what is handed out, and who did what, in one transaction."""
        seconds = [*self._timeline.take(changes.values()), *(timeline or ())]
        handed_out = {"next": self._dispatcher.next_number, "handed_out": self._assigned.facts()}
        facts = {CHUNKS: orjson.dumps(handed_out).decode(), **self._shares.changed()}
        positions = self._assigned.positions
        await on_thread(self._journal.write, changes, positions, seconds, self._at(), facts)

"""The dispatcher: it forms chunks of the open items of a job, and puts them in the queue until that has them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Final, Protocol, TypeVar, TypeVarTuple

from aiooncall._base.backoff import backoff_wait
from aiooncall.bulk.journal import BATCH
from aiooncall.distributed.chunks import Chunk
from aiooncall.errors import ConnectError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiooncall._base.clock import Clock
    from aiooncall.bulk.journal import Journal
    from aiooncall.bulk.models import PlanFacts
    from aiooncall.bulk.running import Row
    from aiooncall.distributed.assignments import Assignment, Assignments
    from aiooncall.distributed.chunk_store import ChunkStore

T = TypeVar("T")
V = TypeVarTuple("V")
logger: logging.Logger = logging.getLogger("aiooncall")
CHUNK_SIZE: Final = 250
FENCED_CHUNK_SIZE: Final = 25
"""The number of items in a chunk for verbs that must not be repeated: a Redis that starts anew leaves it in doubt."""
FEWEST_AHEAD: Final = 4
"""Chunks that wait for a worker at least, as long as there are items."""
SEND_TIMEOUT: Final = 10.0
"""The longest time that a queue may take for one chunk, in seconds."""


async def on_thread(work: Callable[[*V], T], *values: *V) -> T:
    """Run a function of the journal on a thread, and return its result.

    Who is cancelled meanwhile waits for its end all the same: only one thread at a time may use a journal.

    Args:
        work: the function.
        values: its arguments.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work, *values))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait({running})
        raise


class ChunkQueue(Protocol):
    """The way to workers.

    Attributes:
        redis_url: the Redis that the workers tell outcomes through.
        chunk_size: the number of items in a chunk; None if the verb decides.
        hold: the time after which a worker gives back what it has not sent, in seconds.
    """

    redis_url: str
    chunk_size: int | None
    hold: float

    async def open(self) -> None:
        """Get ready to send."""
        ...

    async def send(self, chunk: Chunk) -> None:
        """Put a chunk in the queue."""
        ...

    async def close(self) -> None:
        """Release what `open` made."""
        ...


class Dispatcher:
    """A maker of chunks.

    Args:
        journal: the journal of the job.
        plan: the facts of its plan.
        queue: the way to workers.
        assigned: what is handed out; new chunks are added.
        clock: the clock.
        repeatable: whether an item can be sent twice without harm.

    Attributes:
        next_number: the number of the next chunk.
    """

    def __init__(
        self,
        journal: Journal,
        plan: PlanFacts,
        queue: ChunkQueue,
        assigned: Assignments,
        clock: Clock,
        *,
        repeatable: bool,
    ) -> None:
        self.next_number: int = 1
        self._journal = journal
        self._job = journal.facts()["id"]
        self._plan = plan
        self._queue = queue
        self._assigned = assigned
        self._clock = clock
        self._size = queue.chunk_size or (CHUNK_SIZE if repeatable else FENCED_CHUNK_SIZE)
        self._free: deque[Row] = deque()
        self._last_position = 0
        self._all_read = False
        self._sending: dict[int, asyncio.Task[None]] = {}

    @property
    def is_exhausted(self) -> bool:
        """Whether no item is open that is not handed out."""
        return self._all_read and not self._free

    def give_back(self, rows: Iterable[Row]) -> None:
        """Take back items, which are handed out again before others."""
        self._free.extendleft(reversed(list(rows)))

    async def take(self, store: ChunkStore, *, proven: bool) -> list[Assignment]:
        """Form chunks until enough of them wait for a worker, and allow work on them; `send` them once it is written.

        Args:
            store: what is shared with the workers.
            proven: whether an item of the job has an outcome; until then one goes alone.
        """
        new: list[Assignment] = []
        most = max(FEWEST_AHEAD, 2 * len(self._assigned.holders))
        while self._assigned.waiting < most if proven else not self._assigned.chunks:
            chunk = await self._next_chunk(store, self._size if proven else 1)
            if chunk is None:
                break
            new.append(chunk)
        return new

    def send(self, chunks: Iterable[Assignment], *, proven: bool) -> None:
        """Put chunks in the queue, in the background."""
        for chunk in chunks:
            message = self._message(chunk, proven=proven)
            self._sending[chunk.number] = asyncio.create_task(self._send(chunk, message))

    async def cancel(self, number: int) -> None:
        """Stop to put a chunk in the queue, if it is not there yet."""
        if (task := self._sending.pop(number, None)) is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def close(self) -> None:
        """Stop to put chunks in the queue."""
        for number in list(self._sending):
            await self.cancel(number)

    async def _next_chunk(self, store: ChunkStore, size: int) -> Assignment | None:
        """Allow work on the next chunk; None if there are no items, or Redis is away."""
        rows = await self._next_rows(size)
        if not rows:
            return None
        try:
            await store.register(self.next_number)
        except ConnectError:
            self.give_back(rows)
            return None
        self.next_number += 1
        return self._assigned.hand_out(self.next_number - 1, rows)

    async def _next_rows(self, size: int) -> list[Row]:
        if not self._free and not self._all_read:
            rows = await on_thread(self._journal.unfinished, self._last_position, BATCH)
            self._all_read = not rows
            self._last_position = rows[-1][0] if rows else self._last_position
            out = self._assigned.positions
            self._free.extend(row for row in rows if row[0] not in out)
            if rows and not self._free:
                return await self._next_rows(size)
        return [self._free.popleft() for _ in range(min(size, len(self._free)))]

    async def _send(self, chunk: Assignment, message: Chunk) -> None:
        """Put a chunk in the queue; try again until that is done."""
        failures = 0
        while chunk.sent_at is None:
            try:
                async with asyncio.timeout(SEND_TIMEOUT):
                    await self._queue.send(message)
                chunk.sent_at = self._clock.monotonic()
            except Exception as problem:  # noqa: BLE001 (the queue's own: it passes, or `patience` ends the job)
                failures += 1
                if failures == 1:
                    logger.warning("a chunk could not be put in the queue, which is tried again: %s", type(problem))
                await self._clock.sleep(backoff_wait(failures, base=0.1, cap=5.0))

    def _message(self, chunk: Assignment, *, proven: bool) -> Chunk:
        return Chunk(
            job=self._job,
            number=chunk.number,
            provider=self._plan.provider,
            account=self._plan.account,
            verb=self._plan.verb,
            duration=self._plan.duration,
            seconds=self._queue.hold,
            proven=proven,
            rows=tuple(chunk.rows.values()),
        )

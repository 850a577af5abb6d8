"""The recorder of a worker: it sets the fence of an item before its bytes leave, and tells outcomes in batches.

An outcome can wait: it is told within 0.1 s, or with a hundred others. A fence cannot wait, and is set only for items
that may not be repeated. Before it, all outcomes are told that are known by then, so that a worker which dies leaves no
more in doubt than it had on the wire. While Redis cannot be reached, outcomes are kept, and no such item is sent.

A delivery of a chunk shows every second that it lives. If the chunk was closed by then, nothing more of it is sent.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from aiooncall._base.backoff import backoff_wait
from aiooncall.bulk.handles import ItemTaken
from aiooncall.bulk.models import Status
from aiooncall.distributed.told import Told, fatal_of
from aiooncall.errors import ConnectError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall.bulk.outcomes import Change
    from aiooncall.bulk.timeline import Timeline
    from aiooncall.distributed.chunk_store import ChunkStore
    from aiooncall.distributed.chunks import Chunk
    from aiooncall.errors import OnCallError

LONGEST_WAIT: Final = 0.1
"""The longest time that an outcome waits to be told, in seconds."""
MOST_WAITING: Final = 100
"""The number of outcomes that are told at once."""
MOST_UNTOLD: Final = 2000
"""The number of outcomes in memory from which on items wait for Redis."""
PULSE: Final = 1.0
"""The time between two signs of life, in seconds."""


class ChunkRecorder:
    """A writer of fences and a teller of outcomes for one delivery of a chunk.

    Args:
        store: where they go.
        chunk: the chunk.
        holder: the name of the delivery.
        worker: the name of the worker.
        timeline: counts what the worker's requests come to.
        fences: whether items need a fence.
        closed: called once when nothing more of the chunk is to be sent.

    Attributes:
        is_full: whether so many outcomes wait that items should wait, too.
        problem: always None: trouble with Redis passes.
        taken: the positions of items that another delivery has fenced.
        ended: the status of each item that has ended, by position.
    """

    def __init__(
        self,
        store: ChunkStore,
        chunk: Chunk,
        holder: str,
        worker: str,
        timeline: Timeline,
        *,
        fences: bool,
        closed: Callable[[], None],
    ) -> None:
        self.is_full: bool = False
        self.problem: Exception | None = None
        self.taken: set[int] = set()
        self.ended: dict[int, str] = {}
        self._store = store
        self._chunk = chunk
        self._holder = holder
        self._worker = worker
        self._timeline = timeline
        self._fences = fences
        self._closed = closed
        self._outcomes: dict[int, Change] = {}
        self._maybe_left: set[int] = set()
        self._tries: dict[int, int] = {}
        self._released: dict[int, int] = {}
        self._sequence = 1  # that of the message that the delivery has begun
        self._told: Told | None = None
        self._told_to = 0
        self._wake = asyncio.Event()
        self._has_told = asyncio.Event()

    def start(self) -> None:
        """Start to tell, on the running loop."""
        self._loop = asyncio.ensure_future(self._run())

    async def room(self) -> None:
        """Wait until Redis has taken what waits."""
        await self._tell_to(len(self.ended))

    async def _tell_to(self, number: int) -> None:
        """Wait until so many outcomes are told."""
        while self._told_to < number:
            self._wake.set()
            self._has_told.clear()
            await self._has_told.wait()

    async def begin(self, position: int) -> None:
        """Set the fence of an item that must not be repeated, and wait for Redis as long as that takes.

        Raises:
            ItemTaken: another delivery has fenced the item, or nothing more of the chunk is to be sent.
        """
        if not self._fences:
            return
        await self._tell_to(len(self.ended))
        self._released.pop(position, None)
        self._tries[position] = attempt = self._tries.get(position, 0) + 1
        answer, failures = "", 0
        while not answer:
            try:
                answer = await self._store.fence(self._chunk.number, position, self._holder, attempt)
            except ConnectError:
                failures += 1
                await _wait(failures)
        if answer == "mine":
            return
        if answer == "taken":
            self.taken.add(position)
        else:
            self._closed()
        raise ItemTaken

    def finished(self, position: int, change: Change) -> None:
        """Take in the change of an item; an item that is open again loses its fence."""
        status, _, _, _, left = change
        if status == Status.OPEN:
            if left:
                self._maybe_left.add(position)
            elif position in self._tries:
                self._released[position] = self._tries[position]
            return
        self.ended[position] = status
        self._outcomes[position] = change
        self.is_full = len(self._outcomes) >= MOST_UNTOLD
        if len(self._outcomes) >= MOST_WAITING:
            self._wake.set()

    async def close(self) -> None:
        """Stop to tell in the background; `end` tells the rest."""
        self._loop.cancel()
        await asyncio.gather(self._loop, return_exceptions=True)

    async def end(self, fatal: OnCallError | None) -> None:
        """Tell the rest, and that the delivery has ended; waits for Redis as long as that takes.

        Args:
            fatal: the error that ends the job.
        """
        if self._told is not None:  # `close` has cut it off
            await self._tell()
        given_back = {position for position, _, _ in self._chunk.rows} - self.ended.keys() - self.taken
        maybe_left = self._maybe_left & given_back
        self._prepare(
            ended=True,
            given_back=tuple(sorted(given_back)),
            maybe_left=tuple(sorted(maybe_left)),
            fatal=None if fatal is None else fatal_of(fatal),
        )
        await self._tell()

    async def _run(self) -> None:
        quiet = 0
        while True:
            await self._pause()
            quiet += 1
            if self._outcomes:
                self._prepare()
            if self._told or self._released or quiet * LONGEST_WAIT >= PULSE:
                await self._tell()
                quiet = 0

    async def _pause(self) -> None:
        """Let outcomes gather."""
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                await self._wake.wait()
        except TimeoutError:
            pass
        self._wake.clear()

    def _prepare(self, **more: Any) -> None:  # noqa: ANN401 (attributes of Told)
        """Make a message of the outcomes that wait."""
        self._sequence += 1
        outcomes, self._outcomes = self._outcomes, {}
        self.is_full = False
        self._told = Told(
            chunk=self._chunk.number,
            holder=self._holder,
            worker=self._worker,
            sequence=self._sequence,
            outcomes=outcomes,
            timeline=tuple(self._timeline.take(())),
            **more,
        )

    async def _tell(self) -> None:
        """Tell the message, if there is one, and take fences back; try again until Redis has taken it."""
        failures, released = 0, dict(self._released)
        while True:
            try:
                still_open = await self._store.tell(self._chunk.number, self._holder, self._told, released)
                break
            except ConnectError:
                failures += 1
                await _wait(failures)
        self._told = None
        self._told_to = len(self.ended) - len(self._outcomes)
        self._has_told.set()
        self._released = {at: attempt for at, attempt in self._released.items() if released.get(at) != attempt}
        if not still_open:
            self._closed()


async def _wait(failures: int) -> None:
    await asyncio.sleep(backoff_wait(failures, base=PULSE / 10, cap=PULSE))

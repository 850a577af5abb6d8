"""The recorder: it writes to the journal on a thread of its own, and many items in one transaction.

Each transaction ends with a sync of the disk, which takes milliseconds. One for each item would let the disk set the
speed of the job, so the recorder gathers. It has two kinds of callers:

- An outcome can wait. `finished` stores it and returns at once; a write follows after 0.1 s, or 1 000 outcomes. If the
  process dies before that, the journal still holds the item as being sent, and the next run deals with it.
- An intent cannot wait: an item must be on the disk before its bytes leave. `begin` returns only after the sync. As
  workers become ready at almost the same time, the recorder waits a millisecond for more of them, and one sync serves
  them all.

A write takes everything that has gathered, outcomes and intents alike, so the disk never sees an intent without the
outcomes that came before it. What gathers during a write goes with the next one.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall.bulk.journal import Journal
    from aiooncall.bulk.outcomes import Change
    from aiooncall.bulk.timeline import Timeline

T = TypeVar("T")
LONGEST_WAIT: Final = 0.1
"""The longest time that an outcome waits for a write, in seconds."""
GATHER_TIME: Final = 0.001
"""The time for which workers that are about to send gather, in seconds, so that they share one write."""
MOST_WAITING: Final = 1000
"""The number of outcomes that starts a write."""
MOST_UNWRITTEN: Final = 2 * MOST_WAITING
"""The number of outcomes in memory from which on workers wait for the disk."""


class Recorder:
    """A writer of outcomes and intents in batches. If an item changes twice between two writes, the last change counts.

    Args:
        journal: the journal to write to.
        timeline: counts what happens in each second; its counts go with each write.
        now: returns the time as the journal writes it.

    Attributes:
        is_full: whether so many outcomes wait that workers should call `room` before they go on.
        problem: the error that ended all writing; None while writing works.
    """

    def __init__(self, journal: Journal, timeline: Timeline, now: Callable[[], str]) -> None:
        self.is_full: bool = False
        self.problem: Exception | None = None
        self._journal = journal
        self._timeline = timeline
        self._now = now
        self._thread = ThreadPoolExecutor(1, "aiooncall-journal")
        self._changes: dict[int, Change] = {}
        self._sending: set[int] = set()
        self._waiting: list[asyncio.Future[None]] = []
        self._wake = asyncio.Event()
        self._hurry = asyncio.Event()
        self._closing = False

    def start(self) -> None:
        """Start the task that writes, on the running loop."""
        self._flushed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.ensure_future(self._run())

    def finished(self, position: int, change: Change) -> None:
        """Store the outcome of the item at a position; it is written later."""
        changes = self._changes
        changes[position] = change
        self._sending.discard(position)
        if len(changes) == 1:
            self._wake.set()
        elif len(changes) >= MOST_WAITING:
            self._hurry.set()
            self.is_full = len(changes) >= MOST_UNWRITTEN

    async def room(self) -> None:
        """Wait until the disk has caught up, so that outcomes cannot fill the memory."""
        while self.is_full and not self._loop.done():
            await asyncio.wait({self._flushed, self._loop}, return_when=asyncio.FIRST_COMPLETED)

    async def begin(self, position: int) -> None:
        """Write down that an item is about to be sent, and return once that is on the disk.

        Raises:
            JournalError: it could not be written, so the item must not be sent.
        """
        if self.problem is not None:
            raise self.problem
        self._sending.add(position)
        written: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(written)
        if len(self._waiting) == 1:
            self._wake.set()
            self._hurry.set()
        await written

    async def do(self, work: Callable[..., T], *values: Any) -> T:  # noqa: ANN401 (the work's own)
        """Run a function on the thread of the journal, and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *values))

    async def close(self) -> None:
        """Write what is left.

        Raises:
            JournalError: something could not be written.
        """
        self._closing = True
        self._wake.set()
        self._hurry.set()
        try:
            await self._loop
        finally:
            self._thread.shutdown()

    async def _run(self) -> None:
        try:
            while not (self._closing and not self._changes and not self._waiting):
                await self._wake.wait()
                if not self._hurry.is_set():
                    await self._pause()
                await asyncio.sleep(GATHER_TIME)
                await self._flush()
            await self._write({})
        except BaseException as problem:
            self.problem = problem if isinstance(problem, Exception) else None
            _fail(self._waiting, problem)
            raise

    async def _pause(self) -> None:
        """Let outcomes gather, until an intent comes or the longest wait is over."""
        try:
            async with asyncio.timeout(LONGEST_WAIT):
                await self._hurry.wait()
        except TimeoutError:
            pass

    async def _flush(self) -> None:
        self._wake.clear()
        self._hurry.clear()
        changes, self._changes = self._changes, {}
        self.is_full = False
        waiting, self._waiting = self._waiting, []
        flushed, self._flushed = self._flushed, asyncio.get_running_loop().create_future()
        flushed.set_result(None)
        try:
            await self._write(changes)
        except BaseException as problem:
            _fail(waiting, problem)
            raise
        for written in waiting:
            if not written.done():  # a worker that waited may have been cancelled
                written.set_result(None)

    async def _write(self, changes: dict[int, Change]) -> None:
        seconds = self._timeline.take(changes.values())
        await self.do(self._journal.write, changes, frozenset(self._sending), seconds, self._now())


def _fail(waiting: list[asyncio.Future[None]], problem: BaseException) -> None:
    """Raise a problem in every worker that waits for a write."""
    for written in waiting:
        if not written.done():
            written.set_exception(problem)

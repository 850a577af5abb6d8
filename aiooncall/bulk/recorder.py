"""Writing down what happens while it happens, on a thread of its own and many items in one go."""

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
"""Seconds after which an outcome is on the disk, at the latest."""
GATHER_TIME: Final = 0.001
"""Seconds in which whoever is about to send gathers, so that all share one write: a write takes as long as its sync."""
MOST_WAITING: Final = 1000
"""Outcomes that are written at once, at the latest."""
MOST_UNWRITTEN: Final = 2 * MOST_WAITING
"""Outcomes that may wait for the disk."""


class Recorder:
    """Writes outcomes in batches. What must be on the disk before a send is waited for, by all who wait at once.

    Of what happens to one item between two writes only the last counts.

    Args:
        journal: where to.
        timeline: what else is written down from time to time.
        now: returns what time it is, as the journal has it.

    Attributes:
        is_full: whether so much is to be written that the disk should catch up first.
        problem: why nothing can be written any more, if that is so.
    """

    def __init__(self, journal: Journal, timeline: Timeline, now: Callable[[], str]) -> None:
        self.is_full = False
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
        """Begin to write, on the running loop."""
        self._flushed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._loop = asyncio.ensure_future(self._run())

    def finished(self, position: int, change: Change) -> None:
        """Take in what came of the item at a position."""
        changes = self._changes
        changes[position] = change
        self._sending.discard(position)
        if len(changes) == 1:
            self._wake.set()
        elif len(changes) >= MOST_WAITING:
            self._hurry.set()
            self.is_full = len(changes) >= MOST_UNWRITTEN

    async def room(self) -> None:
        """Return when the disk has caught up, so that what is to be written cannot pile up."""
        while self.is_full and not self._loop.done():
            await asyncio.wait({self._flushed, self._loop}, return_when=asyncio.FIRST_COMPLETED)

    async def begin(self, position: int) -> None:
        """Return once it is on the disk that the item is about to be sent.

        Raises:
            JournalError: it could not be written, so it must not be sent.
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
        """Do something with the journal on its thread."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *values))

    async def close(self) -> None:
        """Write what is left, and raise what went wrong with writing."""
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
        """Let outcomes gather for a moment, unless somebody is in a hurry."""
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
            if not written.done():  # who waited may have been cancelled meanwhile
                written.set_result(None)

    async def _write(self, changes: dict[int, Change]) -> None:
        seconds = self._timeline.take(changes.values())
        await self.do(self._journal.write, changes, frozenset(self._sending), seconds, self._now())


def _fail(waiting: list[asyncio.Future[None]], problem: BaseException) -> None:
    """Raise in all who wait what went wrong."""
    for written in waiting:
        if not written.done():
            written.set_exception(problem)

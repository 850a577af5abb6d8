"""The same action on very many ids: a fixed crew of workers, memory that does not grow, nothing lost.

Rules:

- An id that fails, in whatever way, never stops the others.
- An id that stands twice is acted on once. In a collection (list, tuple, set, …) every repetition is found. In a
  stream of unknown length the last 10 000 ids are remembered, which is enough for actions that may be repeated;
  for those that may not (escalate), every id is. Where ids are known to be distinct, none has to be.
- An empty collection is a report of zeros.
- When the awaiting task is cancelled, what is in flight is cancelled too, and `report` says what is known. Who waits
  for the rate limit has sent nothing, and is not in flight. After `stop` nothing is sent any more, and what is on its
  way comes to its end.
"""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterable, Awaitable, Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from aiooncall._base.seen_keys import REMEMBERED, SeenKeys
from aiooncall._base.validation import count
from aiooncall._text import shown
from aiooncall.errors import Forbidden, OptionsError, Unauthorized
from aiooncall.outcomes import ItemOutcome, Report, bare
from aiooncall.transport.flight import CURRENT, Flight, Halted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Generator

DEFAULT_CONCURRENCY: Final = 64

Ids = Iterable[str] | AsyncIterable[str]
Action = Callable[[str], Awaitable[object]]
Put = Callable[["ItemOutcome"], Awaitable[None]]


class FanOut:
    """A job over many ids. Await it for the report, or iterate over it for the outcomes as they come.

    Args:
        ids: an iterable or async iterable of ids, of any length.
        action: what to do with one id; it returns or raises.
        concurrency: how many workers.
        repeatable: whether doing it twice by mistake would be harmless.
        distinct: whether no id stands twice for sure, so that none has to be remembered.
        canary: whether the first id goes alone, so that credentials that may not act end the job right there.
        things: a class whose instances can stand for their ids, as a list yields them.
        snapshot: whether an async iterable is read to its end first: rows of a list move when they are acted on.
        total: how many ids there are, if the iterable does not tell.
    """

    def __init__(
        self,
        ids: Ids,
        action: Action,
        *,
        concurrency: int = DEFAULT_CONCURRENCY,
        repeatable: bool = True,
        distinct: bool = False,
        canary: bool = False,
        things: type | None = None,
        snapshot: bool = False,
        total: int | None = None,
    ) -> None:
        if not _are_ids(ids):
            raise OptionsError("ids", ids, "an iterable or async iterable of ids, not one id")
        self.report: Report = Report()
        self._concurrency = count("concurrency", concurrency, most=1000)
        self._action = action
        self._proving = canary
        remembered = None if isinstance(ids, Collection) or not repeatable else REMEMBERED
        self._memory = None if distinct else SeenKeys(remembered)
        self._things = things
        is_async = isinstance(ids, AsyncIterable)
        source: Any = _read_first(ids, things) if snapshot and is_async else ids
        self._ids: Any = aiter(source) if is_async else iter(source)
        self._pull = self._pull_async if is_async else self._pull_sync
        self._lock = asyncio.Lock()
        self._source_error: BaseException | None = None
        self._exhausted = False
        self._total = len(ids) if isinstance(ids, Collection) else total
        self._taken = self._asked = 0
        self._started = False
        self._stopped = False
        self._in_flight: dict[str, Flight] = {}

    def __await__(self) -> Generator[Any, None, Report]:
        return self._run().__await__()

    def __aiter__(self) -> AsyncGenerator[ItemOutcome, None]:  # noqa: PYI058 (so that it can be closed early)
        return self._stream()

    def __del__(self) -> None:
        if not getattr(self, "_started", True):
            warnings.warn("a fan-out job was never awaited: nothing was sent", RuntimeWarning, stacklevel=2)

    @property
    def left(self) -> int | None:
        """How many ids nobody has begun to deal with; None if that is not known."""
        total = self._taken if self._exhausted else self._total
        return None if total is None else max(0, total - self._asked - self.report.duplicates)

    def asks(self) -> None:
        """Take in that somebody begins to deal with an id."""
        self._asked += 1

    def stop(self) -> None:
        """Send nothing more: what is on its way comes to its end, and ids that only wait are left as they are."""
        self._exhausted = self._stopped = True
        for flight in self._in_flight.values():
            flight.halt()

    async def _run(self) -> Report:
        self._start()
        await self._crew(None)
        return self._finish()

    async def _stream(self) -> AsyncGenerator[ItemOutcome, None]:
        self._start()
        queue: asyncio.Queue[ItemOutcome | None] = asyncio.Queue(self._concurrency)
        producer = asyncio.ensure_future(self._produce(queue))
        try:
            while (outcome := await queue.get()) is not None:
                yield outcome
            await producer
        finally:
            producer.cancel()
            await asyncio.wait({producer})
        self._finish()

    async def _produce(self, queue: asyncio.Queue[ItemOutcome | None]) -> None:
        problem: Exception | None = None
        try:
            await self._crew(queue.put)
        except Exception as error:  # noqa: BLE001 (raised below, once the reader knows that it is over)
            problem = error
        await queue.put(None)
        if problem is not None:
            raise problem

    def _start(self) -> None:
        if self._started:
            raise RuntimeError("a fan-out job runs once; its report is in .report")
        self._started = True

    def _finish(self) -> Report:
        if self._source_error is not None:
            raise self._source_error
        self.report.finished = not self._stopped
        return self.report

    async def _crew(self, put: Put | None) -> None:
        workers: list[asyncio.Task[None]] = []
        try:
            if self._proving and (item := await self._next_id()) is not None:
                workers.append(asyncio.create_task(self._prove(item, put)))
                await self._ended(workers)
            # No more of them than there are ids: the next one begins when there is something for it to do.
            while len(workers) < self._concurrency + self._proving and (item := await self._next_id()) is not None:
                workers.append(asyncio.create_task(self._worker(item, put)))
            await self._ended(workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
            self.report.interrupted = sorted(
                item for item, flight in self._in_flight.items() if flight.left is not False
            )

    async def _ended(self, workers: list[asyncio.Task[None]]) -> None:
        """Return when all workers have come to their end; raise what one of them raises."""
        if not workers:
            return
        done, _ = await asyncio.wait(workers, return_when=asyncio.FIRST_EXCEPTION)
        for worker in done:
            if not worker.cancelled():
                worker.result()
            elif not self._stopped:
                raise asyncio.CancelledError

    async def _worker(self, first: str, put: Put | None) -> None:
        item: str | None = first
        while item is not None:
            await self._deal_with(item, put)
            item = await self._next_id()

    async def _prove(self, item: str, put: Put | None) -> None:
        error = (await self._deal_with(item, put)).error
        if isinstance(error, (Unauthorized, Forbidden)):
            raise error

    async def _deal_with(self, item: str, put: Put | None) -> ItemOutcome:
        if self._stopped:
            raise Halted
        self._in_flight[item] = flight = Flight(asyncio.current_task(), self)
        CURRENT.set(flight)
        outcome = await self._act(item)
        if flight.left is None:  # it came to an end without a call
            self.asks()
        self._in_flight.pop(item, None)
        self.report.add(outcome)
        if put is not None:
            await put(outcome)
        return outcome

    async def _act(self, item: str) -> ItemOutcome:
        try:
            await self._action(item)
        except Exception as error:  # noqa: BLE001 (one id's failure, whatever it is, is not that of the others)
            return ItemOutcome(item, bare(error))
        return ItemOutcome(item)

    async def _next_id(self) -> str | None:
        while not self._exhausted:
            try:
                item: object = await self._pull()
            except StopAsyncIteration:
                self._exhausted = True
            except Exception as problem:  # noqa: BLE001 (the caller's own iterable: reported when all is done)
                self._exhausted, self._source_error = True, problem
            else:
                self._taken += 1
                item = _id(item, self._things)
                if not isinstance(item, str):
                    self.report.add(ItemOutcome(shown(item), OptionsError("id", item, "text")))
                elif self._memory is None or self._memory.is_new(item):
                    return item
                else:
                    self.report.duplicates += 1
        return None

    async def _pull_sync(self) -> str:
        try:
            item: str = next(self._ids)
        except StopIteration:
            raise StopAsyncIteration from None
        return item

    async def _pull_async(self) -> str:
        async with self._lock:
            if self._exhausted:
                raise StopAsyncIteration
            item: str = await anext(self._ids)
            return item


def many(targets: Any, action: Action, things: type, *, concurrency: int, repeatable: bool) -> FanOut:  # noqa: ANN401 (it is checked)
    """Return the job that does `action` to each of `targets`, ids or things; its first one goes alone.

    Args:
        targets: an iterable of ids, or of things that have one; an async one, which is read to its end first.
        action: what to do with one id.
        things: the class of the things.
        concurrency: how many workers at most.
        repeatable: whether doing it twice by mistake would be harmless.
    """
    return FanOut(
        targets, action, concurrency=concurrency, repeatable=repeatable, canary=True, things=things, snapshot=True
    )


def _are_ids(ids: object) -> bool:
    return isinstance(ids, (Iterable, AsyncIterable)) and not isinstance(ids, (str, bytes, Mapping))


def _id(item: Any, things: Any) -> object:  # noqa: ANN401 (whatever the caller gave)
    return item.id if things is not None and isinstance(item, things) else item


async def _read_first(ids: Any, things: type | None) -> AsyncIterator[object]:  # noqa: ANN401 (an async iterable)
    """Yield ids, once all of them are known."""
    known = [_id(item, things) async for item in ids]
    for one in known:
        yield one

"""The runner: a crew sends items, and a recorder writes each intent and each outcome.

The recorder of a run on one machine writes to the journal; that of a worker elsewhere tells its coordinator.
"""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, Final, Never

import attrs

from aiooncall._text import one_line
from aiooncall.bulk.handles import Handle, ItemTaken
from aiooncall.bulk.models import Status
from aiooncall.bulk.outage import Outage
from aiooncall.errors import (
    AmbiguousOutcome,
    AttemptTimeout,
    ClientClosed,
    CodecError,
    ConnectError,
    ConnectionDropped,
    Forbidden,
    OnCallError,
    ResponseTooLarge,
    ServerError,
    Unauthorized,
)
from aiooncall.events import emit
from aiooncall.fanout import FanOut
from aiooncall.transport.flight import CURRENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from aiooncall.bulk.handles import ItemRecorder
    from aiooncall.bulk.models import Verb
    from aiooncall.bulk.providers import Provider

    Row = tuple[int, str, int]
    """An open item: its position, its id, and whether an earlier try may have been sent."""

LONGEST_ERROR: Final = 300
FORBIDDEN_IN_A_ROW: Final = 20
"""The number of 403 in a row, without a success between them, that ends the job: the credentials must be the reason."""
MOST_CHANCES: Final = 3
"""The number of tries for an item that cannot be sent while others can."""
DOUBTFUL: Final = (
    *(one.__name__ for one in (AttemptTimeout, ConnectionDropped, ResponseTooLarge, ServerError, CodecError)),
    *(AmbiguousOutcome.__name__, "Interrupted"),
)
"""The reasons of failure after which an item may have been sent."""
_MAY_HAVE_LEFT: Final = (Status.OPEN.value, None, None, None, True)


@attrs.frozen(kw_only=True)
class RunOptions:
    """The options of a run.

    Attributes:
        concurrency: the number of requests at once.
        patience: the longest outage to wait for, in seconds.
        watch: called with the status of each item that ends.
    """

    concurrency: int
    patience: float = inf
    watch: Callable[[Status], None] | None = None


class Runner:
    """A crew that does a verb to items.

    Args:
        provider: the provider.
        verb: the verb.
        duration: its duration in seconds, where it takes one.
        options: the options of the run.
        recorder: gets the intents and the outcomes.
        proven: whether an item of the job has ended well before, so that the credentials may do this.
    """

    def __init__(
        self,
        provider: Provider,
        verb: Verb,
        duration: float | None,
        options: RunOptions,
        recorder: ItemRecorder,
        *,
        proven: bool,
    ) -> None:
        self._provider = provider
        self._verb = verb
        self._duration = duration
        self._options = options
        core = provider.core
        self._wall = core.options.clock.time
        self._recorder = recorder
        self._outage = Outage(
            core.options.clock,
            lambda event: emit((*core.options.hooks, *core.connection.trouble_hooks), event),
            options.patience,
        )
        self._handles: dict[str, Handle] = {}
        self._crew: FanOut | None = None
        self._stopped = False
        self._ended_items = 0
        self._proven = proven
        self._forbidden = 0
        self._fatal: Exception | None = None

    def stop(self) -> None:
        """Send nothing more: requests on the wire are awaited, and items that only wait stay open."""
        self._stopped = True
        if self._crew is not None:
            self._crew.stop()

    async def run(self, rows: Iterable[Row], total: int) -> None:
        """Send items until none is left, or until `stop` is called.

        Args:
            rows: the items, each once.
            total: the count of them.

        Raises:
            Unauthorized, Forbidden: the credentials may not do this; the items stay open.
            ConnectError: nothing can be reached from the start, or for longer than `patience`; the items stay open.
            ClientClosed: the client is not open, or was closed during the run; the items stay open.
            JournalError: something could not be written; nothing was sent from then on.
        """
        self._recorder.start()
        try:
            self._crew = FanOut(
                self._items(rows),
                self._act,
                concurrency=self._options.concurrency,
                distinct=True,
                canary=not self._proven,
                total=total,
            )
            if self._stopped:
                self._crew.stop()
            await self._crew
        finally:
            self._outage.close()
            await self._recorder.close()
        if self._fatal is not None:
            raise self._fatal

    def _items(self, rows: Iterable[Row]) -> Iterator[str]:
        for position, item_id, left in rows:
            if self._stopped or self._recorder.problem is not None:
                return
            self._handles[item_id] = Handle(item_id, position, bool(left), self._recorder)
            yield item_id

    async def _act(self, item_id: str) -> None:
        if self._recorder.is_full:
            await self._recorder.room()
        handle, flight = self._handles.pop(item_id), CURRENT.get()
        assert flight is not None  # noqa: S101 (narrowing: a crew has one for each item)
        flight.intent = handle
        self._outage.enter()
        try:
            if (unreachable := await self._try(handle)) is not None:
                await self._hold(handle, unreachable)
        except asyncio.CancelledError:
            if not flight.left:  # it waited, or was refused
                handle.withdraw()
            elif self._verb.repeatable:
                handle.note(_MAY_HAVE_LEFT)
            raise
        finally:
            self._outage.leave()

    async def _hold(self, handle: Handle, unreachable: ConnectError) -> None:
        """Try an item again that could not be sent, each time that the outage lets it."""
        problem: ConnectError | None = unreachable
        chances = MOST_CHANCES
        while problem is not None:
            if self._is_first or problem.by_proxy or (over := await self._outage.wait(problem)) is None:
                self._end_job(problem)
            chances -= not over
            if not chances:
                self._end_item(handle, Status.FAILED, problem)
                return
            problem = await self._try(handle)

    async def _try(self, handle: Handle) -> ConnectError | None:
        """Send an item and record its outcome; return the error if no connection was made, so that nothing was sent."""
        call = self._outage.begin()
        try:
            changed = await self._provider.act(self._verb, handle.item_id, self._duration)
        except ConnectError as unreachable:
            return unreachable
        except ItemTaken:
            return None
        except OnCallError as error:
            self._outage.answered(call)
            self._failed(handle, error)
        except Exception as error:  # noqa: BLE001 (any error fails its item alone; it may have been sent)
            self._end_item(handle, Status.FAILED if self._verb.repeatable else Status.AMBIGUOUS, error)
        else:
            self._outage.answered(call)
            self._succeeded(handle, changed=changed)
        return None

    @property
    def _is_first(self) -> bool:
        """Whether no item has an outcome yet, in this run or an earlier one."""
        return not self._ended_items and not self._proven

    def _succeeded(self, handle: Handle, *, changed: bool) -> None:
        self._forbidden = 0
        if changed:
            self._end_item(handle, Status.DONE)
        else:
            self._end_item(handle, Status.FOUND_DONE if handle.may_have_left else Status.ALREADY)

    def _failed(self, handle: Handle, error: OnCallError) -> None:
        if isinstance(error, (Unauthorized, Forbidden, ClientClosed)):
            # A single item may be forbidden. If it is the first, or one of many in a row, the credentials are wrong.
            self._forbidden += 1
            many = self._forbidden >= FORBIDDEN_IN_A_ROW
            if self._is_first or many or isinstance(error, (Unauthorized, ClientClosed)):
                self._end_job(error)
        self._end_item(handle, Status.AMBIGUOUS if isinstance(error, AmbiguousOutcome) else Status.FAILED, error)

    def _end_job(self, reason: OnCallError) -> Never:
        """End the job for a reason that is not the fault of an item; the item stays open."""
        self._fatal = self._fatal or reason
        self.stop()
        raise asyncio.CancelledError

    def _end_item(self, handle: Handle, status: Status, error: Exception | None = None) -> None:
        reason = None if error is None else type(error).__name__
        text = None if error is None else one_line(str(error))[:LONGEST_ERROR]
        handle.note((status.value, reason, text, self._wall(), False))
        self._ended_items += 1
        if self._options.watch is None:
            return
        try:
            self._options.watch(status)
        except Exception as mistake:
            self._fatal = mistake
            self.stop()
            raise

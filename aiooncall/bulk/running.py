"""Carrying a plan out: a crew of workers, and a journal that knows at any moment what was done."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING, Final

from aiooncall._text import one_line
from aiooncall.bulk.journal import Journal
from aiooncall.bulk.models import Status
from aiooncall.bulk.recorder import Recorder
from aiooncall.bulk.timeline import Timeline
from aiooncall.errors import AmbiguousOutcome, ClientClosed, Forbidden, OnCallError, Unauthorized
from aiooncall.fanout import FanOut
from aiooncall.transport.flight import CURRENT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiooncall.bulk.models import Verb
    from aiooncall.bulk.targets import Target

BATCH: Final = 1000
"""Items that are read from the journal in one go."""
LONGEST_ERROR: Final = 300
FORBIDDEN_IN_A_ROW: Final = 20
"""So many refusals without a success between them are the credentials' fault, and end the job."""


class Runner:
    """Does one verb to every open item of a journal.

    Args:
        target: where.
        journal: what is left to do, and where it is written down.
        verb: what to do.
        duration: for how long, in seconds, where the verb takes that.
        watch: called with each status as items end.
    """

    def __init__(
        self,
        target: Target,
        journal: Journal,
        verb: Verb,
        duration: float | None,
        watch: Callable[[Status], None] | None = None,
    ) -> None:
        self._target = target
        self._journal = journal
        self._verb = verb
        self._duration = duration
        self._watch = watch
        self._wall = target.client.options.clock.time
        self._timeline = Timeline(target.client, target.client.options.clock)
        self._ended_items = 0
        self._recorder: Recorder | None = None
        self._positions: dict[str, int] = {}
        self._stopped = False
        self._proven = journal.counts().succeeded > 0
        self._forbidden = 0
        self._fatal: Exception | None = None

    def stop(self) -> None:
        """Begin nothing new; what is in flight comes to its end."""
        self._stopped = True

    async def run(self, concurrency: int) -> None:
        """Deal with the open items until none is left, or until told to stop.

        Raises:
            Unauthorized, Forbidden: the credentials may not do this; the items stay open.
            ClientClosed: the client is not open, or was closed meanwhile; the items stay open.
            JournalError: something could not be written; nothing was sent from then on.
        """
        self._recorder = Recorder(self._journal, self._timeline)
        try:
            # A connection of its own, so that reading never waits for what is being written.
            with (
                closing(Journal.open(self._journal.path)) as reading,
                self._target.client.listen_for_trouble(self._timeline),
            ):
                items = self._open_items(reading)  # distinct: the journal holds each item once
                await FanOut(items, self._act, concurrency=concurrency, distinct=True, proving=not self._proven)
        finally:
            await self._recorder.close()
        if self._fatal is not None:
            raise self._fatal

    def _open_items(self, reading: Journal) -> Iterator[str]:
        assert self._recorder is not None  # noqa: S101 (narrowing: it was made before the crew)
        last = 0
        while rows := reading.unfinished(last, BATCH):
            for position, item_id in rows:
                if self._stopped or self._recorder.problem is not None:
                    return
                self._positions[item_id] = last = position
                yield item_id

    async def _act(self, item_id: str) -> None:
        assert self._recorder is not None  # noqa: S101 (narrowing: it was made before the crew)
        if self._recorder.is_full:
            await self._recorder.room()
        position = self._positions.pop(item_id)
        if not self._verb.repeatable:
            await self._recorder.begin(position)
        try:
            await self._send(position, item_id)
        except asyncio.CancelledError:
            flight = CURRENT.get()
            if flight is not None and flight.left is False:  # it only waited, or was refused
                self._note(position, Status.OPEN)
            raise

    async def _send(self, position: int, item_id: str) -> None:
        try:
            changed = await self._target.act(self._verb, item_id, self._duration)
        except (Unauthorized, Forbidden, ClientClosed) as refused:
            await self._refused(position, refused)
        except OnCallError as error:
            self._ended(position, Status.AMBIGUOUS if isinstance(error, AmbiguousOutcome) else Status.FAILED, error)
        except Exception as error:  # noqa: BLE001 (one item's failure, whatever it is; it may have been sent)
            self._ended(position, Status.FAILED if self._verb.repeatable else Status.AMBIGUOUS, error)
        else:
            self._forbidden = 0
            self._ended(position, Status.DONE if changed else Status.ALREADY)

    async def _refused(self, position: int, refused: OnCallError) -> None:
        """End the job if it is the credentials, as the first item or many in a row tell, or a closed client."""
        self._forbidden += 1
        first = not self._ended_items and not self._proven
        if first or self._forbidden >= FORBIDDEN_IN_A_ROW or isinstance(refused, (Unauthorized, ClientClosed)):
            self._note(position, Status.OPEN)
            self._fatal = refused
            self.stop()
            raise refused
        self._ended(position, Status.FAILED, refused)

    def _ended(self, position: int, status: Status, error: Exception | None = None) -> None:
        self._note(position, status, error)
        self._ended_items += 1
        if self._watch is None:
            return
        try:
            self._watch(status)
        except Exception as mistake:
            self._fatal = mistake
            self.stop()
            raise

    def _note(self, position: int, status: Status, error: Exception | None = None) -> None:
        assert self._recorder is not None  # noqa: S101 (narrowing: it was made before the crew)
        reason = None if error is None else type(error).__name__
        text = None if error is None else one_line(str(error))[:LONGEST_ERROR]
        self._recorder.finished((status.value, reason, text, self._wall(), position))

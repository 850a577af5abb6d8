"""The chunks that a job has handed out, and what is to become of each of their items. Pure: it reads and sends nothing.

An item comes back to the job in one of three ways. Its outcome was told: that is taken, once. Nobody can have sent it:
it is open again. It may have been sent, and whoever sent it is dead or has forgotten it: it is in doubt, or, if it may
be repeated, open again with that mark. What is told of an item in doubt afterwards ends the doubt.

Nothing but an outcome is believed before the chunk was closed in Redis. From then on no delivery of it can send an
item that it has not fenced already, so that an item without a fence can go out in another chunk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs

from aiooncall.bulk.models import Status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from aiooncall.bulk.outcomes import Change
    from aiooncall.bulk.running import Row
    from aiooncall.distributed.chunk_store import Held
    from aiooncall.distributed.told import Told

INTERRUPTED: Final = "Interrupted"
LOST_WORKER: Final = "the worker that was sending this has shown no sign of life"
LOST_REDIS: Final = "Redis was started anew, or lost its data, while this was handed out"
_TOLD: Final = ""
"""Stands for the delivery that has fenced an item whose outcome was told, and may have been lost since."""
_OPEN_AGAIN: Final[Change] = (Status.OPEN.value, None, None, None, True)


@attrs.define(eq=False)
class Assignment:
    """One chunk that was handed out.

    Attributes:
        number: its number.
        rows: the items without an outcome, by position.
        sent_at: when it was given to the queue, in monotonic seconds; None if it was not yet.
        begun: whether a delivery has begun it.
        holders: the deliveries that have begun it and not ended.
        closed: whether it was closed in Redis.
        lost: whether Redis has forgotten what it knew of it.
        fences: the delivery that has fenced each item, by position, as of the closing.
        sequences: the number of the last message of each delivery.
    """

    number: int
    rows: dict[int, Row]
    sent_at: float | None = None
    begun: bool = False
    holders: set[str] = attrs.field(factory=set[str])
    closed: bool = False
    lost: bool = False
    fences: dict[int, str] = attrs.field(factory=dict[int, str])
    sequences: dict[str, int] = attrs.field(factory=dict[str, int])

    def close(self, held: Held | None, run_id: str) -> None:
        """Take in what Redis knew of the chunk when it was closed.

        Args:
            held: what it knew; None if it had lost the chunk.
            run_id: the server that answered.
        """
        self.closed = True
        if held is None or held.run_id != run_id:
            self.lost = True
        if held is not None:
            self.begun = self.begun or bool(held.holders)
            self.holders |= held.holders.keys()
            self.fences |= {**held.fences, **dict.fromkeys(held.told, _TOLD)}


class Assignments:
    """All chunks of a job that are handed out.

    Args:
        repeatable: whether an item can be sent twice without harm.
    """

    def __init__(self, *, repeatable: bool) -> None:
        self.chunks: dict[int, Assignment] = {}
        self._repeatable = repeatable
        self._doubted: set[int] = set()

    @property
    def positions(self) -> frozenset[int]:
        """The positions of all items that are handed out and have no outcome."""
        return frozenset(position for chunk in self.chunks.values() for position in chunk.rows)

    @property
    def waiting(self) -> int:
        """The number of chunks that no worker has begun."""
        return sum(not chunk.begun and not chunk.closed for chunk in self.chunks.values())

    @property
    def still_open(self) -> list[Assignment]:
        """The chunks that workers may work on."""
        return [chunk for chunk in self.chunks.values() if not chunk.closed]

    @property
    def holders(self) -> set[str]:
        """All deliveries that have begun a chunk and not ended."""
        return {holder for chunk in self.chunks.values() for holder in chunk.holders}

    def hand_out(self, number: int, rows: Iterable[Row]) -> Assignment:
        """Add a chunk."""
        chunk = Assignment(number, {row[0]: row for row in rows})
        self.chunks[number] = chunk
        return chunk

    def take(self, told: Told) -> dict[int, Change] | None:
        """Take in a message, and return the changes of items that it brings; None if it was taken before."""
        chunk = self.chunks.get(told.chunk)
        if chunk is not None:
            if told.sequence <= chunk.sequences.get(told.holder, 0):
                return None
            self._take_progress(chunk, told)
        rows = {} if chunk is None else chunk.rows
        changes = {at: change for at, change in told.outcomes.items() if at in rows or at in self._doubted}
        for position in changes:
            rows.pop(position, None)
            self._doubted.discard(position)
        return changes

    def _take_progress(self, chunk: Assignment, told: Told) -> None:
        chunk.begun = True
        chunk.sequences[told.holder] = told.sequence
        chunk.holders.add(told.holder)
        if told.ended:
            chunk.holders.discard(told.holder)
            for position in told.given_back:
                if chunk.fences.get(position) == told.holder:
                    del chunk.fences[position]
            for position in told.maybe_left:
                if position in chunk.rows:
                    chunk.rows[position] = (*chunk.rows[position][:2], 1)

    def settle(self, living: Collection[str], at: float) -> tuple[dict[int, Change], list[Row]]:
        """Decide on the items of closed chunks, and return changes of items and the items that are open again.

        Args:
            living: the deliveries that show signs of life.
            at: the time, in seconds since the epoch.
        """
        changes: dict[int, Change] = {}
        free: list[Row] = []
        for chunk in self.chunks.values():
            if not chunk.closed:
                continue
            chunk.holders &= set(living)
            for position, row in list(chunk.rows.items()):
                if self._is_held(chunk, position, living):
                    continue
                del chunk.rows[position]
                change = self._end(chunk, row, at)
                if change is not None:
                    changes[position] = change
                if change is None or change[0] == Status.OPEN:
                    free.append(row if change is None else (*row[:2], 1))
        return changes, free

    def _is_held(self, chunk: Assignment, position: int, living: Collection[str]) -> bool:
        """Return whether a living delivery may still tell what became of an item."""
        if chunk.lost or self._repeatable:
            return bool(chunk.holders)
        return chunk.fences.get(position) in living

    def _end(self, chunk: Assignment, row: Row, at: float) -> Change | None:
        """Return the change of an item of which nothing more is heard; None if it is open as it was."""
        position, _, left = row
        if self._repeatable:
            return _OPEN_AGAIN if (chunk.lost or chunk.begun) and not left else None
        if not chunk.lost and position not in chunk.fences:
            return None
        self._doubted.add(position)
        return Status.AMBIGUOUS.value, INTERRUPTED, LOST_REDIS if chunk.lost else LOST_WORKER, at, False

    def over(self) -> Iterator[int]:
        """Yield the chunks that are closed and have no item left; they can be forgotten."""
        return (number for number, chunk in self.chunks.items() if chunk.closed and not chunk.rows)

    def to_close(self, living: Collection[str], patience: float, now: float) -> list[Assignment]:
        """Return the chunks that should be closed.

        Those are the chunks whose items are all dealt with, those that no living worker has in hand any more, and those
        that no worker has begun for too long: the queue may have lost them.

        Args:
            living: the deliveries that show signs of life.
            patience: the longest time to wait for a worker to begin a chunk, in seconds.
            now: the time, in monotonic seconds.
        """
        return [chunk for chunk in self.still_open if _is_over(chunk, living, patience, now)]

    def facts(self) -> Mapping[str, list[int]]:
        """Return the positions of each chunk, by its number as text, for the journal."""
        return {str(number): list(chunk.rows) for number, chunk in self.chunks.items()}


def _is_over(chunk: Assignment, living: Collection[str], patience: float, now: float) -> bool:
    if not chunk.rows:
        return True
    if chunk.begun:
        return chunk.holders.isdisjoint(living)
    return chunk.sent_at is not None and now - chunk.sent_at > patience

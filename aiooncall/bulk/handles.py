"""The handle of an item that is being sent: its intent, as the transport sees it, and the recorder that writes it down.

The transport calls `Handle.declare` when the rate limit has admitted an item and its bytes are about to leave, and not
earlier: an item that only waits for the limit stays open, so a stop or a crash leaves few items in doubt. It calls
`Handle.withdraw` when the server refused the item, or when no byte left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

import attrs

from aiooncall.bulk.models import Status

if TYPE_CHECKING:
    from aiooncall.bulk.outcomes import Change

_WITHDRAWN: Final = (Status.OPEN.value, None, None, None, False)


class ItemTaken(Exception):
    """The item is not to be sent by this run after all; the recorder has noted why."""


class ItemRecorder(Protocol):
    """A writer of intents and outcomes.

    Attributes:
        is_full: whether so many outcomes wait that `room` should be awaited.
        problem: the error that ended all writing; None while writing works.
    """

    is_full: bool
    problem: Exception | None

    def start(self) -> None:
        """Start to write, on the running loop."""
        ...

    async def room(self) -> None:
        """Wait until there is room for more outcomes."""
        ...

    async def begin(self, position: int) -> None:
        """Write down that an item is about to be sent, and return when that is safe.

        Raises:
            ItemTaken: the item must not be sent.
        """
        ...

    def finished(self, position: int, change: Change) -> None:
        """Take in the change of an item."""
        ...

    async def close(self) -> None:
        """Write what is left."""
        ...


@attrs.define(slots=True, eq=False)
class Handle:
    """One item that a worker has taken, as the transport sees it: the intent to send it, which can be withdrawn.

    Attributes:
        item_id: the id of the item.
        position: its position in the journal.
        may_have_left: whether an earlier try may have been sent.
    """

    item_id: str
    position: int
    may_have_left: bool
    _recorder: ItemRecorder
    _declared: bool = False

    async def declare(self) -> None:
        """Write down that the item is about to be sent, unless that is written already."""
        if not self._declared:
            self._declared = True
            await self._recorder.begin(self.position)

    def withdraw(self) -> None:
        """Write down that the item is open again: it was refused, or no byte of it left."""
        if self._declared:
            self._declared = False
            self.note(_WITHDRAWN)

    def note(self, change: tuple[str, str | None, str | None, float | None, bool]) -> None:
        """Give a change of the item to the recorder."""
        self._recorder.finished(self.position, change)

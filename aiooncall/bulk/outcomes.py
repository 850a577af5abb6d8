"""What came of items, as it is written down: one statement for all that are alike.

A statement for each item would let go of the interpreter's lock, and fight for it again, once for each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Change = tuple[str, str | None, str | None, float | None, bool]
"""What an item comes to: status, reason, error, when it ended, and whether it may have left without an answer."""

SENDING: Final[Change] = ("sending", None, None, None, False)
PRECISION: Final = 0.25
"""To how many seconds it is written down when an item ended."""
SET_STATUS: Final = (
    "UPDATE items SET status = ?, reason = ?, error = ?, finished_at = ?, may_have_left = may_have_left OR ?"
    " WHERE position IN (SELECT value FROM json_each(?))"
)
SET_SENDING: Final = "UPDATE items SET status = 'sending' WHERE position IN (SELECT value FROM json_each(?))"
"""What changes no column of an index costs half as much."""
TAKE_UP: Final = (
    "UPDATE items SET status = ?, reason = ?, error = ?, finished_at = ?, may_have_left = 1"
    " WHERE finished_at IS NULL AND status = 'sending'"
)
REOPEN: Final = (
    "UPDATE items SET status = 'open', reason = NULL, error = NULL, finished_at = NULL,"
    " may_have_left = may_have_left OR coalesce(reason, '') IN (SELECT value FROM json_each(?)) WHERE status = ?"
)
ADD_SECOND: Final = (
    "INSERT INTO timeline VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (second) DO UPDATE SET"
    " done = done + excluded.done, failed = failed + excluded.failed,"
    " requests = requests + excluded.requests, refused = refused + excluded.refused,"
    " retried = retried + excluded.retried, allowed = excluded.allowed"
)


def statements(changes: Mapping[int, Change]) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield SQL, and the values for it, that writes down what items come to.

    Args:
        changes: what each comes to, by position.
    """
    found: dict[Change, list[int]] = {}
    for position, (status, reason, error, at, left) in changes.items():
        ended = None if at is None else at // PRECISION * PRECISION
        found.setdefault((status, reason, error, ended, left), []).append(position)
    for change, positions in found.items():
        listed = orjson.dumps(positions).decode()
        yield (SET_SENDING, (listed,)) if change == SENDING else (SET_STATUS, (*change, listed))

"""What came of items, as it is written down: one statement for all that are alike.

A statement for each item would let go of the interpreter's lock, and fight for it again, once for each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Change = tuple[str, str | None, str | None, float | None, bool]
"""What an item comes to: status, reason, error, when it ended, and whether it may have left without an answer."""

PRECISION: Final = 0.25
"""To how many seconds it is written down when an item ended."""
SET_STATUS: Final = (
    "UPDATE planned SET status = ?, reason = ?, error = ?, finished_at = ?, may_have_left = may_have_left OR ?"
    " WHERE position IN (SELECT value FROM json_each(?))"
)
MARK_INTERRUPTED: Final = (
    "UPDATE planned SET status = ?, reason = ?, error = ?, finished_at = ?, may_have_left = 1"
    " WHERE finished_at IS NULL AND position IN (SELECT value FROM json_each(?))"
)
REOPEN: Final = (
    "UPDATE planned SET status = 'open', reason = NULL, error = NULL, finished_at = NULL,"
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
        yield SET_STATUS, (*change, positions_json(positions))


def positions_json(positions: Iterable[int]) -> str:
    """Return positions as SQL takes many of them in one value."""
    return orjson.dumps(list(positions)).decode()

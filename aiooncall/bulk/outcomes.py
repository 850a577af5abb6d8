"""The SQL that writes outcomes: one statement for all items that end in the same way.

One statement for each item would be slow: each statement releases the lock of the interpreter and has to wait until it
gets it back. So items with the same outcome are grouped, and their positions go into one statement as a JSON list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Change = tuple[str, str | None, str | None, float | None, bool]
"""The change of an item: status, reason, error, end, and whether it may have been sent without an answer."""

PRECISION: Final = 0.25
"""The end of an item is rounded down to this many seconds, so that more items have the same outcome."""
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
    " retried = retried + excluded.retried, allowed = coalesce(excluded.allowed, allowed)"
)


def statements(changes: Mapping[int, Change]) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Yield the SQL that writes changes of items, and the values for it.

    Args:
        changes: the change of each item, by position.
    """
    grouped: dict[Change, list[int]] = {}
    for position, (status, reason, error, at, left) in changes.items():
        ended = None if at is None else at // PRECISION * PRECISION
        grouped.setdefault((status, reason, error, ended, left), []).append(position)
    for change, positions in grouped.items():
        yield SET_STATUS, (*change, positions_json(positions))


def positions_json(positions: Iterable[int]) -> str:
    """Return positions as one JSON text, which SQL unpacks with `json_each`."""
    return orjson.dumps(list(positions)).decode()

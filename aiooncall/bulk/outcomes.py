"""What came of items, as it is written down: one statement for all that are alike.

A statement for each item would let go of the interpreter's lock, and fight for it again, once for each of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import orjson

if TYPE_CHECKING:
    from collections.abc import Iterable

Outcome = tuple[str, str | None, str | None, float, int]
"""Status, reason, error and time of what came of the item at a position."""
Said = tuple[str, str | None, str | None, float | None]

PRECISION: Final = 0.25
"""To how many seconds it is written down when an item ended."""
SET_STATUS: Final = (
    "UPDATE items SET status = ?, reason = ?, error = ?, finished_at = ?"
    " WHERE position IN (SELECT value FROM json_each(?))"
)
ADD_SECOND: Final = (
    "INSERT INTO timeline VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (second) DO UPDATE SET"
    " done = done + excluded.done, failed = failed + excluded.failed,"
    " requests = requests + excluded.requests, refused = refused + excluded.refused,"
    " retried = retried + excluded.retried, allowed = excluded.allowed"
)


def alike(begun: Iterable[int], outcomes: Iterable[Outcome]) -> dict[str, Said]:
    """Return what to set by the positions, as a JSON list, that it is set for.

    Args:
        begun: positions of items that are about to be sent.
        outcomes: what came of items.
    """
    found: dict[Said, list[int]] = {("sending", None, None, None): list(begun)}
    for status, reason, error, at, position in outcomes:
        found.setdefault((status, reason, error, at // PRECISION * PRECISION), []).append(position)
    return {orjson.dumps(positions).decode(): said for said, positions in found.items() if positions}

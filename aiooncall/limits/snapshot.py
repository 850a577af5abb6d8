"""What is known of a bucket, as users see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall.ratelimit import BudgetSnapshot

if TYPE_CHECKING:
    from aiooncall.limits.admission import Admission


def snapshot_of(
    admission: Admission, now: float, *, name: str | None, routes: tuple[str, ...], waiting: int
) -> BudgetSnapshot:
    """Return what is known at `now` (monotonic seconds).

    Args:
        admission: what admits to the bucket.
        now: what time it is.
        name: what the server calls it.
        routes: which share it.
        waiting: how many calls wait.
    """
    window = admission.window
    left = window.left
    return BudgetSnapshot(
        name=name,
        routes=routes,
        limit=window.limit,
        period=window.period,
        remaining=None if left is None else max(0, left - window.in_flight),
        resets_in=None if window.end is None else max(0.0, window.end.latest - now),
        closed_for=max(0.0, admission.closed_until - now),
        in_flight=window.in_flight,
        waiting=waiting,
    )

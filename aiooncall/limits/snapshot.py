"""What is known of a bucket, as users see it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aiooncall.ratelimit import BudgetSnapshot, Hold

if TYPE_CHECKING:
    from aiooncall.limits.admission import Admission
    from aiooncall.ratelimit import HeldBy


class Held(NamedTuple):
    """Why the next call of a bucket waits: since when, and until when at most (monotonic seconds)."""

    by: HeldBy
    since: float
    until: float | None


def snapshot_of(
    admission: Admission, now: float, *, name: str | None, routes: tuple[str, ...], waiting: int, held: Held | None
) -> BudgetSnapshot:
    """Return what is known at `now` (monotonic seconds).

    Args:
        admission: what admits to the bucket.
        now: what time it is.
        name: what the server calls it.
        routes: which share it.
        waiting: how many calls wait.
        held: why the next of them does.
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
        hold=None if held is None or not waiting else _hold(held, now),
    )


def _hold(held: Held, now: float) -> Hold:
    at_most = None if held.until is None else max(0.0, held.until - now)
    return Hold(by=held.by, since=now - held.since, at_most=at_most)

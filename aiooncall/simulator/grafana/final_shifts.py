"""Final shifts: of shifts at the same time the highest level counts, and taken swaps change the person.

Rules: grafana/oncall, engine/apps/schedules/models/on_call_schedule.py
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

import attrs

from aiooncall.simulator.grafana.occurrences import occurrences

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from aiooncall.simulator.grafana.occurrences import Occurrence
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.http.json_values import Json

ON_CALL_ROLES: Final = frozenset({"admin", "editor"})
"""The roles that are called; whoever has another one is in no shift."""


class FinalShift(NamedTuple):
    """A stretch of time that one user is on call; the instants are UTC."""

    start: datetime
    end: datetime
    user_id: str


def final_shifts(world: World, schedule: Json, start: datetime, end: datetime) -> list[FinalShift]:
    """Return who is on call when, clipped to a range, by start and then in the order of the shifts.

    What follows at once is not united: a week is a row, also if the same user has the next one.

    Args:
        world: Where shifts and swaps are.
        schedule: The schedule.
        start: Where the range begins, in UTC.
        end: Where it ends, in UTC.
    """
    shifts = (shift for shift_id in schedule["shifts"] if (shift := world["on_call_shifts"].find(shift_id)))
    found = [one for shift in shifts for one in occurrences(shift, schedule["time_zone"], start, end)]
    called = [one for raw in found if (one := _called(world, raw)).users]
    swaps = [swap for swap in world["shift_swaps"].where(schedule=schedule["id"]) if swap["benefactor"] is not None]
    for swap in swaps:
        called = [piece for one in called for piece in _swapped(one, swap)]
    pieces = sorted(_highest(called), key=lambda piece: piece.start)
    return [
        FinalShift(max(piece.start, start), min(piece.end, end), user_id)
        for piece in pieces
        if piece.start < end and piece.end > start
        for user_id in piece.users
    ]


def _called(world: World, one: Occurrence) -> Occurrence:
    """Return an occurrence with those of its users that are called."""
    users = (user for user_id in one.users if (user := world["users"].find(user_id)))
    return attrs.evolve(one, users=tuple(user["id"] for user in users if user["role"] in ON_CALL_ROLES))


def _swapped(one: Occurrence, swap: Json) -> Iterator[Occurrence]:
    """Yield an occurrence in the pieces that a swap makes of it, the swapped one with the user who steps in."""
    begins, ends = (datetime.fromisoformat(swap[name]) for name in ("swap_start", "swap_end"))
    if swap["beneficiary"] not in one.users or one.start >= ends or one.end <= begins:
        yield one
        return
    if one.start < begins:
        yield attrs.evolve(one, end=begins)
    users = tuple(swap["benefactor"] if user == swap["beneficiary"] else user for user in one.users)
    yield attrs.evolve(one, start=max(one.start, begins), end=min(one.end, ends), users=users)
    if one.end > ends:
        yield attrs.evolve(one, start=ends)


def _highest(found: Iterable[Occurrence]) -> Iterator[Occurrence]:
    """Yield what of each occurrence is not below one of a higher level."""
    levels: dict[int, list[Occurrence]] = {}
    for one in found:
        levels.setdefault(one.level, []).append(one)
    above: list[tuple[datetime, datetime]] = []
    for level in sorted(levels, reverse=True):
        pieces = [piece for one in levels[level] for piece in _outside(one, above)]
        yield from pieces
        above = sorted([*above, *((piece.start, piece.end) for piece in pieces)])


def _outside(one: Occurrence, above: Iterable[tuple[datetime, datetime]]) -> Iterator[Occurrence]:
    """Yield the pieces of an occurrence that are outside of some stretches, which are in order."""
    at = one.start
    for begins, ends in above:
        if begins >= one.end:
            break
        if begins > at:
            yield attrs.evolve(one, start=at, end=begins)
        at = max(at, ends)
    if at < one.end:
        yield attrs.evolve(one, start=at)

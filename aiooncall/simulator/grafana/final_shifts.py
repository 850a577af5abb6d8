"""Who is on call in the end: of shifts at the same time the highest level counts, and taken swaps change the person."""

from __future__ import annotations

from datetime import datetime
from itertools import chain, pairwise
from typing import TYPE_CHECKING, NamedTuple

from aiooncall.simulator.grafana.occurrences import occurrences

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.simulator.grafana.occurrences import Occurrence
    from aiooncall.simulator.grafana.world import World
    from aiooncall.simulator.json_api import Json


class FinalShift(NamedTuple):
    """A stretch of time that one user is on call; the instants are UTC."""

    start: datetime
    end: datetime
    user_id: str


def final_shifts(world: World, schedule: Json, start: datetime, end: datetime) -> list[FinalShift]:
    """Return who is on call when, clipped to a range, by start and then in the order of the shifts.

    Args:
        world: Where shifts and swaps are.
        schedule: The schedule.
        start: Where the range begins, in UTC.
        end: Where it ends, in UTC.
    """
    shifts = (shift for shift_id in schedule["shifts"] if (shift := world["on_call_shifts"].find(shift_id)))
    found = [one for shift in shifts for one in occurrences(shift, schedule["time_zone"], start, end)]
    swaps = [swap for swap in world["shift_swaps"].where(schedule=schedule["id"]) if swap["benefactor"] is not None]
    pieces: dict[tuple[str, str], list[FinalShift]] = {}
    for piece_start, piece_end in pairwise(_edges(found, swaps, start, end)):
        for one, user_id in _on_call(found, swaps, piece_start, piece_end):
            _extend(pieces.setdefault((one.shift_id, user_id), []), FinalShift(piece_start, piece_end, user_id))
    return sorted(chain.from_iterable(pieces.values()), key=lambda piece: piece.start)


def _edges(found: Iterable[Occurrence], swaps: Iterable[Json], start: datetime, end: datetime) -> list[datetime]:
    """Return the instants at which anything may change."""
    times = {start, end}
    times.update(*((one.start, one.end) for one in found))
    times.update(*(_span(swap) for swap in swaps))
    return sorted(at for at in times if start <= at <= end)


def _on_call(
    found: Iterable[Occurrence], swaps: Iterable[Json], start: datetime, end: datetime
) -> list[tuple[Occurrence, str]]:
    """Return the shifts that count in a stretch without changes, and their users."""
    there = [one for one in found if one.start <= start and one.end >= end]
    highest = max((one.level for one in there), default=0)
    replaced = {swap["beneficiary"]: swap["benefactor"] for swap in swaps if _covers(swap, start, end)}
    return [(one, replaced.get(user, user)) for one in there if one.level == highest for user in one.users]


def _extend(pieces: list[FinalShift], piece: FinalShift) -> None:
    """Add a piece to those before it, as one with the last if it follows at once."""
    if pieces and pieces[-1].end == piece.start:
        pieces[-1] = pieces[-1]._replace(end=piece.end)
    else:
        pieces.append(piece)


def _span(swap: Json) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(swap["swap_start"]), datetime.fromisoformat(swap["swap_end"])


def _covers(swap: Json, start: datetime, end: datetime) -> bool:
    swap_start, swap_end = _span(swap)
    return swap_start <= start and end <= swap_end

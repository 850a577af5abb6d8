"""Pure: who is on call when, computed from the layers and overrides of a schedule.

A layer is turned into the times of its turns, cut to its life and its weekly windows. Layers and overrides are then
laid over one another. What the vendor documents is on
https://docs.datadoghq.com/service_management/on-call/schedules; that layers further down take precedence is said there
and no recording shows it. What it does not document is decided here, and `check` asks the server whether it agrees:

- a layer further down goes before one above it, an override before every layer, and of two overrides the one that
  begins later, or that is listed later;
- days of an interval are days of the clock on the wall, and seconds are seconds that pass. A time that the clock shows
  twice is the first one, and one that it skips is later by what was skipped (RFC 5545, section 3.3.5);
- windows are united on the wall, and one that closes as it opens never opens;
- before `rotation_start` turns go on backwards, as far as the layer is in effect;
- an empty slot lets the layers above through.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import attrs

from aiooncall._base.datetimes import instant_of
from aiooncall.coverage.periods import united

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from aiooncall.coverage.models import Person
    from aiooncall.coverage.periods import Time

WEEK: Final = timedelta(weeks=1)
_SLACK: Final = 3
"""How many turns a guess at the current turn can be off: clocks change by a day at most, and turns take days."""


class Turn(NamedTuple):
    """A time of one turn, or a piece of it.

    Attributes:
        start: the first instant, in UTC.
        end: the first instant after it.
        person: who has the turn; None for an empty slot.
        layer: the name of its layer; empty for an override.
        override: the id of its override; empty for a layer.
        key: which turn it is; all pieces of a turn have the same.
    """

    start: datetime
    end: datetime
    person: Person | None
    layer: str
    override: str
    key: tuple[object, ...]

    def cut(self, start: datetime, end: datetime) -> Turn:
        """Return the piece of it between two instants."""
        if start <= self.start and self.end <= end:
            return self
        return Turn(max(self.start, start), min(self.end, end), *self[2:])


@attrs.frozen(kw_only=True)
class Rotation:
    """A layer, as far as it says who is on call.

    Attributes:
        place: which layer of the schedule it is, from the first.
        name: its name.
        zone: the zone of its days and windows.
        life: when it begins and when it stops to count.
        anchor: when the first turn begins, in UTC.
        days: days of the wall that a turn takes.
        seconds: what it takes on top.
        members: who takes turns, in order; None for an empty slot.
        windows: when it is on, from Monday 00:00 of a week, apart from one another; None for always, empty for never.
    """

    place: int
    name: str
    zone: ZoneInfo
    life: Time
    anchor: datetime
    days: int
    seconds: timedelta
    members: Sequence[Person | None]
    windows: Sequence[tuple[timedelta, timedelta]] | None = None


@attrs.frozen(kw_only=True)
class StandIn:
    """An override, as far as it says who is on call.

    Attributes:
        id: its id.
        time: when it begins and ends, in UTC.
        person: who stands in; None for nobody.
        replaced: the id of the person whose place it is; None for whoever is on call, or nobody.
    """

    id: str
    time: Time
    person: Person | None
    replaced: str | None = None


def on_call(rotations: Iterable[Rotation], stand_ins: Iterable[StandIn], start: datetime, end: datetime) -> list[Turn]:
    """Return who is on call between two instants, in order; no two pieces overlap.

    Args:
        rotations: the layers, in the order of the schedule.
        stand_ins: the overrides, the one that counts most last.
        start: in UTC.
        end: in UTC.
    """
    people: list[Turn] = []
    slots: list[Turn] = []
    for rotation in rotations:
        found = list(turns(rotation, start, end))
        people = laid_over(people, [turn for turn in found if turn.person])
        slots = laid_over(slots, [turn for turn in found if not turn.person])
    for one in stand_ins:
        pieces = list(_stood_in(one, people, start, end))
        if one.person:
            people = laid_over(people, pieces)
        else:
            slots = laid_over(slots, pieces)
    return laid_over(slots, people)


def turns(rotation: Rotation, start: datetime, end: datetime) -> Iterator[Turn]:
    """Yield the turns of one layer between two instants, cut to them, to its life and its windows, in order."""
    begin, until = max(start, rotation.life[0]), min(end, rotation.life[1])
    if begin >= until or not rotation.members:
        return
    whole = (turn.cut(begin, until) for turn in _whole_turns(rotation, begin, until))
    if rotation.windows is None:
        yield from whole
    else:
        yield from _within(whole, _opened(rotation.windows, rotation.zone, begin, until))


def turn_at(rotation: Rotation, at: datetime) -> Turn | None:
    """Return the turn that holds an instant, whole, whatever the life and the windows of the layer.

    Args:
        rotation: the layer.
        at: the instant, in UTC.
    """
    found = _whole_turns(rotation, at, at + datetime.resolution) if rotation.members else ()
    return next((turn for turn in found if turn.start <= at < turn.end), None)


def turn_start(rotation: Rotation, number: int) -> datetime:
    """Return when a turn begins, in UTC.

    Args:
        rotation: the layer.
        number: which turn: 0 begins at the anchor, those before it have negative numbers.
    """
    return _hand_over(rotation, rotation.anchor.astimezone(rotation.zone).replace(tzinfo=None), number)


def laid_over(below: Sequence[Turn], above: Sequence[Turn]) -> list[Turn]:
    """Return who is on call where `above` goes before `below`; each of them in order, without overlaps."""
    if not below or not above:
        return [*below, *above]
    return sorted([*above, *_without(below, above)], key=_start)


def joined(pieces: Iterable[Turn]) -> list[Turn]:
    """Return pieces with those of one turn that follow each other as one."""
    found: list[Turn] = []
    for piece in pieces:
        if found and found[-1].key == piece.key and found[-1].end == piece.start:
            found[-1] = found[-1]._replace(end=piece.end)
        else:
            found.append(piece)
    return found


def weekly(windows: Iterable[tuple[timedelta, timedelta]]) -> Sequence[tuple[timedelta, timedelta]] | None:
    """Return windows of the week that are apart from one another; None if they leave nothing out.

    Args:
        windows: when each opens and closes, from Monday 00:00; one that closes before it opens does so in the next.
    """
    opened = [(opens, closes if closes >= opens else closes + WEEK) for opens, closes in windows]
    weeks = [(opens + n * WEEK, closes + n * WEEK) for opens, closes in opened if closes > opens for n in range(3)]
    together = united(weeks)
    if any(closes - opens >= WEEK for opens, closes in together):
        return None
    return [(opens - WEEK, closes - WEEK) for opens, closes in together if WEEK <= opens < 2 * WEEK]


def _whole_turns(rotation: Rotation, begin: datetime, until: datetime) -> Iterator[Turn]:
    """Yield the turns that have a part between two instants, uncut."""
    members, length = rotation.members, timedelta(rotation.days) + rotation.seconds
    number = (begin - rotation.anchor) // length - _SLACK
    wall = rotation.anchor.astimezone(rotation.zone).replace(tzinfo=None)
    over = _hand_over(rotation, wall, number)
    while over < until:
        start, over = over, _hand_over(rotation, wall, number + 1)
        if over > begin and start < over:  # a day that a place skipped has no turn
            key = (rotation.place, number)
            yield Turn(start, over, members[number % len(members)], rotation.name, "", key)
        number += 1


def _hand_over(rotation: Rotation, wall: datetime, number: int) -> datetime:
    """Return when a turn begins; the first one does exactly when it is said to."""
    moved = timedelta(number * rotation.days)
    begin = instant_of(wall + moved, rotation.zone) if moved else rotation.anchor
    return begin + number * rotation.seconds


def _opened(
    windows: Iterable[tuple[timedelta, timedelta]], zone: ZoneInfo, begin: datetime, until: datetime
) -> list[Time]:
    """Return when windows are open from `begin` to `until` and around; some meet or never open as clocks go forward."""
    first, last = (moment.astimezone(zone).replace(tzinfo=None) for moment in (begin, until))
    monday = datetime.combine(first.date() - timedelta(first.weekday()), time()) - WEEK
    times: list[Time] = []
    while monday <= last:
        times += [(instant_of(monday + opens, zone), instant_of(monday + closes, zone)) for opens, closes in windows]
        monday += WEEK
    return united(time for time in times if begin < time[1] and time[0] < time[1])


def _within(pieces: Iterable[Turn], times: Sequence[Time]) -> Iterator[Turn]:
    """Yield the parts of pieces that are in one of the times; both are in order."""
    place = 0
    for piece in pieces:
        while place < len(times) and times[place][1] <= piece.start:
            place += 1
        number = place
        while number < len(times) and times[number][0] < piece.end:
            yield piece.cut(*times[number])
            number += 1


def _without(pieces: Iterable[Turn], cover: Sequence[Turn]) -> Iterator[Turn]:
    """Yield the parts of pieces that are in none of `cover`; both are in order, without overlaps."""
    place = 0
    for piece in pieces:
        while place < len(cover) and cover[place].end <= piece.start:
            place += 1
        at, number = piece.start, place
        while number < len(cover) and cover[number].start < piece.end:
            if at < cover[number].start:
                yield piece.cut(at, cover[number].start)
            at = cover[number].end
            number += 1
        if at < piece.end:
            yield piece.cut(at, piece.end)


def _stood_in(one: StandIn, people: Iterable[Turn], start: datetime, end: datetime) -> Iterator[Turn]:
    """Yield when an override takes effect between two instants: always, or while the person replaced is on call."""
    begin, until = max(start, one.time[0]), min(end, one.time[1])
    if begin >= until:
        return
    if one.replaced is None:
        yield Turn(begin, until, one.person, "", one.id, (one.id,))
        return
    for turn in people:
        if turn.person and turn.person.id == one.replaced and turn.start < until and turn.end > begin:
            piece = turn.cut(begin, until)
            yield Turn(piece.start, piece.end, one.person, "", one.id, (one.id, *turn.key))


def _start(turn: Turn) -> datetime:
    return turn.start

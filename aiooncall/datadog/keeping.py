"""Keeping the person on call whose turn it is while a rotation is edited; nothing here reads or sends.

A turn belongs to the member whose number it has, counted from `rotation_start` on. So a member more or less, or another
interval, gives the present turn to somebody else. Here `rotation_start` is moved back by whole turns until the present
turn is that of the same person again. Hand-overs stay where the edit has them: in a week that begins on Monday at 9:00
they are on Mondays at 9:00 whichever turn is the first. It is never moved forward, since what happens before
`rotation_start` is not documented.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple, cast

import attrs

from aiooncall.datadog.models.schedule import Layer
from aiooncall.datadog.previews.moves import RotationMove
from aiooncall.datadog.rotation import on_call, turn_at, turn_start
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from aiooncall.coverage.models import Person
    from aiooncall.datadog.models.schedule import Schedule
    from aiooncall.datadog.rotation import Rotation, StandIn, Turn

_CYCLES: Final = 3
"""How many times all members are gone through: where clocks skip a start, the same turn of another cycle will do."""


class Plan(NamedTuple):
    """A schedule as it is or would be written.

    Attributes:
        schedule: the schedule.
        rotations: what its layers say of who is on call, one for each.
        moves: which of them were moved so that somebody stays on call.
    """

    schedule: Schedule
    rotations: Sequence[Rotation]
    moves: tuple[RotationMove, ...] = ()

    def layers(self) -> Iterator[tuple[Layer, Rotation]]:
        """Yield each layer with its rotation."""
        for layer, rotation in zip(self.schedule.layers or (), self.rotations, strict=True):
            assert isinstance(layer, Layer)  # noqa: S101 (narrowing: a reference has no rotation)
            yield layer, rotation


def keep_current(present: Plan, edited: Plan, stand_ins: Sequence[StandIn], at: datetime) -> Plan:
    """Return an edited schedule with rotations moved so that whoever is on call at an instant stays on call.

    Args:
        present: the schedule as it is.
        edited: the schedule as it would be written.
        stand_ins: the overrides that hold then.
        at: the instant, in UTC.

    Raises:
        OptionsError: that cannot be done by moving rotations.
    """
    turns = {layer.id: _present_turn(one, at) for layer, one in present.layers()}
    names = {layer.name: layer.id for layer, _ in present.layers()}
    moved = [_moved(one, turns.get(layer.id or names.get(layer.name, "")), at) for layer, one in edited.layers()]
    rotations = [one.rotation for one in moved]
    _check(_person_at(present.rotations, stand_ins, at), rotations, stand_ins, at)
    moves = tuple(one.move for one in moved if one.move)
    if not moves:
        return edited
    layers = [
        attrs.evolve(layer, rotation_start=one.rotation.anchor) if one.move else layer
        for (layer, _), one in zip(edited.layers(), moved, strict=True)
    ]
    return Plan(attrs.evolve(edited.schedule, layers=layers), rotations, moves)


class _Moved(NamedTuple):
    rotation: Rotation
    move: RotationMove | None = None


def _present_turn(rotation: Rotation, at: datetime) -> Turn | None:
    """Return whose turn it is, also outside of the layer's hours; nobody's if the layer is not in effect."""
    return turn_at(rotation, at) if rotation.life[0] <= at < rotation.life[1] else None


def _moved(rotation: Rotation, present: Turn | None, at: datetime) -> _Moved:
    """Return a rotation with an anchor by which the present turn is the same person's, if it can be."""
    planned = turn_at(rotation, at)
    if not present or not planned or planned.person == present.person or present.person not in rotation.members:
        return _Moved(rotation)
    drifted: _Moved | None = None
    for one in _moved_back(rotation, planned):
        turn = turn_at(one, at)
        if turn and turn.person == present.person:
            found = _Moved(one, _told(rotation, one, present, turn))
            if (turn.start, turn.end) == (planned.start, planned.end):
                return found
            drifted = drifted or found  # its hand-overs are at other hours, but the person stays
    return drifted or _Moved(rotation)


def _moved_back(rotation: Rotation, planned: Turn) -> Iterator[Rotation]:
    """Yield a rotation that has begun by the planned turn, and begins earlier by one turn more each time."""
    last = min(0, cast("int", planned.key[-1]))
    for number in range(last, last - _CYCLES * len(rotation.members), -1):
        yield attrs.evolve(rotation, anchor=turn_start(rotation, number))


def _told(rotation: Rotation, moved: Rotation, present: Turn, turn: Turn) -> RotationMove:
    following = turn_at(moved, turn.end)
    return RotationMove(
        layer=rotation.name,
        person=turn.person,
        before=rotation.anchor,
        after=moved.anchor,
        until_before=present.end,
        until_after=turn.end,
        following=following.person if following else None,
        zone=rotation.zone,
    )


def _person_at(rotations: Sequence[Rotation], stand_ins: Sequence[StandIn], at: datetime) -> Person | None:
    return next((turn.person for turn in on_call(rotations, stand_ins, at, at + at.resolution)), None)


def _check(person: Person | None, rotations: Sequence[Rotation], stand_ins: Sequence[StandIn], at: datetime) -> None:
    """Refuse an edit by which somebody does not stay on call, and say why."""
    if person is None or _person_at(rotations, stand_ins, at) == person:
        return
    if not any(person in rotation.members for rotation in rotations):
        why = "is no member of any layer then"
    else:
        why = "has no turn then: a layer does not hold at that time, or another one counts before it"
    wanted = f"False, or an edit that can leave {person.label} on call at {at.isoformat()}, who {why}"
    raise OptionsError("keep_current", value=True, expected=wanted)

"""Whom an edit of a schedule puts on call, and instead of whom."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall._base.zones import zone_info
from aiooncall.coverage.comparing import changes
from aiooncall.coverage.models import NOBODY, Gap
from aiooncall.coverage.periods import united
from aiooncall.coverage.tables import dumps
from aiooncall.coverage.wording import filled, moment
from aiooncall.datadog.layers import person_of, shift_of
from aiooncall.datadog.rotation import joined, on_call
from aiooncall.drawing.outline import human_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from aiooncall.coverage.models import CoverageChange, Person, Shift
    from aiooncall.coverage.periods import Time
    from aiooncall.datadog.keeping import Plan
    from aiooncall.datadog.models.people import User
    from aiooncall.datadog.models.schedule import Schedule
    from aiooncall.datadog.previews.moves import RotationMove
    from aiooncall.datadog.rotation import StandIn

MOST_LISTED: Final = 50
"""How many changes or gaps the text lists; the preview itself has all of them."""


@attrs.frozen(kw_only=True)
class SchedulePreview:
    """Who would be on call by an edited schedule, and who is by the present one. Nothing was written.

    Attributes:
        edited: the schedule as it would be written: give it to `update`. Rotations are moved in it if `keep_current`
            was asked for.
        start: the first instant of the time that was asked for, in UTC.
        end: the first instant after it, in UTC.
        at: the instant of `on_call_before` and `on_call_after`, in UTC.
        before: who is on call when by the present schedule.
        after: who is on call when by the edited one.
        changes: the times in which somebody else is on call, nobody, or one person more or less.
        new_gaps: the times in which nobody is on call any more.
        on_call_before: who is on call at the instant by the present schedule; None for nobody.
        on_call_after: who is on call then by the edited one; None for nobody.
        moves: how rotations were moved so that whoever is on call stays on call.
    """

    edited: Schedule
    start: datetime
    end: datetime
    at: datetime
    before: tuple[Shift, ...]
    after: tuple[Shift, ...]
    changes: tuple[CoverageChange, ...]
    new_gaps: tuple[Gap, ...]
    on_call_before: Person | None
    on_call_after: Person | None
    moves: tuple[RotationMove, ...] = ()

    def to_text(self) -> str:
        """Return the preview for people: lines of at most 80 characters, times in the zone of the schedule."""
        return "\n".join(_lines(self, zone_info("time_zone", self.edited.time_zone)))

    def to_json(self) -> str:
        """Return the preview for programs: a JSON object; shifts as `aiooncall.coverage.to_json` has them."""
        return dumps(_told(self))


def schedule_preview(
    present: Plan, edited: Plan, stand_ins: Sequence[StandIn], time: Time, at: datetime
) -> SchedulePreview:
    """Return what an edit changes in a time.

    Args:
        present: the schedule as it is.
        edited: the schedule as it would be written.
        stand_ins: the overrides of the time and of the instant.
        time: from when to when, in UTC.
        at: the instant at which to tell who is on call, in UTC.
    """
    before, after = (tuple(_shifts(plan, stand_ins, time)) for plan in (present, edited))
    now = (at, at + datetime.resolution)
    was, will = (next(_shifts(plan, stand_ins, now), None) for plan in (present, edited))
    found = tuple(changes(before, after))
    empty = united((change.start, change.end) for change in found if not change.after)
    return SchedulePreview(
        edited=edited.schedule,
        start=time[0],
        end=time[1],
        at=at,
        before=before,
        after=after,
        changes=found,
        new_gaps=tuple(Gap(start=start, end=end) for start, end in empty),
        on_call_before=was.person if was else None,
        on_call_after=will.person if will else None,
        moves=edited.moves,
    )


def unnamed(plans: Iterable[Plan]) -> set[str]:
    """Return the ids of members whose names no schedule tells."""
    people = [*_members(plans)]
    return {person.id for person in people} - {person.id for person in people if person.name}


def with_names(plan: Plan, others: Iterable[Plan], users: Mapping[str, User]) -> Plan:
    """Return a schedule whose members have the names that other schedules and users tell.

    Args:
        plan: the schedule.
        others: the other schedules.
        users: users by id.
    """
    known = {person.id: person for person in _members(others) if person.name}
    known |= {name: person for name, user in users.items() if (person := person_of(user))}
    rotations = [
        attrs.evolve(one, members=[person and known.get(person.id, person) for person in one.members])
        for one in plan.rotations
    ]
    return plan._replace(rotations=rotations)


def _members(plans: Iterable[Plan]) -> Iterator[Person]:
    return (person for plan in plans for one in plan.rotations for person in one.members if person)


def _shifts(plan: Plan, stand_ins: Sequence[StandIn], time: Time) -> Iterator[Shift]:
    return (shift_of(plan.schedule.id, turn) for turn in joined(on_call(plan.rotations, stand_ins, *time)))


def _lines(preview: SchedulePreview, zone: ZoneInfo) -> Iterator[str]:
    start, end, at = (moment(one, zone) for one in (preview.start, preview.end, preview.at))
    yield from filled(f"{preview.edited.label}: {start} to {end}, {zone.key}", hanging="  ")
    was, will = (person.label if person else NOBODY for person in (preview.on_call_before, preview.on_call_after))
    stays = preview.on_call_before == preview.on_call_after
    yield from filled(f"On call on {at}: {will}, {'as before' if stays else f'instead of {was}'}", hanging="  ")
    for move in preview.moves:
        yield from filled(move.summary, hanging="  ")
    yield from _listed("Changes", [(change.start, change.end, change.summary) for change in preview.changes], zone)
    yield from _listed("New gaps", [(gap.start, gap.end, "") for gap in preview.new_gaps], zone)


def _listed(title: str, rows: Sequence[tuple[datetime, datetime, str]], zone: ZoneInfo) -> Iterator[str]:
    """Yield times with what is said of them, each with its length."""
    yield ""
    yield f"{title}: {len(rows) or 'none'}"
    for start, end, said in islice(rows, MOST_LISTED):
        length = human_duration((end - start).total_seconds())
        yield from filled(f"{moment(start, zone)} to {moment(end, zone)}, {length}", "  ", "    ")
        if said:
            yield from filled(said, "    ")
    if len(rows) > MOST_LISTED:
        yield f"  and {len(rows) - MOST_LISTED} more"


def _told(preview: SchedulePreview) -> dict[str, object]:
    """Return what JSON tells: of the schedule what it is called, and everything else."""
    edited, names = preview.edited, [field.name for field in attrs.fields(SchedulePreview) if field.name != "edited"]
    head = {"schedule": edited.id, "name": edited.label, "time_zone": edited.time_zone}
    return {**head, **{name: getattr(preview, name) for name in names}}

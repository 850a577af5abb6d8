"""How the start of a rotation was moved so that somebody stays on call."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from aiooncall._text import one_line
from aiooncall.coverage.models import NOBODY
from aiooncall.coverage.wording import moment
from aiooncall.drawing.outline import human_duration

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from aiooncall.coverage.models import Person


@attrs.frozen(kw_only=True)
class RotationMove:
    """How the `rotation_start` of a layer was moved back so that the person on call stays. As text it says so.

    Attributes:
        layer: the name of the layer.
        person: who keeps the turn; None for an empty slot, which stays empty.
        before: the `rotation_start` that the edit has, in UTC.
        after: the one by which the person stays, in UTC.
        until_before: when the person's turn ends as the schedule is, in UTC.
        until_after: when it ends by the edit, in UTC.
        following: whose turn comes then; None for an empty slot.
        zone: the zone of the layer.
    """

    layer: str
    person: Person | None
    before: datetime
    after: datetime
    until_before: datetime
    until_after: datetime
    following: Person | None
    zone: ZoneInfo

    @property
    def summary(self) -> str:
        """How far it was moved, until when the turn goes on, and who takes over, in words."""
        first, moved = (at.astimezone(self.zone).replace(tzinfo=None) for at in (self.before, self.after))
        length = human_duration((first - moved).total_seconds())  # as clocks on the wall count it
        start, until, was = (moment(at, self.zone) for at in (self.after, self.until_after, self.until_before))
        held = "as before" if until == was else f"instead of {was}"
        person, following = (one.label if one else NOBODY for one in (self.person, self.following))
        return one_line(
            f"The rotation of {self.layer} starts {length} earlier, on {start}: {person} keeps the "
            f"turn until {until}, {held}, and then {following} takes over."
        )

    def __str__(self) -> str:
        return self.summary

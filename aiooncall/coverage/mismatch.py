"""The error that shifts which were computed are not what the server says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiooncall._text import one_line
from aiooncall.errors import OnCallError

if TYPE_CHECKING:
    from datetime import datetime


class ShiftMismatch(OnCallError):
    """Shifts that were computed are not what the server says of the same instant.

    Attributes:
        schedule: the id of the schedule.
        at: the first instant at which they differ.
        computed: who would be on call then, by name, as far as names are known; empty for nobody.
        answered: who is, as the server says.
        instants: how many instants were asked for.
        different: at how many of them the two differ.
    """

    def __init__(
        self,
        schedule: str,
        at: datetime,
        *,
        computed: tuple[str, ...],
        answered: tuple[str, ...],
        instants: int,
        different: int,
    ) -> None:
        self.schedule = schedule
        self.at = at
        self.computed = tuple(map(one_line, computed))
        self.answered = tuple(map(one_line, answered))
        self.instants = instants
        self.different = different
        ours, theirs = (", ".join(people) or "nobody" for people in (computed, answered))
        super().__init__(
            f"schedule {schedule!r} at {at.isoformat()}: computed {ours}, the server says {theirs} "
            f"({different} of {instants} instants differ)"
        )

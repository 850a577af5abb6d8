"""Whom an edit of an escalation policy reaches, and when, and whom the present one does."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import TYPE_CHECKING

import attrs

from aiooncall.coverage.models import PeopleChange
from aiooncall.coverage.tables import dumps
from aiooncall.coverage.wording import compared, filled, moment
from aiooncall.datadog.previews.timelines import COLUMN, after_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from aiooncall.coverage.models import Person
    from aiooncall.datadog.previews.timelines import EscalationTimeline


@attrs.frozen(kw_only=True)
class EscalationChange(PeopleChange):
    """Some time after a page other people are reached than before. As text it says who instead of whom.

    Attributes:
        elapsed: how long after the page; None if a wait is not known.
        before: who is reached then by the present policy; empty for nobody.
        after: who is reached then by the edited one; empty for nobody.
    """

    elapsed: timedelta | None
    before: tuple[Person, ...]
    after: tuple[Person, ...]

    def __str__(self) -> str:
        return f"{after_page(self.elapsed)}: {self.summary}"


@attrs.frozen(kw_only=True)
class PolicyPreview:
    """Whom a page would reach by an edited policy, and whom it does by the present one. Nothing was written.

    Attributes:
        at: when the page begins.
        before: whom it reaches by the present policy.
        after: whom it reaches by the edited one.
    """

    at: datetime
    before: EscalationTimeline
    after: EscalationTimeline

    @property
    def changes(self) -> tuple[EscalationChange, ...]:
        """When other people are reached, or nobody, or one person more or less; what is not known comes last."""
        return tuple(_changes(self.before, self.after))

    def to_text(self) -> str:
        """Return the preview for people, in lines of at most 80 characters: `-` what is gone, `+` what is new."""
        title = f"{self.after.name}: a page on {page_time(self.at)} reaches"
        return "\n".join([*filled(title), *signed(compared(self.before.lines(), self.after.lines()))])

    def to_json(self) -> str:
        """Return the preview for programs: a JSON object with durations in seconds."""
        return dumps({"at": self.at, "changes": self.changes, "before": self.before, "after": self.after})


def page_time(at: datetime) -> str:
    """Return when a page begins, with the zone in which that is said."""
    return f"{moment(at, at.tzinfo or UTC)} {at:%Z}"


def signed(lines: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Yield lines with their signs, and that nothing changes if none has one."""
    changed = False
    for sign, line in lines:
        changed = changed or sign != " "
        yield from filled(line, f"{sign} ", " " * (COLUMN + 4))
    if not changed:
        yield "Nothing changes."


def _changes(before: EscalationTimeline, after: EscalationTimeline) -> Iterator[EscalationChange]:
    was, now = before.reached(), after.reached()
    for elapsed in sorted({*was, *now}, key=lambda one: (one is None, one or timedelta())):
        one, other = was.get(elapsed, ()), now.get(elapsed, ())
        if {*one} != {*other}:
            yield EscalationChange(elapsed=elapsed, before=one, after=other)

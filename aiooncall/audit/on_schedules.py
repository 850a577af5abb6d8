"""What is wrong with one schedule: times with nobody, one person for too long, and an end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from aiooncall.audit.facts import OnDuty
from aiooncall.audit.kinds import FindingKind
from aiooncall.audit.models import Finding
from aiooncall.coverage.periods import united
from aiooncall.coverage.uncovered import gaps

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from aiooncall.audit.models import Place
    from aiooncall.audit.question import Question
    from aiooncall.coverage.models import Person, Shift
    from aiooncall.errors import OnCallError

SOON: Final = timedelta(days=366)
"""A schedule that ends later than this does not end in a way that matters."""


def on_schedule(
    schedule: Place, shifts: Sequence[Shift], ends: datetime | None, question: Question
) -> Iterator[Finding]:
    """Yield what is wrong with a schedule, of what is looked for.

    Args:
        schedule: which one it is.
        shifts: who is on call on it, for all of the time that is looked at.
        ends: when its last rotation ends; None if it goes on, or that is not known.
        question: what is looked for.
    """
    start, end = question.start, question.end
    if question.wants(FindingKind.GAP):
        yield from gaps_on(schedule, shifts, start, end)
    if question.wants(FindingKind.LONG_STRETCH):
        yield from long_stretches(schedule, shifts, question.longest)
    if question.wants(FindingKind.SCHEDULE_ENDS):
        yield from end_of(schedule, ends, start)


def not_computed(schedule: Place, problem: OnCallError) -> tuple[OnDuty, list[Finding]]:
    """Return that it is not known who is on call on a schedule, and why.

    Args:
        schedule: which one it is.
        problem: what is wrong with what was read.
    """
    return OnDuty(computed=False), [Finding(kind=FindingKind.NOT_COMPUTED, where=schedule, detail=str(problem))]


def gaps_on(schedule: Place, shifts: Sequence[Shift], start: datetime, end: datetime) -> Iterator[Finding]:
    """Yield one finding for all times in which nobody is on call on a schedule, if there are any.

    Args:
        schedule: which one it is.
        shifts: who is on call on it, for all of the time.
        start: the first instant to look at.
        end: the first one not to.
    """
    if times := tuple(gaps(shifts, start, end)):
        yield Finding(kind=FindingKind.GAP, where=schedule, times=times, since=times[0].start, until=times[-1].end)


def long_stretches(schedule: Place, shifts: Iterable[Shift], longest: timedelta) -> Iterator[Finding]:
    """Yield a finding for each time in which one person is on call on a schedule for longer than `longest`."""
    stretches: dict[Person, list[tuple[datetime, datetime]]] = {}
    for shift in shifts:
        if shift.person is not None:
            stretches.setdefault(shift.person, []).append((shift.start, shift.end))
    for person, times in stretches.items():
        for since, until in united(times):
            if until - since > longest:
                yield Finding(kind=FindingKind.LONG_STRETCH, where=schedule, person=person, since=since, until=until)


def end_of(schedule: Place, ends: datetime | None, start: datetime) -> Iterator[Finding]:
    """Yield a finding if a schedule ends, or has done so, by a year after `start`."""
    if ends is not None and ends - start <= SOON:
        yield Finding(kind=FindingKind.SCHEDULE_ENDS, where=schedule, since=ends)

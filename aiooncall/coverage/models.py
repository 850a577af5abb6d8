"""Values of coverage: who is on call when, in one shape for all providers."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall._text import one_line

if TYPE_CHECKING:
    from datetime import datetime

NOBODY: Final = "nobody"


@attrs.frozen(kw_only=True)
class Person:
    """Somebody who can be on call. Two of them with one id are the same person, whatever else is known.

    Attributes:
        id: the user's id.
        name: the name, if the provider told it.
        email: the email address, if the provider told it.
    """

    id: str
    name: str | None = attrs.field(default=None, eq=False)
    email: str | None = attrs.field(default=None, eq=False)

    @property
    def label(self) -> str:
        """The name, else the email address, else the id."""
        return self.name or self.email or self.id


@attrs.frozen(kw_only=True)
class Shift:
    """A time in which one person is on call on a schedule, or in which its turn is an empty slot.

    It holds its start and not its end, so that shifts which follow each other share no instant.

    Attributes:
        schedule: the id of the schedule.
        person: who is on call; None for an empty slot: the schedule has a turn, and nobody in it.
        start: the first instant, in UTC.
        end: the first instant after it, in UTC.
        layer: the name of the layer whose turn it is; empty if the provider does not tell, and for an override.
        override: the id of the override by which somebody stands in; empty if it is a turn.
    """

    schedule: str
    person: Person | None
    start: datetime
    end: datetime
    layer: str = ""
    override: str = ""

    @property
    def length(self) -> timedelta:
        """How long it takes."""
        return self.end - self.start

    @property
    def label(self) -> str:
        """What to call who is on call; `nobody` for an empty slot."""
        return self.person.label if self.person else NOBODY


@attrs.frozen(kw_only=True)
class Gap:
    """A time in which nobody is on call.

    Attributes:
        start: the first instant, in UTC.
        end: the first instant after it, in UTC.
    """

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """How long it takes."""
        return self.end - self.start


@attrs.frozen(kw_only=True)
class Hours:
    """How long one person is on call. An hour can be of a night, of a weekend and of a holiday all at once.

    Attributes:
        person: who.
        total: the whole time.
        nights: what of it is at night.
        weekends: what of it is on a weekend.
        holidays: what of it is on a holiday.
    """

    person: Person
    total: timedelta
    nights: timedelta = timedelta()
    weekends: timedelta = timedelta()
    holidays: timedelta = timedelta()


class PeopleChange:
    """Other people than before: what is told of it by its two fields, `before` and `after`."""

    __slots__ = ()
    before: tuple[Person, ...]
    after: tuple[Person, ...]

    @property
    def gone(self) -> tuple[Person, ...]:
        """Who is no longer on call."""
        return tuple(person for person in self.before if person not in self.after)

    @property
    def added(self) -> tuple[Person, ...]:
        """Who is on call now and was not."""
        return tuple(person for person in self.after if person not in self.before)

    @property
    def summary(self) -> str:
        """The change in words, with names."""
        gone, added = (", ".join(person.label for person in people) for people in (self.gone, self.added))
        if not self.after:
            words = f"{NOBODY} instead of {gone}"
        elif not self.before:
            words = f"{added} instead of {NOBODY}"
        elif gone and added:
            words = f"{added} instead of {gone}"
        else:
            words = f"{added} as well" if added else f"without {gone}"
        return one_line(words)


@attrs.frozen(kw_only=True)
class CoverageChange(PeopleChange):
    """A time in which other people are on call than before. As text it says who instead of whom.

    Attributes:
        schedule: the id of the schedule.
        start: the first instant, in UTC.
        end: the first instant after it, in UTC.
        before: who was on call; empty for nobody.
        after: who is on call now; empty for nobody.
    """

    schedule: str
    start: datetime
    end: datetime
    before: tuple[Person, ...]
    after: tuple[Person, ...]

    def __str__(self) -> str:
        return f"{self.start.isoformat()} to {self.end.isoformat()}: {self.summary}"

"""Who is on call, in one shape for all providers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

if TYPE_CHECKING:
    from datetime import datetime


@attrs.frozen(kw_only=True)
class Responder:
    """A person on duty.

    Attributes:
        id: the user's id.
        name: the name, if the provider told it.
        email: the email address, if the provider told it.
        start: when the shift began or begins; None for somebody who is not on call by a schedule.
        end: when it ends.
    """

    id: str
    name: str | None = None
    email: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    @property
    def label(self) -> str:
        """What to call the person: the name, else the email address, else the id."""
        return self.name or self.email or self.id


@attrs.frozen(kw_only=True)
class OnCall:
    """Who is on call at one instant.

    Attributes:
        at: the instant.
        current: who is on call then.
        previous: whose shift was before that.
        next: whose shift comes after that.
        escalations: for a team, whom each later step of its policy reaches; empty for a step that reaches nobody.
        lacks: what the team does not have, so that nobody can be on call for it: `routing rules`, `routing rule with a
            policy` or `schedules`. Empty if it has what it takes.
    """

    at: datetime
    current: tuple[Responder, ...] = ()
    previous: tuple[Responder, ...] = ()
    next: tuple[Responder, ...] = ()
    escalations: tuple[tuple[Responder, ...], ...] = ()
    lacks: str = ""

    def at_position(self, position: object) -> tuple[Responder, ...]:
        """Return who has a position: `previous`, `current` or `next`; nobody has one that is not known."""
        places = {"previous": self.previous, "current": self.current, "next": self.next}
        return places.get(str(position), ())

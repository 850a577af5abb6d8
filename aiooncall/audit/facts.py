"""What an audit decides by: plain facts of an account, the same for all providers."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aiooncall.audit.models import Place
    from aiooncall.coverage.models import Person

HIGH: Final = "high"
LOW: Final = "low"
URGENCIES: Final = (HIGH, LOW)
"""The urgencies that a page can have."""


class TargetKind(StrEnum):
    """What a step points at."""

    PERSON = "person"
    SCHEDULE = "schedule"
    TEAM = "team"
    UNKNOWN = "unknown"
    """Something else; it is taken to reach somebody, as nothing is known of it."""


class Status(StrEnum):
    """Where a person's account is in its life."""

    ACTIVE = "active"
    PENDING = "pending"
    DISABLED = "disabled"


@attrs.frozen
class Target:
    """One target of a step."""

    kind: TargetKind
    id: str


@attrs.frozen
class Standing:
    """A person at a place, with the status of the account if it is told there."""

    person: Person
    place: Place
    status: Status | None = None


@attrs.frozen(kw_only=True)
class Step:
    """One step of an escalation policy.

    Attributes:
        place: the step.
        targets: whom it tells.
        people: those of them who are people.
        urgency: of what it sends; empty if that is the page's.
    """

    place: Place
    targets: tuple[Target, ...]
    people: tuple[Standing, ...] = ()
    urgency: str = ""


@attrs.frozen(kw_only=True)
class Policy:
    """An escalation policy.

    Attributes:
        place: the policy.
        steps: its steps, in order.
        teams: the ids of the teams that own it.
    """

    place: Place
    steps: tuple[Step, ...]
    teams: frozenset[str] = frozenset()


@attrs.frozen(kw_only=True)
class Route:
    """A routing rule that pages.

    Attributes:
        policy: the id of the policy that it leads to; empty if it leads elsewhere.
        urgencies: which urgencies its pages have.
        catches_all: whether it takes whatever reaches it.
    """

    policy: str
    urgencies: frozenset[str]
    catches_all: bool


@attrs.frozen(kw_only=True)
class Routing:
    """All that leads pages from one place to policies, in order.

    Attributes:
        place: the team, or the integration.
        routes: its routing rules that can be reached and page.
        in_use: whether it is, even without a rule; else that depends on what belongs to it.
    """

    place: Place
    routes: tuple[Route, ...]
    in_use: bool = False


@attrs.frozen(kw_only=True)
class OnDuty:
    """Who is on call on a schedule in the time that is looked at.

    Attributes:
        first: when each person is first on call, by id.
        people: everybody who has a place on it, on call in that time or not.
        computed: whether who is on call is known.
    """

    first: Mapping[str, datetime] = attrs.field(factory=dict[str, "datetime"])
    people: tuple[Standing, ...] = ()
    computed: bool = True

"""What is wrong with people: accounts that are of no use any more or yet, and missing notification rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import attrs

from aiooncall.audit.facts import URGENCIES, Status, TargetKind
from aiooncall.audit.kinds import FindingKind, PlaceKind
from aiooncall.audit.models import Finding, Place

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from aiooncall.audit.facts import OnDuty, Standing, Target
    from aiooncall.coverage.models import Person

_KINDS = {Status.DISABLED: FindingKind.PERSON_DISABLED, Status.PENDING: FindingKind.PERSON_PENDING}


@attrs.define
class Seen:
    """A person, and where they were seen.

    Attributes:
        person: who.
        status: of the account; taken for active unless the provider says otherwise.
        places: the schedules and steps.
        first: when they are first on call on a schedule, in the time that is looked at.
        urgencies: which urgencies reach them.
    """

    person: Person
    status: Status = Status.ACTIVE
    places: dict[Place, None] = attrs.field(factory=dict[Place, None])
    first: datetime | None = None
    urgencies: set[str] = attrs.field(factory=set[str])


class People:
    """Everybody who was seen, by id."""

    def __init__(self) -> None:
        self._seen: dict[str, Seen] = {}

    def __iter__(self) -> Iterator[Seen]:
        return iter(self._seen.values())

    def see(self, stands: Standing, first: datetime | None = None) -> None:
        """Take in that a person stands somewhere, and when they are first on call there."""
        seen = self._seen.setdefault(stands.person.id, Seen(stands.person))
        if seen.person.label == stands.person.id:
            seen.person = stands.person  # a place that told no name was seen first
        if stands.status is not None:
            seen.status = stands.status
        seen.places[stands.place] = None
        if first is not None:
            seen.first = min(seen.first or first, first)

    def see_on(self, duty: OnDuty) -> None:
        """Take in who has a place on a schedule."""
        for stands in duty.people:
            self.see(stands, duty.first.get(stands.person.id))

    def reach(self, urgencies: Mapping[Target, Collection[str]], on_duty: Mapping[str, OnDuty]) -> None:
        """Take in which urgencies reach persons and schedules, and so whoever is on call on these."""
        for target, some in urgencies.items():
            duty = on_duty.get(target.id) if target.kind is TargetKind.SCHEDULE else None
            reached: Iterable[str] = duty.first if duty else (target.id,)
            for seen in filter(None, map(self._seen.get, reached)):
                seen.urgencies.update(some)

    @property
    def statuses(self) -> dict[str, Status]:
        """The status of each."""
        return {person_id: seen.status for person_id, seen in self._seen.items()}

    def to_ask(self, urgencies: Collection[str]) -> dict[str, Seen]:
        """Return those, by id, who have to have a rule for any of some urgencies, and whose account is in use."""
        return {
            person_id: seen
            for person_id, seen in self._seen.items()
            if seen.status is Status.ACTIVE and not seen.urgencies.isdisjoint(urgencies)
        }


def accounts(people: Iterable[Seen]) -> Iterator[Finding]:
    """Yield a finding for each person whose account is disabled or pending."""
    for seen in people:
        if seen.status in _KINDS:
            yield _finding(_KINDS[seen.status], seen)


def without_rules(seen: Seen, told: Collection[str], urgencies: Collection[str]) -> Iterator[Finding]:
    """Yield a finding for each urgency that reaches a person who has no rule for it.

    Args:
        seen: the person.
        told: the urgencies for which the person has a rule whose channel can be used.
        urgencies: those that are looked at.
    """
    for urgency in URGENCIES:
        if urgency in urgencies and urgency in seen.urgencies and urgency not in told:
            yield _finding(FindingKind.NO_NOTIFICATION_RULE, seen, urgency)


def _finding(kind: FindingKind, seen: Seen, urgency: str = "") -> Finding:
    person = seen.person
    return Finding(
        kind=kind,
        where=Place(kind=PlaceKind.PERSON, id=person.id, name=person.label),
        seen_in=tuple(seen.places),
        person=person,
        since=seen.first,
        urgency=urgency,
    )

"""Values of an audit: what was found, where, from when until when, and what to do."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall._text import one_line
from aiooncall.audit.kinds import ADVICE, SEVERITIES, FindingKind
from aiooncall.drawing.outline import human_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from aiooncall.audit.kinds import PlaceKind, Severity
    from aiooncall.coverage.models import Gap, Person


@attrs.frozen(kw_only=True)
class Place:
    """What a finding is about.

    Attributes:
        kind: what it is.
        id: its id; empty for the account.
        name: what to call it; the id if nothing better is known.
    """

    kind: PlaceKind
    id: str = ""
    name: str = attrs.field(default="", converter=one_line)

    def __str__(self) -> str:
        named = self.name or self.id
        return one_line(f"{self.kind} {named}" if named else str(self.kind))


@attrs.frozen(kw_only=True)
class Finding:
    """Something that is wrong.

    Attributes:
        kind: what is wrong.
        where: what it is about.
        seen_in: where a person stands: the schedules and steps.
        person: who it is about, if it is about somebody.
        since: the first instant at which it holds, in UTC; None if it always does.
        until: the first instant at which it no longer does, in UTC; None if no end is known.
        times: for a gap each time in which nobody is on call, in order.
        urgency: for a missing notification rule the urgency of the pages: `high` or `low`.
        count: how many things it is about; more than one only for what may not be read.
        detail: what else there is to know.
    """

    kind: FindingKind
    where: Place
    seen_in: tuple[Place, ...] = ()
    person: Person | None = None
    since: datetime | None = None
    until: datetime | None = None
    times: tuple[Gap, ...] = ()
    urgency: str = ""
    count: int = 1
    detail: str = attrs.field(default="", converter=one_line)

    @property
    def severity(self) -> Severity:
        """How bad it is; each kind has one severity."""
        return SEVERITIES[self.kind]

    @property
    def summary(self) -> str:
        """What is wrong, in one sentence without names of places."""
        return one_line(_SUMMARIES[self.kind](self))

    @property
    def what_to_do(self) -> str:
        """What to do about it, in one sentence."""
        return ADVICE[self.kind]

    def __str__(self) -> str:
        return f"{self.severity}: {self.where}: {self.summary}"


def moment(at: datetime) -> str:
    """Return an instant to the minute, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _gap(finding: Finding) -> str:
    length = human_duration(sum(time.length.total_seconds() for time in finding.times))
    times = f"{len(finding.times)} times, {length} in all" if len(finding.times) > 1 else length
    return f"nobody is on call ({times}){_between(finding)}"


def _between(finding: Finding) -> str:
    since = f" from {moment(finding.since)}" if finding.since else ""
    return since + (f" to {moment(finding.until)}" if finding.until else "")


def _seen_in(finding: Finding) -> str:
    places = ", ".join(map(str, finding.seen_in))
    first = f", first on call {moment(finding.since)}" if finding.since else ""
    return (f" (in {places})" if places else "") + first


def _ends(finding: Finding) -> str:
    return f"the last rotation ends{f' {moment(finding.since)}' if finding.since else ''}"


def _stretch(finding: Finding) -> str:
    who = finding.person.label if finding.person else "one person"
    length = (finding.until - finding.since).total_seconds() if finding.since and finding.until else 0
    return f"{who} is on call without a break for {human_duration(length)}{_between(finding)}"


_SUMMARIES: Final[Mapping[FindingKind, Callable[[Finding], str]]] = {
    FindingKind.GAP: _gap,
    FindingKind.PERSON_DISABLED: lambda finding: f"left, or is never notified{_seen_in(finding)}",
    FindingKind.PERSON_PENDING: lambda finding: f"has never signed in{_seen_in(finding)}",
    FindingKind.NO_NOTIFICATION_RULE: lambda finding: (
        f"has no notification rule for {finding.urgency}-urgency pages{_seen_in(finding)}"
    ),
    FindingKind.STEP_REACHES_NOBODY: lambda _: "reaches nobody",
    FindingKind.POLICY_NOT_ROUTED: lambda finding: f"no routing rule {finding.detail or 'leads to it'}",
    FindingKind.NO_CATCH_ALL: lambda _: "no routing rule pages for what the others leave",
    FindingKind.LONG_STRETCH: _stretch,
    FindingKind.SCHEDULE_ENDS: _ends,
    FindingKind.NOT_COMPUTED: lambda finding: f"who is on call cannot be computed: {finding.detail}",
    FindingKind.NOT_ALLOWED: lambda finding: f"may not be read: {finding.detail}",
}

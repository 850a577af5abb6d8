"""What came of an audit: its findings, and the requests that it took."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import attrs

from aiooncall.audit.kinds import FindingKind, Severity
from aiooncall.audit.models import moment
from aiooncall.audit.rendering import lines_of, row_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
    from datetime import datetime

    from aiooncall.audit.models import Finding


@attrs.define(kw_only=True)
class AuditRequests:
    """How many requests an audit takes, counted before they are sent, and how many came to an end.

    People are known once the schedules were read, and counted from then on. A list of overrides that has any takes one
    more request than is counted, because only an empty page is known to be the last.

    Attributes:
        lists: pages of lists: teams, escalation policies, schedules.
        rules: reads of routing rules, one a team.
        schedules: reads of schedules, one each.
        overrides: lists of overrides, one for each 45 days of each schedule.
        people: reads of notification rules, one a person.
        sent: how many came to an end, attempts that failed included.
    """

    lists: int = 0
    rules: int = 0
    schedules: int = 0
    overrides: int = 0
    people: int = 0
    sent: int = 0

    @property
    def planned(self) -> int:
        """How many there are in all, as far as they are known."""
        return self.lists + self.rules + self.schedules + self.overrides + self.people


@attrs.frozen
class AuditStream:
    """The findings of an audit that runs while they are read, once: a second iteration is a RuntimeError.

    Attributes:
        requests: how many requests it takes and has sent so far.
    """

    requests: AuditRequests
    _find: Callable[[], AsyncGenerator[Finding]]

    def __aiter__(self) -> AsyncGenerator[Finding]:
        return self._find()


@attrs.frozen(kw_only=True)
class Audit:
    """What came of an audit.

    Attributes:
        start: the first instant that was looked at, in UTC.
        end: the first instant that was not, in UTC.
        findings: what was found, the worst first, then by place.
        requests: how many requests it took.
    """

    start: datetime
    end: datetime
    findings: tuple[Finding, ...]
    requests: AuditRequests

    @property
    def counts(self) -> Mapping[str, int]:
        """How many findings there are of each kind; kinds without any are 0."""
        return {**dict.fromkeys(FindingKind, 0), **Counter(finding.kind for finding in self.findings)}

    @property
    def severities(self) -> Mapping[str, int]:
        """How many findings there are of each severity, the worst first."""
        return {**dict.fromkeys(Severity, 0), **Counter(finding.severity for finding in self.findings)}

    def of(self, *kinds: FindingKind | str) -> tuple[Finding, ...]:
        """Return the findings of some kinds."""
        return tuple(finding for finding in self.findings if finding.kind in kinds)

    def to_text(self) -> str:
        """Return the report in lines, for a terminal or a log."""
        return "\n".join(self._lines()) + "\n"

    def to_json(self) -> str:
        """Return the report as a JSON object; fields can be added to it."""
        whole = {
            "start": self.start.isoformat(),
            "end": self.end.isoformat(),
            "counts": dict(self.counts),
            "severities": dict(self.severities),
            "requests": {"planned": self.requests.planned, "sent": self.requests.sent},
            "findings": [row_of(finding) for finding in self.findings],
        }
        return json.dumps(whole, indent=2)

    def _lines(self) -> Iterator[str]:
        counted = ", ".join(f"{count} {severity}" for severity, count in self.severities.items() if count)
        yield f"On-call audit, {moment(self.start)} to {moment(self.end)}: {counted or 'nothing found'}"
        for finding in self.findings:
            yield ""
            yield from lines_of(finding)
        yield ""
        yield f"{self.requests.sent} requests were sent, {self.requests.planned} were planned."


def worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Return findings in the order of a report: by severity, then by kind, then by place."""
    severities, kinds = list(Severity), list(FindingKind)
    return tuple(
        sorted(
            findings,
            key=lambda found: (
                severities.index(found.severity),
                kinds.index(found.kind),
                str(found.where),
                found.where.id,
                found.urgency,
                found.since.timestamp() if found.since else 0.0,
            ),
        )
    )

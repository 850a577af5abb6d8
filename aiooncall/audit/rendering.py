"""One finding as a JSON object and as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from aiooncall.audit.models import moment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall.audit.models import Finding, Place
    from aiooncall.coverage.models import Gap

MOST_TIMES: Final = 5
"""How many gaps of a schedule the text lists."""


def row_of(finding: Finding) -> dict[str, Any]:
    """Return a finding as a JSON object; what is not known is null."""
    person = finding.person
    return {
        "kind": finding.kind,
        "severity": finding.severity,
        "where": _place(finding.where),
        "seen_in": [_place(place) for place in finding.seen_in],
        "person": person and {"id": person.id, "name": person.name, "email": person.email},
        "since": finding.since and finding.since.isoformat(),
        "until": finding.until and finding.until.isoformat(),
        "times": [{"start": time.start.isoformat(), "end": time.end.isoformat()} for time in finding.times],
        "urgency": finding.urgency or None,
        "count": finding.count,
        "detail": finding.detail or None,
        "summary": finding.summary,
        "what_to_do": finding.what_to_do,
    }


def _place(place: Place) -> dict[str, str | None]:
    return {"kind": place.kind, "id": place.id or None, "name": place.name or None}


def lines_of(finding: Finding) -> Iterator[str]:
    """Yield the lines that a text says of a finding."""
    yield str(finding)
    for time in finding.times[:MOST_TIMES] if len(finding.times) > 1 else ():
        yield f"  {_time(time)}"
    if len(finding.times) > MOST_TIMES:
        yield f"  and {len(finding.times) - MOST_TIMES} more"
    yield f"  {finding.what_to_do}"


def _time(time: Gap) -> str:
    return f"{moment(time.start)} to {moment(time.end)}"

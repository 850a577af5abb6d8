"""The report of an audit, and what one schedule alone tells."""

from __future__ import annotations

import json
import pickle
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aiooncall.audit import Audit, AuditRequests, Finding, FindingKind, Place, PlaceKind, Severity
from aiooncall.audit.kinds import ADVICE, SEVERITIES
from aiooncall.audit.on_schedules import end_of, long_stretches
from aiooncall.audit.question import Question
from aiooncall.audit.report import worst_first
from aiooncall.coverage import Gap, Person, Shift
from aiooncall.datadog import Layer, Schedule
from aiooncall.datadog.audit_facts import judged

DOCUMENTED = Path(__file__).parents[2] / "docs" / "audit.md"
START = datetime(2031, 3, 3, tzinfo=UTC)
DAY = timedelta(days=1)
ANN = Person(id="u1", name="Ann Lee", email="ann@example.com")
SCHEDULE = Place(kind=PlaceKind.SCHEDULE, id="s1", name="Primary")
PERSON = Place(kind=PlaceKind.PERSON, id="u1", name="Ann Lee")
GAPS = tuple(Gap(start=START + n * DAY, end=START + n * DAY + timedelta(hours=2)) for n in range(7))
FINDINGS = [
    Finding(kind=FindingKind.LONG_STRETCH, where=SCHEDULE, person=ANN, since=START, until=START + 9 * DAY),
    Finding(kind=FindingKind.NO_NOTIFICATION_RULE, where=PERSON, person=ANN, seen_in=(SCHEDULE,), urgency="high"),
    Finding(kind=FindingKind.GAP, where=SCHEDULE, times=GAPS, since=GAPS[0].start, until=GAPS[-1].end),
    Finding(kind=FindingKind.SCHEDULE_ENDS, where=SCHEDULE, since=START + 3 * DAY),
]


@pytest.fixture
def audit() -> Audit:
    """Return a report of four findings."""
    requests = AuditRequests(lists=3, rules=2, sent=5)
    return Audit(start=START, end=START + 14 * DAY, findings=worst_first(FINDINGS), requests=requests)


def test_report_as_text(audit: Audit) -> None:
    """The text names the worst first, each with what to do, and lists no more than five times of a gap."""
    assert audit.to_text().splitlines() == [
        "On-call audit, 2031-03-03 00:00 UTC to 2031-03-17 00:00 UTC: 2 critical, 1 warning, 1 info",
        "",
        (
            "critical: schedule Primary: nobody is on call (7 times, 14 h in all) from 2031-03-03 00:00 UTC "
            "to 2031-03-09 02:00 UTC"
        ),
        *[f"  2031-03-0{day} 00:00 UTC to 2031-03-0{day} 02:00 UTC" for day in range(3, 8)],
        "  and 2 more",
        f"  {ADVICE[FindingKind.GAP]}",
        "",
        "critical: person Ann Lee: has no notification rule for high-urgency pages (in schedule Primary)",
        f"  {ADVICE[FindingKind.NO_NOTIFICATION_RULE]}",
        "",
        "warning: schedule Primary: the last rotation ends 2031-03-06 00:00 UTC",
        f"  {ADVICE[FindingKind.SCHEDULE_ENDS]}",
        "",
        (
            "info: schedule Primary: Ann Lee is on call without a break for 9 d from 2031-03-03 00:00 UTC "
            "to 2031-03-12 00:00 UTC"
        ),
        f"  {ADVICE[FindingKind.LONG_STRETCH]}",
        "",
        "5 requests were sent, 5 were planned.",
    ]


def test_report_as_json(audit: Audit) -> None:
    """The JSON has every field of every finding, counts of all kinds, and null for what is not known."""
    told = json.loads(audit.to_json())
    assert told["start"] == "2031-03-03T00:00:00+00:00"
    assert told["counts"] == {**dict.fromkeys(map(str, FindingKind), 0), **{str(one.kind): 1 for one in FINDINGS}}
    assert told["severities"] == {"critical": 2, "warning": 1, "info": 1}
    assert told["requests"] == {"planned": 5, "sent": 5}
    assert [one["kind"] for one in told["findings"]] == [str(one.kind) for one in audit.findings]
    rule = told["findings"][1]
    assert rule.pop("summary") == audit.findings[1].summary
    assert rule == {
        "kind": "no_notification_rule",
        "severity": "critical",
        "where": {"kind": "person", "id": "u1", "name": "Ann Lee"},
        "seen_in": [{"kind": "schedule", "id": "s1", "name": "Primary"}],
        "person": {"id": "u1", "name": "Ann Lee", "email": "ann@example.com"},
        "since": None,
        "until": None,
        "times": [],
        "urgency": "high",
        "count": 1,
        "detail": None,
        "what_to_do": ADVICE[FindingKind.NO_NOTIFICATION_RULE],
    }


def test_report_answers_questions(audit: Audit) -> None:
    """Findings can be asked for by kind, and are counted by kind and by severity."""
    assert [one.kind for one in audit.of("gap", FindingKind.SCHEDULE_ENDS)] == ["gap", "schedule_ends"]
    assert audit.counts[FindingKind.GAP] == 1
    assert audit.severities[Severity.CRITICAL] == 2


def test_every_kind_has_a_severity_and_advice() -> None:
    """No kind of finding lacks its severity, what to do, or a sentence."""
    assert {*SEVERITIES} == {*ADVICE} == {*FindingKind}
    for kind in FindingKind:
        assert Finding(kind=kind, where=SCHEDULE).summary


def test_documentation_tells_of_every_kind() -> None:
    """The table of kinds has each with its severity and what to do, the worst first."""
    rows = re.findall(
        r"^\| `(\w+)` \| (\w+) \| [^|]+ \| ([^|]+) \|$", DOCUMENTED.read_text(encoding="utf-8"), re.MULTILINE
    )
    assert {kind: (severity, advice) for kind, severity, advice in rows} == {
        str(kind): (str(SEVERITIES[kind]), ADVICE[kind]) for kind in FindingKind
    }
    assert [severity for _, severity, _ in rows] == sorted((row[1] for row in rows), key=[*Severity].index)


def test_texts_from_elsewhere_are_harmless() -> None:
    """A name with control characters, or one that turns the direction of writing, stays on its line."""
    evil = "Ann\n\x1b[31mcritical: fake\u202e"
    finding = Finding(
        kind=FindingKind.LONG_STRETCH,
        where=Place(kind=PlaceKind.SCHEDULE, id="s\n1", name=evil),
        person=Person(id="u1", name=evil),
        detail=evil,
        since=START,
        until=START + DAY,
    )
    text = Audit(start=START, end=START + DAY, findings=(finding,), requests=AuditRequests()).to_text()
    assert not {"\x1b", "\u202e"} & set(text)
    assert len(text.splitlines()) == 6


def test_findings_and_reports_can_be_pickled(audit: Audit) -> None:
    """A report can be handed to another process."""
    assert pickle.loads(pickle.dumps(audit)) == audit


@pytest.mark.parametrize(("days", "told"), [(-5, 1), (0, 1), (366, 1), (367, 0)])
def test_end_counts_if_it_is_near(days: int, told: int) -> None:
    """A schedule ends if it has ended, or does so within a year; later is as good as never."""
    assert len(list(end_of(SCHEDULE, START + days * DAY, START))) == told


def test_stretch_is_over_when_somebody_else_is_on_call() -> None:
    """Shifts of one person that follow each other are one stretch, and exactly the longest allowed is none too long."""
    ben = Person(id="u2")
    turns = [(ANN, 0, 2), (ANN, 2, 3), (ben, 3, 4), (ANN, 4, 8), (None, 8, 20)]
    shifts = [Shift(schedule="s1", person=who, start=START + a * DAY, end=START + b * DAY) for who, a, b in turns]
    found = list(long_stretches(SCHEDULE, shifts, 3 * DAY))
    assert [(one.person, one.since, one.until) for one in found] == [(ANN, START + 4 * DAY, START + 8 * DAY)]


@pytest.mark.parametrize(
    ("schedule", "why"),
    [
        (Schedule(id="s1", time_zone="Etc/UTC"), "the layers of the schedule were not read"),
        (Schedule(id="s1", time_zone="Etc/UTC", layers=[Layer(name="Days", members=[])]), "interval"),
    ],
)
def test_schedule_that_cannot_be_computed_is_a_finding(schedule: Schedule, why: str) -> None:
    """One schedule that is not understood does not end the audit: it is told, with the reason."""
    asked = Question(
        start=START,
        end=START + DAY,
        teams=None,
        kinds=frozenset(FindingKind),
        urgencies=frozenset({"high"}),
        longest=DAY,
        concurrency=1,
    )
    duty, (finding,) = judged(SCHEDULE, schedule, (), asked)
    assert not duty.computed
    assert finding.kind is FindingKind.NOT_COMPUTED
    assert why in finding.summary

"""The report of an audit as a page: whole, safe, and with a picture of who is on call."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from aiooncall import OptionsError
from aiooncall.audit import Audit, AuditRequests, Finding, FindingKind, Place, PlaceKind, audit_html
from aiooncall.audit.kinds import ADVICE
from aiooncall.coverage import Gap, Person, Shift

START: Final = datetime(2031, 3, 3, tzinfo=UTC)
DAY: Final = timedelta(days=1)
NASTY: Final = "<script>alert(1)</script>\x1b[31m&\u202e"
PLACE: Final = Place(kind=PlaceKind.SCHEDULE, id="s1", name=NASTY)
GAPS: Final = tuple(Gap(start=START + n * DAY, end=START + n * DAY + timedelta(hours=2)) for n in range(7))
GAP: Final = Finding(kind=FindingKind.GAP, where=PLACE, times=GAPS, since=GAPS[0].start, until=GAPS[-1].end)
ENDS: Final = Finding(kind=FindingKind.SCHEDULE_ENDS, where=PLACE, since=START)
HIDDEN: Final = Finding(kind=FindingKind.NOT_ALLOWED, where=Place(kind=PlaceKind.ACCOUNT), count=3, detail="rules")
SHIFT: Final = Shift(schedule="s1", person=Person(id="p", name=NASTY), start=START, end=START + DAY)


def audit(*findings: Finding) -> Audit:
    """Return a report."""
    requests = AuditRequests(lists=1200, sent=1201)
    return Audit(start=START, end=START + 7 * DAY, findings=findings, requests=requests)


def test_page_says_everything() -> None:
    """Each finding is there with what to do and each of its times, by severity, and the requests are counted."""
    page = audit_html(audit(GAP, ENDS, HIDDEN))
    assert "<h1>1 critical, 1 warning, 1 info</h1>" in page
    assert page.index("Critical: ") < page.index("Warnings: ") < page.index("To know")
    for finding in (GAP, ENDS, HIDDEN):
        assert ADVICE[finding.kind] in page
        assert f"<p>{finding.summary}</p>" in page
    assert page.count("02:00 UTC</li>") == len(GAPS)
    assert re.search("sent</th><td>1,201<", page)
    assert "2031-03-03 00:00 UTC to 2031-03-10 00:00 UTC" in page


@pytest.mark.parametrize(
    ("findings", "tone"), [((GAP, ENDS), "bad"), ((ENDS,), "open"), ((HIDDEN,), "good"), ((), "good")]
)
def test_tone(findings: tuple[Finding, ...], tone: str) -> None:
    """The page looks as bad as the worst of its findings."""
    page = audit_html(audit(*findings))
    assert f'<header class="{tone}">' in page
    assert ("<h1>Nothing found</h1>" in page) is (findings == ())


def test_page_has_the_picture() -> None:
    """Shifts are drawn, a row for each schedule; without any there is no picture."""
    page = audit_html(audit(GAP), [SHIFT], names={"s1": "Primary", "s2": "Secondary"}, zone="Europe/Paris")
    assert page.count("<svg ") == 1
    assert "<title>Secondary</title>" in page
    assert "Europe/Paris · 2 schedules" in page
    assert "<svg" not in audit_html(audit(GAP))
    with pytest.raises(OptionsError, match="zone"):
        audit_html(audit(GAP), [SHIFT], zone="Mars/Base")


def test_page_is_safe() -> None:
    """Names are text, whatever they look like, and the page loads nothing and runs nothing."""
    page = audit_html(audit(GAP), [SHIFT], names={"s1": NASTY})
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert not set("\x1b\u202e") & set(page)
    assert not re.search(r"\s(src|href|on\w+)=|url\(|@import", page)

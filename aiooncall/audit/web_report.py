"""The report of an audit as one HTML page: findings by severity, and who is on call as a picture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.audit.kinds import Severity
from aiooncall.audit.models import moment
from aiooncall.coverage.week_in_svg import week_picture
from aiooncall.coverage.weeks import Week
from aiooncall.drawing.html_page import add, as_text, headline, make_page, page_style, pairs, section, table
from aiooncall.drawing.svg_shapes import node

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from xml.etree.ElementTree import Element

    from aiooncall.audit.models import Finding
    from aiooncall.audit.report import Audit
    from aiooncall.coverage.models import Shift

_HEADINGS: Final = {
    Severity.CRITICAL: "Critical: a page can reach nobody",
    Severity.WARNING: "Warnings: pages reach fewer people than it seems, or will reach nobody later",
    Severity.INFO: "To know",
}


def audit_html(
    audit: Audit, shifts: Iterable[Shift] = (), *, names: Mapping[str, str] | None = None, zone: str = "UTC"
) -> str:
    """Return the report of an audit as one HTML page that loads nothing from elsewhere.

    Args:
        audit: what `await client.audit(...)` returned.
        shifts: who is on call when, over the time of the audit: they are drawn, a row for each schedule.
        names: what to call schedules, by id. Each of them has a row in the picture, also one without shifts.
        zone: the IANA name of the place whose days and clocks the picture shows.

    Raises:
        OptionsError: an argument is wrong.
    """
    told = _told(audit)
    root, main = make_page(f"On-call audit: {told}", page_style())
    headline(main, _tone(audit), f"On-call audit · {moment(audit.start)} to {moment(audit.end)}", told)
    for severity in Severity:
        _findings(main, _HEADINGS[severity], [one for one in audit.findings if one.severity == severity])
    week = Week.of(shifts, audit.start, audit.end, zone=zone, names=names)
    if week.rows:
        node(section(main, "Who is on call"), "div", class_="wide").append(week_picture(week))
    sent, planned = f"{audit.requests.sent:,}", f"{audit.requests.planned:,}"
    pairs(section(main, "Requests"), [("sent", sent), ("planned", planned)])
    return as_text(root)


def _told(audit: Audit) -> str:
    counted = [f"{count} {severity}" for severity, count in audit.severities.items() if count]
    return ", ".join(counted) or "nothing found"


def _tone(audit: Audit) -> str:
    if audit.severities[Severity.CRITICAL]:
        return "bad"
    return "open" if audit.severities[Severity.WARNING] else "good"


def _findings(parent: Element, title: str, findings: Iterable[Finding]) -> None:
    """Add a table of findings, if there are any."""
    found = list(findings)
    if not found:
        return
    body = table(section(parent, title), ("Where", "What is wrong", "What to do"), numbers=())
    for finding in found:
        row = node(body, "tr")
        add(row, "td", str(finding.where))
        wrong = node(row, "td", class_="long")
        add(wrong, "p", finding.summary)
        if len(finding.times) > 1:
            times = node(wrong, "ul")
            for time in finding.times:
                add(times, "li", f"{moment(time.start)} to {moment(time.end)}")
        add(row, "td", finding.what_to_do, class_="long")

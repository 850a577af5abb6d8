"""The report as one HTML page. It loads nothing, runs no script, and has colours for light and for dark screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall.bulk.reports.chart import draw
from aiooncall.bulk.reports.text import (
    ENDINGS,
    advice,
    count_rows,
    is_good,
    moment,
    plan_rows,
    result,
    run_rows,
    state,
    verification_rows,
)
from aiooncall.drawing import html_page
from aiooncall.drawing.html_page import add, as_text, bullets, headline, make_page, page_style, pairs, section, table
from aiooncall.drawing.svg_shapes import node
from aiooncall.drawing.svg_theme import COLOURS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

    from aiooncall.bulk.reports.data import JobReport

PALETTE: Final = {
    **html_page.PALETTE,
    "done": COLOURS["user"],
    "refused": COLOURS["other"],
    "retried": COLOURS["schedule"],
    "allowed": COLOURS["ink"],
    "gap": COLOURS["panel"],
}
"""The colour of each part of the page, on light and on dark screens."""
_BARS: Final = {
    "done": "done",
    "found done": "done",
    "already so": "good",
    "failed": "failed",
    "in doubt": "refused",
    "confirmed": "good",
}
"""The colours of bars in the tables of counts; a bar that is not named here is `soft`."""


def report_html(report: JobReport) -> str:
    """Return a report as one HTML page that loads nothing from elsewhere.

    Args:
        report: what `report` returned.
    """
    root, main = make_page(f"{report.plan.verb}: {result(report)}", style_sheet())
    _headline(main, report)
    _counts(section(main, "Items"), count_rows(report))
    if rows := verification_rows(report):
        _counts(section(main, f"Verified {moment(report.verified_at)}"), rows)
    _failures(main, report)
    timeline = section(main, "Timeline")
    draw(node(timeline, "div", class_="wide"), report)
    pairs(timeline, run_rows(report))
    _runs(main, report)
    pairs(section(main, "Plan"), plan_rows(report))
    return as_text(root)


def style_sheet() -> str:
    """Return the style sheet of the page."""
    return page_style(PALETTE)


def _headline(parent: Element, report: JobReport) -> None:
    counts = report.counts
    tone = "good" if is_good(report) else "bad" if counts.failed or counts.ambiguous else "open"
    above = f"{report.plan.verb} · {report.plan.provider} · {state(report)}"
    bullets(headline(parent, tone, above, result(report)), advice(report))


def _counts(parent: Element, rows: Sequence[tuple[str, int, str]]) -> None:
    """Add a table of counts, with a bar for each share."""
    total = sum(count for _, count, _ in rows) or 1
    body = table(parent, ("", "Items", "Share", "", "Meaning"), numbers=(1, 2))
    for name, count, meaning in rows:
        row = node(body, "tr")
        add(row, "th", name, scope="row")
        add(row, "td", f"{count:,}", class_="number")
        add(row, "td", _share(count, total), class_="number")
        cell = node(row, "td", class_="bar")
        if count:
            colour = _BARS.get(name, "soft")
            node(cell, "div", style=f"width:{100 * count / total:.2f}%;background:var(--{colour})")
        add(row, "td", meaning, class_="soft")


def _share(count: int, total: int) -> str:
    """Return a share in percent, never rounded to 0 % or 100 %."""
    percent = 100 * count / total
    least = 0.1
    if count and percent < least:
        return "<0.1 %"
    return ">99.9 %" if 100 - least < percent < 100 else f"{percent:.1f} %".replace(".0 ", " ")  # noqa: PLR2004 (percent)


def _failures(parent: Element, report: JobReport) -> None:
    if not report.failures:
        return
    wrong = section(parent, "What went wrong")
    body = table(wrong, ("Items", "Outcome", "Reason", "For example", "Error"), numbers=(0,))
    for one in report.failures:
        row = node(body, "tr")
        add(row, "td", f"{one.count:,}", class_="number")
        add(row, "td", ENDINGS[one.status])
        add(row, "th", one.reason, scope="row")
        add(node(row, "td"), "code", one.example_id)
        add(row, "td", one.example_error, class_="long")


def _runs(parent: Element, report: JobReport) -> None:
    if len(report.runs) < 2:  # noqa: PLR2004 (the timeline already shows a single run)
        return
    body = table(section(parent, "Runs"), ("", "Began", "Ended"), numbers=(0,))
    for number, run in enumerate(report.runs, 1):
        row = node(body, "tr")
        add(row, "td", str(number), class_="number")
        add(row, "td", moment(run.started_at))
        ended = "" if run.ended_at else "not told; last seen alive "
        add(row, "td", f"{ended}{moment(run.alive_until)}")

"""The report as one HTML page. It loads nothing, runs no script, and has colours for light and for dark screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, tostring

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
from aiooncall.drawing.measure import clean
from aiooncall.drawing.svg_shapes import node
from aiooncall.drawing.svg_theme import COLOURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from aiooncall.bulk.reports.data import JobReport

PALETTE: Final = {
    **{name: COLOURS[name] for name in ("page", "edge", "panel", "ink", "soft", "rail")},
    "done": COLOURS["user"],
    "failed": ("#c4242d", "#ff8f88"),
    "refused": COLOURS["other"],
    "retried": COLOURS["schedule"],
    "allowed": COLOURS["ink"],
    "gap": COLOURS["panel"],
    "good": COLOURS["team"],
    "open": ("#b07d00", "#d29922"),
}
"""The colour of each part of the page, on light and on dark screens."""
_STYLE: Final = """
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{margin:0;background:var(--panel);color:var(--ink);font:15px/1.5 system-ui,'Segoe UI',Roboto,sans-serif}
main{max-width:1040px;margin:0 auto;padding:24px 16px 48px}
section,header{background:var(--page);border:1px solid var(--edge);border-radius:12px;padding:20px 24px;margin:0 0 16px}
header{border-left:6px solid var(--open)}
header.good{border-left-color:var(--good)}
header.bad{border-left-color:var(--failed)}
h1{font-size:26px;line-height:1.25;margin:2px 0 6px;overflow-wrap:anywhere}
h2{font-size:17px;margin:0 0 12px}
p{margin:0}
ul{margin:10px 0 0;padding:0 0 0 20px}
.soft{color:var(--soft)}
.wide{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:7px 16px 7px 0;border-top:1px solid var(--edge);overflow-wrap:anywhere}
thead th{border-top:0;color:var(--soft);font-size:13px;font-weight:600;white-space:nowrap}
tbody th{font-weight:600;white-space:nowrap;width:1%;min-width:7em}
td.number,th.number{text-align:right;white-space:nowrap;width:1%}
td.bar{width:26%;min-width:110px;vertical-align:middle}
td.bar div{height:10px;border-radius:5px;background:var(--soft);min-width:2px}
td.long{min-width:240px}
code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace}
svg{display:block;width:100%;min-width:720px;height:auto}
svg text{font-family:inherit}
"""
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
    root = Element("html", lang="en")
    _head(root, f"{report.plan.verb}: {result(report)}")
    main = node(node(root, "body"), "main")
    _headline(main, report)
    _counts(_section(main, "Items"), count_rows(report))
    if rows := verification_rows(report):
        _counts(_section(main, f"Verified {moment(report.verified_at)}"), rows)
    _failures(main, report)
    timeline = _section(main, "Timeline")
    draw(node(timeline, "div", class_="wide"), report)
    _pairs(timeline, run_rows(report))
    _runs(main, report)
    _pairs(_section(main, "Plan"), plan_rows(report))
    return "<!DOCTYPE html>\n" + tostring(root, encoding="unicode", method="html") + "\n"


def style_sheet() -> str:
    """Return the style sheet of the page."""
    light, dark = (
        ":root{" + "".join(f"--{name}:{pair[number]};" for name, pair in PALETTE.items()) + "}" for number in (0, 1)
    )
    classes = "".join(f".f-{name}{{fill:var(--{name})}}.s-{name}{{stroke:var(--{name})}}" for name in PALETTE)
    return f"{light}@media (prefers-color-scheme:dark){{{dark}}}{_STYLE}{classes}"


def _head(root: Element, title: str) -> None:
    head = node(root, "head")
    node(head, "meta", charset="utf-8")
    node(head, "meta", name="viewport", content="width=device-width,initial-scale=1")
    _add(head, "title", title)
    node(head, "style").text = style_sheet()


def _headline(parent: Element, report: JobReport) -> None:
    counts = report.counts
    tone = "good" if is_good(report) else "bad" if counts.failed or counts.ambiguous else "open"
    header = node(parent, "header", class_=tone)
    _add(header, "p", f"{report.plan.verb} · {report.plan.provider} · {state(report)}", class_="soft")
    sentence = result(report)
    _add(header, "h1", sentence[0].upper() + sentence[1:])
    hints = list(advice(report))
    if hints:
        bullets = node(header, "ul")
        for hint in hints:
            _add(bullets, "li", hint)


def _counts(parent: Element, rows: Sequence[tuple[str, int, str]]) -> None:
    """Add a table of counts, with a bar for each share."""
    total = sum(count for _, count, _ in rows) or 1
    body = _table(parent, ("", "Items", "Share", "", "Meaning"), numbers=(1, 2))
    for name, count, meaning in rows:
        row = node(body, "tr")
        _add(row, "th", name, scope="row")
        _add(row, "td", f"{count:,}", class_="number")
        _add(row, "td", _share(count, total), class_="number")
        cell = node(row, "td", class_="bar")
        if count:
            colour = _BARS.get(name, "soft")
            node(cell, "div", style=f"width:{100 * count / total:.2f}%;background:var(--{colour})")
        _add(row, "td", meaning, class_="soft")


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
    section = _section(parent, "What went wrong")
    body = _table(section, ("Items", "Outcome", "Reason", "For example", "Error"), numbers=(0,))
    for one in report.failures:
        row = node(body, "tr")
        _add(row, "td", f"{one.count:,}", class_="number")
        _add(row, "td", ENDINGS[one.status])
        _add(row, "th", one.reason, scope="row")
        _add(node(row, "td"), "code", one.example_id)
        _add(row, "td", one.example_error, class_="long")


def _runs(parent: Element, report: JobReport) -> None:
    if len(report.runs) < 2:  # noqa: PLR2004 (the timeline already shows a single run)
        return
    body = _table(_section(parent, "Runs"), ("", "Began", "Ended"), numbers=(0,))
    for number, run in enumerate(report.runs, 1):
        row = node(body, "tr")
        _add(row, "td", str(number), class_="number")
        _add(row, "td", moment(run.started_at))
        ended = "" if run.ended_at else "not told; last seen alive "
        _add(row, "td", f"{ended}{moment(run.alive_until)}")


def _pairs(parent: Element, rows: Iterable[tuple[str, str]]) -> None:
    body = node(node(parent, "table"), "tbody")
    for name, value in rows:
        row = node(body, "tr")
        _add(row, "th", name, scope="row")
        _add(row, "td", value)


def _section(parent: Element, title: str) -> Element:
    section = node(parent, "section")
    _add(section, "h2", title)
    return section


def _table(parent: Element, names: Sequence[str], *, numbers: Sequence[int]) -> Element:
    """Add a table with these column names, and return its body."""
    table = node(node(parent, "div", class_="wide"), "table")
    head = node(node(table, "thead"), "tr")
    for place, name in enumerate(names):
        _add(head, "th", name, scope="col", **({"class_": "number"} if place in numbers else {}))
    return node(table, "tbody")


def _add(parent: Element, tag: str, text: str, **attributes: str) -> None:
    node(parent, tag, **attributes).text = clean(text)

"""What reports are put together from: HTML pages that load nothing, run no script, and know light and dark screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, tostring

from aiooncall.drawing.measure import clean
from aiooncall.drawing.svg_shapes import node
from aiooncall.drawing.svg_theme import COLOURS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

PALETTE: Final = {
    **{name: COLOURS[name] for name in ("page", "edge", "panel", "ink", "soft", "rail")},
    "failed": ("#c4242d", "#ff8f88"),
    "good": COLOURS["team"],
    "open": ("#b07d00", "#d29922"),
}
"""The colours that every page has, on light and on dark screens."""
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


def make_page(title: str, style: str) -> tuple[Element, Element]:
    """Return a page, and the part of it that holds what it says.

    Args:
        title: what the window is called.
        style: the style sheet.
    """
    root = Element("html", lang="en")
    head = node(root, "head")
    node(head, "meta", charset="utf-8")
    node(head, "meta", name="viewport", content="width=device-width,initial-scale=1")
    add(head, "title", title)
    node(head, "style").text = style
    return root, node(node(root, "body"), "main")


def as_text(root: Element) -> str:
    """Return a page as HTML."""
    return "<!DOCTYPE html>\n" + tostring(root, encoding="unicode", method="html") + "\n"


def page_style(palette: Mapping[str, tuple[str, str]] = PALETTE) -> str:
    """Return the style sheet of a page: what it has a colour for can be filled and stroked with it.

    Args:
        palette: the colour of each name, on light and on dark.
    """
    light, dark = (
        ":root{" + "".join(f"--{name}:{pair[number]};" for name, pair in palette.items()) + "}" for number in (0, 1)
    )
    classes = "".join(f".f-{name}{{fill:var(--{name})}}.s-{name}{{stroke:var(--{name})}}" for name in palette)
    return f"{light}@media (prefers-color-scheme:dark){{{dark}}}{_STYLE}{classes}"


def headline(parent: Element, tone: str, above: str, sentence: str) -> Element:
    """Add what a page says first, and return where more of it can be added.

    Args:
        parent: where to add it.
        tone: `good`, `bad` or `open`.
        above: what stands above the sentence, small.
        sentence: the sentence.
    """
    header = node(parent, "header", class_=tone)
    add(header, "p", above, class_="soft")
    add(header, "h1", sentence[0].upper() + sentence[1:])
    return header


def bullets(parent: Element, lines: Iterable[str]) -> None:
    """Add a list of sentences, if there are any."""
    told = list(lines)
    if told:
        several = node(parent, "ul")
        for line in told:
            add(several, "li", line)


def pairs(parent: Element, rows: Iterable[tuple[str, str]]) -> None:
    """Add names and values, a line for each."""
    body = node(node(parent, "table"), "tbody")
    for name, value in rows:
        row = node(body, "tr")
        add(row, "th", name, scope="row")
        add(row, "td", value)


def section(parent: Element, title: str) -> Element:
    """Add a part with a title, and return it."""
    found = node(parent, "section")
    add(found, "h2", title)
    return found


def table(parent: Element, names: Sequence[str], *, numbers: Sequence[int]) -> Element:
    """Add a table with these column names, and return its body."""
    whole = node(node(parent, "div", class_="wide"), "table")
    head = node(node(whole, "thead"), "tr")
    for place, name in enumerate(names):
        add(head, "th", name, scope="col", **({"class_": "number"} if place in numbers else {}))
    return node(whole, "tbody")


def add(parent: Element, tag: str, text: str, **attributes: str) -> None:
    """Add an element with a text, on one line."""
    node(parent, tag, **attributes).text = clean(text)

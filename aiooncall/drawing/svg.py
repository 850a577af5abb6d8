"""An escalation as a picture: a time line with numbered steps, and beside each the people it reaches.

The picture needs nothing from outside, follows the reader's choice of light or dark, and is read out by screen
readers as `describe` puts it. The same escalation always gives the same bytes.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, indent, tostring

from aiooncall.drawing import wording
from aiooncall.drawing.svg_rows import LEFT, WIDTH, clips, rows
from aiooncall.drawing.svg_shapes import Style, box, icon, node, tooltip, width, write
from aiooncall.drawing.svg_theme import style_sheet
from aiooncall.drawing.text import describe

if TYPE_CHECKING:
    from aiooncall.drawing.outline import Outline
    from aiooncall.drawing.svg_rows import Row

_MARGIN: Final = 28
_RAIL: Final = LEFT - 40
"""Where the time line runs, in pixels from the left side."""
_RIGHT: Final = LEFT + WIDTH
_LANE: Final = 52
"""The room for the way back, in pixels."""
_MARK: Final = 16
_GAP: Final = 20
_WAIT_GAP: Final = 56
_WAIT_HEIGHT: Final = 26
_TIME: Final = Style(size=13, bold=True, anchor="end")
_TIME_BELOW: Final = Style(size=12, colour="soft", anchor="end")
_SMALL: Final = Style(size=13, colour="soft")


def svg(outline: Outline) -> str:
    """Return the escalation as an SVG picture.

    Its ids derive from its content, so several pictures can stand in one HTML page.

    Args:
        outline: the escalation.
    """
    picture = "e" + sha256(repr(outline).encode()).hexdigest()[:10]
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "id": picture, "role": "img"})
    root.set("aria-labelledby", f"{picture}-title {picture}-desc")
    node(root, "title", id=f"{picture}-title").text = wording.heading(outline)
    node(root, "desc", id=f"{picture}-desc").text = describe(outline)
    node(root, "style").text = style_sheet(picture)
    clips(node(root, "defs"), picture)
    loops = bool(outline.steps and outline.repeats)
    right = _RIGHT + (_LANE if loops else 0) + _MARGIN
    page = box(root, 0.5, 0.5, right - 1, 0, rx=16, class_="f-page s-edge")
    bottom = _time_line(root, rows(outline, picture), _header(root, outline, right), loops=loops) + _MARGIN
    page.set("height", f"{bottom - 1}")
    root.attrib |= {"width": f"{right}", "height": f"{bottom}", "viewBox": f"0 0 {right} {bottom}"}
    indent(root, " ")
    return tostring(root, encoding="unicode") + "\n"


def _header(root: Element, outline: Outline, right: int) -> int:
    """Draw title, teams and summary; return where the next thing may begin."""
    group = node(root, "g")
    tooltip(group, wording.heading(outline))
    room = right - 2 * _MARGIN
    write(group, wording.title(outline), _MARGIN, 50, Style(size=22, bold=True), room=room)
    bottom = 50
    for line in filter(None, (_summary(outline), _teams(outline))):
        bottom += 24
        write(group, line, _MARGIN, bottom, _SMALL, room=room)
    if not outline.complete:
        box(root, _MARGIN, bottom + 18, room, 36, class_="f-warned s-warning")
        icon(root, "warning", _MARGIN + 12, bottom + 27, size=18, colour="warning")
        write(root, wording.INCOMPLETE, _MARGIN + 40, bottom + 41, Style(size=13, bold=True, colour="warning"))
        bottom += 54
    return bottom + _MARGIN


def _summary(outline: Outline) -> str:
    count = len(outline.steps)
    if not count:
        return ""
    steps = "1 step" if count == 1 else f"{count} steps"
    return f"{steps} · {wording.in_all(outline)} in all" if wording.in_all(outline) else steps


def _teams(outline: Outline) -> str:
    return f"Teams: {', '.join(outline.teams)}" if outline.teams else ""


def _time_line(root: Element, found: list[Row], top: int, *, loops: bool) -> int:
    """Draw the rows and what joins them; return where they end."""
    placed: list[tuple[Row, int]] = []
    for row in found:
        placed.append((row, top))
        top += row.height + (_WAIT_GAP if row.wait else _GAP)
    joints = node(root, "g")
    for (row, above), (following, below) in pairwise(placed):
        _join(joints, row, above + row.middle, below + following.middle)
    if loops:
        _way_back(root, placed[-2][1] + placed[-2][0].middle, placed[0][1] + placed[0][0].middle)
    for row, row_top in placed:
        row.draw(root, row_top)
        _mark(root, row, row_top + row.middle)
    for (row, _), (_, below) in pairwise(placed):
        if row.wait:
            _wait(root, row.wait, below - _WAIT_GAP // 2)
    last, last_top = placed[-1]
    return last_top + last.height


def _join(parent: Element, row: Row, above: int, below: int) -> None:
    line = node(parent, "path", class_="s-rail", stroke_width=2, d=f"M{_RAIL} {above}V{below}")
    if not row.known:
        line.set("stroke-dasharray", "2 6")


def _mark(parent: Element, row: Row, y: int) -> None:
    """Draw the number or icon on the time line, and the time on its left."""
    group = node(parent, "g")
    node(group, "path", class_="s-rail", stroke_width=2, d=f"M{_RAIL} {y}H{LEFT}")
    is_step = row.mark.isdigit()
    colour = "step" if is_step or row.mark == "again" else "soft"
    node(group, "circle", class_=f"f-{colour}", cx=_RAIL, cy=y, r=_MARK)
    if is_step:
        write(group, row.mark, _RAIL, y + 5, Style(bold=True, colour="glyph", anchor="middle"))
    else:
        icon(group, row.mark, _RAIL - 10, y - 10, size=20, colour="glyph")
    first = y + 5 - 8 * (len(row.times) - 1)
    for number, line in enumerate(row.times):
        write(group, line, _RAIL - _MARK - 10, first + 17 * number, _TIME_BELOW if number else _TIME)


def _wait(parent: Element, text: str, y: int) -> None:
    """Draw how long it takes to the next row."""
    style = Style(size=12, bold=True, colour="soft")
    size = width(text, style) + 48
    box(parent, _RAIL - 22, y - _WAIT_HEIGHT // 2, size, _WAIT_HEIGHT, rx=_WAIT_HEIGHT // 2, class_="f-page s-rail")
    icon(parent, "wait", _RAIL - 9, y - 9, size=18, colour="soft")
    write(parent, text, _RAIL + 14, y + 4.5, style)


def _way_back(parent: Element, below: int, above: int) -> None:
    """Draw the arrow on the right, from the row that says so back to the first step."""
    lane = _RIGHT + _LANE - 16
    path = f"M{_RIGHT} {below}H{lane - 14}q14 0 14 -14V{above + 14}q0 -14 -14 -14H{_RIGHT + 10}"
    node(parent, "path", class_="s-step", fill="none", stroke_width=2, stroke_dasharray="6 4", d=path)
    node(parent, "path", class_="f-step", d=f"M{_RIGHT + 2} {above}l12 -7v14z")

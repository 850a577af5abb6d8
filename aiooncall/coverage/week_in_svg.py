"""Who is on call over days, as a picture: a row for each schedule, a colour for each person, and gaps in red.

The picture needs nothing from outside, and follows the reader's choice of light or dark. The same shifts always give
the same bytes.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, indent, tostring

import attrs

from aiooncall.coverage.models import NOBODY
from aiooncall.coverage.week_bars import Scale, bars_of
from aiooncall.coverage.week_colours import COLOURS_OF_A_WEEK, PEOPLE
from aiooncall.coverage.weeks import Week, label_of, within
from aiooncall.drawing.outline import human_duration
from aiooncall.drawing.svg_shapes import Style, box, node, tooltip, width, write
from aiooncall.drawing.svg_theme import style_sheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from aiooncall.coverage.models import Person, Shift
    from aiooncall.coverage.pieces import Piece
    from aiooncall.coverage.week_bars import Bar
    from aiooncall.coverage.weeks import Day, Row

_WIDTH: Final = 1140
_MARGIN: Final = 28
_LEFT: Final = 184
"""Where the days begin, in pixels from the left side."""
_RIGHT: Final = _WIDTH - _MARGIN
_MOST_DAYS: Final = 7
_HEAD: Final = 30
_LANE: Final = 28
_PAD: Final = 6
_BETWEEN: Final = 22
_LEGEND: Final = 26
_SWATCH: Final = 14
_HATCH: Final = 9
_DASHES: Final = ("none", "4 2", "1.5 2", "6 2 1 2")
_LEAST_TEXT: Final = 26
"""A bar that is narrower has no name in it."""
_SMALL: Final = Style(size=13, colour="soft")
_DAY: Final = Style(size=12, bold=True, colour="soft", anchor="middle")
_NAME: Final = Style(bold=True)
_NAMED: Final = Style(size=12, colour="named")
_GAP: Final = Style(size=12, bold=True, colour="gap")


def week_svg(
    shifts: Iterable[Shift],
    start: datetime,
    end: datetime,
    *,
    zone: str = "UTC",
    names: Mapping[str, str] | None = None,
) -> str:
    """Return who is on call as an SVG picture of days, one row for each schedule, seven days side by side.

    Each person has a colour, and a gap is red, hatched and says so; the pointer shows who it is, and from when to when.
    Its ids derive from its content, so that several pictures can stand in one HTML page.

    Args:
        shifts: who is on call when, for all of the time.
        start: an aware datetime.
        end: an aware datetime that is not before it, and at most 366 days after it.
        zone: the IANA name of the place whose days and clocks are shown.
        names: what to call schedules, by id. Each of them has a row, also one without shifts.

    Raises:
        OptionsError: an argument is wrong.
    """
    return tostring(week_picture(Week.of(shifts, start, end, zone=zone, names=names)), encoding="unicode") + "\n"


def week_picture(week: Week) -> Element:
    """Return the picture as an element that can be put into a page."""
    picture = "w" + sha256(repr(week.shown).encode()).hexdigest()[:10]
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "id": picture, "role": "img"})
    root.set("aria-labelledby", f"{picture}-title {picture}-desc")
    node(root, "title", id=f"{picture}-title").text = _title(week)
    node(root, "desc", id=f"{picture}-desc").text = "\n".join(_sentences(week))
    node(root, "style").text = style_sheet(picture, COLOURS_OF_A_WEEK)
    page = box(root, 0.5, 0.5, _WIDTH - 1, 0, rx=16, class_="f-page s-edge")
    bottom = _Picture(week).draw(root) + _MARGIN
    page.set("height", f"{bottom - 1:g}")
    root.attrib |= {"width": f"{_WIDTH}", "height": f"{bottom:g}", "viewBox": f"0 0 {_WIDTH} {bottom:g}"}
    indent(root, " ")
    return root


def _title(week: Week) -> str:
    return f"On call: {week.title}"


def _sentences(week: Week) -> Iterator[str]:
    """Yield the picture in words: who is on call how long on each schedule, and when nobody is."""
    for row in week.rows:
        lengths = [f"{name} for {_long(length)}" for name, length in week.totals(row)]
        yield f"{row.name}: {', '.join(lengths) or NOBODY}."
        yield from (f"{row.name}, {NOBODY}: {week.when(gap.start, gap.end)}." for gap in row.gaps)


def _long(length: timedelta) -> str:
    return human_duration(length.total_seconds())


class _Picture:
    """Draws a week from top to bottom; each part returns where the next one may begin, in pixels."""

    def __init__(self, week: Week) -> None:
        self._week = week
        self._colours = {name: number for number, name in enumerate(week.people)}
        self._bars = [bars_of(row) for row in week.rows]

    def draw(self, root: Element) -> float:
        """Draw all of it."""
        top = self._header(root)
        for first in range(0, len(self._week.days), _MOST_DAYS):
            top = self._block(root, self._week.days[first : first + _MOST_DAYS], top) + _BETWEEN
        return self._legend(root, top)

    def _header(self, root: Element) -> float:
        write(root, _title(self._week), _MARGIN, 48, Style(size=22, bold=True), room=_RIGHT - _MARGIN)
        many = len(self._week.rows)
        told = f"{self._week.zone.key} · {'1 schedule' if many == 1 else f'{many} schedules'}"
        write(root, told, _MARGIN, 72, _SMALL)
        if uncovered := self._week.uncovered():
            words = f"· {NOBODY} for {_long(uncovered)}{' in all' if many > 1 else ''}"
            write(root, words, _MARGIN + width(f"{told} ", _SMALL), 72, attrs.evolve(_GAP, size=13))
        return 72 + _BETWEEN

    def _block(self, root: Element, days: Sequence[Day], top: float) -> float:
        """Draw up to seven days."""
        scale = Scale(days, _LEFT, (_RIGHT - _LEFT) / min(_MOST_DAYS, len(self._week.days)))
        grid = node(root, "g")
        bottom = top + _HEAD
        for row, bars in zip(self._week.rows, self._bars, strict=True):
            bottom = self._row(root, row, bars, scale, bottom)
        for number, day in enumerate(days):
            x = _LEFT + scale.wide * number
            write(root, day.label, x + scale.wide / 2, top + 19, _DAY)
            node(grid, "path", class_="s-rail", d=f"M{x:.1f} {top + 4:g}V{bottom:g}")
            node(grid, "path", class_="s-edge", d=f"M{x + scale.wide / 2:.1f} {top + _HEAD:g}V{bottom:g}")
        frame = f"M{scale.right:.1f} {top + 4:g}V{bottom:g}M{_MARGIN} {bottom:g}H{scale.right:.1f}"
        node(grid, "path", class_="s-rail", d=frame)
        return bottom

    def _row(self, root: Element, row: Row, bars: Sequence[Bar], scale: Scale, top: float) -> float:
        height = 2 * _PAD + _LANE * (1 + max((bar.lane for bar in bars), default=0))
        group = node(root, "g")
        node(group, "path", class_="s-rail", d=f"M{_MARGIN} {top:g}H{scale.right:.1f}")
        named = node(group, "g")
        tooltip(named, row.name)
        write(named, row.name, _MARGIN, top + height / 2 + 5, _NAME, room=_LEFT - _MARGIN - 12)
        for gap in row.gaps:
            self._gap(group, gap, scale, (top + _PAD, height - 2 * _PAD))
        for bar in bars:
            self._bar(group, bar, scale, top + _PAD + _LANE * bar.lane)
        return top + height

    def _gap(self, parent: Element, gap: Piece, scale: Scale, place: tuple[float, float]) -> None:
        """Draw a gap over the whole height of a row."""
        if not (shown := within(gap, scale.days[0].start, scale.days[-1].end)):
            return
        x, end, (top, height) = scale.x(shown.start), scale.x(shown.end), place
        group = node(parent, "g")
        tooltip(group, f"{NOBODY}: {self._week.when(gap.start, gap.end)}")
        box(group, x + 1, top + 1, max(1.5, end - x - 2), height - 2, rx=3, class_="f-gapped")
        lines = _hatch(x + 2, top + 2, end - 2, height - 4)
        node(group, "path", class_="s-hatch", fill="none", stroke_width=2, d=lines)
        outline = box(group, x + 1, top + 1, max(1.5, end - x - 2), height - 2, rx=3, class_="s-gap", fill="none")
        outline.attrib |= {"stroke-width": "1.5", "stroke-dasharray": "5 3"}
        self._text(group, (f"{self._week.clock(gap.start)} {NOBODY}", NOBODY), (x, end), top + height / 2 + 4, _GAP)

    def _bar(self, parent: Element, bar: Bar, scale: Scale, top: float) -> None:
        first, last = max(bar.start, scale.days[0].start), min(bar.end, scale.days[-1].end)
        if first >= last:
            return
        x, end, name = scale.x(first), scale.x(last), label_of(bar.person)
        group = node(parent, "g")
        tooltip(group, f"{name}: {self._week.when(bar.start, bar.end)}")
        size = max(1.5, end - x - 2)
        box(group, x + 1, top + 1, size, _LANE - 2, rx=min(5, size / 2), class_=f"{self._fill(bar.person)} s-outline")
        self._again(group, bar.person, x + 3, top + _LANE - 4, size - 4)
        begins = [f"{self._week.clock(bar.start)} {name}"] if first == bar.start else []
        self._text(group, (*begins, name), (x, end), top + _LANE / 2 + 4, _NAMED)

    def _text(self, group: Element, texts: Sequence[str], place: tuple[float, float], y: float, style: Style) -> None:
        """Write the first text that fits, or the beginning of the last one."""
        room = place[1] - place[0] - 12
        text = next((one for one in texts if width(one, style) <= room), texts[-1] if room >= _LEAST_TEXT else "")
        if text:
            write(group, text, place[0] + 6, y, style, room=room)

    def _again(self, group: Element, person: Person, x: float, y: float, size: float) -> None:
        """Underline a colour that is given out again, another way each time."""
        if number := self._colours[person.id] // len(PEOPLE):
            dashes = _DASHES[(number - 1) % len(_DASHES)]
            path = f"M{x:.1f} {y:g}h{max(0.0, size):.1f}"
            node(group, "path", class_="s-named", stroke_width=2, stroke_dasharray=dashes, d=path)

    def _fill(self, person: Person) -> str:
        return f"f-person{self._colours[person.id] % len(PEOPLE)}"

    def _legend(self, root: Element, top: float) -> float:
        """Draw who has which colour, with the hours of each."""
        x, y = float(_MARGIN), top + 12
        for person, length in zip(self._week.people.values(), self._week.totals(), strict=True):
            text = f"{length[0]} · {_long(length[1])}"
            size = _SWATCH + 8 + min(width(text, _SMALL), _RIGHT - _MARGIN - _SWATCH - 8) + 24
            if x > _MARGIN and x + size > _RIGHT + 24:
                x, y = float(_MARGIN), y + _LEGEND
            box(root, x, y - 12, _SWATCH, _SWATCH, rx=3, class_=f"{self._fill(person)} s-outline")
            self._again(root, person, x + 2, y - 1, _SWATCH - 4)
            write(root, text, x + _SWATCH + 8, y, _SMALL, room=_RIGHT - x - _SWATCH - 8)
            x += size
        return y if self._week.people else top


def _hatch(left: float, top: float, right: float, height: float) -> str:
    """Return the path of slanted lines inside a rectangle."""
    lines: list[str] = []
    foot, bottom = left - height + _HATCH / 2, top + height
    while foot < right:
        first, last = max(foot, left), min(foot + height, right)
        if first < last:
            lines.append(f"M{first:.1f} {bottom - first + foot:.1f}L{last:.1f} {bottom - last + foot:.1f}")
        foot += _HATCH
    return "".join(lines)

"""Pictures of bars that look like those of the package: for light and for dark pages, read out by screen readers."""

from __future__ import annotations

from math import inf
from statistics import median, quantiles
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, indent, tostring

import attrs

from aiooncall.drawing.svg_shapes import Style, box, node, tooltip, write
from aiooncall.drawing.svg_theme import style_sheet

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH = 760
MARGIN = 24
LEFT, LENGTH, NUMBERS = 312, 240, 566
"""Where bars begin, how long the longest is, and where their numbers are, in pixels."""
BAR, ROW, HEADER = 14, 24, 40
TITLE = Style(size=18, bold=True)
GROUP = Style(size=13, bold=True)
SMALL = Style(size=12, colour="soft")
LABEL = Style(size=13, anchor="end")
OUR_LABEL = Style(size=13, bold=True, anchor="end")


@attrs.frozen(kw_only=True)
class Bar:
    """The median of `values` as a bar, with the 10th to the 90th percentile.

    Attributes:
        label: what stands before it.
        values: the measurements; there is no bar without any.
        note: what stands behind the number.
        target: what the median should be at most.
        ours: whether it is aiooncall's.
    """

    label: str
    values: Sequence[float]
    note: str = ""
    target: float | None = None
    ours: bool = False

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.values) if self.values else 0.0

    @property
    def ends(self) -> tuple[float, float]:
        """The 10th and the 90th percentile."""
        if len(self.values) < 2:
            return self.middle, self.middle
        tenths = quantiles(self.values, n=10, method="inclusive")
        return tenths[0], tenths[-1]


@attrs.frozen(kw_only=True)
class Group:
    """Bars on one scale.

    Attributes:
        title: what they are of.
        unit: what they measure.
        bars: the bars.
        least: how far the scale reaches at least.
        most: where longer bars are cut off.
        digits: how many decimals are written.
    """

    title: str
    unit: str
    bars: Sequence[Bar]
    least: float = 0.0
    most: float = inf
    digits: int = 1

    @property
    def scale(self) -> float:
        """Pixels for each unit."""
        longest = max(self.least, *(max(bar.ends[1], bar.target or 0.0) for bar in self.bars))
        return LENGTH / (min(self.most, longest) or 1.0)


@attrs.frozen(kw_only=True)
class Chart:
    """A picture: its title, a line of explanation, and groups of bars."""

    title: str
    note: str
    groups: Sequence[Group]


def draw(name: str, chart: Chart) -> str:
    """Return a chart as SVG, for light and dark pages.

    Args:
        name: what its ids begin with.
        chart: what to draw.
    """
    root = Element("svg", {"xmlns": "http://www.w3.org/2000/svg", "id": name, "role": "img"})
    root.set("aria-labelledby", f"{name}-title {name}-desc")
    node(root, "title", id=f"{name}-title").text = chart.title
    node(root, "desc", id=f"{name}-desc").text = " ".join(map(_told, chart.groups))
    node(root, "style").text = style_sheet(name)
    page = box(root, 0.5, 0.5, WIDTH - 1, 0, rx=12, class_="f-page s-edge")
    write(root, chart.title, MARGIN, 38, TITLE)
    write(root, f"{chart.note} Dashed: the target.", MARGIN, 58, SMALL)
    bottom = 66
    for group in chart.groups:
        bottom = _draw_group(node(root, "g"), group, bottom)
    page.set("height", f"{bottom + MARGIN - 9}")
    root.attrib |= {"width": f"{WIDTH}", "height": f"{bottom + MARGIN - 8}"}
    root.set("viewBox", f"0 0 {WIDTH} {bottom + MARGIN - 8}")
    indent(root, " ")
    return tostring(root, encoding="unicode") + "\n"


def _told(group: Group) -> str:
    bars = ", ".join(f"{bar.label} {_number(group, bar)}".rstrip() for bar in group.bars)
    return f"{group.title}, {group.unit}: {bars}."


def _number(group: Group, bar: Bar) -> str:
    number = f"{bar.middle:,.{group.digits}f}" if bar.values else ""
    return " · ".join(filter(None, (number, bar.note)))


def _draw_group(parent: Element, group: Group, top: int) -> int:
    """Draw a group and return where it ends."""
    title = write(parent, group.title, MARGIN, top + HEADER - 12, GROUP)
    node(title, "tspan", class_="f-soft", dx=8, font_weight="400").text = group.unit
    first = top + HEADER
    for number, bar in enumerate(group.bars):
        _draw_bar(node(parent, "g"), group, bar, first + ROW * number)
    bottom = first + ROW * len(group.bars)
    node(parent, "path", class_="s-rail", d=f"M{LEFT} {first - 4}V{bottom - 4}")
    return bottom


def _draw_bar(parent: Element, group: Group, bar: Bar, top: int) -> None:
    middle, (low, high) = top + ROW / 2 - 4, (end * group.scale for end in bar.ends)
    tooltip(parent, f"{bar.label}: {_number(group, bar)}")
    write(parent, bar.label, LEFT - 10, middle + 4.5, OUR_LABEL if bar.ours else LABEL, room=LEFT - MARGIN - 10)
    length, cut = min(bar.middle * group.scale, LENGTH), bar.middle * group.scale > LENGTH
    if bar.values:
        colour = "step" if bar.ours else "rail"
        node(parent, "rect", x=LEFT, y=middle - BAR / 2, width=max(length, 1.0), height=BAR, class_=f"f-{colour}")
    if cut:
        for shift in (14, 20):
            node(
                parent, "path", class_="s-page", stroke_width=2.5, d=f"M{LEFT + LENGTH - shift} {middle + 9:.1f}l6 -18"
            )
    elif high - low >= 1:
        node(parent, "path", class_="s-ink", fill="none", d=f"M{LEFT + low:.1f} {middle:.1f}H{LEFT + high:.1f}"
             f"M{LEFT + low:.1f} {middle - 3:.1f}v6M{LEFT + high:.1f} {middle - 3:.1f}v6")  # fmt: skip
    if bar.target is not None:
        d = f"M{LEFT + bar.target * group.scale:.1f} {middle - ROW / 2:.1f}v{ROW}"
        node(parent, "path", class_="s-other", stroke_width=2, stroke_dasharray="4 2", fill="none", d=d)
    write(parent, _number(group, bar), NUMBERS, middle + 4.5, SMALL)

"""What the picture is put together from: elements, texts that fit, and icons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import SubElement

import attrs

from aiooncall.drawing.measure import pixels, shorten

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

_CLOCK: Final = (
    "M10 3a7 7 0 1 1 0 14a7 7 0 1 1 0-14zM10 4.6a5.4 5.4 0 1 0 0 10.8a5.4 5.4 0 1 0 0-10.8z"
    "M9.3 6h1.5v3.6l2.5 1.5l-.8 1.3l-3.2-2z"
)
_GLYPHS: Final = {
    "user": "M10 3.6a3.2 3.2 0 1 1 0 6.4a3.2 3.2 0 1 1 0-6.4zM3.8 16.4c.3-3.4 2.8-5.2 6.2-5.2s5.9 1.8 6.2 5.2z",
    "team": (
        "M7.2 5a2.6 2.6 0 1 1 0 5.2a2.6 2.6 0 1 1 0-5.2zM2.2 15.8c.2-3 2.1-4.6 5-4.6s4.8 1.6 5 4.6z"
        "M13.2 4.6a2.2 2.2 0 1 1 0 4.4a2.2 2.2 0 1 1 0-4.4zM12.6 10.4c2.9-.3 5 1.3 5.2 4.2h-4.2"
        "c-.2-1.8-.7-3.2-1-4.2z"
    ),
    "schedule": _CLOCK,
    "other": "M11.6 2.6l-7 8.8h4.6l-1.2 6l7.4-9.2h-4.8z",
    "nobody": ("M10 3a7 7 0 1 1 0 14a7 7 0 1 1 0-14zM6.3 7.7a4.9 4.9 0 0 0 6 6zM7.7 6.3l6 6a4.9 4.9 0 0 0-6-6z"),
    "again": "M10 4a6 6 0 0 1 5.2 3l1.6-1v4.8l-4.3-2l1.3-.9a4.2 4.2 0 1 0 .4 3.3l1.7.5a6 6 0 1 1-5.9-7.7z",
    "end": "M5 3.5h1.6v.8q3.2-1.2 6 .2q1.6.6 2.9.1v6.6q-2 .7-3.8-.2q-2.4-1-5.1.1v5.9h-1.6z",
    "wait": _CLOCK,
    "warning": "M10 2.6l7.6 13.9h-15.2zM9.2 7.6v4.6h1.6v-4.6zM9.2 13.3v1.7h1.6v-1.7z",
}
"""Icons, each in a square of 20 by 20; where two outlines overlap, there is a hole."""
_BADGES: Final = {
    "user": "M16 0a16 16 0 1 1 0 32a16 16 0 1 1 0-32z",
    "team": "M9 1h14q8 0 8 8v14q0 8-8 8h-14q-8 0-8-8v-14q0-8 8-8z",
    "schedule": "M4 3h24q3 0 3 3v22q0 3-3 3h-24q-3 0-3-3v-22q0-3 3-3zM8 0h3v6h-3zM21 0h3v6h-3z",
    "other": "M9 2h14l8 14l-8 14h-14l-8-14z",
    "nobody": "M16 0a16 16 0 1 1 0 32a16 16 0 1 1 0-32z",
}
"""The shape behind the icon of each kind, in a square of 32 by 32, so that kinds differ in more than colour."""


def node(parent: Element, tag: str, /, **attributes: str | float) -> Element:
    """Add an element.

    Args:
        parent: where to add it.
        tag: what it is.
        attributes: its attributes; `_` stands for `-`, and one at the end is dropped.
    """
    named = {name.rstrip("_").replace("_", "-"): _number(value) for name, value in attributes.items()}
    return SubElement(parent, tag, named)


def _number(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.1f}".removesuffix(".0")


@attrs.frozen(kw_only=True)
class Style:
    """How a text is set.

    Attributes:
        size: of the font, in pixels.
        colour: name of its colour.
        bold: whether it is bold.
        anchor: which part of it stands at its place: "start", "middle" or "end".
    """

    size: int = 14
    colour: str = "ink"
    bold: bool = False
    anchor: str = "start"


def write(parent: Element, text: str, x: float, y: float, style: Style, *, room: float | None = None) -> Element:
    """Add a text, shortened to the room there is.

    Args:
        parent: where to add it.
        text: cleaned text.
        x: where it stands, in pixels.
        y: its base line, in pixels.
        style: how it is set.
        room: how wide it may be, in pixels; None if that does not matter.
    """
    element = node(parent, "text", x=x, y=y, class_=f"f-{style.colour}", font_size=style.size)
    if style.bold:
        element.set("font-weight", "600")
    if style.anchor != "start":
        element.set("text-anchor", style.anchor)
    fitting = text if room is None else shorten(text, lambda found: width(found, style) <= room)
    element.text = fitting
    return element


def width(text: str, style: Style) -> float:
    """Return about how many pixels a text takes."""
    return pixels(text, style.size, bold=style.bold)


def icon(parent: Element, name: str, x: float, y: float, *, size: int, colour: str) -> None:
    """Add an icon.

    Args:
        parent: where to add it.
        name: which.
        x: its left side, in pixels.
        y: its top, in pixels.
        size: its width and height, in pixels.
        colour: name of its colour.
    """
    place = f"translate({_number(x)} {_number(y)}) scale({size / 20:g})"
    node(parent, "path", class_=f"f-{colour}", fill_rule="evenodd", transform=place, d=_GLYPHS[name])


def badge(parent: Element, kind: str, x: float, y: float) -> None:
    """Add the sign of a kind, 32 pixels wide and high."""
    node(parent, "path", class_=f"f-{kind}", transform=f"translate({_number(x)} {_number(y)})", d=_BADGES[kind])
    icon(parent, kind, x + 6, y + 6, size=20, colour="glyph")


def box(parent: Element, x: float, y: float, w: float, h: float, **attributes: str | float) -> Element:
    """Add a rectangle with round corners; `attributes` may override what it has."""
    return node(parent, "rect", **{"x": x, "y": y, "width": w, "height": h, "rx": 8, **attributes})


def tooltip(parent: Element, text: str) -> None:
    """Show `text` while the pointer is on `parent`; it must be the first of its children."""
    node(parent, "title").text = text

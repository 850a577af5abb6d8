"""Colours of a week's picture. People differ by colour, and are named in it; gaps are hatched and named as well."""

from __future__ import annotations

from typing import Final

from aiooncall.drawing.svg_theme import COLOURS

PEOPLE: Final = ("#77aadd", "#eedd88", "#44bb99", "#ee8866", "#99ddff", "#aaaa00", "#ffaabb", "#bbcc33")
"""A colour for each person: the light scheme of Paul Tol, told apart by those who do not see all colours, too.

https://sronpersonalpages.nl/~pault/
"""
COLOURS_OF_A_WEEK: Final = {
    **{name: COLOURS[name] for name in ("page", "edge", "panel", "ink", "soft", "rail")},
    **{f"person{number}": (colour, colour) for number, colour in enumerate(PEOPLE)},
    "outline": ("#59636e", "#0d1117"),
    "named": ("#1f2328", "#1f2328"),
    "gap": ("#b3122a", "#ff9d96"),
    "gapped": ("#ffebe9", "#3c1418"),
    "hatch": ("#ffd3cf", "#55202a"),
}
"""For each part of the picture: its colour on light and on dark.

Names have a contrast of 4.5:1 or more against the colour of the person, and what is around a person's time 3:1 or more
against the page (https://www.w3.org/TR/WCAG22/#contrast-minimum and https://www.w3.org/TR/WCAG22/#non-text-contrast).
"""

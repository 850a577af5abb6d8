"""Colours and style sheet of the picture, for light and for dark backgrounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

COLOURS: Final = {
    "page": ("#ffffff", "#0d1117"),
    "edge": ("#d0d7de", "#30363d"),
    "panel": ("#f6f8fa", "#151b23"),
    "card": ("#ffffff", "#212830"),
    "ink": ("#1f2328", "#f0f6fc"),
    "soft": ("#59636e", "#a3adb8"),
    "rail": ("#818b98", "#6e7781"),
    "step": ("#4338ca", "#a5b4fc"),
    "user": ("#1d4ed8", "#79b8ff"),
    "team": ("#0f766e", "#4fd1b5"),
    "schedule": ("#7e22ce", "#d2a8ff"),
    "other": ("#b43403", "#ffb07c"),
    "nobody": ("#59636e", "#a3adb8"),
    "glyph": ("#ffffff", "#0d1117"),
    "warned": ("#fff8c5", "#3b2e00"),
    "warning": ("#7d4e00", "#f2cc60"),
}
"""For each part of the picture: its colour on light and on dark.

Text has a contrast of 4.5:1 or more against what it stands on, and what matters of the shapes 3:1 or more
(https://www.w3.org/TR/WCAG22/#contrast-minimum and https://www.w3.org/TR/WCAG22/#non-text-contrast).
"""
_FONTS: Final = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Noto Sans',sans-serif"


def style_sheet(picture: str, colours: Mapping[str, tuple[str, str]] = COLOURS) -> str:
    """Return the style sheet: classes `f-NAME` and `s-NAME` fill and stroke with the colour NAME.

    Args:
        picture: id of the picture, so that no rule reaches beyond it.
        colours: the colour of each name, on light and on dark.
    """
    light, dark = (_rules(picture, colours, number) for number in (0, 1))
    text = f"#{picture} text{{font-family:{_FONTS}}}"
    return f"{text}{light}@media (prefers-color-scheme:dark){{{dark}}}"


def _rules(picture: str, colours: Mapping[str, tuple[str, str]], number: int) -> str:
    return "".join(
        f"#{picture} .f-{name}{{fill:{pair[number]}}}#{picture} .s-{name}{{stroke:{pair[number]}}}"
        for name, pair in colours.items()
    )

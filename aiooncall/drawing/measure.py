"""Text that is fit to be shown, and the room it takes on a terminal and in a picture."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

_JOINER: Final = "\u200d"
_AS_EMOJI: Final = "\ufe0f"
_RIGHT_TO_LEFT_MARK: Final = "\u200f"
_DROPPED: Final = frozenset(
    # Soft hyphen, invisible spaces and operators; marks that turn the order of the text around them; what XML forbids.
    map(chr, (0xAD, 0x61C, *range(0x200B, 0x200C), *range(0x200E, 0x2010), *range(0x202A, 0x202F)))
) | frozenset(map(chr, (*range(0x2060, 0x2070), 0xFEFF, 0xFFFE, 0xFFFF)))
_FLAG_HALVES: Final = frozenset(map(chr, range(0x1F1E6, 0x1F200)))
_ATTACHED: Final = frozenset(map(chr, (0x200C, 0x200D, *range(0x1F3FB, 0x1F400), *range(0xE0020, 0xE0080))))
"""Joiners, skin tones and tags: they belong to the character before them, as combining marks do."""

_EMOJI: Final = 1.3
_WIDE: Final = 1.0
_OTHER: Final = 0.64
_ARABIC: Final = 0.5
_EM_WIDTHS: Final = {
    **dict.fromkeys("ijlI.,'| ", 0.34),
    **dict.fromkeys("frt()[]/\\-:;!·", 0.44),
    **dict.fromkeys("ABCEFJKLPRSTVXYZ", 0.7),
    **dict.fromkeys("DGHNOQU", 0.79),
    **dict.fromkeys("wM&+<>=~#^", 0.9),
    **dict.fromkeys("mW%", 0.99),
    **dict.fromkeys("@…—", 1.0),
}
"""Widths in em: no less than in DejaVu Sans, which is wider than the sans-serif fonts of most systems."""
_BOLDER: Final = 1.12


def clean(text: str) -> str:
    """Return `text` on one line, without control characters or marks that reorder what stands around it.

    Args:
        text: any text.
    """
    return " ".join("".join(char for char in text if char.isspace() or _is_shown(char)).split())


def _is_shown(char: str) -> bool:
    return char not in _DROPPED and unicodedata.category(char) not in {"Cc", "Cs"}


def clusters(text: str) -> list[str]:
    """Return the parts of `text` that are drawn as one character each: a letter and its accents, an emoji, a flag.

    Args:
        text: cleaned text.
    """
    found: list[str] = []
    for char in text:
        if found and _belongs(char, found[-1]):
            found[-1] += char
        else:
            found.append(char)
    return found


def _belongs(char: str, before: str) -> bool:
    return (
        char in _ATTACHED
        or unicodedata.category(char).startswith("M")
        or before.endswith(_JOINER)
        or (char in _FLAG_HALVES and before in _FLAG_HALVES)
    )


def cells(text: str) -> int:
    """Return how many columns of a terminal `text` takes.

    Args:
        text: cleaned text.
    """
    return sum(map(_cluster_cells, clusters(text)))


def _cluster_cells(cluster: str) -> int:
    if cluster[0] in _FLAG_HALVES:
        return len(cluster)
    if _AS_EMOJI in cluster or unicodedata.east_asian_width(cluster[0]) in {"W", "F"}:
        return 2
    return 0 if unicodedata.category(cluster[0]) in {"Mn", "Me", "Cf"} else 1


def pad(text: str, width: int) -> str:
    """Return `text` with spaces behind it, so that it takes `width` columns of a terminal or more.

    Args:
        text: cleaned text.
        width: the least number of columns.
    """
    return text + " " * (width - cells(text))


def pixels(text: str, size: int, *, bold: bool = False) -> float:
    """Return about how wide `text` is in a picture, in pixels.

    Args:
        text: cleaned text.
        size: the font's size in pixels.
        bold: whether the font is bold.
    """
    return sum(map(_em_width, clusters(text))) * size * (_BOLDER if bold else 1)


def _em_width(cluster: str) -> float:
    if _cluster_cells(cluster) > 1:
        return _EMOJI if unicodedata.category(cluster[0]) == "So" else _WIDE
    return _EM_WIDTHS.get(cluster[0], _ARABIC if unicodedata.bidirectional(cluster[0]) == "AL" else _OTHER)


def shorten(text: str, fits: Callable[[str], bool]) -> str:
    """Return `text`, or as much of its beginning as fits together with an ellipsis.

    Args:
        text: cleaned text.
        fits: whether a text is short enough; if a text is, so is its beginning.
    """
    if fits(text):
        return text
    parts = clusters(text)
    low, high = 0, len(parts) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if fits(_cut(parts, middle)) else (low, middle - 1)
    return _cut(parts, low)


def _cut(parts: list[str], count: int) -> str:
    """Return the first `count` parts and an ellipsis, which stands on the left of text that runs to the left."""
    kept = "".join(parts[:count]).rstrip()
    leftward = kept != "" and unicodedata.bidirectional(kept[-1]) in {"R", "AL"}
    return f"{kept}…{_RIGHT_TO_LEFT_MARK if leftward else ''}"

"""How much room a text takes, and how it is shortened."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall.drawing.measure import cells, clean, clusters, pad, pixels, shorten

FAMILY = "👨\u200d👩\u200d👧"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("abc", ["a", "b", "c"]),
        ("e\u0301x", ["e\u0301", "x"]),
        (f"a{FAMILY}b", ["a", FAMILY, "b"]),
        ("👩🏽x", ["👩🏽", "x"]),
        ("🇩🇪🇫🇷", ["🇩🇪", "🇫🇷"]),
        ("❤\ufe0f", ["❤\ufe0f"]),
    ],
)
def test_clusters_are_what_readers_see_as_one_character(text: str, expected: list[str]) -> None:
    """Accents, skin tones, joined emoji and the halves of a flag stay together."""
    assert clusters(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 0),
        ("Ann", 3),
        ("王", 2),
        ("e\u0301", 1),
        ("\u0301", 0),
        (FAMILY, 2),
        ("🇩🇪", 2),
        ("❤\ufe0f", 2),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}", 2),
    ],
)
def test_cells_are_the_columns_of_a_terminal(text: str, expected: int) -> None:
    """Wide characters and emoji take two columns, combining marks none."""
    assert cells(text) == expected


@given(text=st.text().map(clean), width=st.integers(0, 50))
def test_padding_reaches_the_width(text: str, width: int) -> None:
    """A padded text takes the width, or more if it was longer before."""
    assert cells(pad(text, width)) == max(width, cells(text))


def test_pixels_grow_with_the_text_and_the_font() -> None:
    """Narrow letters take less than wide ones, wide ones less than ideographs; size and weight add."""
    assert pixels("ill", 10) < pixels("abc", 10) < pixels("WWW", 10) < pixels("王王王", 10) < pixels("😀😀😀", 10)
    assert pixels("abc", 20) == pytest.approx(2 * pixels("abc", 10))
    assert pixels("abc", 10) < pixels("abc", 10, bold=True)


WIDE_FONT: Final = {
    **dict.fromkeys("0123456789", (1303, 1425)),
    " ": (651, 713),
    ":": (690, 819),
    "E": (1294, 1399),
    "W": (2025, 2259),
    "e": (1260, 1389),
    "g": (1300, 1466),
    "i": (569, 702),
    "m": (1995, 2134),
    "n": (1298, 1458),
    "r": (842, 1010),
    "t": (803, 979),
    "…": (2048, 2048),
}
"""How far characters of DejaVu Sans, and of its bold face, advance, of 2048 in an em: https://dejavu-fonts.github.io/"""


@pytest.mark.parametrize("text", ["5 min", "30 min", "Winter time 12:30", "Engine timer…"])
@pytest.mark.parametrize("bold", [False, True])
def test_no_text_is_wider_than_expected(text: str, *, bold: bool) -> None:
    """In a font that is wider than most, text takes no more than is expected, and not much less."""
    real = sum(WIDE_FONT[char][bold] for char in text) / 2048
    assert real <= pixels(text, 1, bold=bold) <= real * 1.15


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("short", 5, "short"),
        ("longer", 5, "long…"),
        ("ab cdef", 4, "ab…"),
        (f"x{FAMILY}yz", 3, f"x{FAMILY}…"),
        ("محمد علي", 5, "محمد…\u200f"),
        ("ab", 0, "…"),
    ],
)
def test_long_text_ends_in_an_ellipsis(text: str, length: int, expected: str) -> None:
    """What does not fit is cut between clusters; after text that runs to the left, the ellipsis does so too."""
    assert shorten(text, lambda found: len(clusters(found.rstrip("\u200f"))) <= length) == expected


@given(text=st.text(max_size=40).map(clean), room=st.floats(20, 300))
def test_shortened_text_is_the_longest_that_fits(text: str, room: float) -> None:
    """A shortened text fits, and begins as the whole does; a text that fits is left alone."""
    short = shorten(text, lambda found: pixels(found, 10) <= room)
    assert pixels(short, 10) <= room
    if pixels(text, 10) <= room:
        assert short == text
    else:
        assert text.startswith(short.rstrip("\u200f").removesuffix("…"))

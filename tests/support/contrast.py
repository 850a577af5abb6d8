"""How well a picture can be read."""

from __future__ import annotations

from typing import Final

BLINDNESS: Final = (
    ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
)
"""How linear colours look to who sees no red, no green, no blue (Machado, Oliveira and Fernandes, 2009, severity 1)."""
TO_XYZ: Final = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
WHITE: Final = (0.9505, 1.0, 1.089)
APART: Final = 10
"""A distance of two colours (CIE 1976) that is seen beside each other; about 2 is just noticeable."""

Vector = tuple[float, ...]


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    red, green, blue = linear(colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def linear(colour: str) -> Vector:
    """Return the three parts of a colour as amounts of light."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return tuple(each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in channels)


def seen_apart(one: str, other: str) -> bool:
    """Return whether two colours are seen apart, also by who sees no red, no green or no blue."""
    seen = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    return all(_distance(one, other, eyes) >= APART for eyes in (seen, *BLINDNESS))


def _distance(one: str, other: str, eyes: tuple[Vector, ...]) -> float:
    first, second = (_lab(_times(eyes, linear(colour))) for colour in (one, other))
    return float(sum((left - right) ** 2 for left, right in zip(first, second, strict=True)) ** 0.5)


def _times(matrix: tuple[Vector, ...], vector: Vector) -> Vector:
    return tuple(sum(left * right for left, right in zip(row, vector, strict=True)) for row in matrix)


def _lab(light: Vector) -> Vector:
    """Return a colour in the space in which distances are as they are seen (CIE 1976 L*a*b*)."""
    clipped = tuple(min(1.0, max(0.0, part)) for part in light)
    x, y, z = (_curve(part / most) for part, most in zip(_times(TO_XYZ, clipped), WHITE, strict=True))
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _curve(part: float) -> float:
    return float(part ** (1 / 3)) if part > 216 / 24389 else (part * 24389 / 27 + 16) / 116

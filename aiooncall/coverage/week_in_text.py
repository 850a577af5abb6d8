"""Who is on call over days, as a table for the terminal."""

from __future__ import annotations

from itertools import zip_longest
from typing import TYPE_CHECKING, Final, NamedTuple

from aiooncall._base.validation import count
from aiooncall.coverage.models import NOBODY
from aiooncall.coverage.weeks import Week, names_of, within
from aiooncall.drawing.measure import cells, clusters, pad
from aiooncall.drawing.outline import human_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from aiooncall.coverage.models import Shift
    from aiooncall.coverage.weeks import Day, Row

GAP: Final = "NOBODY"
"""What stands in a table where nobody is on call: in capitals, so that no colour is needed to see it."""
_CLOCK: Final = 6
"""The room of a time and the space behind it."""
_NARROWEST: Final = 14
_WIDEST: Final = 26
_NAME: Final = 14
"""The width of a day's column, and of the names of schedules."""
_MOST_DAYS: Final = 7
LEAST_WIDTH: Final = _NAME + 1 + _NARROWEST


class Part(NamedTuple):
    """A part of a line, and what it is: `head`, `gap` or nothing in particular."""

    text: str
    kind: str = ""


class _Lines(NamedTuple):
    """What lines are drawn with."""

    beside: str
    below: str
    cross: str


_DRAWN: Final = _Lines("│", "─", "┼")
_PLAIN: Final = _Lines("|", "-", "+")


def week_table(
    shifts: Iterable[Shift],
    start: datetime,
    end: datetime,
    *,
    zone: str = "UTC",
    names: Mapping[str, str] | None = None,
    width: int = 100,
    ascii_only: bool = False,
) -> str:
    """Return who is on call as a table of days, one row for each schedule, and the gaps below it.

    A person stands beside the time at which they take over; one without a time goes on from the day before. Days that
    do not fit side by side follow in further tables.

    Args:
        shifts: who is on call when, for all of the time.
        start: an aware datetime.
        end: an aware datetime that is not before it, and at most 366 days after it.
        zone: the IANA name of the place whose days and clocks are shown.
        names: what to call schedules, by id. Each of them has a row, also one without shifts.
        width: columns of the terminal, at least 29.
        ascii_only: whether to do without box-drawing characters.

    Raises:
        OptionsError: an argument is wrong.
    """
    week = Week.of(shifts, start, end, zone=zone, names=names)
    lines = table_lines(week, width, ascii_only=ascii_only)
    return "\n".join("".join(part.text for part in line).rstrip() for line in lines)


def table_lines(week: Week, width: int, *, ascii_only: bool = False) -> Iterator[list[Part]]:
    """Yield the lines of a table, part by part, so that a terminal can colour them.

    Raises:
        OptionsError: it is too narrow.
    """
    room = count("width", width, least=LEAST_WIDTH) - _NAME
    yield from ([Part(line, "head")] for line in _wrapped(f"{week.title}, {week.zone.key}", width))
    if not week.rows:
        yield [Part("There is no schedule.")]
        return
    many = min(_MOST_DAYS, room // (_NARROWEST + 1), max(1, len(week.days)))
    wide = min(_WIDEST, room // many - 1)
    for first in range(0, len(week.days), many):
        yield []
        yield from _table(week, week.days[first : first + many], wide, _PLAIN if ascii_only else _DRAWN)
    yield from _gaps(week, width)


def _table(week: Week, days: Sequence[Day], wide: int, drawn: _Lines) -> Iterator[list[Part]]:
    """Yield a table of as many days as fit."""
    rule = [Part(drawn.below * _NAME + (drawn.cross + drawn.below * wide) * len(days))]
    yield _line(Part(""), [Part(day.label, "head") for day in days], wide, drawn)
    for row in week.rows:
        yield rule
        cells_of_days = [list(_cell(week, row, day, wide)) for day in days]
        names = [Part(line) for line in _wrapped(row.name, _NAME - 1)]
        for name, *parts in zip_longest(names, *cells_of_days, fillvalue=Part("")):
            yield _line(name, parts, wide, drawn)


def _line(name: Part, parts: Iterable[Part], wide: int, drawn: _Lines) -> list[Part]:
    """Return a line, with lines between its parts."""
    beside = [(Part(drawn.beside), Part(pad(part.text, wide), part.kind)) for part in parts]
    return [Part(pad(name.text, _NAME)), *(part for pair in beside for part in pair)]


def _cell(week: Week, row: Row, day: Day, wide: int) -> Iterator[Part]:
    """Yield the lines of a day: who takes over when, or goes on."""
    for piece in row.between(day.start, day.end):
        shown = within(piece, day.start, day.end)
        if shown:
            at = week.clock(shown.start) if shown.start == piece.start else ""
            kind, names = ("", names_of(piece)) if piece.people else ("gap", GAP)
            for number, line in enumerate(_wrapped(names, wide - _CLOCK)):
                yield Part(f"{'' if number else at:<{_CLOCK}}{line}", kind)


def _gaps(week: Week, width: int) -> Iterator[list[Part]]:
    """Yield the gaps of each schedule, with when and how long they are."""
    if not any(row.gaps for row in week.rows):
        return
    yield []
    yield [Part(f"{NOBODY.capitalize()} is on call for {human_duration(week.uncovered().total_seconds())}:", "gap")]
    for row in week.rows:
        texts = [week.when(gap.start, gap.end) for gap in row.gaps]
        for depth, text in enumerate([row.name, *texts] if texts else []):
            indent = " " * (4 if depth else 2)
            yield from ([Part(indent + line)] for line in _wrapped(text, width - len(indent)))


def _wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines of so many columns; a word that is longer is broken."""
    lines = [""]
    for word in text.split():
        if cells(f"{lines[-1]} {word}") <= width and lines[-1]:
            lines[-1] += f" {word}"
            continue
        lines.append("")
        for cluster in clusters(word):
            if cells(lines[-1] + cluster) > width:
                lines.append("")
            lines[-1] += cluster
    return lines[1:]

"""What people read of shifts: times as the clocks of a zone show them, and lines that fit a terminal."""

from __future__ import annotations

from difflib import SequenceMatcher
from itertools import chain
from textwrap import wrap
from typing import TYPE_CHECKING, Final, TypeVar

from aiooncall._text import one_line

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from datetime import datetime, tzinfo

H = TypeVar("H", bound="Hashable")
WIDTH: Final = 80
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def moment(at: datetime, zone: tzinfo) -> str:
    """Return when something is as the clocks of a zone show it, such as `Mon 2031-01-06 09:00`.

    Seconds are there if there are any, and the offset if the clocks show that time twice.

    Args:
        at: an aware datetime.
        zone: the zone.
    """
    local = at.astimezone(zone)
    exact = local.replace(tzinfo=None, fold=0)
    shown = exact.isoformat(" ", "auto" if exact.second or exact.microsecond else "minutes")
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return f"{_DAYS[local.weekday()]} {shown}{f' {local:%z}' if twice else ''}"


def filled(text: str, indent: str = "", hanging: str | None = None) -> list[str]:
    """Return a text as lines of at most 80 characters, without what would steer a terminal.

    Args:
        text: the text.
        indent: what the first line begins with.
        hanging: what the others begin with; the same unless given.
    """
    further = indent if hanging is None else hanging
    return wrap(one_line(text), WIDTH, initial_indent=indent, subsequent_indent=further) or [indent.rstrip()]


def compared(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the lines of two texts once, each with a sign: `-` for what is gone, `+` for what is new, else a space."""
    for is_same, gone, new in _pieces(before, after):
        yield from ((" " if is_same else "-", line) for line in gone)
        yield from (("+", line) for line in new if not is_same)


def compared_parts(before: Sequence[tuple[str, ...]], after: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    """Yield the lines of two texts of parts in the same way, such that a part that is new is new as a whole."""
    for is_same, gone, new in _pieces(before, after):
        old = [*chain.from_iterable(gone)]
        yield from compared(old, old if is_same else [*chain.from_iterable(new)])


def _pieces(before: Sequence[H], after: Sequence[H]) -> Iterator[tuple[bool, Sequence[H], Sequence[H]]]:
    """Yield what two sequences have in common and what each has alone, in order."""
    for kind, first, last, begin, until in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        yield kind == "equal", before[first:last], after[begin:until]

"""Shifts as tables: CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final

from aiooncall._text import one_line
from aiooncall.coverage.periods import shifts_given

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.coverage.models import Shift

COLUMNS: Final = ("schedule", "person", "name", "email", "start", "end", "layer", "override")
_FORMULA: Final = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a cell begins with that spreadsheets run (https://owasp.org/www-community/attacks/CSV_Injection)."""


def to_csv(shifts: Iterable[Shift]) -> str:
    """Return shifts as CSV with a head, a line for each; what is not known is empty, and so is the person of a slot.

    Each shift is one line. An apostrophe goes before what a spreadsheet would run as a formula.

    Args:
        shifts: who is on call when.

    Raises:
        OptionsError: something that is no shift is among them.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(map(_cell, _row(shift)) for shift in shifts_given("shifts", shifts))
    return text.getvalue()


def to_json(shifts: Iterable[Shift]) -> str:
    """Return shifts as a JSON array of objects; what is not known is null, and so is the person of a slot.

    Args:
        shifts: who is on call when.

    Raises:
        OptionsError: something that is no shift is among them.
    """
    rows = [dict(zip(COLUMNS, _row(shift), strict=True)) for shift in shifts_given("shifts", shifts)]
    return json.dumps(rows, indent=2)


def _row(shift: Shift) -> tuple[str | None, ...]:
    person = shift.person
    who = (person.id, person.name, person.email) if person else (None, None, None)
    times = (shift.start.isoformat(), shift.end.isoformat())
    return (shift.schedule, *who, *times, shift.layer or None, shift.override or None)


def _cell(value: str | None) -> str:
    """Return what a cell shows: on one line, and nothing that is run."""
    shown = one_line(value or "")
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown

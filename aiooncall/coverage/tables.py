"""Shifts as tables: CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import attrs

from aiooncall._text import one_line
from aiooncall.coverage.models import Shift
from aiooncall.coverage.periods import shifts_given

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    table.writerows(map(as_cell, _row(shift)) for shift in shifts_given("shifts", shifts))
    return text.getvalue()


def to_json(shifts: Iterable[Shift]) -> str:
    """Return shifts as a JSON array of objects; what is not known is null, and so is the person of a slot.

    Args:
        shifts: who is on call when.

    Raises:
        OptionsError: something that is no shift is among them.
    """
    return dumps(shifts_given("shifts", shifts))


def dumps(value: object) -> str:
    """Return a value of coverage as JSON: shifts by the names of the columns, times in RFC 3339, lengths in seconds."""
    return json.dumps(value, default=_plain, indent=2)


def _plain(value: Any) -> object:  # noqa: ANN401 (any attrs class)
    """Return what JSON has no form for as something that it has; a change comes with its words."""
    if isinstance(value, Shift):
        return dict(zip(COLUMNS, _row(value), strict=True))
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, ZoneInfo):
        return value.key
    told = {field.name: getattr(value, field.name) for field in attrs.fields(value.__class__)}
    return {**told, "summary": value.summary} if hasattr(value, "summary") else told


def _row(shift: Shift) -> tuple[str | None, ...]:
    person = shift.person
    who = (person.id, person.name, person.email) if person else (None, None, None)
    times = (shift.start.isoformat(), shift.end.isoformat())
    return (shift.schedule, *who, *times, shift.layer or None, shift.override or None)


def as_cell(value: str | None) -> str:
    """Return what a cell shows: on one line, and nothing that is run."""
    shown = one_line(value or "")
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) else shown

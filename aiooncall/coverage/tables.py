"""Shifts as tables: CSV and JSON."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Final

from aiooncall.coverage.periods import shifts_given

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.coverage.models import Shift

COLUMNS: Final = ("schedule", "person", "name", "email", "start", "end", "layer", "override")


def to_csv(shifts: Iterable[Shift]) -> str:
    """Return shifts as CSV with a head, a line for each; what is not known is empty, and so is the person of a slot.

    Args:
        shifts: who is on call when.

    Raises:
        OptionsError: something that is no shift is among them.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    table.writerows(map(_row, shifts_given("shifts", shifts)))
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

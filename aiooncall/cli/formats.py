"""What shifts are printed as: JSON lines, CSV or a calendar, to standard output or to a file, or a table for people."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import attrs
import orjson
import typer

from aiooncall.cli.output import write_output
from aiooncall.coverage.calendars import to_icalendar
from aiooncall.coverage.tables import to_csv, to_json
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.coverage.models import Shift

SvgOption = Annotated[bool, typer.Option("--svg", help="Print a picture.")]
CsvOption = Annotated[bool, typer.Option("--csv", help="Print CSV.")]
IcalOption = Annotated[bool, typer.Option("--ical", help="Print an iCalendar, an event for each.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to a file, instead of standard output.")
]


@attrs.frozen(kw_only=True)
class Format:
    """What shifts are printed as, and where.

    Attributes:
        name: `json`, `csv`, `ical` or `svg`; empty for a table for people.
        output: the file; standard output if None.
    """

    name: str
    output: Path | None

    @classmethod
    def chosen(cls, output: Path | None, **asked: bool) -> Format:
        """Return what was asked for.

        Args:
            output: the file, if one was given.
            asked: for each format whether it was asked for.

        Raises:
            OptionsError: several formats, a file without a format, or the library for calendars is not there.
        """
        names, options = [name for name in asked if asked[name]], [f"--{name}" for name in asked]
        if len(names) > 1:
            raise OptionsError(", ".join(options), names, "one of them at most")
        if output is not None and not names:
            raise OptionsError("--output", str(output), f"with it one of {', '.join(options)}")
        if "ical" in names and find_spec("icalendar") is None:
            raise OptionsError("--ical", None, "the library icalendar; in a clone: pip install '.[calendar]'")
        return cls(name="".join(names), output=output)

    def write(self, text: str) -> None:
        """Write what was made, to standard output or to the file.

        Raises:
            OptionsError: the file cannot be written.
        """
        if self.output is None:
            typer.echo(text, nl=False)
        else:
            write_output("--output", self.output, text)

    def text_of(self, shifts: Iterable[Shift], title: str) -> str:
        """Return shifts as JSON lines, CSV or a calendar.

        Args:
            shifts: who is on call when.
            title: what to call a calendar.
        """
        match self.name:
            case "csv":
                return to_csv(shifts)
            case "ical":
                return to_icalendar(shifts, name=title)
            case _:
                return "".join(f"{orjson.dumps(row).decode()}\n" for row in orjson.loads(to_json(shifts)))


def moment(at: datetime) -> str:
    """Return a time as it is shown to people, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"

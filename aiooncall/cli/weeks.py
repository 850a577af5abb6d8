"""`aiooncall schedule week`: who is on call over days, as a table in the terminal and as a picture."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, time, timedelta
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Annotated, Final

import typer
from rich.text import Text

from aiooncall._base.datetimes import instant_of
from aiooncall._base.zones import zone_info
from aiooncall.cli.command import ExitCode, command
from aiooncall.cli.consoles import make_console
from aiooncall.cli.coverage import Days, From, Ids
from aiooncall.cli.formats import Format, OutputOption, SvgOption
from aiooncall.cli.listing import TeamOption
from aiooncall.cli.rotas import read_rotas
from aiooncall.cli.settings import Settings
from aiooncall.cli.times import utc
from aiooncall.coverage.week_in_svg import week_svg
from aiooncall.coverage.week_in_text import LEAST_WIDTH, table_lines
from aiooncall.coverage.weeks import Week

if TYPE_CHECKING:
    from aiooncall.coverage.week_in_text import Part

STYLES: Final = {"head": "bold", "gap": "bold red"}
"""How the parts of a table look on a terminal that has colours."""

ZoneOption = Annotated[str, typer.Option("--zone", metavar="ZONE", help="Whose days and clocks, as Europe/Paris.")]


def add_week(schedules: typer.Typer) -> None:
    """Add the command to those of schedules."""
    command(schedules, "week")(show_week)


async def show_week(
    settings: Settings,
    schedule_id: Ids = None,
    team: TeamOption = None,
    start: From = None,
    days: Days = 7,
    zone: ZoneOption = "UTC",
    svg: SvgOption = False,
    output: OutputOption = None,
) -> ExitCode:
    """Show who is on call from day to day, one row for each schedule; 1 if there is no schedule."""
    form = Format.chosen(output, json=settings.json, svg=svg)
    begin, end = _span(start, days, zone)
    async with settings.client() as client:
        rotas = await read_rotas(client, schedule_id, team, begin, end)
    if not rotas:
        typer.echo("there is no schedule", err=True)
        return ExitCode.FAILED
    shifts, names = [shift for rota in rotas for shift in rota.shifts], {rota.id: rota.name for rota in rotas}
    if form.name == "svg":
        form.write(week_svg(shifts, begin, end, zone=zone, names=names))
    elif form.name:
        form.write(form.text_of(shifts, ""))
    else:
        _print_table(Week.of(shifts, begin, end, zone=zone, names=names))
    return ExitCode.DONE


def _span(start: datetime | None, days: int, zone: str) -> tuple[datetime, datetime]:
    """Return the days from a time on, or from the midnight before now, as the clocks of a place show it."""
    place = zone_info("--zone", zone)
    begin = utc(start) or instant_of(datetime.combine(datetime.now(place).date(), time()), place)
    last = begin.astimezone(place).replace(tzinfo=None) + timedelta(days=days)
    return begin, min(instant_of(last, place), begin + timedelta(days=366)).astimezone(UTC)


def _print_table(week: Week) -> None:
    """Print a table as wide as the terminal; COLUMNS says how wide that is, else 80 where there is none."""
    console, width = make_console(), get_terminal_size((80, 24)).columns
    for line in table_lines(week, max(width, LEAST_WIDTH), ascii_only=not _has_lines()):
        console.print(_coloured(line), soft_wrap=True)


def _coloured(line: list[Part]) -> Text:
    text = Text.assemble(*((part.text, STYLES.get(part.kind, "")) for part in line))
    text.rstrip()
    return text


def _has_lines() -> bool:
    """Return whether standard output can write the characters that lines are drawn with."""
    try:
        "│─┼".encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True

"""`aiooncall schedule shifts` and `schedule gaps`: who is on call over a time, and when nobody is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from aiooncall.cli.command import ExitCode, command
from aiooncall.cli.formats import CsvOption, Format, IcalOption, OutputOption, moment
from aiooncall.cli.listing import TeamOption
from aiooncall.cli.lists import print_rows
from aiooncall.cli.rotas import read_rotas
from aiooncall.cli.settings import Settings
from aiooncall.cli.times import WRITTEN, utc
from aiooncall.coverage.models import Shift
from aiooncall.coverage.uncovered import gaps
from aiooncall.drawing.outline import human_duration

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.cli.rotas import Rota

Ids = Annotated[
    list[str] | None,
    typer.Argument(metavar="SCHEDULE_ID", help="Which; all of them, or those of --team, unless given."),
]
From = Annotated[
    datetime | None,
    typer.Option("--from", help="Since when, in UTC unless it has a zone; now unless given.", **WRITTEN),
]
Days = Annotated[int, typer.Option(min=1, max=366, help="For how many days.")]
Check = Annotated[
    int, typer.Option(min=0, max=1000, help="Ask Datadog at so many instants whether it agrees, a request each.")
]


def add_coverage(schedules: typer.Typer) -> None:
    """Add the commands to those of schedules."""
    command(schedules)(shifts)
    command(schedules, "gaps")(find_gaps)


async def shifts(
    settings: Settings,
    schedule_id: Ids = None,
    team: TeamOption = None,
    start: From = None,
    days: Days = 7,
    check: Check = 0,
    csv: CsvOption = False,
    ical: IcalOption = False,
    output: OutputOption = None,
) -> None:
    """Show who is on call when, by schedule."""
    form = Format.chosen(output, json=settings.json, csv=csv, ical=ical)
    begin, end = span(start, days)
    async with settings.client() as client:
        rotas = await read_rotas(client, schedule_id, team, begin, end, check=check)
    found = [shift for rota in rotas for shift in rota.shifts]
    if form.name:
        form.write(form.text_of(found, _title(rotas, "On call")))
    else:
        print_rows(("schedule", "from", "to", "on call", "by"), _shift_rows(rotas))


async def find_gaps(
    settings: Settings,
    schedule_id: Ids = None,
    team: TeamOption = None,
    start: From = None,
    days: Days = 7,
    csv: CsvOption = False,
    ical: IcalOption = False,
    output: OutputOption = None,
) -> ExitCode:
    """Show when nobody is on call, by schedule; 4 if there is such a time, 1 if there is no schedule."""
    form = Format.chosen(output, json=settings.json, csv=csv, ical=ical)
    begin, end = span(start, days)
    async with settings.client() as client:
        rotas = await read_rotas(client, schedule_id, team, begin, end)
    if not rotas:
        typer.echo("there is no schedule", err=True)
        return ExitCode.FAILED
    found = {rota.id: _uncovered(rota, begin, end) for rota in rotas}
    if form.name:
        missing = [gap for several in found.values() for gap in several]
        form.write(form.text_of(missing, _title(rotas, "Nobody on call")))
    else:
        rows = [(rota.name, *_times(gap), _length(gap)) for rota in rotas for gap in found[rota.id]]
        print_rows(("schedule", "from", "to", "for"), rows)
    return ExitCode.FOUND if any(found.values()) else ExitCode.DONE


def span(start: datetime | None, days: int) -> tuple[datetime, datetime]:
    """Return the time that options ask for."""
    begin = utc(start) or datetime.now(UTC).replace(microsecond=0)
    return begin, begin + timedelta(days=days)


def _uncovered(rota: Rota, start: datetime, end: datetime) -> list[Shift]:
    """Return the gaps of a schedule as what all formats can tell: shifts of nobody."""
    found = gaps(rota.shifts, start, end)
    return [Shift(schedule=rota.id, person=None, start=gap.start, end=gap.end) for gap in found]


def _shift_rows(rotas: Iterable[Rota]) -> Iterable[tuple[str, ...]]:
    for rota in rotas:
        for shift in rota.shifts:
            yield rota.name, *_times(shift), shift.label, shift.layer or ("an override" if shift.override else "")


def _times(shift: Shift) -> tuple[str, str]:
    return moment(shift.start), moment(shift.end)


def _length(shift: Shift) -> str:
    return human_duration(shift.length.total_seconds())


def _title(rotas: list[Rota], what: str) -> str:
    return f"{what}: {rotas[0].name}" if len(rotas) == 1 else what

"""The commands."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer
from rich.console import Console

from aiooncall._base.version import __version__
from aiooncall.cli import alerts, audits, bulk, coverage, groups, listing, pagerduty, pages, people, previews, weeks
from aiooncall.cli.display import make_display
from aiooncall.cli.doctor import add_doctor
from aiooncall.cli.exporter import add_exporter
from aiooncall.cli.grouping import CommandGroup
from aiooncall.cli.printing import print_json
from aiooncall.cli.settings import JsonOption
from aiooncall.cli.simulating import simulator
from aiooncall.cli.summary import print_summary, summary_json

app: typer.Typer = typer.Typer(
    help="On-call paging from the terminal. Exit codes: 0 done, 1 something failed, 2 wrong usage, "
    "3 something is in doubt, 4 what was looked for was found, 130 interrupted, 143 terminated.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    cls=CommandGroup,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"aiooncall {__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Take what stands before the name of a command."""


app.add_typer(pages.app, name="page")
app.add_typer(alerts.app, name="alert")
app.add_typer(groups.app, name="group")
app.add_typer(listing.teams, name="team")
app.add_typer(people.policies, name="policy")
app.add_typer(people.schedules, name="schedule")
people.add_who(app)
listing.add_lists(people.policies, people.schedules)
coverage.add_coverage(people.schedules)
weeks.add_week(people.schedules)
previews.add_preview(people.schedules)
audits.add_audit(app)
add_doctor(app)
add_exporter(app)
app.add_typer(pagerduty.app, name="pagerduty")
app.add_typer(bulk.app, name="bulk")


@app.command()
def demo(
    pages: Annotated[int, typer.Option(min=1, max=20_000, help="How many pages the storm has.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the faults.")] = 7,
    json: JsonOption = False,
) -> None:
    """Page a storm on an embedded, unreliable simulator, then acknowledge and resolve all of it."""
    from aiooncall.cli.demo import LIMIT, PERIOD, run_demo  # noqa: PLC0415 (brings the simulator, which takes its time)

    console = Console(quiet=json, highlight=False)
    least = 3 * pages * PERIOD / LIMIT
    console.print(
        f"{pages} pages, each paged, acknowledged and resolved, at {LIMIT} calls in {PERIOD:g} s through faults:"
    )
    console.print(f"this takes {least:.0f} s and a little more.")
    with make_display(console) as display:
        result = asyncio.run(run_demo(pages, seed, display))
    print_summary(console, result)
    if json:
        print_json(summary_json(result))
    raise typer.Exit(0 if result.is_clean else 1)


app.command()(simulator)

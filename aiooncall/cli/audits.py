"""`aiooncall audit`: what is wrong with who is on call, with an exit code for pipelines."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import orjson
import typer

from aiooncall.audit.kinds import SEVERITIES, FindingKind, PlaceKind, Severity
from aiooncall.audit.question import LONGEST_STRETCH
from aiooncall.audit.rendering import row_of
from aiooncall.audit.web_report import audit_html
from aiooncall.cli.command import ExitCode, command
from aiooncall.cli.coverage import Days, From
from aiooncall.cli.formats import CsvOption, Format, OutputOption
from aiooncall.cli.output import write_output
from aiooncall.cli.printing import say
from aiooncall.cli.rotas import read_rotas
from aiooncall.cli.settings import Settings
from aiooncall.cli.teams import known_by
from aiooncall.cli.times import LASTING, utc
from aiooncall.coverage.tables import as_cell
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.audit.models import Finding
    from aiooncall.audit.report import Audit
    from aiooncall.datadog.client import DatadogOnCall
    from aiooncall.grafana.client import GrafanaOnCall

NEVER: Final = "never"
_DRAWN: Final = (FindingKind.GAP, FindingKind.LONG_STRETCH, FindingKind.SCHEDULE_ENDS)
"""Kinds of findings whose schedules a page shows as a picture."""
COLUMNS: Final = ("severity", "kind", "place", "id", "name", "person", "since", "until", "summary", "what_to_do")


Teams = Annotated[
    list[str] | None,
    typer.Option(help="Id of a team; or with Datadog its handle, with Grafana its name; any number; else all."),
]
FailOn = Annotated[
    list[str] | None,
    typer.Option(metavar="WHAT", help="Exit with 4 for a severity and what is worse, or for a kind; or `never`."),
]


def add_audit(app: typer.Typer) -> None:
    """Add the command `audit`."""
    command(app, "audit")(run_audit)


async def run_audit(
    settings: Settings,
    team: Teams = None,
    start: From = None,
    days: Days = 14,
    kind: Annotated[list[FindingKind] | None, typer.Option(help="What to look for; any number; else all.")] = None,
    max_stretch: Annotated[
        float,
        typer.Option(
            help="How long one person may be on call without a break; 8d unless given.", show_default=False, **LASTING
        ),
    ] = LONGEST_STRETCH.total_seconds(),
    fail_on: FailOn = None,
    csv: CsvOption = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as a page, too.")] = None,
    output: OutputOption = None,
) -> ExitCode:
    """Show what is wrong with who is on call; 4 if there is anything critical."""
    failing = kinds_that_fail(fail_on or [Severity.CRITICAL])
    form = Format.chosen(output, json=settings.json, csv=csv)
    async with settings.client() as client:
        teams = None if team is None else [await known_by(client, one) for one in team]
        audit = await client.audit(
            teams=teams, start=utc(start), days=days, kinds=kind or FindingKind, max_stretch=max_stretch
        )
        page = await _page(client, audit) if html else ""
    if html:
        write_output("--html", html, page)
    if form.name:
        form.write(_as_csv(audit.findings) if csv else _as_lines(audit.findings))
    else:
        say(audit.to_text().rstrip("\n"))
    return ExitCode.FOUND if audit.of(*failing) else ExitCode.DONE


def kinds_that_fail(words: Iterable[str]) -> frozenset[FindingKind]:
    """Return the kinds of findings for which an audit fails.

    Args:
        words: severities, each of which stands for itself and all that is worse, kinds, and `never`.

    Raises:
        OptionsError: a word is none of these.
    """
    severities, found = list(Severity), set[FindingKind]()
    for word in words:
        if word in severities:
            worse = severities[: severities.index(Severity(word)) + 1]
            found |= {kind for kind in FindingKind if SEVERITIES[kind] in worse}
        elif word in list(FindingKind):
            found.add(FindingKind(word))
        elif word != NEVER:
            raise OptionsError("--fail-on", word, ", ".join((NEVER, *severities, *FindingKind)))
    return frozenset(found)


async def _page(client: DatadogOnCall | GrafanaOnCall, audit: Audit) -> str:
    """Return the report as a page, on which the schedules are drawn that something is wrong with."""
    ids = dict.fromkeys(finding.where.id for finding in audit.of(*_DRAWN) if finding.where.kind == PlaceKind.SCHEDULE)
    rotas = await read_rotas(client, [*ids], None, audit.start, audit.end) if ids else []
    shifts = [shift for rota in rotas for shift in rota.shifts]
    return audit_html(audit, shifts, names={rota.id: rota.name for rota in rotas})


def _as_lines(findings: Iterable[Finding]) -> str:
    return "".join(f"{orjson.dumps(row_of(finding)).decode()}\n" for finding in findings)


def _as_csv(findings: Iterable[Finding]) -> str:
    """Return findings as CSV with a head, a line for each; an apostrophe goes before what looks like a formula."""
    text = io.StringIO()
    written = csv.writer(text, lineterminator="\n")
    written.writerow(COLUMNS)
    for finding in findings:
        row = row_of(finding)
        values = {**row, **row["where"], "place": row["where"]["kind"], "kind": row["kind"]}
        values["person"] = finding.person.label if finding.person else None
        written.writerow([as_cell(values[name]) for name in COLUMNS])
    return text.getvalue()

"""`aiooncall bulk`: plan, preview, run, resume, verify, undo and report a job."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, cast, get_args

import attrs
import typer

from aiooncall import bulk
from aiooncall.cli.carrying_out import carry_out, say_err
from aiooncall.cli.command import ExitCode, command
from aiooncall.cli.confirming import confirm_age, confirm_size
from aiooncall.cli.grouping import make_group, pages_people
from aiooncall.cli.output import write_output
from aiooncall.cli.printing import item_json, print_counts, print_json, say
from aiooncall.cli.records import plain
from aiooncall.cli.settings import Settings
from aiooncall.cli.teams import id_of
from aiooncall.cli.times import LASTING, WAITING
from aiooncall.cli.workers import work, workers_of
from aiooncall.datadog.resources.pages import LARGEST_PAGE
from aiooncall.errors import NothingSelected, OptionsError
from aiooncall.fanout import DEFAULT_CONCURRENCY
from aiooncall.grafana.client import GrafanaOnCall
from aiooncall.grafana.models.alert_group import AlertGroupState

if TYPE_CHECKING:
    from aiooncall.bulk import Counts, Preview
    from aiooncall.datadog.client import DatadogOnCall

app: typer.Typer = make_group("The same action on very many pages or alert groups.")

VERBS: Final = f"One of {', '.join(get_args(bulk.VerbName))}; escalate is Datadog's, the last four are Grafana's."


def _verbs(incomplete: str) -> list[str]:
    """Return the verbs that a shell can complete a text to."""
    return [name for name in get_args(bulk.VerbName) if name.startswith(incomplete)]


JournalFile = Annotated[Path, typer.Argument(metavar="JOURNAL", help="Holds the plan, and what came of it.")]
Concurrency = Annotated[int, typer.Option(min=1, max=1000, help="How many requests at once.")]
Patience = Annotated[
    float | None, typer.Option(help="How long to wait while nothing can be reached; for ever without it.", **LASTING)
]
OverWorkers = Annotated[
    bool, typer.Option("--workers", help="Hand it out to workers (bulk work) instead of sending from here.")
]
ChunkSize = Annotated[
    int | None,
    typer.Option(min=1, max=10_000, help="With --workers: items in a chunk; 250, and 25 for escalate, without it."),
]
FailIfNone = Annotated[bool, typer.Option("--fail-if-none", help="Exit with 1 if there is nothing to do.")]
Most = Annotated[int | None, typer.Option("--max", min=1, help="Refuse to touch more items.")]


@command(app)
async def plan(
    settings: Settings,
    journal: JournalFile,
    verb: Annotated[str, typer.Argument(metavar="VERB", help=VERBS, autocompletion=_verbs)],
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="IDS", help="Ids; or use one of the options below.")
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", help="File of ids or JSON lines; - for standard input.")
    ] = None,
    query: Annotated[str | None, typer.Option(help="Datadog: a search such as 'status:triggered'.")] = None,
    state: Annotated[AlertGroupState | None, typer.Option(help="Grafana: all in this state.")] = None,
    team: Annotated[str | None, typer.Option(help="Grafana: all of a team, by its name or id.")] = None,
    integration: Annotated[str | None, typer.Option(help="Grafana: all of an integration.")] = None,
    duration: Annotated[float | None, typer.Option("--for", help="How long to silence, such as 2h.", **LASTING)] = None,
    most: Most = None,
    fail_if_none: FailIfNone = False,
) -> ExitCode:
    """Write down what would be done, and show it; nothing is sent."""
    async with settings.client() as client:
        if team is not None and isinstance(client, GrafanaOnCall):
            team = await id_of(client, team)
        filters = {"state": state, "team_id": team, "integration_id": integration}
        given = {name: value for name, value in filters.items() if value is not None}
        selection, words = _selection(client, ids, source, query, given)
        try:
            job = await bulk.plan(
                client,
                cast("bulk.VerbName", verb),
                journal,
                selection,
                duration=duration,
                most=most,
                described_as=words,
            )
        except NothingSelected:
            return _nothing(settings, f"nothing matches ({words})", fail=fail_if_none)
        with job:
            _show(job.preview(), journal, settings)
    return ExitCode.DONE


@command(app)
async def preview(
    settings: Settings,
    journal: JournalFile,
    samples: Annotated[int, typer.Option(min=0, help="How many items to show.")] = 5,
) -> None:
    """Show what a plan would touch; nothing is sent, and no secret is needed."""
    found = bulk.preview(journal, samples=samples)
    settings.refuse_other_than(found.plan.provider)
    _show(found, journal, settings)


@command(app)
@pages_people
async def run(
    settings: Settings,
    journal: JournalFile,
    plan_hash: Annotated[str, typer.Option("--plan", metavar="HASH", help="The hash that the preview showed.")],
    most: Most = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a large job.")] = False,
    confirm_above: Annotated[int, typer.Option(min=0, help="Ask before touching more items than this.")] = 100,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, and send nothing.")] = False,
    concurrency: Concurrency = DEFAULT_CONCURRENCY,
    patience: Patience = None,
    workers: OverWorkers = False,
    chunk_size: ChunkSize = None,
) -> ExitCode:
    """Carry a plan out. After Ctrl-C nothing more is sent, and it ends with what is on its way."""
    async with settings.client_of(journal) as client:
        with bulk.open_job(client, journal) as job:
            job.check(plan_hash, most=most)
            if dry_run:
                _would_touch(job.counts, settings)
                return ExitCode.DONE
            confirm_size(job, confirm_above, yes=yes)
            others = workers_of(settings, chunk_size) if workers else None
            how: dict[str, Any] = {"concurrency": concurrency, "patience": patience, "workers": others}
            go = partial(job.run, plan_hash, most=most, **how)
            return await carry_out(settings, client, job, journal, go)


@command(app)
@pages_people
async def resume(
    settings: Settings,
    journal: JournalFile,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again what failed, and what is in doubt if twice is harmless.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Do not ask whether an old journal is the last one.")
    ] = False,
    concurrency: Concurrency = DEFAULT_CONCURRENCY,
    patience: Patience = None,
    workers: OverWorkers = False,
    chunk_size: ChunkSize = None,
) -> ExitCode:
    """Go on with a job that was interrupted, in whatever way."""
    async with settings.client_of(journal) as client:
        with bulk.open_job(client, journal) as job:
            confirm_age(job, client.options.clock.time(), yes=yes)
            others = workers_of(settings, chunk_size) if workers else None
            how: dict[str, Any] = {"concurrency": concurrency, "patience": patience, "workers": others}
            go = partial(job.resume, retry_failed=retry_failed, **how)
            return await carry_out(settings, client, job, journal, go)


@command(app, name="work")
async def work_on_chunks(
    settings: Settings,
    name: Annotated[str | None, typer.Option(help="Its name in reports; host and process without it.")] = None,
    concurrency: Concurrency = 16,
) -> None:
    """Be a worker of jobs that run with --workers. After Ctrl-C it ends with the chunk that it has."""
    await work(settings, name, concurrency)


@command(app)
async def verify(
    settings: Settings,
    journal: JournalFile,
    wait: Annotated[float, typer.Option(help="How long to wait for what the server does later.", **WAITING)] = 30,
) -> ExitCode:
    """Look whether the server shows what it accepted; of an escalation it shows nothing."""
    async with settings.client_of(journal) as client:
        with bulk.open_job(client, journal) as job:
            found = await job.verify(wait=wait)
            in_doubt = found.unknown + (found.accepted if job.verifiable else 0)
    if settings.json:
        print_json(attrs.asdict(found))
    else:
        print_counts(attrs.asdict(found), title="verified")
    if found.failed or found.unfinished:
        return ExitCode.FAILED
    return ExitCode.AMBIGUOUS if in_doubt else ExitCode.DONE


@command(app)
async def undo(
    settings: Settings,
    journal: JournalFile,
    new_journal: Annotated[Path, typer.Argument(metavar="NEW_JOURNAL", help="A new file for the opposite plan.")],
    fail_if_none: FailIfNone = False,
) -> ExitCode:
    """Plan to take back what a job changed, and show it as it is now; nothing is changed."""
    async with settings.client_of(journal) as client:
        with bulk.open_job(client, journal) as job:
            try:
                undoing = await job.undo(new_journal)
            except NothingSelected:
                return _nothing(settings, f"{journal} changed nothing", fail=fail_if_none)
            with undoing:
                _show(undoing.preview(), new_journal, settings)
    return ExitCode.DONE


@command(app)
async def report(
    settings: Settings,
    journal: JournalFile,
    html: Annotated[Path | None, typer.Option(help="Write the report as one HTML page.")] = None,
) -> None:
    """Tell what came of a job."""
    found = bulk.report(journal)
    settings.refuse_other_than(found.plan.provider)
    if html is not None:
        write_output("--html", html, bulk.report_html(found))
    if settings.json:
        print_json(found.to_json())
    else:
        say(bulk.report_text(found))


def _selection(
    client: DatadogOnCall | GrafanaOnCall,
    ids: list[str] | None,
    source: str | None,
    query: str | None,
    filters: dict[str, Any],
) -> tuple[Any, str]:
    """Return the selection and its source in words; exactly one source must be given."""
    ways = [one for one in (ids, source, query, filters) if one]
    if len(ways) != 1:
        raise OptionsError("selection", ways, "ids, --from, --query, or filters, one of them")
    if ids:
        return ids, "ids that were given"
    if source is not None:
        return (bulk.read_ids(sys.stdin.buffer), "standard input") if source == "-" else (bulk.read_ids(source), source)
    if isinstance(client, GrafanaOnCall):
        if query is not None:
            raise OptionsError("--query", query, "--state, --team or --integration: Grafana has no search")
        return client.alert_groups.list(**filters), " ".join(f"{name}={value}" for name, value in filters.items())
    if query is None:
        raise OptionsError("--state, --team, --integration", filters, "--query: Datadog has a search")
    return client.pages.list(query, page_size=LARGEST_PAGE), query


def _nothing(settings: Settings, why: str, *, fail: bool) -> ExitCode:
    """Say that there is nothing to do; that is a failure only with `--fail-if-none`."""
    say_err(f"{why}: there is nothing to do, and nothing was planned")
    if settings.json:
        print_json({"plan": None})
    return ExitCode.FAILED if fail else ExitCode.DONE


def _show(found: Preview, journal: Path, settings: Settings) -> None:
    if settings.json:
        print_json({**plain(found), "samples": [item_json(item) for item in found.samples]})
        return
    say(bulk.preview_text(found))
    say(f"nothing was sent; to do it: {settings.again('bulk', 'run', journal, '--plan', found.plan.hash)}")


def _would_touch(counts: Counts, settings: Settings) -> None:
    if settings.json:
        print_json(attrs.asdict(counts))
    else:
        say(f"{counts.unfinished} of {counts.total} items would be touched; nothing was sent")

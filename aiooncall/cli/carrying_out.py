"""The run of a job in a terminal: progress, signals, summary and exit code."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import attrs
import typer

from aiooncall.cli.command import ExitCode
from aiooncall.cli.printing import print_counts, print_json
from aiooncall.cli.progress import JobProgress
from aiooncall.cli.stopping import stoppable
from aiooncall.client.base import core_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from aiooncall.bulk import Counts, Job
    from aiooncall.cli.settings import Settings
    from aiooncall.datadog.client import DatadogOnCall
    from aiooncall.grafana.client import GrafanaOnCall


async def carry_out(
    settings: Settings,
    client: DatadogOnCall | GrafanaOnCall,
    job: Job,
    journal: Path,
    go: Callable[..., Awaitable[Counts]],
) -> ExitCode:
    """Run a job, print its counts and the next command, and return the exit code.

    Args:
        settings: the options of the command line.
        client: the client; its events and its budget are shown.
        job: the job.
        journal: the file of its journal, as the user typed it.
        go: runs the job; it takes `watch`.
    """
    bar = JobProgress(client, job.counts, job.plan.verb, quiet=settings.json)
    hooks = core_of(client)
    with bar as progress, stoppable(job, progress.say) as stopped, hooks.add_trouble_hook(progress.hear):
        try:
            counts = await go(watch=progress)
        except asyncio.CancelledError:  # the second Ctrl-C: what was on the wire is in doubt, and the journal has it
            counts = job.counts
    _print_summary(counts, settings, job.plan.verb)
    to_go_on = settings.again("bulk", "resume", journal)
    if counts.sending:
        say_err(f"{counts.sending} items may have been sent; to go on: {to_go_on}")
        return ExitCode.AMBIGUOUS
    if counts.unfinished:
        say_err(f"stopped, and nothing is lost; to go on: {to_go_on}")
        return stopped[-1] if stopped else ExitCode.INTERRUPTED
    if counts.ambiguous:
        say_err(f"{counts.ambiguous} items are in doubt; to look: {settings.again('bulk', 'verify', journal)}")
        return ExitCode.AMBIGUOUS
    return ExitCode.FAILED if counts.failed else ExitCode.DONE


def _print_summary(counts: Counts, settings: Settings, title: str) -> None:
    found = {name: number for name, number in attrs.asdict(counts).items() if number or name == "done"}
    if settings.json:
        print_json(attrs.asdict(counts))
    else:
        print_counts(found, title=title)


def say_err(text: str) -> None:
    """Print a line that is not part of the result."""
    typer.echo(text, err=True)

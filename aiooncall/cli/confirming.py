"""Questions before a job goes on: whether it may be that large, and whether its journal is the last one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import typer

from aiooncall.cli.asking import confirm
from aiooncall.cli.carrying_out import say_err
from aiooncall.errors import PlanRefused

if TYPE_CHECKING:
    from aiooncall.bulk import Job

OLD: Final = timedelta(hours=1)
"""The age of the last intent from which on `resume` asks whether the journal is an old copy."""


def confirm_size(job: Job, most: int, *, yes: bool) -> None:
    """Ask before a job touches more than `most` items; without a terminal to ask in, refuse it.

    Raises:
        PlanRefused: nobody could be asked, or the answer was no.
    """
    items = job.counts.unfinished
    if yes or items <= most:
        return
    for warning in job.preview(samples=0).warnings:
        typer.echo(f"note: {warning}", err=True)
    if not sys.stdin.isatty():
        raise PlanRefused(f"{items} items are more than {most}: give --yes to {job.plan.verb} them without being asked")
    if not confirm(f"{job.plan.verb} {items} items?"):
        raise PlanRefused("not confirmed; nothing was sent")


def confirm_age(job: Job, now: float, *, yes: bool) -> None:
    """Ask before a job continues that sent its last item long ago, as no check finds that a journal is an old copy.

    Args:
        job: the job.
        now: the present time, in seconds since the epoch.
        yes: whether the answer is known to be yes.

    Raises:
        PlanRefused: nobody could be asked, or the answer was no.
    """
    last = job.last_intent_at
    if job.repeatable or last is None:
        return
    age = datetime.fromtimestamp(now, UTC) - last
    say_err(f"the last item that this journal knows of was sent {last:%Y-%m-%d %H:%M:%S} UTC")
    if yes or age < OLD:
        return
    wanted = f"{age.total_seconds() / 3600:.1f} hours ago; if it is an old copy, {job.plan.verb} goes out again"
    if not sys.stdin.isatty():
        raise PlanRefused(f"that was {wanted}: give --yes if it is the last one")
    if not confirm(f"that was {wanted}. Is it the last one?"):
        raise PlanRefused("not confirmed; nothing was sent")

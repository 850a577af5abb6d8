"""The facts that a journal holds of the runs of its job: when each began and ended."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from aiooncall._base.datetimes import format_datetime
from aiooncall.bulk.models import Status
from aiooncall.bulk.running import DOUBTFUL
from aiooncall.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from aiooncall.bulk.journal import Journal

RUN: Final = "run "
"""The start of the name of these facts, before the number of the run. The value is `BEGIN/END`, both as texts."""


@contextmanager
def record_run(journal: Journal, wall_time: Callable[[], float], *, repeatable: bool) -> Generator[None]:
    """Write the begin and the end of a run to the journal. A run that is killed has no end.

    Args:
        journal: the journal to write to.
        wall_time: returns the time in seconds since the epoch.
        repeatable: whether an item can be sent twice without harm.
    """
    facts, began = journal.facts(), _text(wall_time())
    name = f"{RUN}{1 + sum(fact.startswith(RUN) for fact in facts)}"
    journal.begin({"started_at": facts.get("started_at", began), name: f"{began}/"}, repeatable=repeatable)
    try:
        yield
    finally:
        ended = _text(wall_time())
        with suppress(JournalError):  # the run has raised the problem of the journal already
            journal.note({"ended_at": ended, name: f"{began}/{ended}"})


def reopen_failed(journal: Journal, *, repeatable: bool) -> None:
    """Open the items again that failed, and those in doubt too if an item can be sent twice without harm.

    Raises:
        JournalError: another process runs the job, or the journal is damaged or cannot be written.
    """
    journal.lock()
    try:
        journal.check()
        journal.reopen(Status.FAILED, DOUBTFUL)
        if repeatable:
            journal.reopen(Status.AMBIGUOUS, DOUBTFUL)
    finally:
        journal.unlock()


def _text(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC))

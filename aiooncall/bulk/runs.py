"""When the runs of a job began and ended, as its journal has it."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from aiooncall._base.datetimes import format_datetime
from aiooncall.errors import JournalError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from aiooncall.bulk.journal import Journal

RUN: Final = "run "
"""The journal has a fact for each run: this and its number, and as the value when it began and ended: `A/B`."""


@contextmanager
def record_run(journal: Journal, wall_time: Callable[[], float], *, repeatable: bool) -> Generator[None]:
    """Write down when a run begins and ends; one that is killed has no end.

    Args:
        journal: where to.
        wall_time: returns what time it is, in seconds since the epoch.
        repeatable: whether what it does can be done again without harm.
    """
    facts, began = journal.facts(), _text(wall_time())
    name = f"{RUN}{1 + sum(fact.startswith(RUN) for fact in facts)}"
    journal.begin({"started_at": facts.get("started_at", began), name: f"{began}/"}, repeatable=repeatable)
    try:
        yield
    finally:
        ended = _text(wall_time())
        with suppress(JournalError):  # what went wrong with the journal is on its way already
            journal.note({"ended_at": ended, name: f"{began}/{ended}"})


def _text(seconds: float) -> str:
    return format_datetime(datetime.fromtimestamp(seconds, UTC))

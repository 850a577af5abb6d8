"""The run of a job: on this machine, where its crew sends the items, or over workers elsewhere."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

from aiooncall._base.datetimes import format_datetime
from aiooncall.bulk.journal import BATCH, Journal
from aiooncall.bulk.planning import find_verb
from aiooncall.bulk.recorder import Recorder
from aiooncall.bulk.running import Runner
from aiooncall.bulk.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aiooncall.bulk.models import PlanFacts, Verb
    from aiooncall.bulk.providers import Provider
    from aiooncall.bulk.running import Row, RunOptions


class Run(Protocol):
    """A run of a job, on this machine or over workers."""

    async def run(self) -> None:
        """Deal with the open items until none is left, or until `stop` is called."""
        ...

    def stop(self) -> None:
        """Send nothing more."""
        ...


class Workers(Protocol):
    """Workers elsewhere that a job can be run on; `aiooncall.distributed` has some."""

    def run_of(self, provider: Provider, journal: Journal, plan: PlanFacts, options: RunOptions) -> Run:
        """Return a run of a job over these workers.

        The run deals itself with items that an earlier run has left as being sent.
        """
        ...


class LocalRun:
    """A run of a job on this machine: it does the verb to every open item of the journal.

    Args:
        provider: the provider.
        journal: the journal with the items; outcomes are written to it.
        verb: the verb.
        duration: its duration in seconds, where it takes one.
        options: the options of the run.
    """

    def __init__(
        self, provider: Provider, journal: Journal, verb: Verb, duration: float | None, options: RunOptions
    ) -> None:
        self._core = provider.core
        self._journal = journal
        self._timeline = Timeline(self._core, self._core.options.clock)
        recorder = Recorder(journal, self._timeline, time_text(self._core.options.clock.time))
        counts = journal.counts()
        self._open = counts.open
        self._runner = Runner(provider, verb, duration, options, recorder, proven=counts.succeeded > 0)

    def stop(self) -> None:
        """Send nothing more: requests on the wire are awaited, and items that only wait stay open."""
        self._runner.stop()

    async def run(self) -> None:
        """Send the open items until none is left, or until `stop` is called; raises what `Runner.run` raises."""
        # A second connection, so that reading never waits for a write.
        with closing(Journal.open(self._journal.path)) as reading, self._core.add_trouble_hook(self._timeline):
            await self._runner.run(open_rows(reading), self._open)


def run_on(workers: Workers | None, provider: Provider, journal: Journal, plan: PlanFacts, options: RunOptions) -> Run:
    """Return a run of a job over workers, or on this machine if there are none."""
    if workers is not None:
        return workers.run_of(provider, journal, plan, options)
    verb = find_verb(provider, plan.verb, plan.duration)
    journal.mark_interrupted(repeatable=verb.repeatable, at=provider.core.options.clock.time())
    return LocalRun(provider, journal, verb, plan.duration, options)


def open_rows(reading: Journal) -> Iterator[Row]:
    """Yield the open items of a journal in order."""
    last = 0
    while rows := reading.unfinished(last, BATCH):
        yield from rows
        last = rows[-1][0]


def time_text(wall_time: Callable[[], float]) -> Callable[[], str]:
    """Return a function that returns the present time as the journal writes it."""
    return lambda: format_datetime(datetime.fromtimestamp(wall_time(), UTC))

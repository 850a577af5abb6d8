"""The bulk job: plan, preview, run, resume, verify and undo, all on one journal."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, Final

from aiooncall._base.datetimes import parse_datetime
from aiooncall._base.validation import count, seconds
from aiooncall.bulk.database import damage_errors
from aiooncall.bulk.intents import check_age
from aiooncall.bulk.journal import Journal
from aiooncall.bulk.local_run import run_on
from aiooncall.bulk.planning import check_account, current_hash, find_verb, plan_facts, write_plan
from aiooncall.bulk.previewing import SAMPLES, preview_of
from aiooncall.bulk.providers import provider_of
from aiooncall.bulk.running import RunOptions
from aiooncall.bulk.runs import record_run, reopen_failed
from aiooncall.bulk.selection import source_in_words
from aiooncall.bulk.undoing import plan_undo
from aiooncall.bulk.verifying import Verifier
from aiooncall.errors import PlanRefused
from aiooncall.fanout import DEFAULT_CONCURRENCY

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from aiooncall._base.validation import Seconds
    from aiooncall.bulk.local_run import Run, Workers
    from aiooncall.bulk.models import Counts, PlanFacts, Preview, Status, VerbName, Verification
    from aiooncall.bulk.providers import Provider
    from aiooncall.bulk.selection import Selection
    from aiooncall.datadog.client import DatadogOnCall
    from aiooncall.grafana.client import GrafanaOnCall

WAIT: Final = 30.0
"""The time that `verify` waits for states to change, in seconds: servers accept first, and act later."""


class Job:
    """A job: a plan and its journal. Close it, or use it as a context manager.

    Attributes:
        plan: the facts of the plan.
    """

    def __init__(self, provider: Provider, journal: Journal) -> None:
        self.plan: PlanFacts = plan_facts(journal)
        self._provider = provider
        self._wall_time = provider.core.options.clock.time
        self._journal = journal
        self._verb = find_verb(provider, self.plan.verb, self.plan.duration)
        self._runner: Run | None = None
        self._stopping = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the journal."""
        self._journal.close()

    @property
    def journal(self) -> Path:
        """The file of the journal."""
        return self._journal.path

    @property
    def verifiable(self) -> bool:
        """Whether `verify` can confirm the verb. It cannot confirm `escalate`, as no state shows an escalation."""
        return bool(self._verb.wanted)

    @property
    def repeatable(self) -> bool:
        """Whether an item can be sent twice without harm."""
        return self._verb.repeatable

    @property
    def counts(self) -> Counts:
        """The count of items in each status, at this moment."""
        return self._journal.counts()

    @property
    def last_intent_at(self) -> datetime | None:
        """The last time that an item was about to be sent; None if there was none.

        If all files of a journal are an old copy, no check can find that. Compare this time with what you remember.
        """
        text = self._journal.facts().get("last_intent_at")
        with damage_errors(self.journal):
            return None if text is None else parse_datetime(text)

    def preview(self, *, samples: int = SAMPLES) -> Preview:
        """Return a preview of the plan, with the hash that `run` needs.

        Args:
            samples: the number of items to show.

        Raises:
            PlanRefused: the items of the journal are not those that were planned.
        """
        return preview_of(self._journal, self._verb, self._wall_time(), count("samples", samples, least=0))

    async def run(
        self,
        plan_hash: str,
        *,
        most: int | None = None,
        concurrency: int = DEFAULT_CONCURRENCY,
        patience: Seconds | None = None,
        watch: Callable[[Status], None] | None = None,
        workers: Workers | None = None,
    ) -> Counts:
        """Do the verb to all open items.

        While no server can be reached, the run pauses, and tries again from time to time.

        Args:
            plan_hash: the hash of the plan that was previewed.
            most: refuse a plan of more items.
            concurrency: the number of requests at once.
            patience: the longest pause, in seconds or as a timedelta; without it the run waits for ever.
            watch: called with the status of each item that ends.
            workers: workers on other machines that send the items, such as `aiooncall.distributed.TaskiqWorkers`; this
                process sends them without it. `concurrency` is theirs then, and `patience` the longest time without an
                outcome.

        Returns:
            The count of items in each status; some are open if the run was stopped.

        Raises:
            PlanRefused: the plan has another hash, or too many items; nothing was sent.
            Unauthorized, Forbidden: the credentials may not do this.
            ConnectError: nothing can be reached, from the start or for longer than `patience`.
            JournalError: another process runs the job, or the journal is damaged, cannot be written, or is older than
                what was sent.
        """
        options = RunOptions(
            concurrency=count("concurrency", concurrency, most=1000),
            patience=inf if patience is None else seconds("patience", patience),
            watch=watch,
        )
        self._admit(plan_hash, most)
        self._journal.lock()
        try:
            await self._run_locked(options, workers)
        finally:
            self._runner = None
            self._journal.unlock()
        return self.counts

    async def _run_locked(self, options: RunOptions, workers: Workers | None) -> None:
        self._stopping = False
        await asyncio.to_thread(self._check_items)
        if self._stopping:
            return
        self._runner = run_on(workers, self._provider, self._journal, self.plan, options)
        with record_run(self._journal, self._wall_time, repeatable=self._verb.repeatable):
            await self._runner.run()

    async def resume(
        self,
        *,
        retry_failed: bool = False,
        concurrency: int = DEFAULT_CONCURRENCY,
        patience: Seconds | None = None,
        watch: Callable[[Status], None] | None = None,
        workers: Workers | None = None,
    ) -> Counts:
        """Continue a job that was run before.

        Args:
            retry_failed: whether failed items are tried again, and items in doubt too if the verb is repeatable.
            concurrency: as for `run`, and so are `patience`, `watch` and `workers`.
            patience: the longest pause.
            watch: called with the status of each item that ends.
            workers: workers on other machines that send the items.

        Raises:
            PlanRefused: the job was never run: preview and run it.
            JournalError: as for `run`.
        """
        if "started_at" not in self._journal.facts():
            raise PlanRefused(f"{self.journal} was never begun: preview it, then run it")
        if retry_failed:
            reopen_failed(self._journal, repeatable=self._verb.repeatable)
        return await self.run(self.plan.hash, concurrency=concurrency, patience=patience, watch=watch, workers=workers)

    def check(self, plan_hash: str, *, most: int | None = None) -> None:
        """Make the checks of `run`, and send nothing.

        Raises:
            PlanRefused: the plan has another hash, or too many items.
            JournalError: the journal is damaged, or older than what was sent.
        """
        self._admit(plan_hash, most)
        self._check_items()

    def stop(self) -> None:
        """Send nothing more. Items that wait stay open; `run` returns when the requests on the wire are answered."""
        self._stopping = True
        if self._runner is not None:
            self._runner.stop()

    async def verify(self, *, wait: Seconds = WAIT) -> Verification:
        """Read the states of the items, write them to the journal, and count those that are as wanted.

        Args:
            wait: the time for which it reads again what is not as wanted yet, in seconds or as a timedelta.
        """
        return await Verifier(self._provider, self._journal, self._verb).run(seconds("wait", wait, positive=False))

    async def undo(self, path: str | Path) -> Job:
        """Plan a new job that does the opposite to the items that this job changed. Preview and run it like any other.

        The items are read, as far as that takes few requests, so that the preview shows their present states.

        Args:
            path: the file of the new journal.

        Raises:
            NothingSelected: this job changed nothing.
            OptionsError: the verb cannot be undone.
            Unauthorized, Forbidden: the credentials may not read the items.
        """
        journal = await plan_undo(self._provider, self._journal, self.plan, path)
        return Job(self._provider, journal)

    def _admit(self, plan_hash: str, most: int | None) -> None:
        if plan_hash != self.plan.hash:
            raise PlanRefused(f"the plan of {self.journal} is {self.plan.hash}, not {plan_hash}: preview it")
        if most is not None and self.plan.items > most:
            raise PlanRefused(f"the plan has {self.plan.items} items, more than the maximum of {most} that was set")

    def _check_items(self) -> None:
        """Check that the journal is whole and has the planned items; a million items take seconds."""
        self._journal.check()
        if current_hash(self._journal) != self.plan.hash:
            raise PlanRefused(f"{self.journal}: the items are not those that were planned; plan again")


async def plan(
    client: DatadogOnCall | GrafanaOnCall,
    verb: VerbName,
    path: str | Path,
    selection: Selection,
    *,
    duration: Seconds | None = None,
    most: int | None = None,
    described_as: str = "",
) -> Job:
    """Plan a job: write the selected items to a new journal, so that they can be previewed and then run.

    Args:
        client: an open client of the provider.
        verb: `acknowledge`, `resolve` or `escalate` for Datadog; `acknowledge`, `unacknowledge`, `resolve`,
            `unresolve`, `silence` or `unsilence` for Grafana.
        path: a new file for the journal.
        selection: ids, pages or alert groups: a list, a generator, `read_ids(file)`, or the result of a `list` method,
            which is read to its end before `plan` returns.
        duration: the time to silence, in seconds or as a timedelta; for ever without it.
        most: refuse a selection of more items.
        described_as: the source of the items, in words, for the preview and the report.

    Raises:
        OptionsError: the verb or an id is wrong, or nothing is selected.
        PlanRefused: too many items are selected.
        JournalError: the file exists already, or cannot be written.
    """
    provider = provider_of(client)
    described = described_as or source_in_words(selection)
    journal = await write_plan(provider, verb, path, selection, described_as=described, duration=duration, most=most)
    return Job(provider, journal)


def open_job(client: DatadogOnCall | GrafanaOnCall, path: str | Path) -> Job:
    """Open the job of a journal, to preview, run, resume, verify or undo it.

    Raises:
        JournalError: the file does not exist, has another version, belongs to another provider or account, is damaged,
            or is older than what was sent.
    """
    provider, journal = provider_of(client), Journal.open(path)
    try:
        check_age(journal.path, journal.facts())
        check_account(journal, provider)
        return Job(provider, journal)
    except BaseException:
        journal.close()
        raise

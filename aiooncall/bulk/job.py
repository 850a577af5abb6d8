"""A bulk job: plan, preview, run, verify, undo and report, all on one journal."""

from __future__ import annotations

import asyncio
from math import inf
from typing import TYPE_CHECKING, Any, Final

from aiooncall._base.datetimes import parse_datetime
from aiooncall._base.validation import count, seconds
from aiooncall.bulk.database import damage_errors
from aiooncall.bulk.intents import check_age
from aiooncall.bulk.journal import Journal
from aiooncall.bulk.models import Status
from aiooncall.bulk.planning import check_account, current_hash, find_verb, plan_facts, write_plan
from aiooncall.bulk.previewing import preview_of
from aiooncall.bulk.providers import provider_of
from aiooncall.bulk.running import DOUBTFUL, Runner, RunOptions
from aiooncall.bulk.runs import record_run
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
    from aiooncall.bulk.models import Counts, PlanFacts, Preview, Verification
    from aiooncall.bulk.providers import Provider
    from aiooncall.bulk.selection import Selection
    from aiooncall.datadog.client import DatadogOnCall
    from aiooncall.grafana.client import GrafanaOnCall

SAMPLES: Final = 5
WAIT: Final = 30.0
"""Seconds that `verify` waits for a server that does later what it accepted."""


class Job:
    """A plan and what came of it. Close it, or use it as a context manager.

    Attributes:
        plan: what the plan says.
    """

    def __init__(self, provider: Provider, journal: Journal) -> None:
        self.plan: PlanFacts = plan_facts(journal)
        self._provider = provider
        self._journal = journal
        self._verb = find_verb(provider, self.plan.verb, self.plan.duration)
        self._runner: Runner | None = None
        self._stopping = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()

    @property
    def journal(self) -> Path:
        """The file."""
        return self._journal.path

    @property
    def verifiable(self) -> bool:
        """Whether the server shows what the verb does, so that `verify` can confirm it; an escalation it does not."""
        return bool(self._verb.wanted)

    @property
    def repeatable(self) -> bool:
        """Whether an item can be sent twice without harm."""
        return self._verb.repeatable

    @property
    def counts(self) -> Counts:
        """How far it is."""
        return self._journal.counts()

    @property
    def last_intent_at(self) -> datetime | None:
        """When it last was about to send something; None if never.

        An old copy of all files of a journal looks like a journal. Only this tells, and somebody who knows better.
        """
        said = self._journal.facts().get("last_intent_at")
        with damage_errors(self.journal):
            return None if said is None else parse_datetime(said)

    def preview(self, *, samples: int = SAMPLES) -> Preview:
        """Return what the plan would touch; its hash has to be given to `run`.

        Args:
            samples: how many items to show.

        Raises:
            PlanRefused: the journal was changed since it was planned.
        """
        clock = self._provider.core.options.clock
        return preview_of(self._journal, self._verb, clock.time(), count("samples", samples, least=0))

    async def run(
        self,
        plan_hash: str,
        *,
        most: int | None = None,
        concurrency: int = DEFAULT_CONCURRENCY,
        patience: Seconds | None = None,
        watch: Callable[[Status], None] | None = None,
    ) -> Counts:
        """Carry the plan out, from where it is.

        While nothing can be reached it waits, and looks from time to time whether that is over.

        Args:
            plan_hash: the hash of the plan that was previewed.
            most: refuse a plan of more items.
            concurrency: how many requests at once.
            patience: how long to wait while nothing can be reached, in seconds or as a timedelta; for as long as it
                takes unless given.
            watch: called with the status of each item that ends.

        Returns:
            How far it is; there is more to do if it was stopped.

        Raises:
            PlanRefused: the plan is another one than that of `plan_hash`, or has too many items; nothing was sent.
            Unauthorized, Forbidden: the credentials may not do this.
            ConnectError: nothing can be reached, from the start or for longer than `patience`.
            JournalError: another process runs it, it is damaged or older than what was sent, or it cannot be written.
        """
        options = RunOptions(
            concurrency=count("concurrency", concurrency, most=1000),
            patience=inf if patience is None else seconds("patience", patience),
            watch=watch,
        )
        self._admit(plan_hash, most)
        self._journal.lock()
        try:
            self._stopping = False
            await asyncio.to_thread(self._check_items)
            if not self._stopping:
                time, repeatable = self._provider.core.options.clock.time, self._verb.repeatable
                self._journal.mark_interrupted(repeatable=repeatable, at=time())
                self._runner = Runner(self._provider, self._journal, self._verb, self.plan.duration, options)
                with record_run(self._journal, time, repeatable=repeatable):
                    await self._runner.run()
        finally:
            self._runner = None
            self._journal.unlock()
        return self.counts

    async def resume(self, *, retry_failed: bool = False, **options: Any) -> Counts:  # noqa: ANN401 (those of `run`)
        """Go on with a job that was begun.

        Args:
            retry_failed: whether items that failed are tried again; those in doubt too, if doing it twice is harmless.
            options: `concurrency`, `patience` and `watch`, as for `run`.

        Raises:
            PlanRefused: it was never begun: preview and run it.
            JournalError: as for `run`.
        """
        if "started_at" not in self._journal.facts():
            raise PlanRefused(f"{self.journal} was never begun: preview it, then run it")
        if retry_failed:
            self._journal.lock()
            try:
                self._journal.check()
                self._journal.reopen(Status.FAILED, DOUBTFUL)
                if self._verb.repeatable:
                    self._journal.reopen(Status.AMBIGUOUS, DOUBTFUL)
            finally:
                self._journal.unlock()
        return await self.run(self.plan.hash, **options)

    def check(self, plan_hash: str, *, most: int | None = None) -> None:
        """Check what `run` checks before it sends anything.

        Raises:
            PlanRefused: the plan is another one than that of `plan_hash`, or has too many items.
            JournalError: it is damaged, or older than what was sent.
        """
        self._admit(plan_hash, most)
        self._check_items()

    def stop(self) -> None:
        """Send nothing more: what waits stays open, and `run` returns when what is on its way has come to its end."""
        self._stopping = True
        if self._runner is not None:
            self._runner.stop()

    async def verify(self, *, wait: Seconds = WAIT) -> Verification:
        """Look whether the server shows what it accepted, and write it down.

        Args:
            wait: how long to look again for what is not shown yet, in seconds or as a timedelta.
        """
        return await Verifier(self._provider, self._journal, self._verb).run(seconds("wait", wait, positive=False))

    async def undo(self, path: str | Path) -> Job:
        """Return a new job that takes back what this one changed; it has a plan of its own to preview and run.

        The items are read, so that its preview shows how they are now, as far as that takes few requests.

        Args:
            path: the file of its journal.

        Raises:
            NothingSelected: it changed nothing.
            OptionsError: the provider cannot take it back.
            Unauthorized, Forbidden: the credentials may not look.
        """
        journal = await plan_undo(self._provider, self._journal, self.plan, path)
        return Job(self._provider, journal)

    def _admit(self, plan_hash: str, most: int | None) -> None:
        if plan_hash != self.plan.hash:
            raise PlanRefused(f"the plan of {self.journal} is {self.plan.hash}, not {plan_hash}: preview it")
        if most is not None and self.plan.items > most:
            raise PlanRefused(f"the plan has {self.plan.items} items, more than the maximum of {most} that was set")

    def _check_items(self) -> None:
        """Check that the journal is whole and has the items that were planned; for a million that takes seconds."""
        self._journal.check()
        if current_hash(self._journal) != self.plan.hash:
            raise PlanRefused(f"{self.journal}: the items are not those that were planned; plan again")


async def plan(
    client: DatadogOnCall | GrafanaOnCall,
    verb: str,
    path: str | Path,
    selection: Selection,
    *,
    duration: Seconds | None = None,
    most: int | None = None,
    described_as: str = "",
) -> Job:
    """Plan a job: write down what is selected, so that it can be previewed and then run.

    Args:
        client: where.
        verb: `acknowledge`, `resolve` or `escalate` for Datadog; `acknowledge`, `unacknowledge`, `resolve`,
            `unresolve`, `silence` or `unsilence` for Grafana.
        path: a new file for the journal.
        selection: ids, pages or alert groups: a list, a generator, `read_ids(file)`, or what a `list` method returns,
            which is read to its end before anything is done.
        duration: how long to silence, in seconds or as a timedelta; for ever without it.
        most: refuse a selection of more items.
        described_as: where the items come from, for the report.

    Raises:
        OptionsError: the verb or an id is wrong, or nothing is selected.
        PlanRefused: too many items are selected.
        JournalError: the file is there already, or cannot be written.
    """
    provider = provider_of(client)
    described = described_as or f"a {type(selection).__name__}"
    journal = await write_plan(provider, verb, path, selection, described_as=described, duration=duration, most=most)
    return Job(provider, journal)


def open_job(client: DatadogOnCall | GrafanaOnCall, path: str | Path) -> Job:
    """Return the job of a journal, to preview, run, resume, verify or undo it.

    Raises:
        JournalError: there is none, or it is from another provider, account or version, damaged, or older than what
            was sent.
    """
    provider, journal = provider_of(client), Journal.open(path)
    try:
        check_age(journal.path, journal.facts())
        check_account(journal, provider)
        return Job(provider, journal)
    except BaseException:
        journal.close()
        raise

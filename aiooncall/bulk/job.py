"""A bulk job: plan, preview, run, verify, undo and report, all on one journal."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from aiooncall.bulk.journal import Journal
from aiooncall.bulk.models import Status
from aiooncall.bulk.planning import check_account, current_hash, find_verb, plan_facts, write_plan
from aiooncall.bulk.previewing import preview_of
from aiooncall.bulk.running import Runner
from aiooncall.bulk.targets import target_of
from aiooncall.bulk.verifying import Verifier
from aiooncall.errors import JournalError, OptionsError, PlanRefused
from aiooncall.fanout import DEFAULT_CONCURRENCY
from aiooncall.moments import format_datetime
from aiooncall.options import count, seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from aiooncall.bulk.models import Counts, PlanFacts, Preview, Verification
    from aiooncall.bulk.selection import Selection
    from aiooncall.bulk.targets import Target
    from aiooncall.datadog.client import DatadogOnCall
    from aiooncall.grafana.client import GrafanaOnCall
    from aiooncall.options import Seconds

RUN: Final = "run "
"""The journal has a fact for each run: this and its number, and as the value when it began and ended: `A/B`."""
BATCH: Final = 1000
SAMPLES: Final = 5
WAIT: Final = 30.0
"""Seconds that `verify` waits for a server that does later what it accepted."""


class Job:
    """A plan and what came of it. Close it, or use it as a context manager.

    Attributes:
        plan: what the plan says.
    """

    def __init__(self, target: Target, journal: Journal) -> None:
        self.plan: PlanFacts = plan_facts(journal)
        self._target = target
        self._journal = journal
        self._verb = find_verb(target, self.plan.verb, self.plan.duration)
        self._runner: Runner | None = None

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
    def counts(self) -> Counts:
        """How far it is."""
        return self._journal.counts()

    def preview(self, *, samples: int = SAMPLES) -> Preview:
        """Return what the plan would touch; its hash has to be given to `run`.

        Args:
            samples: how many items to show.

        Raises:
            PlanRefused: the journal was changed since it was planned.
        """
        clock = self._target.client.options.clock
        return preview_of(self._journal, self._verb, clock.time(), count("samples", samples, least=0))

    async def run(
        self,
        plan_hash: str,
        *,
        most: int | None = None,
        concurrency: int = DEFAULT_CONCURRENCY,
        watch: Callable[[Status], None] | None = None,
    ) -> Counts:
        """Carry the plan out, from where it is.

        Args:
            plan_hash: the hash of the plan that was previewed.
            most: refuse a plan of more items.
            concurrency: how many requests at once.
            watch: called with the status of each item that ends.

        Returns:
            How far it is; there is more to do if it was stopped.

        Raises:
            PlanRefused: the plan is another one than that of `plan_hash`, or has too many items; nothing was sent.
            Unauthorized, Forbidden: the credentials may not do this.
            JournalError: another process runs it, or it cannot be written any more.
        """
        self._admit(plan_hash, most)
        self._journal.lock()
        try:
            self._journal.doubt_what_was_sent()
            self._runner = Runner(self._target, self._journal, self._verb, self.plan.duration, watch)
            with self._noted():
                await self._runner.run(count("concurrency", concurrency, most=1000))
        finally:
            self._runner = None
            self._journal.unlock()
        return self.counts

    async def resume(self, *, retry_failed: bool = False, **options: Any) -> Counts:  # noqa: ANN401 (those of `run`)
        """Go on with a job that was begun.

        Args:
            retry_failed: whether items that failed are tried again; those in doubt too, if doing it twice is harmless.
            options: `concurrency` and `watch`, as for `run`.

        Raises:
            PlanRefused: it was never begun: preview and run it.
            JournalError: as for `run`.
        """
        if "started_at" not in self._journal.facts():
            raise PlanRefused(f"{self.journal} was never begun: preview it, then run it")
        if retry_failed:
            self._journal.lock()
            try:
                self._journal.reopen(Status.FAILED)
                if self._verb.repeatable:
                    self._journal.reopen(Status.AMBIGUOUS)
            finally:
                self._journal.unlock()
        return await self.run(self.plan.hash, **options)

    def check(self, plan_hash: str, *, most: int | None = None) -> None:
        """Check what `run` checks before it sends anything.

        Raises:
            PlanRefused: the plan is another one than that of `plan_hash`, or has too many items.
        """
        self._admit(plan_hash, most)

    def stop(self) -> None:
        """Begin nothing new; `run` returns when what is in flight has come to its end."""
        if self._runner is not None:
            self._runner.stop()

    async def verify(self, *, wait: Seconds = WAIT) -> Verification:
        """Look whether the server shows what it accepted, and write it down.

        Args:
            wait: how long to look again for what is not shown yet, in seconds or as a timedelta.
        """
        return await Verifier(self._target, self._journal, self._verb).run(seconds("wait", wait, positive=False))

    async def undo(self, path: str | Path) -> Job:
        """Return a new job that takes back what this one changed; it has a plan of its own to preview and run.

        Args:
            path: the file of its journal.

        Raises:
            OptionsError: the provider cannot take it back.
        """
        if self._verb.undo is None:
            raise OptionsError("verb", self._verb.name, "a verb that can be taken back; this one cannot")
        done = (item for chunk in self._journal.chunks("status = 'done'", BATCH) for item in chunk)
        text = f"what {self.journal.name} changed"
        return Job(
            self._target,
            await write_plan(self._target, self._verb.undo, path, done, described_as=text, duration=None, most=None),
        )

    def _admit(self, plan_hash: str, most: int | None) -> None:
        if plan_hash != self.plan.hash:
            raise PlanRefused(f"the plan of {self.journal} is {self.plan.hash}, not {plan_hash}: preview it")
        if most is not None and self.plan.items > most:
            raise PlanRefused(f"the plan has {self.plan.items} items, more than the maximum of {most} that was set")
        if "started_at" not in self._journal.facts() and current_hash(self._journal) != self.plan.hash:
            raise PlanRefused(f"{self.journal}: the items are not those that were planned; plan again")

    @contextmanager
    def _noted(self) -> Generator[None]:
        """Write down when a run begins and ends; one that is killed has no end."""
        facts, began = self._journal.facts(), self._now()
        name = f"{RUN}{1 + sum(fact.startswith(RUN) for fact in facts)}"
        self._journal.note({"started_at": facts.get("started_at", began), name: f"{began}/"})
        try:
            yield
        finally:
            ended = self._now()
            with suppress(JournalError):  # what went wrong with the journal is on its way already
                self._journal.note({"ended_at": ended, name: f"{began}/{ended}"})

    def _now(self) -> str:
        return format_datetime(datetime.fromtimestamp(self._target.client.options.clock.time(), UTC))


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
    target = target_of(client)
    described = described_as or f"a {type(selection).__name__}"
    journal = await write_plan(target, verb, path, selection, described_as=described, duration=duration, most=most)
    return Job(target, journal)


def open_job(client: DatadogOnCall | GrafanaOnCall, path: str | Path) -> Job:
    """Return the job of a journal, to preview, run, resume, verify or undo it.

    Raises:
        JournalError: there is none, or it is from another provider, account or version.
    """
    target, journal = target_of(client), Journal.open(path)
    try:
        check_account(journal, target)
        return Job(target, journal)
    except BaseException:
        journal.close()
        raise

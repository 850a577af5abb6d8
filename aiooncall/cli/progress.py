"""The progress of a bulk job: a bar on a terminal, a line from time to time elsewhere. Both say what is waited for."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from aiooncall.cli.consoles import make_console
from aiooncall.cli.verbose import waiting_for
from aiooncall.events import BudgetHeld, JobPaused, JobResumed

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from aiooncall.bulk.models import Counts, Status
    from aiooncall.client.base import BaseClient
    from aiooncall.events import Event

BETWEEN_LINES = 10.0
"""Seconds from one line to the next where there is no terminal."""


class JobProgress:
    """The progress of a job: its items, what it waits for or the limit that it has, and the time that is left.

    Args:
        client: the client; its budget is shown.
        counts: the counts of the job at the start.
        verb: the verb of the job.
        quiet: whether to show nothing.
    """

    def __init__(self, client: BaseClient, counts: Counts, verb: str, *, quiet: bool) -> None:
        self._client = client
        self._verb, self._total, self._done = verb, counts.total, counts.finished
        self._quiet, self._is_live = quiet, sys.stderr.isatty()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[note]}"),
            console=make_console(stderr=True),
            disable=quiet or not self._is_live,
        )
        self._task = self._bar.add_task(verb, total=self._total, completed=self._done, note="")
        self._started, self._seen = time.monotonic(), 0
        self._waits_for = ""
        self._lines: asyncio.Task[None] | None = None

    def __call__(self, status: Status) -> None:
        """Count an item that has ended."""
        del status
        self._seen += 1
        self._done += 1
        self._bar.advance(self._task)
        if self._waits_for or self._seen % 20 == 0:
            self._waits_for = ""
            self._bar.update(self._task, note=self._note())

    def say(self, text: str) -> None:
        """Print a line above the bar, or alone if there is no bar."""
        self._bar.console.print(text, soft_wrap=True)

    def hear(self, event: Event, /) -> None:
        """Print pauses and their ends, and show the reason for which the next call has to wait."""
        if isinstance(event, BudgetHeld):
            self._waits_for = waiting_for(event.budget.hold)
            self._bar.update(self._task, note=self._note())
        elif isinstance(event, JobPaused):
            self.say(f"nothing can be reached ({event.reason}); trying again in {event.next_try:.0f} s")
        elif isinstance(event, JobResumed):
            self.say(f"going on after {event.paused:.0f} s")

    def line(self) -> str:
        """Return how far the job is, as a line."""
        return f"{self._verb}: {self._done} of {self._total}; {self._note()}".rstrip("; ")

    def _note(self) -> str:
        known = [budget for budget in self._client.budgets() if budget.limit and budget.period]
        allowed = min(known, key=lambda one: (one.limit or 0) / (one.period or 1), default=None)
        limit = "" if allowed is None else f"at most {allowed.limit} calls in {allowed.period:g} s"
        return ", ".join(filter(None, (self._waits_for or limit, self._left())))

    def _left(self) -> str:
        """Return how long the rest takes at the pace so far; nothing before there is one."""
        elapsed = time.monotonic() - self._started
        if not self._seen or elapsed < 1:
            return ""
        minutes, seconds = divmod(round((self._total - self._done) * elapsed / self._seen), 60)
        return f"about {minutes} min {seconds} s left" if minutes else f"about {seconds} s left"

    async def _print_lines(self) -> None:
        while True:
            await asyncio.sleep(BETWEEN_LINES)
            self.say(self.line())

    def __enter__(self) -> Self:
        self._bar.start()
        if not self._quiet and not self._is_live:
            self._lines = asyncio.create_task(self._print_lines())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()
        if self._lines is not None:
            self._lines.cancel()

"""The progress of a bulk job: live on a terminal, silent elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from aiooncall.events import BudgetHeld, JobPaused, JobResumed

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from aiooncall.bulk.models import Counts, Status
    from aiooncall.client.base import BaseClient
    from aiooncall.events import Event


class JobProgress:
    """A progress bar of a job: its items, its rate and the allowed rate, and the time that is left.

    Args:
        client: the client; its budget is shown.
        counts: the counts of the job at the start.
        verb: the verb of the job.
        quiet: whether to show nothing.
    """

    def __init__(self, client: BaseClient, counts: Counts, verb: str, *, quiet: bool) -> None:
        self._client = client
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            console=Console(stderr=True, markup=False, emoji=False, highlight=False),
            disable=quiet or not sys.stderr.isatty(),
        )
        self._task = self._bar.add_task(verb, total=counts.total, completed=counts.finished, rate="")
        self._started, self._seen = time.monotonic(), 0
        self._is_held = False

    def __call__(self, status: Status) -> None:
        """Count an item that has ended."""
        del status
        self._seen += 1
        self._bar.advance(self._task)
        if self._is_held or self._seen % 20 == 0:
            self._is_held = False
            self._bar.update(self._task, rate=self._rate())

    def say(self, text: str) -> None:
        """Print a line above the bar, or alone if there is no bar."""
        self._bar.console.print(text, soft_wrap=True)

    def hear(self, event: Event, /) -> None:
        """Print pauses and their ends, and show the reason for which the next call has to wait."""
        if isinstance(event, BudgetHeld):
            self._bar.update(self._task, rate=str(event.budget.hold))
            self._is_held = True
        elif isinstance(event, JobPaused):
            self.say(f"nothing can be reached ({event.reason}); trying again in {event.next_try:.0f} s")
        elif isinstance(event, JobResumed):
            self.say(f"going on after {event.paused:.0f} s")

    def _rate(self) -> str:
        rate = self._seen / max(time.monotonic() - self._started, 0.001)
        known = [one.limit / one.period for one in self._client.budgets() if one.limit and one.period]
        return f"{rate:.0f}/s" + (f" of {min(known):.0f}/s" if known else "")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

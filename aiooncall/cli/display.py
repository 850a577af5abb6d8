"""Progress of a job: live bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from rich.console import Console

SECONDS_BETWEEN_LINES: Final = 5.0


class Display(Protocol):
    """Shows how far a job is."""

    def phase(self, name: str, total: int) -> None:
        """Begin the phase `name` of `total` items."""
        ...

    def advance(self) -> None:
        """Count one item."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class LiveDisplay:
    """A bar for each phase, redrawn in place."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description:<17}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console)
        self._task = self._progress.add_task("", total=0, visible=False)

    def phase(self, name: str, total: int) -> None:
        """Begin the phase `name` of `total` items."""
        self._progress.stop_task(self._task)
        self._task = self._progress.add_task(name, total=total)

    def advance(self) -> None:
        """Count one item."""
        self._progress.advance(self._task)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()


class PlainDisplay:
    """A line when a phase begins, and one every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._name, self._total, self._done, self._last = "", 0, 0, 0.0

    def phase(self, name: str, total: int) -> None:
        """Begin the phase `name` of `total` items."""
        self._name, self._total, self._done = name, total, 0
        self._print()

    def advance(self) -> None:
        """Count one item."""
        self._done += 1
        if self._done == self._total or time.monotonic() - self._last >= SECONDS_BETWEEN_LINES:
            self._print()

    def _print(self) -> None:
        self._last = time.monotonic()
        self._console.print(f"{self._name}: {self._done}/{self._total}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


def make_display(console: Console) -> Display:
    """Return the display that suits `console`."""
    return LiveDisplay(console) if console.is_terminal else PlainDisplay(console)

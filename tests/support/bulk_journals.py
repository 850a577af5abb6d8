"""Journals as runs leave them, written directly: of any length, in no time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiooncall._base.datetimes import format_datetime
from aiooncall.bulk.journal import Journal
from aiooncall.bulk.models import Item
from aiooncall.bulk.schema import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

START = 1_933_726_380
"""2031-04-12 02:13:00 UTC."""

Second = tuple[int, int, int, int, int, int, float | None]
"""Seconds after START, done, failed, requests, refused, retried, allowed."""


def at(second: float) -> str:
    """Return the time so many seconds after START, as the journal has it."""
    return format_datetime(datetime.fromtimestamp(START + second, UTC))


def journal_of(
    path: Path,
    *,
    items: int = 10,
    runs: Sequence[tuple[float, float | None]] = (),
    seconds: Iterable[Second] = (),
    outcomes: Sequence[tuple[str, str | None, str | None]] = (),
    seen: Sequence[str] = (),
    **facts: str,
) -> Path:
    """Write a journal.

    Args:
        path: where to.
        items: how many there are, called `i0`, `i1`...
        runs: when each began and ended, in seconds after START; None if it was killed.
        seconds: the timeline.
        outcomes: status, reason and error of the first items.
        seen: the states that the server showed of the first items.
        facts: other facts of the plan.
    """
    journal = Journal.create(path)
    journal.add(Item(id=f"i{number}") for number in range(items))
    journal.note(_facts(items) | facts | {f"run {n}": _span(*run) for n, run in enumerate(runs, 1)})
    found = dict(enumerate(outcomes, 1))
    sending = frozenset(number for number, (status, *_) in found.items() if status == "sending")
    ended = {number: (*found[number], float(START), False) for number in found.keys() - sending}
    journal.write(ended, sending, [(START + second, *counted) for second, *counted in seconds], at(0))
    journal.see((state, START + 60.0, f"i{number}") for number, state in enumerate(seen))
    journal.close()
    return path


def _facts(items: int) -> dict[str, str]:
    return {
        "provider": "datadog",
        "account": "api.example.test 0123456789ab",
        "verb": "resolve",
        "duration": "",
        "selection": "pages triggered before the fix",
        "items": str(items),
        "duplicates": "2",
        "hash": "0123456789abcdef",
        "created_at": at(-60),
        "format": FORMAT,
    }


def _span(start: float, end: float | None) -> str:
    return f"{at(start)}/{'' if end is None else at(end)}"


DONE: Any = ("done", None, None)

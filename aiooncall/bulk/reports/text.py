"""The report in words: the sentences and rows that the text and the page share, and the text itself."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from aiooncall.drawing.measure import cells, clean, shorten
from aiooncall.drawing.outline import human_duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from aiooncall.bulk.reports.data import JobReport

WIDTH: Final = 100
"""The longest line of the text, in columns; only a longer name exceeds it."""
MOST_FAILURES: Final = 5
MOST_WORKERS: Final = 5
_STATES: Final = {
    "planned": "Not begun",
    "running_or_killed": "Running, or killed",
    "stopped": "Stopped",
    "finished": "Finished",
}
ENDINGS: Final = {"failed": "failed", "ambiguous": "in doubt"}
"""The words for the statuses of items that went wrong."""
_LONG: Final = 100
"""Rates from this number on are shown without decimals."""


def many(count: int, name: str = "item") -> str:
    """Return a count with its noun: `1 item`, `2,000 items`."""
    return f"{count:,} {name}{'' if count == 1 else 's'}"


def moment(at: datetime | None) -> str:
    """Return a time to the second."""
    return "-" if at is None else f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def rate(value: float | None) -> str:
    """Return a rate: `9.75/s`, `200/s`."""
    if value is None:
        return "not known"
    return f"{value:,.0f}/s" if value >= _LONG else f"{value:.3g}/s"


def state(report: JobReport) -> str:
    """Return the state of the job in one to three words."""
    return _STATES[report.state]


def result(report: JobReport) -> str:
    """Return one sentence that says how many items ended in which way."""
    counts = report.counts
    if not report.runs:
        return f"{many(counts.total)} to {report.plan.verb}"
    good, count = ("confirmed", shown.confirmed) if (shown := report.verification) else ("accepted", counts.succeeded)
    doubts = {"accepted but not confirmed": shown.accepted, "unknown": shown.unknown} if shown else {}
    wrong = {"to do": counts.unfinished, "failed": counts.failed, **(doubts or {"in doubt": counts.ambiguous})}
    whole = "all" if count == counts.total else f"{count:,} of"
    return ", ".join([f"{whole} {many(counts.total)} {good}", *(f"{n:,} {name}" for name, n in wrong.items() if n)])


def is_good(report: JobReport) -> bool:
    """Return whether nobody has to do anything: all items are confirmed, or accepted where nothing can confirm them."""
    shown, total = report.verification, report.counts.total
    return report.counts.succeeded == total and (shown.confirmed == total if shown else not report.verifiable)


def advice(report: JobReport) -> Iterator[str]:
    """Yield the steps that the reader may take next."""
    counts, name = report.counts, str(report.state)
    if name == "planned":
        yield "Preview it, then run it."
    if name == "running_or_killed":
        yield "If no process runs it any more, resume it: what is finished is not sent again."
    if name == "stopped":
        yield "Resume it: what is finished is not sent again."
    if counts.failed:
        yield "Resume it with failed items retried, once the reasons are dealt with."
    unseen = report.verifiable and report.verification is None
    if counts.ambiguous or (counts.sending and not report.repeatable):
        what = "Verify it" if unseen else "Look at what is in doubt"
        yield f"{what}: it may or may not have been done, and is not sent again."
    elif name == "finished" and counts.succeeded and unseen:
        yield "Verify it: what the server accepted may not be done yet."


_SENDING: Final = {
    True: "on its way; if the process was killed, it goes again",
    False: "on its way; if the process was killed, it is in doubt",
}


def count_rows(report: JobReport) -> list[tuple[str, int, str]]:
    """Return a row for each status: its name, the count of items, and its meaning."""
    counts = report.counts
    rows = [
        ("done", counts.done, "the server accepted it"),
        ("found done", counts.found_done, "a run that was cut off had sent it, and it was found done"),
        ("already so", counts.already, "nothing had to be changed"),
        ("failed", counts.failed, "see the reasons"),
        ("in doubt", counts.ambiguous, "it may or may not have been done; it is not sent again"),
        ("being sent", counts.sending, _SENDING[report.repeatable]),
        ("to do", counts.open, "not sent yet"),
    ]
    return [row for row in rows if row[1] or row[0] not in {"found done", "being sent", "already so"}]


def verification_rows(report: JobReport) -> list[tuple[str, int, str]]:
    """Return such rows for what `verify` saw; none if it never ran."""
    shown = report.verification
    if shown is None:
        return []
    return [
        ("confirmed", shown.confirmed, "the server shows it as wanted"),
        ("accepted", shown.accepted, "the server took it, and does not show it"),
        ("unknown", shown.unknown, "not found any more, or in doubt"),
        ("failed", shown.failed, "see the reasons"),
        ("unfinished", shown.unfinished, "not dealt with"),
    ]


def plan_rows(report: JobReport) -> list[tuple[str, str]]:
    """Return the plan as rows of a name and a value."""
    plan = report.plan
    length = "" if plan.duration is None else f" for {human_duration(plan.duration)}"
    return [
        ("Action", f"{plan.verb}{length}"),
        ("Account", f"{plan.provider} {plan.account}"),
        ("Items", f"{plan.items:,} from {plan.selection}; {many(plan.duplicates, 'duplicate')} left out"),
        ("Plan", f"{plan.hash}, made {moment(plan.created_at)}"),
        ("Journal", report.journal),
    ]


def run_rows(report: JobReport) -> list[tuple[str, str]]:
    """Return the runs as rows of a name and a value."""
    if not report.runs:
        return []
    last = report.runs[-1]
    end = f"to {moment(last.ended_at)}" if last.ended_at else f"and last seen alive {moment(last.alive_until)}"
    sent, allowed = rate(report.requests_per_second), rate(report.allowed_per_second)
    return [
        ("Ran", f"{moment(report.started_at)} {end}"),
        ("Active", f"{human_duration(report.active_seconds)} in {many(len(report.runs), 'run')}"),
        ("Requests", f"{report.requests:,}, of which {report.refused:,} refused (429); {report.retried:,} sent again"),
        ("Rate", f"{sent} sent, {allowed} allowed in the long run; items {rate(report.items_per_second)}"),
        *_worker_rows(report),
    ]


def _worker_rows(report: JobReport) -> Iterator[tuple[str, str]]:
    """Yield the shares of the workers in one row, if there were any."""
    if report.workers:
        shown = ", ".join(f"{share.worker} {share.succeeded:,}" for share in report.workers[:MOST_WORKERS])
        left = len(report.workers) - MOST_WORKERS
        line = f"{shown}{f', and {left:,} more' if left > 0 else ''}"
        yield "Workers", shorten(clean(line), lambda found: cells(found) <= WIDTH - 12)


def report_text(report: JobReport) -> str:
    """Return a report as plain text of a few lines.

    Args:
        report: what `report` returned.
    """
    return "".join(f"{line}\n" for line in map(str.rstrip, _lines(report)))


def _lines(report: JobReport) -> Iterator[str]:
    yield f"{report.plan.verb.upper()}  {state(report)}: {result(report)}"
    yield from _table((*plan_rows(report), *run_rows(report)))
    yield ""
    yield f"  {' | '.join(f'{name} {count:,}' for name, count, _ in count_rows(report))}"
    if rows := verification_rows(report):
        yield f"  verified {moment(report.verified_at)}:"
        yield f"  {' | '.join(f'{name} {count:,}' for name, count, _ in rows)}"
    if report.failures:
        yield ""
        yield from _failures(report)
    for number, hint in enumerate(advice(report)):
        yield f"{'' if number else 'Next:':6}{hint}"


def _table(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    for name, value in rows:
        yield f"  {name:9} {clean(value)}"


def _failures(report: JobReport) -> Iterator[str]:
    shown = report.failures[:MOST_FAILURES]
    size = max(len(f"{one.count:,}") for one in shown)
    for one in shown:
        name = ENDINGS[one.status]
        line = clean(f"{name}: {one.reason}, e.g. {one.example_id}: {one.example_error}")
        yield f"  {one.count:>{size},} {shorten(line, lambda found: cells(found) <= WIDTH - size - 3)}"
    if left := len(report.failures) - len(shown):
        yield f"  and {many(left, 'more reason')}"

"""The demo's closing table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import attrs
from rich.table import Table

from aiooncall.bulk.reports.text import many

if TYPE_CHECKING:
    from rich.console import Console

    from aiooncall.cli.demo import DemoResult


def print_summary(console: Console, result: DemoResult) -> None:
    """Print what the demo came to, and the ledger's verdict."""
    tally = result.tally
    table = Table(title="Storm", title_style="none", show_header=False)
    table.add_column(justify="left")
    table.add_column(justify="right")
    rows = {
        "items (page, acknowledge, resolve each)": f"{result.items}",
        "requests": f"{tally.requests}",
        "faults injected": f"{result.injected.total()} of {many(len(result.injected), 'kind')}",
        "refusals (429)": f"{tally.refusals}",
        "retries": f"{tally.retries}",
        "answers lost, page found by its dedup_key": f"{tally.reconciled}",
        "ambiguous, reported and looked up": f"{tally.ambiguous}",
        "paged again after looking": f"{tally.created_again}",
        "wall time": f"{result.wall:.1f} s",
        "theoretical minimum without faults": f"{result.theoretical:.1f} s",
        "lost, says the server's ledger": f"{len(result.lost)}",
        "done twice, says the server's ledger": f"{len(result.doubled)}",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table)
    verdict = "nothing lost, nothing doubled" if result.is_clean else "NOT CLEAN: see the last two rows"
    console.print(f"Verdict: {verdict}")


def summary_json(result: DemoResult) -> dict[str, Any]:
    """Return what the demo came to, as plain JSON; times are in seconds."""
    faults = {str(kind): number for kind, number in result.injected.items()}
    return {**attrs.asdict(result), "injected": faults, "clean": result.is_clean}

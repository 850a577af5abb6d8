"""Pictures of the terminal and of a report, for the README and the documentation.

`python -m tests.screenshots` makes them anew; those of the report need Chromium.
"""

from __future__ import annotations

import asyncio
import base64
import io
import re
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

from aiooncall import DatadogOnCall, bulk
from aiooncall.datadog import Assignment, EscalationPolicy, EscalationStep, Team, User
from tests.support.browser import browser
from tests.support.bulk_journals import DONE, journal_of
from tests.support.command_line import Terminal, shell
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command_line import Shell

DOCS: Final = ROOT / "docs"
TERMINAL: Final = DOCS / "terminal.svg"
REPORT: Final = {scheme: DOCS / f"report-{scheme}.png" for scheme in ("light", "dark")}
COLUMNS: Final = 100
WIDTH, HEIGHT = 1000, 1200
"""How much of a report is shown, in pixels."""
FONT: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
FORMAT: Final = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL).replace("Fira Code", FONT)
"""Rich's picture of a terminal without its fonts, which it has from another host."""
PAGES: Final = (
    ("Checkout answers 502 in eu-west-1", "acknowledged", "high", 3 * 3600),
    ("Disk full on db-4", "triggered", "high", 41 * 60),
    ("Certificate ends in 9 days", "resolved", "low", 25 * 60),
    ("Queue of refunds is stuck", "triggered", "high", 12 * 60),
)
"""Title, state, urgency and age in seconds."""


async def make_policy(url: str, *people: str, team: str) -> str:
    """Make a policy that tells people in turn, and return its id."""
    users = [User(id=person) for person in people]
    steps = [
        EscalationStep(targets=users[:1], escalate_after=300),
        EscalationStep(targets=users, escalate_after=600, assignment=Assignment.ROUND_ROBIN),
    ]
    policy = EscalationPolicy(name="Checkout", teams=[Team(id=team)], steps=steps, retries=2)
    async with DatadogOnCall("any-key", "any-key", api_url=url, paging_url=url) as dd:
        return (await dd.escalation_policies.create(policy)).id


def told(run: Shell, *words: str) -> tuple[str, str]:
    """Return a command, as it is typed, and what it shows on a terminal."""
    size = {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color"}
    terminal = Terminal(*words, "--url", run.url(), whole=True, env=size)
    code, _ = terminal.finish()
    assert code == 0, terminal.shown
    return " ".join(("aiooncall", *words)), terminal.shown.replace("\r\n", "\n").strip("\n")


def session() -> Iterator[tuple[str, str]]:
    """Yield commands, each with what it shows."""
    with shell() as run:
        for title, status, urgency, age in PAGES:
            run.sim.add_page(title=title, status=status, urgency=urgency, created_at=time.time() - age - 30)
        people = [run.sim.add_user(name) for name in ("Ann Lee", "Ben Roth")]
        policy = asyncio.run(make_policy(run.url(), *people, team=run.sim.add_team("payments", "Payments")))
        yield told(run, "page", "list")
        yield told(run, "policy", "show", policy)


def terminal_svg() -> str:
    """Return a picture of a session at the terminal."""
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True, color_system="truecolor")
    for command, shown in session():
        console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
        console.print(Text.from_ansi(shown))
        console.print()
    return console.export_svg(title="", code_format=FORMAT, unique_id="terminal")


def report_of_a_storm(folder: Path) -> Path:
    """Write the report of a job that sent a hundred a second, but for an outage, as a page, and return where it is."""
    seconds = [(second, 100, 0, 100, 0, 0, 100.0) for second in (*range(22), *range(32, 55))]
    items = sum(second[1] for second in seconds)
    journal = journal_of(
        folder / "night.db",
        items=items,
        runs=[(0, 55)],
        seconds=seconds,
        outcomes=[DONE] * items,
        seen=["resolved"] * items,
        account="datadoghq.eu 0123456789ab",
        selection="status:triggered",
        duplicates="0",
    )
    page = folder / "night.html"
    page.write_text(bulk.report_html(bulk.report(journal)), encoding="utf-8")
    return page


async def photograph(page: Path, folder: Path) -> None:
    """Make the pictures of a report."""
    async with browser(folder / "profile") as tab:
        for scheme, picture in REPORT.items():
            await tab.look(WIDTH, scheme, height=HEIGHT)
            await tab.open(page.as_uri())
            await tab.evaluate("document.documentElement.style.overflow = 'hidden'")
            taken = await tab.call("Page.captureScreenshot", format="png")
            picture.write_bytes(base64.b64decode(taken["data"]))


def main() -> None:
    """Make all pictures."""
    TERMINAL.write_text(terminal_svg(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        asyncio.run(photograph(report_of_a_storm(folder), folder))


if __name__ == "__main__":
    main()

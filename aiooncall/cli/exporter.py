"""`aiooncall exporter`: who is on call, gaps and rate budgets as metrics for Prometheus.

What does the work needs the extra `prometheus`, and is imported when the command runs.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from aiooncall.cli.audits import Teams
from aiooncall.cli.command import ExitCode, command
from aiooncall.cli.coverage import Days
from aiooncall.cli.output import write_output
from aiooncall.cli.printing import print_json, say
from aiooncall.cli.settings import Settings
from aiooncall.cli.times import LASTING
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from aiooncall.cli.exporting import Exported

READABLE: Final = 0o644
"""The mode of a new file: node_exporter, which reads it, is another user."""

Interval = Annotated[float, typer.Option(help="How long to wait between two refreshes, such as 5m.", **LASTING)]
Address = Annotated[str, typer.Option(help="Where to listen; 0.0.0.0 shows the metrics to other machines.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port to listen at; 0 for any.")]
Once = Annotated[bool, typer.Option("--once", help="Refresh once, print the metrics, and end.")]
Textfile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write the metrics to a file for node_exporter, instead of serving them."),
]


def add_exporter(app: typer.Typer) -> None:
    """Add the command `exporter`."""
    command(app)(exporter)


async def exporter(
    settings: Settings,
    team: Teams = None,
    days: Days = 7,
    interval: Interval = 300.0,
    address: Address = "127.0.0.1",
    port: Port = 10911,
    once: Once = False,
    textfile: Textfile = None,
) -> ExitCode:
    """Serve who is on call, gaps and rate budgets as metrics for Prometheus, until Ctrl-C or SIGTERM."""
    _check(settings, address, textfile, once=once)
    from aiooncall.cli.exporting import exporting  # noqa: PLC0415 (the extra may be missing)

    async with exporting(settings, team, days) as exported:
        if once:
            await exported.refresher.refresh()
            _write(exported, textfile)
            return ExitCode.DONE if exported.refresher.readings.complete else ExitCode.FAILED
        with suppress(asyncio.CancelledError):  # Ctrl-C and SIGTERM are how it ends
            if textfile is None:
                await _serve(exported, address, port, interval, as_json=settings.json)
            else:
                await exported.refresher.run(interval, lambda: _write(exported, textfile))
    return ExitCode.DONE


def _check(settings: Settings, address: str, textfile: Path | None, *, once: bool) -> None:
    if find_spec("prometheus_client") is None:
        needed = "the library prometheus-client; in a clone: pip install '.[cli,prometheus]'"
        raise OptionsError("exporter", None, needed)
    if not address:
        raise OptionsError("--address", address, "an address: none would be all of them")
    if textfile is not None and textfile.suffix != ".prom":
        raise OptionsError("--textfile", str(textfile), "a name that ends in .prom: node_exporter reads no other")
    if once and settings.json and textfile is None:
        raise OptionsError("--once, --json", None, "one of them: what --once prints is the format of Prometheus")


async def _serve(exported: Exported, address: str, port: int, interval: float, *, as_json: bool) -> None:
    from aiooncall.cli.metrics_server import serving  # noqa: PLC0415 (the extra may be missing)

    async with serving(exported.registry, address, port) as url:
        if as_json:
            print_json({"url": url})
        else:
            say(f"serving {url} (Ctrl-C stops it)")
        await exported.refresher.run(interval)


def _write(exported: Exported, textfile: Path | None) -> None:
    if textfile is None:
        typer.echo(exported.text(), nl=False)
    else:
        write_output("--textfile", textfile, exported.text(), mode=READABLE)

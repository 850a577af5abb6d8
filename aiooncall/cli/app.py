"""The commands."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated

import typer
from rich.console import Console

from aiooncall.cli.demo import run_demo
from aiooncall.cli.display import make_display
from aiooncall.cli.summary import print_summary
from aiooncall.simulator import RateRule, Simulator

app = typer.Typer(help="On-call paging from the terminal.", no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def demo(
    pages: Annotated[int, typer.Option(min=1, max=20_000, help="How many pages the storm has.")] = 1000,
    seed: Annotated[int, typer.Option(help="Seed of the faults.")] = 7,
) -> None:
    """Page a storm on an embedded, unreliable simulator, then acknowledge and resolve all of it."""
    console = Console()
    with make_display(console) as display:
        result = asyncio.run(run_demo(pages, seed, display))
    print_summary(console, result)
    raise typer.Exit(0 if result.is_clean else 1)


@app.command()
def simulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 for any.")] = 8080,
    limit: Annotated[int, typer.Option(min=0, help="Requests per window; 0 for no limit.")] = 200,
    period: Annotated[float, typer.Option(min=1, help="Length of a window in seconds.")] = 2.0,
) -> None:
    """Serve the simulator on loopback for other programs, until interrupted."""
    rules = (RateRule("oncall_paging", limit, period),) if limit else ()
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(port, rules))


async def _serve(port: int, rules: tuple[RateRule, ...]) -> None:
    async with Simulator(port=port, rate_rules=rules, keep_requests=False) as sim:
        typer.echo(f"Datadog On-Call simulator on {sim.datadog_url} (any keys; Ctrl-C stops it)")
        await asyncio.Event().wait()

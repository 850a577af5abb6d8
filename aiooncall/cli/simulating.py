"""`aiooncall simulator`: both fakes for other programs, with limits, faults, storms and teams to try things on.

The simulator is imported when it is asked for: it would make every other command start later.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import attrs
import typer

from aiooncall.cli.printing import print_json
from aiooncall.cli.settings import JsonOption
from aiooncall.cli.times import LASTING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aiooncall.simulator import FaultPlan, Simulator

URLS = ("datadog_url", "events_url", "grafana_url")


@attrs.frozen(kw_only=True)
class World:
    """What there is to begin with, and what goes wrong after that.

    Attributes:
        storm: how many open pages and alert groups there are.
        teams: how many teams there are on both halves, each with people, a schedule and an escalation.
        faults: the share of requests that go wrong.
        seed: which of them.
    """

    storm: int = 0
    teams: int = 0
    faults: float = 0.0
    seed: int = 7


def simulator(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the fake Datadog; 0 for any.")] = 8080,
    grafana_port: Annotated[int, typer.Option(min=0, max=65535, help="Port of the fake Grafana; 0 for any.")] = 0,
    limit: Annotated[int, typer.Option(min=0, help="Datadog: requests in a window; 0 for no limit.")] = 200,
    period: Annotated[float, typer.Option(help="Datadog: length of a window, such as 1m.", **LASTING)] = 2.0,
    storm: Annotated[int, typer.Option(min=0, max=100_000, help="Open pages and alert groups to begin with.")] = 0,
    teams: Annotated[int, typer.Option(min=0, max=50, help="Teams with people, schedules and escalations.")] = 0,
    faults: Annotated[float, typer.Option(min=0, max=0.9, help="Share of requests that go wrong, such as 0.05.")] = 0,
    seed: Annotated[int, typer.Option(help="Which requests go wrong, and how.")] = 7,
    json: JsonOption = False,
) -> None:
    """Serve the simulator on loopback for other programs, until interrupted."""
    from aiooncall.simulator import RateRule, Simulator  # noqa: PLC0415 (see above)

    sim = Simulator(
        port=port,
        grafana_port=grafana_port,
        rate_rules=(RateRule("oncall_paging", limit, period),) if limit else (),
        keep_requests=False,
    )
    world = World(storm=storm, teams=teams, faults=faults, seed=seed)
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(_serve(sim, world, as_json=json))
    except OSError as problem:
        why = os.strerror(problem.errno) if problem.errno else problem
        typer.echo(f"error: --port, --grafana-port: {why}", err=True)
        raise typer.Exit(2) from None


async def _serve(sim: Simulator, world: World, *, as_json: bool) -> None:
    from aiooncall.cli.world import add_teams  # noqa: PLC0415 (see above)

    async with sim:
        for number in range(world.storm):
            title = f"Disk full on storage-{number:05d}"
            sim.add_page(title=title)
            sim.grafana.add_alert_group(title)
        handles = await add_teams(sim, world.teams)
        _break(sim.faults, world)
        _tell(sim, handles, as_json=as_json)
        await asyncio.Event().wait()


def _break(plan: FaultPlan, world: World) -> None:
    """Let requests go wrong from now on, by every kind of fault alike."""
    from aiooncall.cli.demo import FAULTS  # noqa: PLC0415 (see above)

    if world.faults:
        plan.seed(seed=world.seed, rates=dict.fromkeys(FAULTS, world.faults / len(FAULTS)))


def _tell(sim: Simulator, handles: Iterable[str], *, as_json: bool) -> None:
    if as_json:
        print_json({**{name: getattr(sim, name) for name in URLS}, "teams": list(handles)})
        return
    typer.echo(f"Datadog On-Call simulator on {sim.datadog_url} (any keys; Ctrl-C stops it)")
    typer.echo(f"Grafana OnCall simulator on {sim.grafana_url} (any token)")
    if named := ", ".join(handles):
        typer.echo(f"teams of both: {named}")

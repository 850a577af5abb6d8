"""What the end-to-end tests share: a client on a simulator, both on virtual time."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiooncall import ClientOptions, DatadogOnCall, TeamHandle
from aiooncall.simulator import Fault, FaultKind, FaultPlan, Simulator
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall import SessionPool

TEAM = TeamHandle("storage")
PAGES = "/api/v2/on-call/pages"
API_KEY = "api-key-0123456789"
APP_KEY = "app-key-9876543210"
LOST_ANSWERS = [
    Fault(FaultKind.DROP_BEFORE),
    Fault(FaultKind.DROP_AFTER),
    Fault(FaultKind.ERROR_BEFORE, status=503),
    Fault(FaultKind.ERROR_AFTER, status=504),
    Fault(FaultKind.ERROR_AFTER, status=500),
    Fault(FaultKind.ERROR_AFTER, status=500, html=True),
    Fault(FaultKind.TRUNCATED_BODY),
]
"""What leaves it open whether something happened; some of them with, some without it having happened."""


def scripted(method: str, path: str, *faults: Fault | FaultKind | None) -> FaultPlan:
    """Return a plan with `faults` for the next matching requests."""
    plan = FaultPlan()
    plan.script(method, path, *(Fault(f) if isinstance(f, FaultKind) else f for f in faults))
    return plan


@asynccontextmanager
async def datadog(
    faults: FaultPlan | None = None, *, skew: float = 0.0, simulator: dict[str, Any] | None = None, **options: Any
) -> AsyncIterator[tuple[Simulator, DatadogOnCall]]:
    """Yield a simulator and a client on it; `skew` puts the server's wall clock ahead of ours."""
    clock = VirtualClock()
    async with (
        Simulator(clock=clock, clock_skew=skew, faults=faults, **(simulator or {})) as sim,
        client_on(sim, clock=clock, **options) as client,
    ):
        yield sim, client


def client_on(
    sim: Simulator, *, clock: VirtualClock | None = None, pool: SessionPool | None = None, **options: Any
) -> DatadogOnCall:
    """Return a client on `sim`, not yet open; `connections` are the options of its own pool."""
    if "connections" in options:
        options["pool"] = options.pop("connections")
    chosen = ClientOptions(**{"clock": clock or VirtualClock(), **options})
    url = sim.datadog_url
    return DatadogOnCall(
        API_KEY, APP_KEY, api_url=url, paging_url=url, events_url=sim.events_url, options=chosen, pool=pool
    )


def sends(sim: Simulator, method: str, ending: str) -> int:
    """Return how often a request reached the server."""
    return sum(r.method == method and r.path.endswith(ending) for r in sim.ledger.requests)


def in_flight(client: DatadogOnCall) -> int:
    """Return how many permits of the budget are out."""
    return sum(budget.in_flight for budget in client.budgets())

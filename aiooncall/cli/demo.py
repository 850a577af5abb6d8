"""A storm on the embedded simulator: page, acknowledge and resolve through faults of every kind."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Final

import attrs

from aiooncall import (
    AmbiguousOutcome,
    AttemptFinished,
    ClientOptions,
    DatadogOnCall,
    FanOut,
    OnCallError,
    RetryScheduled,
    TeamHandle,
    Throttled,
)
from aiooncall._base.clock import SYSTEM_CLOCK
from aiooncall.simulator import Fault, FaultKind, FaultPlan, RateRule, Simulator
from aiooncall.simulator.http.faults import THROTTLES

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Callable

    from aiooncall import Page
    from aiooncall._base.clock import Clock
    from aiooncall.cli.display import Display
    from aiooncall.events import Event
    from aiooncall.simulator import Ledger

LIMIT: Final = 200
PERIOD: Final = 2.0
CONCURRENCY: Final = 64
PASSES: Final = 5
FAULT_RATE: Final = 0.003
"""Share of requests that each kind of fault hits."""
FAULTS: Final = (
    Fault(FaultKind.THROTTLE),
    Fault(FaultKind.THROTTLE, retry_after="1"),
    Fault(FaultKind.THROTTLE_BARE),
    Fault(FaultKind.THROTTLE_HTML),
    Fault(FaultKind.ERROR_BEFORE, object_errors=True),
    Fault(FaultKind.ERROR_AFTER, html=True),
    Fault(FaultKind.DROP_BEFORE),
    Fault(FaultKind.DROP_AFTER),
    Fault(FaultKind.SLOW, delay=2.0),
    Fault(FaultKind.SLOW_BODY, delay=2.0),
    Fault(FaultKind.TRUNCATED_BODY),
    Fault(FaultKind.EMPTY_OK),
    Fault(FaultKind.REDIRECT),
    Fault(FaultKind.HUGE_BODY, size=4 * 1024 * 1024),
    Fault(FaultKind.GARBAGE_HEADERS),
)
MOST_THROTTLES: Final = 2
"""Refusals of one kind: each closes the bucket for everyone, and a storm of them would only show the wait."""


@attrs.define
class Tally:
    """Counts what the client's hooks report and what its calls return."""

    requests: int = 0
    refusals: int = 0
    retries: int = 0
    reconciled: int = 0
    ambiguous: int = 0
    created_again: int = 0

    def __call__(self, event: Event, /) -> None:
        """Count `event`."""
        self.requests += isinstance(event, AttemptFinished)
        self.refusals += isinstance(event, Throttled)
        self.retries += isinstance(event, RetryScheduled)


@attrs.frozen(kw_only=True)
class DemoResult:
    """What the demo came to; `lost` and `doubled` are the ledger's words."""

    items: int
    tally: Tally
    wall: float
    theoretical: float
    injected: Counter[FaultKind]
    lost: list[str]
    doubled: list[str]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was lost and nothing was done twice."""
        return not self.lost and not self.doubled


class Storm:
    """The job: every event ends as one page that is created, acknowledged and resolved once."""

    def __init__(self, client: DatadogOnCall, tally: Tally, display: Display, events: int) -> None:
        self._client = client
        self._tally = tally
        self._display = display
        self._keys = [f"storm-{number:05d}" for number in range(events)]
        self._ids: dict[str, str] = {}

    async def run(self) -> None:
        """Page everything, then acknowledge and resolve it."""
        await self._page()
        await self._in_passes("acknowledge", self._client.pages.acknowledge_many)
        await self._in_passes("resolve", self._client.pages.resolve_many)

    async def _page(self) -> None:
        """Page for each event. What is in doubt is looked up in the list before it is done again."""
        for _ in range(PASSES):
            missing = [key for key in self._keys if key not in self._ids]
            if not missing:
                return
            again = len(missing) < len(self._keys)
            self._tally.created_again += len(missing) if again else 0
            self._display.phase("page again" if again else "page", len(missing))
            async for outcome in FanOut(missing, self._create, concurrency=CONCURRENCY, repeatable=False):
                self._tally.ambiguous += isinstance(outcome.error, AmbiguousOutcome)
                self._display.advance()
            await self._look_up()

    async def _create(self, key: str) -> None:
        page = await self._client.pages.create(f"Disk full on {key}", target=TeamHandle("storage"), dedup_key=key)
        self._tally.reconciled += page.reconciled
        self._ids[key] = page.id

    async def _look_up(self) -> None:
        by_tag = {f"dedup_key:{key}": key for key in self._keys if key not in self._ids}
        if not by_tag:
            return
        self._display.phase("found by looking", len(by_tag))
        for attempt in range(PASSES):
            try:
                async for page in self._client.pages.list():
                    self._note(page, by_tag)
            except OnCallError:  # what was not looked up must not be done again
                if attempt == PASSES - 1:
                    raise
            else:
                return

    def _note(self, page: Page, by_tag: dict[str, str]) -> None:
        for tag in page.tags:
            if tag in by_tag and by_tag[tag] not in self._ids:
                self._ids[by_tag[tag]] = page.id
                self._display.advance()

    async def _in_passes(self, name: str, act: Callable[..., FanOut]) -> None:
        """Do what failed again: both actions may be repeated."""
        left = list(self._ids.values())
        for number in range(PASSES):
            self._display.phase(f"{name} again" if number else name, len(left))
            job = act(left, concurrency=CONCURRENCY)
            async for _outcome in job:
                self._display.advance()
            left = [outcome.id for outcome in job.report.outcomes]
            if not left:
                return


def fault_plan(seed: int) -> FaultPlan:
    """Return the plan that hits a few requests in a hundred with every kind of fault."""
    plan = FaultPlan()
    for number, fault in enumerate(FAULTS):
        most = MOST_THROTTLES if fault.kind in THROTTLES else None
        plan.seed(seed=seed + number, rates={fault: FAULT_RATE}, limit=most)
    return plan


def theoretical_time(calls: int, started: float) -> float:
    """Return the least seconds in which the server can admit `calls` from wall time `started` on."""
    windows = ceil(calls / LIMIT)
    if windows <= 1:
        return 0.0
    return (PERIOD - started % PERIOD) + (windows - 2) * PERIOD


def lost_events(ledger: Ledger, keys: int) -> list[str]:
    """Return what the ledger misses: events without a page, pages that are not resolved."""
    titles = (f"Disk full on storm-{number:05d}" for number in range(keys))
    return [title for title in titles if not ledger.pages_by_title(title)] + ledger.unfinished()


async def run_demo(pages: int, seed: int, display: Display, *, clock: Clock = SYSTEM_CLOCK) -> DemoResult:
    """Run the storm and return what it came to.

    Args:
        pages: how many pages.
        seed: of the faults.
        display: shows the progress.
        clock: what time it is, for client and simulator.
    """
    tally, plan = Tally(), fault_plan(seed)
    options = ClientOptions(
        timeout=1.5, reconcile_timeout=3.0, max_response_bytes=1024 * 1024, hooks=(tally,), clock=clock
    )
    rule = RateRule("oncall_paging", LIMIT, PERIOD)
    async with Simulator(rate_rules=(rule,), faults=plan, clock=clock) as sim:
        url = sim.datadog_url
        async with DatadogOnCall("demo-key", "demo-key", api_url=url, paging_url=url, options=options) as client:
            wall, started = clock.time(), clock.monotonic()
            await Storm(client, tally, display, pages).run()
            elapsed = clock.monotonic() - started
        return DemoResult(
            items=pages,
            tally=tally,
            wall=elapsed,
            theoretical=theoretical_time(3 * pages, wall),
            injected=plan.injected,
            lost=lost_events(sim.ledger, pages),
            doubled=sim.ledger.doubled(),
        )

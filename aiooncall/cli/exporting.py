"""What `aiooncall exporter` shows: a registry of metrics, and what keeps it up to date."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import attrs
from prometheus_client import CollectorRegistry, generate_latest

from aiooncall.cli.on_call_gauges import OnCallGauges
from aiooncall.cli.refreshing import Refresher
from aiooncall.cli.telling import tell, words_of
from aiooncall.client.base import core_of
from aiooncall.instrumentation.prometheus import PrometheusHook

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable

    from aiooncall.cli.settings import Settings
    from aiooncall.errors import OnCallError


@attrs.frozen
class Exported:
    """The metrics of one account, and what reads it.

    Attributes:
        registry: has the metrics.
        refresher: reads who is on call.
    """

    registry: CollectorRegistry
    refresher: Refresher

    def text(self) -> str:
        """Return the metrics in the text format of Prometheus."""
        return generate_latest(self.registry).decode()


@asynccontextmanager
async def exporting(settings: Settings, teams: Iterable[str] | None, days: int) -> AsyncGenerator[Exported]:
    """Yield the metrics of the account that the options name; what cannot be read is told on standard error.

    Args:
        settings: the options of the command line.
        teams: ids, handles (Datadog) or names (Grafana) of the teams; all of them if None.
        days: how far ahead gaps are looked for.

    Raises:
        OptionsError: something that the client needs is missing or wrong.
    """

    def complain(about: str, error: OnCallError) -> None:
        tell(type(error).__name__, words_of(error, settings.running), as_json=settings.json, about=about)

    registry = CollectorRegistry()
    hook = PrometheusHook(registry=registry)
    settings.running.hooks.append(hook)
    async with settings.client() as client:
        hook.watch(client)
        refresher = Refresher(client, teams=teams, days=days, tell=complain)
        gauges = OnCallGauges(refresher.readings, core_of(client).profile.provider, client.options.clock.time)
        registry.register(gauges)
        yield Exported(registry, refresher)

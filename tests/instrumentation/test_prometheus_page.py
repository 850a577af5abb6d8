"""The page about Prometheus has every metric with its labels, and speaks of no other."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from prometheus_client import CollectorRegistry

from aiooncall.cli.on_call_gauges import GAUGES, OnCallGauges
from aiooncall.cli.refreshing import Readings
from aiooncall.instrumentation import PrometheusHook
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from prometheus_client import Metric

PAGE: Final = (ROOT / "docs" / "prometheus.md").read_text(encoding="utf-8")
TOLD: Final = frozenset(re.findall(r"\baiooncall_[a-z_]+", PAGE))


def metrics() -> list[Metric]:
    """Return all that the exporter shows, which has the metrics of the hook as well."""
    registry = CollectorRegistry()
    PrometheusHook(registry=registry)
    registry.register(OnCallGauges(Readings(complete=True), "datadog", lambda: 0.0))
    return [*registry.collect()]


def name_of(metric: Metric) -> str:
    """Return the name of a metric as it is scraped."""
    return f"{metric.name}_total" if metric.type == "counter" else metric.name


def test_every_metric_is_told() -> None:
    """The metrics of the page, its alerts included, are exactly those that there are."""
    assert {name_of(metric) for metric in metrics()} == TOLD


def test_labels_are_told() -> None:
    """The row of each metric of the exporter has its labels, in order."""
    for name, (labels, _) in GAUGES.items():
        cell = ", ".join(f"`{label}`" for label in labels)
        assert re.search(rf"(?m)^\| `aiooncall_{name}` \| {cell} ?\|", PAGE), name

"""What Prometheus would read: text in its format, by the parser of its own client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from aiooncall.instrumentation import PrometheusHook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric
    from prometheus_client.samples import Sample


class Scraped:
    """The metrics of one scrape.

    Args:
        text: what was served.

    Attributes:
        text: the same.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.families: list[Metric] = [*text_string_to_metric_families(text)]
        keys = [(one.name, *sorted(one.labels.items())) for one in self._samples()]
        assert len(keys) == len(set(keys)), "Prometheus refuses a scrape that has a series twice"

    def _samples(self) -> Iterator[Sample]:
        for family in self.families:
            yield from family.samples

    def of(self, name: str, **labels: str) -> list[Sample]:
        """Return the samples of a metric whose labels have these values."""
        found = [one for one in self._samples() if one.name == f"aiooncall_{name}"]
        return [one for one in found if labels.items() <= one.labels.items()]

    def total(self, name: str, **labels: str) -> float:
        """Return the sum of these samples."""
        return sum(one.value for one in self.of(name, **labels))

    def values(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Return the values of these samples by the value of a label."""
        return {one.labels[label]: one.value for one in self.of(name, **labels)}


class Watched:
    """A hook with a registry of its own.

    Attributes:
        hook: the hook.
    """

    def __init__(self) -> None:
        self.registry: CollectorRegistry = CollectorRegistry()
        self.hook: PrometheusHook = PrometheusHook(registry=self.registry)

    def scrape(self) -> Scraped:
        """Return what the registry has now."""
        return Scraped(generate_latest(self.registry).decode())

"""Hooks that make traces and metrics of calls; each needs the extra of its name."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiooncall.instrumentation.opentelemetry import OpenTelemetryHook as OpenTelemetryHook
    from aiooncall.instrumentation.prometheus import PrometheusHook as PrometheusHook
else:
    from aiooncall._base.lazy import attach

    __all__, __getattr__, __dir__ = attach(__name__)

"""What the benchmarks share: their result, its numbers, and how it is printed and kept."""

from __future__ import annotations

import importlib.util
import os
import platform
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any

import attrs

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RESULTS = Path(__file__).parent / "results"
HAS_UVLOOP = importlib.util.find_spec("uvloop") is not None


@attrs.define(kw_only=True)
class Result:
    """The answer to one question.

    Attributes:
        name: the benchmark's name.
        question: what was asked.
        method: how it was measured, in a few lines.
        packages: whose versions matter.
        columns: the table's head.
        rows: the table.
        verdicts: what was aimed at, and whether it was reached.
        failures: what went wrong; anything here fails the run. Slowness is never a failure.
        raw: every measurement.
    """

    name: str
    question: str
    method: str
    packages: tuple[str, ...]
    columns: tuple[str, ...]
    rows: list[tuple[str, ...]] = attrs.field(factory=list)
    verdicts: list[str] = attrs.field(factory=list)
    failures: list[str] = attrs.field(factory=list)
    raw: dict[str, Any] = attrs.field(factory=dict)

    def aim(self, what: str, value: float, target: float) -> None:
        """Note whether `value` is at most `target`."""
        reached = "met" if value <= target else "MISSED"
        self.verdicts.append(f"{what}: {round(value, 3):g}, target <= {target:g}: {reached}")


def ask(name: str, *, quick: bool) -> Result:
    """Return the answer to the question that a module is about."""
    result: Result = import_module(f"benchmarks.{name}").run(quick=quick)
    return result


def spread(values: Sequence[float], digits: int = 3) -> str:
    """Return the median of `values` and, where there are enough, the range from the 10th to the 90th percentile."""
    if len(values) == 1:
        return f"{values[0]:.{digits}f}"
    tenths = quantiles(values, n=10, method="inclusive")
    return f"{median(values):.{digits}f} ({tenths[0]:.{digits}f} to {tenths[-1]:.{digits}f})"


def versions(packages: Iterable[str]) -> dict[str, str]:
    """Return the installed version of each package."""
    return {package: _version(package) for package in packages}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "absent"


def machine() -> dict[str, Any]:
    """Return what the numbers depend on."""
    return {
        "cores": os.cpu_count(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
    }


def show(result: Result) -> None:
    """Print `result`."""
    table = [result.columns, *result.rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(result.columns))]
    told = {**versions(result.packages), **machine()}
    print(f"\n## {result.name}: {result.question}\n\n{result.method}")
    print("; ".join(f"{name} {value}" for name, value in told.items()) + "\n")
    for number, row in enumerate(table):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
        if number == 0:
            print("|" + "|".join("-" * (width + 2) for width in widths) + "|")
    print()
    for line in result.verdicts:
        print(f"- {line}")
    for line in result.failures:
        print(f"- FAILED: {line}")


def as_json(result: Result) -> dict[str, Any]:
    """Return everything about `result` for the file of raw numbers."""
    return {**attrs.asdict(result), "packages": versions(result.packages), "machine": machine()}

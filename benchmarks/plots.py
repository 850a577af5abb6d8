"""Draw the tables of the documentation: `python -m benchmarks.plots RESULTS.json docs/` writes a picture for each.

More than one file of results may be given; of a question that is in several of them, the last answer counts.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from benchmarks import bulk, cost, grafana, imports, processes, window
from benchmarks.charts import Bar, Chart, Group, draw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Raw = dict[str, Any]


def _cost(raw: Raw) -> Chart:
    groups = []
    for loop, pairs in raw.items():
        base = [before for measured in pairs.values() for before, _ in measured]
        bars = [Bar(label="aiohttp with defaults", values=base)]
        for name, measured in pairs.items():
            note = f"{median(mine / before for before, mine in measured):.2f} of aiohttp"
            target = cost.TARGET * median(base) if name == cost.OURS else None
            values = [mine for _, mine in measured]
            bars.append(Bar(label=name, values=values, note=note, target=target, ours=name == cost.OURS))
        groups.append(Group(title=loop, unit="microseconds of CPU time a call", bars=bars))
    return Chart(title="What a call costs", note="One acknowledge, with everything on.", groups=groups)


def _window(raw: Raw) -> Chart:
    groups: dict[str, list[Bar]] = {}
    for name, runs in raw.items():
        ours = name.startswith("aiooncall")
        _, _, ahead = name.partition(", server's ")
        label = re.sub(r", (cold|warm), \d+[^,]*.*", r", \1" if ours else "", name)
        title = f"Server's {ahead}" if ahead else "Clocks in step" if ours else "Rivals, clocks in step"
        groups.setdefault(title, []).append(_over_theory(label, runs, window.TARGET if ours else None))
    least = max(bar.ends[1] for bars in groups.values() for bar in bars)
    return Chart(
        title="Time lost at a rate limit",
        note=f"{window.LIMIT} calls in windows of {window.PERIOD:g} s, against a client that knows the server's clock.",
        groups=[_lost(title, bars, least) for title, bars in groups.items()],
    )


def _processes(raw: Raw) -> Chart:
    targets = {processes.OURS: processes.TARGET}
    bars = [_over_theory(name, runs, targets.get(name)) for name, runs in raw.items()]
    return Chart(
        title=f"{processes.PROCESSES} processes at one rate limit",
        note=f"{window.LIMIT} calls in windows of {window.PERIOD:g} s, for all of them together.",
        groups=[_lost("Without coordination", bars)],
    )


def _lost(title: str, bars: list[Bar], least: float = 0.0) -> Group:
    return Group(title=title, unit="% more than the least possible time", bars=bars, least=least)


def _over_theory(label: str, runs: list[Raw], target: float | None) -> Bar:
    """Return the bar of a job; those of aiooncall have a target."""
    lost = [(run["seconds"] / run["theory"] - 1) * 100 for run in runs]
    most = None if target is None else (target - 1) * 100
    if failed := sum(run["failed"] for run in runs):
        return Bar(label=label, values=[], note=f"gave up: {failed:,} calls failed")
    refused, calls = sum(run["refusals"] for run in runs), sum(run.get("calls", 0) for run in runs)
    note = f"{refused / calls:.2f} x 429 a call" if calls else f"{refused:,} x 429"
    return Bar(label=label, values=lost, note=note, target=most, ours=target is not None)


def _decode(raw: Raw) -> Chart:
    from benchmarks import decode  # noqa: PLC0415 (it needs what the other questions do not)

    groups = []
    for steps, sized in raw.items():
        targets = {decode.OURS: decode.TARGETS.get(int(steps))}
        bars = [
            Bar(label=name, values=times, target=targets.get(name), ours=name == decode.OURS)
            for name, times in sized["us"].items()
        ]
        unit, most = f"microseconds a resource, of {sized['resources']:,}", 8 * median(sized["us"][decode.OURS])
        groups.append(Group(title=f"{int(steps):,} steps", unit=unit, bars=bars, most=most, digits=2))
    return Chart(title="Decoding and linking a policy", note="With everything included.", groups=groups)


def _imports(raw: Raw) -> Chart:
    groups = []
    for kind, title, unit in (("wall", "Time", "milliseconds"), ("resident", "Memory", "megabytes")):
        found = {name: [cost[kind] for cost in costs] for name, costs in raw.items() if costs[0][kind] is not None}
        targets = {imports.JUDGED: imports.TARGET * median(found[imports.BASE])} if found else {}
        bars = [
            Bar(
                label=name.replace("`", ""),
                values=values,
                target=targets.get(name),
                ours="aiooncall" in imports.STATEMENTS[name],
            )
            for name, values in found.items()
        ]
        groups.append(Group(title=title, unit=f"{unit} more than a fresh interpreter", bars=bars))
    return Chart(title="What an import costs", note="In an interpreter that has just started.", groups=groups)


def _bulk(raw: Raw) -> Chart:
    costs = {name: [1e6 * one["cpu"] / one["succeeded"] for one in taken] for name, taken in raw["cost"].items()}
    targets = {bulk.JOB: bulk.TARGET * median(costs[bulk.PLAIN])}
    bars = [
        Bar(label=name, values=values, target=targets.get(name), ours=name != bulk.PLAIN)
        for name, values in costs.items()
    ]
    course, items = raw["course"], raw["course"]["planned"]["succeeded"]
    grown = [max(course["sizes"]) - course["sizes"][0]] if course["sizes"] else []
    growth = Bar(label=f"{items:,} items", values=grown, target=bulk.TARGET_MB, ours=True)
    label = f"one of {items:,} open"
    resumed = Bar(label=label, values=[course["resumed"]], target=bulk.TARGET_RESUME, ours=True)
    groups = (
        Group(title="An item", unit="microseconds of CPU time", bars=bars),
        Group(title="Memory", unit="megabytes more than at the start", bars=[growth]),
        Group(title="Resuming", unit="seconds to the first request", bars=[resumed], digits=2),
    )
    return Chart(title="What a journal costs", note="Jobs that survive, against the plain fan-out.", groups=groups)


def _listing_target(case: str, kind: str) -> float | None:
    return grafana.TARGET if kind == "wall" and "ms a page" in case else None


def _grafana(raw: Raw) -> Chart:
    groups = []
    for kind, title in (("wall", "Time"), ("cpu", "CPU time")):
        ratios = {
            case: [mine[kind] / before[kind] for before, mine in pairs[grafana.OURS]]
            for case, pairs in raw.items()
            if not case.startswith("decoding")
        }
        bars = [
            Bar(label=case, values=values, target=_listing_target(case, kind), ours=True)
            for case, values in ratios.items()
        ]
        groups.append(Group(title=title, unit="over the bare loop", bars=bars, digits=2))
    note = "aiooncall, over a loop of aiohttp and orjson that makes no objects."
    return Chart(title="Listing alert groups", note=note, groups=groups)


CHARTS: dict[str, Callable[[Raw], Chart]] = {
    "cost": _cost,
    "window": _window,
    "processes": _processes,
    "decode": _decode,
    "imports": _imports,
    "bulk": _bulk,
    "grafana": _grafana,
}
"""By question."""


def pictures(results: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    """Yield the name of a file and its SVG, for each of the results that has a chart."""
    answers = {result["name"]: result["raw"] for result in results}
    for name in filter(answers.get, CHARTS):
        yield f"benchmark-{name}.svg", draw(f"benchmark-{name}", CHARTS[name](answers[name]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw what the command line names."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plots", description=__doc__)
    parser.add_argument("results", type=Path, nargs="+", help="files that the benchmarks wrote")
    parser.add_argument("folder", type=Path, help="where the pictures go")
    chosen = parser.parse_args(arguments)
    results = [result for file in chosen.results for result in json.loads(file.read_text(encoding="utf-8"))]
    for name, picture in pictures(results):
        (chosen.folder / name).write_text(picture, encoding="utf-8")
        print(chosen.folder / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())

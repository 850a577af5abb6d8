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
            bars.append(Bar(label=name, values=[mine for _, mine in measured], note=note, ours=name == cost.OURS))
        target = cost.TARGET * median(base)
        groups.append(Group(title=loop, unit="microseconds of CPU time a call", bars=bars, target=target))
    return Chart(title="What a call costs", note="One acknowledge, with everything on.", groups=groups)


def _window(raw: Raw) -> Chart:
    groups: dict[str, list[Bar]] = {}
    for name, runs in raw.items():
        ours = name.startswith("aiooncall")
        _, _, ahead = name.partition(", server's ")
        label = re.sub(r", (cold|warm), \d+.*", r", \1" if ours else "", name)
        title = "Rivals, clocks in step" if not ours else f"Server's {ahead}" if ahead else "Clocks in step"
        groups.setdefault(title, []).append(_over_theory(label, runs, ours=ours))
    return Chart(
        title="Time lost at a rate limit",
        note=f"{window.LIMIT} calls in windows of {window.PERIOD:g} s, over a client that knows the server's clock.",
        groups=[_lost(title, bars, window.TARGET) for title, bars in groups.items()],
    )


def _processes(raw: Raw) -> Chart:
    bars = [_over_theory(name, runs, ours=name == processes.OURS) for name, runs in raw.items()]
    return Chart(
        title=f"{processes.PROCESSES} processes at one rate limit",
        note=f"{window.LIMIT} calls in windows of {window.PERIOD:g} s; no process knows of the others.",
        groups=[_lost("Nobody coordinates", bars, processes.TARGET)],
    )


def _lost(title: str, bars: list[Bar], target: float) -> Group:
    return Group(title=title, unit="% of the time that is possible", bars=bars, target=(target - 1) * 100)


def _over_theory(label: str, runs: list[Raw], *, ours: bool) -> Bar:
    failed = sum(run["failed"] for run in runs)
    refused = sum(run["refusals"] for run in runs)
    lost = [(run["seconds"] / run["theory"] - 1) * 100 for run in runs]
    note = f"429s: {refused:,}" if not failed else f"gave up: {failed:,} calls failed"
    return Bar(label=label, values=[] if failed else lost, note=note, ours=ours)


def _decode(raw: Raw) -> Chart:
    from benchmarks import decode  # noqa: PLC0415 (it needs what the other questions do not)

    groups = []
    for steps, sized in raw.items():
        ours = sized["us"][decode.OURS]
        bars = [Bar(label=name, values=times, ours=times is ours) for name, times in sized["us"].items()]
        target, most = decode.TARGETS.get(int(steps)), 8 * median(ours)
        title = f"{int(steps):,} steps"
        unit = f"microseconds a resource, of {sized['resources']:,}"
        groups.append(Group(title=title, unit=unit, bars=bars, target=target, most=most, digits=2))
    return Chart(title="Decoding and linking a policy", note="With everything included.", groups=groups)


def _imports(raw: Raw) -> Chart:
    groups = []
    for kind, title, unit in (("wall", "Time", "milliseconds"), ("resident", "Memory", "megabytes")):
        found = {name: [cost[kind] for cost in costs] for name, costs in raw.items() if costs[0][kind] is not None}
        bars = [
            Bar(label=name.replace("`", ""), values=values, ours="aiooncall" in imports.STATEMENTS[name])
            for name, values in found.items()
        ]
        if bars:
            target = imports.TARGET * median(found[imports.BASE])
            groups.append(Group(title=title, unit=f"{unit} over a fresh interpreter", bars=bars, target=target))
    return Chart(title="What an import costs", note="In an interpreter that has just started.", groups=groups)


def _bulk(raw: Raw) -> Chart:
    costs = {name: [1e6 * one["cpu"] / one["succeeded"] for one in taken] for name, taken in raw["cost"].items()}
    bars = [Bar(label=name, values=values, ours=name != bulk.PLAIN) for name, values in costs.items()]
    course, items = raw["course"], raw["course"]["planned"]["succeeded"]
    target = bulk.TARGET * median(costs[bulk.PLAIN])
    groups = [Group(title="An item", unit="microseconds of CPU time", bars=bars, target=target)]
    label = f"{items:,} items"
    if course["sizes"]:
        growth = Bar(label=label, values=[max(course["sizes"]) - course["sizes"][0]], ours=True)
        groups.append(
            Group(title="Memory", unit="megabytes more than at the start", bars=[growth], target=bulk.TARGET_MB)
        )
    resumed = Bar(label=f"one of {items:,} open", values=[course["resumed"]], ours=True)
    unit = "seconds to the first request"
    groups.append(Group(title="Resuming", unit=unit, bars=[resumed], target=bulk.TARGET_RESUME, digits=2))
    return Chart(title="What a journal costs", note="Bulk jobs that survive, over the plain fan-out.", groups=groups)


def _grafana(raw: Raw) -> Chart:
    groups = []
    for kind, title in (("wall", "Time"), ("cpu", "CPU time")):
        bars = [
            Bar(label=case, values=[mine[kind] / before[kind] for before, mine in pairs[grafana.OURS]], ours=True)
            for case, pairs in raw.items()
            if not case.startswith("decoding")
        ]
        groups.append(Group(title=title, unit="over the bare loop", bars=bars, target=grafana.TARGET, digits=2))
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

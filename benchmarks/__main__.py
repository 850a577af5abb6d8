"""Run the benchmarks: all of them, or `--only` one. Exits with 1 if something broke, never because it was slow."""

from __future__ import annotations

import argparse
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from benchmarks.harness import RESULTS, as_json, ask, show

QUESTIONS = (
    *("cost", "hotpath", "window", "windows", "processes", "shared", "latency", "memory", "bulk", "decode", "grafana"),
    *("imports", "shifts", "audit", "workers", "instrumentation"),
)


def main() -> int:
    """Run what the command line asks for and return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a minute at most: to see that they work, not for numbers")
    parser.add_argument("--only", choices=QUESTIONS, help="one question")
    parser.add_argument("--json", type=Path, help="where the raw numbers go, instead of benchmarks/results/")
    chosen = parser.parse_args()
    results = []
    for name in [chosen.only] if chosen.only else QUESTIONS:
        started = time.perf_counter()
        # In a process of its own: what an earlier question left in memory would make the garbage collector slower.
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as fresh:
            results.append(fresh.submit(ask, name, quick=chosen.quick).result())
        show(results[-1])
        print(f"\n({time.perf_counter() - started:.0f} s)")
    path: Path = chosen.json or RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}{'-quick' if chosen.quick else ''}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([as_json(result) for result in results], indent=1) + "\n", encoding="utf-8")
    print(f"\nraw numbers: {path}")
    return int(any(result.failures for result in results))


if __name__ == "__main__":
    sys.exit(main())

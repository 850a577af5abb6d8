"""What does an import cost, in time and in memory, over `import aiohttp`?"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from statistics import median
from tempfile import TemporaryDirectory

import attrs

from benchmarks.harness import Result, spread

TARGET = 1.15
BASE = "import aiohttp"
JUDGED = "from aiooncall import DatadogOnCall"
VENDOR = "from datadog_api_client.v2.api.on_call_paging_api import OnCallPagingApi"
STATEMENTS = {
    BASE: BASE,
    "import aiohttp again (control)": BASE,
    "import aiooncall": "import aiooncall",
    JUDGED: JUDGED,
    "a Datadog client and its `pages`": f"{JUDGED}; DatadogOnCall('key', 'key').pages",
    "from aiooncall import GrafanaOnCall": "from aiooncall import GrafanaOnCall",
    "a Grafana client and its `alert_groups`": (
        "from aiooncall import GrafanaOnCall; GrafanaOnCall('http://127.0.0.1:1', 'token').alert_groups"
    ),
    "import datadog_api_client": "import datadog_api_client",
    "datadog-api-client and its paging": f"import datadog_api_client; {VENDOR}",
}
"""By what they are called: what is run in an interpreter that has just started."""
PROBE = """
import json, os, sys, time
def resident():
    if sys.platform != "linux":
        return None
    with open("/proc/self/statm") as sizes:
        return int(sizes.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
before, wall, cpu = resident(), time.perf_counter(), time.process_time()
exec(sys.argv[1])
wall, cpu, after = time.perf_counter() - wall, time.process_time() - cpu, resident()
print(json.dumps([wall * 1000, cpu * 1000, None if before is None else after - before]))
"""


@attrs.frozen
class Cost:
    """What a statement took: milliseconds by the clock and of CPU time, and megabytes, where the system tells them."""

    wall: float
    cpu: float
    resident: float | None


def run(*, quick: bool) -> Result:
    """Run each statement in interpreters of its own, in turns."""
    rounds = 1 if quick else 15
    result = Result(
        name="imports",
        question="what does an import cost over `import aiohttp`?",
        method=(
            f"Each statement in {rounds} fresh interpreters, in turns and in random order, all files cached and"
            " compiled. The start of the interpreter\nis left out; memory is what the process takes beyond it. Ratios"
            " are of the same round (medians, in brackets: 10th to 90th percentile)."
        ),
        packages=("aiooncall", "aiohttp", "datadog-api-client"),
        columns=("statement", "ms", "over aiohttp", "MB", "over aiohttp"),
    )
    with TemporaryDirectory() as compiled:
        _round(compiled)
        measured = [_round(compiled) for _ in range(rounds)]
    for name in STATEMENTS:
        _report(result, name, [(one[BASE], one[name]) for one in measured])
    return result


def _round(compiled: str) -> dict[str, Cost]:
    return {name: _cost(STATEMENTS[name], compiled) for name in random.sample(list(STATEMENTS), len(STATEMENTS))}


def _cost(statement: str, compiled: str) -> Cost:
    # Where nothing compiled is kept, or that is switched off, the sources would be compiled each time.
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    env["PYTHONPYCACHEPREFIX"] = compiled
    probe = [sys.executable, "-c", PROBE, statement]
    done = subprocess.run(probe, capture_output=True, check=True, text=True, timeout=60, env=env)
    return Cost(*json.loads(done.stdout))


def _report(result: Result, name: str, pairs: list[tuple[Cost, Cost]]) -> None:
    result.raw[name] = [attrs.asdict(mine) for _, mine in pairs]
    cells = []
    for kind, told in (("wall", "time"), ("resident", "memory")):
        values = [getattr(mine, kind) for _, mine in pairs]
        ratios = [value / getattr(base, kind) for value, (base, _) in zip(values, pairs, strict=True) if value]
        cells += [spread(values, 1), "1" if name == BASE else spread(ratios)] if ratios else ["", ""]
        if name == JUDGED and ratios:
            result.aim(f"`{name}` over `{BASE}`, {told}", median(ratios), TARGET)
    result.rows.append((name, *cells))

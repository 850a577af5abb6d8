"""What does a call cost, in CPU time of the client's process, over a bare aiohttp session?"""

from __future__ import annotations

import asyncio
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.contenders import bare, ours, ours_fresh, threaded, tuned, vendor
from benchmarks.harness import HAS_UVLOOP, Result, spread
from benchmarks.paired import CALLS, WORKERS, measure
from benchmarks.servers import loop_factory, simulator

if TYPE_CHECKING:
    from benchmarks.contenders import Contender
    from benchmarks.paired import Pairs

TARGET = 0.95
TARGET_OVER_TUNED = 1.08
OURS, TUNED = "aiooncall", "aiohttp, tuned by hand"
CONTENDERS: dict[str, Contender] = {
    "aiohttp again (control)": bare,
    TUNED: tuned,
    OURS: ours,
    "aiooncall, what may not be repeated": ours_fresh,
    "datadog-api-client async": vendor,
    "datadog-api-client threaded": threaded,
}


def run(*, quick: bool) -> Result:
    """Measure on each loop that is there."""
    rounds = 1 if quick else 30
    result = Result(
        name="cost",
        question="what does one acknowledge cost over a bare aiohttp session with defaults?",
        method=(
            f"CPU time of the client's process, {WORKERS} workers, blocks of {CALLS} calls, {rounds} rounds; each block"
            " next to a block of bare aiohttp,\nin random order; the ratio is of the two, and the median is of the"
            " ratios (in brackets: 10th to 90th percentile). The last column divides that ratio by the one of aiohttp"
            " tuned by hand in the same round.\nThe simulator is another process."
        ),
        packages=("aiooncall", "aiohttp", "datadog-api-client", "aiosonic", "uvloop"),
        columns=("loop", "contender", "us a call", "over bare aiohttp", "over tuned aiohttp"),
    )
    with simulator(pages=CALLS) as server:
        for loop in ("asyncio", "uvloop") if HAS_UVLOOP else ("asyncio",):
            with asyncio.Runner(loop_factory=loop_factory(loop)) as runner:
                pairs = runner.run(measure(bare, CONTENDERS, server.url, server.ids, rounds))
            _report(result, loop, pairs)
        refused = {status: times for status, times in server.ask()[0].items() if status != 202}
    if refused:
        result.failures.append(f"answers other than 202: {refused}")
    return result


def _report(result: Result, loop: str, pairs: Pairs) -> None:
    result.raw[loop] = pairs
    base = [before for measured in pairs.values() for before, _ in measured]
    result.rows.append((loop, "aiohttp with defaults", spread(base, 1), "1", ""))
    over_bare = {name: [mine / before for before, mine in measured] for name, measured in pairs.items()}
    for name, ratios in over_bare.items():
        over_tuned = [ratio / least for ratio, least in zip(ratios, over_bare[TUNED], strict=True)]
        micros = spread([mine for _, mine in pairs[name]], 1)
        result.rows.append((loop, name, micros, spread(ratios), "1" if name == TUNED else spread(over_tuned)))
        if name == OURS:
            result.aim(f"aiooncall over bare aiohttp, {loop}", median(ratios), TARGET)
            result.aim(f"aiooncall over aiohttp tuned by hand, {loop}", median(over_tuned), TARGET_OVER_TUNED)

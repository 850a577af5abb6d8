"""What does it cost to compute who will be on call, for a year and very many schedules?"""

from __future__ import annotations

import time
import tracemalloc
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from aiooncall.datadog import Layer, Schedule, TimeRestriction, User, Weekday
from aiooncall.datadog.layers import rotations_of
from aiooncall.datadog.resources.overrides import time_slices
from aiooncall.datadog.rotation import joined, on_call
from benchmarks.harness import Result, spread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from aiooncall.datadog.rotation import Rotation, Turn

START = datetime(2031, 1, 1, tzinfo=UTC)
YEAR, SLICE = timedelta(days=365), timedelta(days=45)
LAYERS = 3
TARGET_SECONDS = 3.0
TARGET_KB = 32.0


def run(*, quick: bool) -> Result:
    """Compute a year of all schedules, slice by slice as `shifts.stream` does, and trace the memory of one."""
    schedules, rounds = (20, 1) if quick else (200, 5)
    result = Result(
        name="shifts",
        question=f"what does a year of {schedules} schedules of {LAYERS} layers cost?",
        method=(
            "Daily turns of five people in Berlin, each layer with a window over midnight on each working day."
            "\nOnly the computing, in slices of 45 days. Memory is the highest that tracemalloc saw, of one schedule."
        ),
        packages=("aiooncall", "tzdata"),
        columns=("time", "turns", "CPU, s", "us a turn", "highest, kB"),
    )
    one, memory = _rotations(), {}
    for name, length in (("slice", SLICE), ("year", YEAR)):
        costs, number = [], 0
        for _ in range(rounds):
            started = time.process_time()
            number = sum(1 for _ in range(schedules) for _ in _streamed(one, length))
            costs.append(time.process_time() - started)
        memory[name] = _highest(one, length)
        result.raw[name] = {"turns": number, "cpu": costs, "kilobytes": memory[name]}
        each = [cost / number * 1e6 for cost in costs]
        result.rows.append((name, f"{number:,}", spread(costs), spread(each, 1), f"{memory[name]:.0f}"))
        if name == "year":
            result.aim("CPU in s, a year of 200 schedules", min(costs) / schedules * 200, TARGET_SECONDS)
    result.aim("kB that a year takes more than a slice", memory["year"] - memory["slice"], TARGET_KB)
    return result


def _rotations() -> list[Rotation]:
    days = [*Weekday]
    windows = [
        TimeRestriction(start_day=day, start_time="18:00:00", end_day=after, end_time="06:00:00")
        for day, after in pairwise(days[:6])
    ]
    first = START - timedelta(days=100)
    layers = [
        Layer(
            name=f"Layer {number}",
            effective_date=first,
            rotation_start=first + timedelta(hours=number),
            interval=timedelta(days=1),
            restrictions=windows,
            members=[User(id=f"{number}-{person}") for person in range(5)],
        )
        for number in range(LAYERS)
    ]
    return rotations_of(Schedule(id="s", time_zone="Europe/Berlin", layers=layers))


def _streamed(rotations: list[Rotation], length: timedelta) -> Iterator[Turn]:
    held: list[Turn] = []
    for since, until in time_slices(START, START + length):
        found = joined([*held, *on_call(rotations, (), since, until)])
        held = found[-1:]
        yield from found[:-1]
    yield from held


def _highest(rotations: list[Rotation], length: timedelta) -> float:
    tracemalloc.start()
    try:
        for _ in _streamed(rotations, length):
            pass
        return tracemalloc.get_traced_memory()[1] / 1e3
    finally:
        tracemalloc.stop()

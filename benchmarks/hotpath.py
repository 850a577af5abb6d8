"""Where does the CPU time of a call go? A sampling profile of the client's process, line by line."""

from __future__ import annotations

import asyncio
import linecache
import signal
import time
from collections import Counter
from contextlib import contextmanager
from itertools import cycle
from pathlib import PurePath
from typing import TYPE_CHECKING

from benchmarks.contenders import bare, ours, tuned
from benchmarks.harness import Result
from benchmarks.servers import simulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from benchmarks.contenders import Acknowledge, Contender

WORKERS = 16
IDS = 400
INTERVAL = 0.001
"""Seconds of CPU time between two looks; the system may look less often."""
SHOWN = 5
FILES = 12
"""How many files of ours are shown."""
OURS = "aiooncall"
CONTENDERS: dict[str, Contender] = {OURS: ours, "aiohttp with defaults": bare, "aiohttp, tuned by hand": tuned}

Line = tuple[str, int]
"""The file and the number of a line."""


def run(*, quick: bool) -> Result:
    """Look where the process is, again and again, while it makes calls."""
    seconds = 0.3 if quick else 8.0
    result = Result(
        name="hotpath",
        question="where does the CPU time of a call go?",
        method=(
            f"{WORKERS} workers acknowledge for {seconds:g} s with everything on. Every few milliseconds of CPU time a"
            " look at the line that runs;\ntime in C counts for the line that called it. Then the same with bare"
            " aiohttp and with aiohttp tuned by hand, for the parts that all have."
        ),
        packages=("aiooncall", "aiohttp"),
        columns=("contender", "part or line", "share", "what runs there"),
    )
    if not hasattr(signal, "setitimer"):
        result.rows.append(("", "this system has no timer of CPU time", "", ""))
        return result
    with simulator(pages=IDS) as server:
        for name, contender in CONTENDERS.items():
            seen = asyncio.run(_watch(contender, server.url, server.ids, seconds))
            _report(result, name, seen)
    return result


def _report(result: Result, name: str, seen: Counter[Line]) -> None:
    result.raw[name] = [[*_place(file), number, times] for (file, number), times in seen.most_common()]
    total = max(1, seen.total())
    parts: Counter[str] = Counter()
    for (file, _), times in seen.items():
        parts[_place(file)[0]] += times
    for package, times in parts.most_common(6):
        result.rows.append((name, package, f"{times / total:.1%}", ""))
    if name != OURS:
        return
    for file, times in _files(seen).most_common(FILES):
        result.rows.append((name, f"{OURS}/{file}", f"{times / total:.1%}", ""))
    for lines in (seen, Counter({line: times for line, times in seen.items() if _place(line[0])[0] == OURS})):
        for (file, number), times in lines.most_common(SHOWN):
            where, source = "/".join(_place(file)), linecache.getline(file, number).strip()
            result.rows.append((name, f"{where}:{number}", f"{times / total:.1%}", source))


def _files(seen: Counter[Line]) -> Counter[str]:
    """Return how often each file of ours was seen."""
    files: Counter[str] = Counter()
    for (file, _), times in seen.items():
        package, inside = _place(file)
        if package == OURS:
            files[inside] += times
    return files


async def _watch(contender: Contender, url: str, ids: list[str], seconds: float) -> Counter[Line]:
    """Return how often each line was seen."""
    async with contender(url) as acknowledge:
        until = time.perf_counter() + seconds
        with _sampling() as seen:
            await asyncio.gather(*(_worker(acknowledge, cycle(ids), until) for _ in range(WORKERS)))
    return seen


async def _worker(acknowledge: Acknowledge, ids: Iterator[str], until: float) -> None:
    while time.perf_counter() < until:
        await acknowledge(next(ids))


@contextmanager
def _sampling() -> Iterator[Counter[Line]]:
    """Count the lines that run, until the context is left."""
    seen: Counter[Line] = Counter()

    def look(_: int, frame: FrameType | None) -> None:
        while frame is not None and frame.f_code.co_filename.startswith("<"):  # generated code belongs to its caller
            frame = frame.f_back
        if frame is not None:
            seen[frame.f_code.co_filename, frame.f_lineno] += 1

    before = signal.signal(signal.SIGPROF, look)
    signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
    try:
        yield seen
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _place(file: str) -> tuple[str, str]:
    """Return the package of a file, and where in it the file is."""
    parts = PurePath(file).parts
    for mark in ("site-packages", "benchmarks", OURS, "asyncio"):
        if mark in parts:
            at = len(parts) - 1 - parts[::-1].index(mark) + (mark == "site-packages")
            return parts[at], "/".join(parts[at + 1 :])
    return "other", parts[-1]

"""What is each rule of the limits worth?

`python -m benchmarks.worth` switches each off in turn, on a copy of the project, and runs every situation of
`benchmarks.situations` without it. It prints a Markdown table of what that costs, and marks the rules that are worth
nothing: less than 2 % of the time, less than 0.02 of a period for each window that one job used, and less than one
refusal in two thousand calls. It takes some minutes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final, NamedTuple

from benchmarks.situations import Score
from tests.mutants import ROOT, on_copies
from tests.rules import chosen, off

if TYPE_CHECKING:
    from pathlib import Path

    from tests.rules import Rule

LONGEST: Final = 1800.0
"""Seconds by the clock after which a situation counts as one that never ends."""
MOST_WORK: Final = 120
"""The same in seconds of CPU time."""
LEAST: Final = 0.02, 0.02, 0.0005
"""What a rule has to be worth in one of three ways: time, time of one job, refusals."""

Scores = dict[str, Score | str]
"""What the situations came to; a text says why one came to nothing."""


class Worth(NamedTuple):
    """What it costs to be without a rule, at most, and in which situation.

    Attributes:
        time: seconds more, of what a situation takes at least.
        job: what one job loses more, of a period for each window that it used.
        refusals: refusals more, for each call.
        stalls: situations that come to nothing.
    """

    time: tuple[float, str]
    job: tuple[float, str]
    refusals: tuple[float, str]
    stalls: tuple[str, ...]

    @property
    def is_some(self) -> bool:
        """Whether the rule is worth anything."""
        costs = (self.time, self.job, self.refusals)
        return bool(self.stalls) or any(cost >= least for (cost, _), least in zip(costs, LEAST, strict=True))


def scores_on(copy: Path, rule: Rule | None) -> Scores:
    """Return what the situations come to in a copy of the project, with all rules or without one."""
    with off(rule, copy) if rule is not None else nullcontext():
        command = ["bash", "-c", f'ulimit -t {MOST_WORK}; exec "$0" -m benchmarks.situations', sys.executable]
        environment = os.environ | {"PYTHONPATH": str(copy)}
        try:
            done = subprocess.run(
                command, cwd=copy, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False
            )
            lines = done.stdout
        except subprocess.TimeoutExpired as expired:
            lines = (expired.stdout or b"").decode()
    told = dict(map(json.loads, lines.splitlines()))
    return {name: score if isinstance(score, str) else Score(*score) for name, score in told.items()}


def worth(with_all: Scores, without: Scores) -> Worth:
    """Return what it costs to be without a rule."""
    times, jobs, refusals = [(0.0, "")], [(0.0, "")], [(0.0, "")]
    stalls: list[str] = []
    for name, score in without.items():
        before = with_all[name]
        if isinstance(score, str) or isinstance(before, str):
            stalls += [name] * (score != before)
            continue
        times.append(((score.seconds - before.seconds) / before.least, name))
        jobs.append((score.lost - before.lost, name))
        refusals.append(((score.refusals - before.refusals) / before.calls, name))
    return Worth(max(times), max(jobs), max(refusals), tuple(stalls))


def row(rule: Rule, found: Worth) -> str:
    """Return a line of the table."""
    cells = [f"{cost:+.3f} ({where})" if cost >= 0.0005 else "" for cost, where in found[:3]]
    stalls = ", ".join(found.stalls)
    return f"| {rule.name} | {' | '.join(cells)} | {stalls} |{'' if found.is_some else ' WORTH NOTHING'}"


def main() -> None:
    """Print what each rule is worth."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only the rules whose name has one of these words")
    rules = chosen(parser.parse_args().names)
    with_all, *others = on_copies(ROOT, scores_on, [None, *rules], workers=os.cpu_count() or 1)
    print("| without this rule | time | one job, of a period a window | 429s a call | never ends |")
    print("|---|---|---|---|---|")
    for rule, without in zip(rules, others, strict=True):
        print(row(rule, worth(with_all, without)), flush=True)


if __name__ == "__main__":
    main()

"""The rules of the limits, each switched off in turn: some test minds, or the rule is not worth keeping.

`python -m tests.rules` makes a copy of the project for each worker, replaces what stands for a rule by what would stand
there without it, and runs the tests of the limits. It prints a table, and fails if a rule is missed by nobody. The
product has no switches for its rules. Examples that hypothesis draws are left out: what minds is the same in every run.

`python -m benchmarks.worth` shows what each rule is worth.
"""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from tests.mutants import ROOT, changed, first_failure, on_copies

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

TESTS: Final = ["tests/limits", "tests/grafana/test_gf_told_limits.py", "tests/transport/test_answers.py"]
ADMISSION: Final = "aiooncall/limits/admission.py"
PROBES: Final = "aiooncall/limits/probes.py"
WINDOW: Final = "aiooncall/limits/window.py"
END: Final = "aiooncall/limits/window_end.py"
SLIDING: Final = "aiooncall/limits/sliding_window.py"
NEAREST: Final = {
    END: ["tests/limits/test_window_end.py"],
    SLIDING: ["tests/limits/test_sliding_window.py", "tests/limits/test_sliding_budget.py", TESTS[1]],
}
"""The tests that are most likely to miss the rules of a file, where they are not the first ones."""


class Rule(NamedTuple):
    """A rule: what it does, and what stands for it in which file, with what would stand there without it."""

    name: str
    file: str
    old: str
    new: str


RULES: Final = [
    Rule("a refusal closes the bucket", ADMISSION, "self.closed_until = max(self.closed_until, self._reopening(sent, now, said))", "self._reopening(sent, now, said)"),
    Rule("a very long wait is looked into", ADMISSION, "self.looks_at = now + LONGEST_SILENCE if said is not None and", "self.looks_at = inf if said is not None and"),
    Rule("an unknown limit begins with a few in flight", ADMISSION, "FIRST_IN_FLIGHT: Final = 4", "FIRST_IN_FLIGHT: Final = 1000"),
    Rule("each answer lets one more go", ADMISSION, "self._ramp += 1", "self._ramp += 0"),
    Rule("after a refusal one call probes alone", ADMISSION, "self._ramp = 1", "self._ramp += 0"),
    Rule("silent refusals back off", ADMISSION, "backoff_wait(self._refusals,", "backoff_wait(1,"),
    Rule("what was sent before a refusal tells nothing", ADMISSION, "if self.state in _REFUSED and sent <= window.seen_at:", "if False:"),
    Rule("what is in flight is taken as not counted", ADMISSION, "window.remaining - window.unconfirmed - window.in_flight", "window.remaining - window.unconfirmed"),
    Rule("others have calls in flight too", ADMISSION, "free -= ceil(window.in_flight * window.others * CAUTION)", "free -= 0"),
    Rule("others come in bursts", ADMISSION, "CAUTION: Final = 2.5", "CAUTION: Final = 1.0"),
    Rule("others may have begun a window", ADMISSION, "if window.others and window.untold:", "if False:"),
    Rule("people who call have a reserve", ADMISSION, "return min(window.limit // RESERVE_SHARE, LARGEST_RESERVE) * self._quarters(now) // 4", "return 0"),
    Rule("where nobody calls there is none", ADMISSION, "interactive_at: float = attrs.field(init=False, default=-inf)", "interactive_at: float = attrs.field(init=False, default=inf)"),
    Rule("bulk gets it near the end of a window", ADMISSION, "QUARTER: Final = 0.5", "QUARTER: Final = 1e-9"),
    Rule("a quarter at a time", ADMISSION, "* self._quarters(now) // 4", "* (self._quarters(now) == 4)"),
    Rule("the last calls are probes", ADMISSION, "at = probe_at(window, now, lane, free, wanted, planned=self._probe_at)", "at = now"),
    Rule("probes halve when Reset changes", PROBES, "if is_before_end and free > PROBES_AT_END:", "if False:"),
    Rule("probes go around the end only where they can be spared", PROBES, "if not may_miss:", "if False:"),
    Rule("where all fits nothing waits", PROBES, "if wanted is None or wanted <= free:", "if wanted is None:"),
    Rule("people are held for what it is worth only", PROBES, "return now if lane is Lane.INTERACTIVE and planned - now > saved else planned", "return planned"),
    Rule("a job of unknown size sends no probes", ADMISSION, "wanted = None if left is None else waiting + left", "wanted = waiting + (left or 0)"),
    Rule("calls without an answer may have been counted", WINDOW, "self.unconfirmed += 1", "self.unconfirmed += 0"),
    Rule("answers around the end may be of either window", WINDOW, "self._straddling += 1", "self._straddling += 0"),
    Rule("and are counted in both", WINDOW, "self.unconfirmed, self._unconfirmed_at = straddling, now", "pass"),
    Rule("but a period later they are in neither", WINDOW, "self.unconfirmed_until = self._straddled_at + period", "self.unconfirmed_until = inf"),
    Rule("others are looked for", WINDOW, "self.others = max(self.others, self._counted())", "pass"),
    Rule("a window that is over is followed by a whole one", WINDOW, "self.remaining = self.first = self.limit", "self.remaining = self.first = 0"),
    Rule("a longer Reset than the window is not believed", WINDOW, "and said.reset_after <= longest else None", "else None"),
    Rule("a Reset of 0 is rounded down", END, "if reset_after == 0:", "if False:"),
    Rule("a Reset as long as the period is rounded up", END, "elif period is not None and reset_after >= period:", "elif False:"),
    Rule("clocks drift apart", END, "DRIFT: Final = 2e-4", "DRIFT: Final = 0.0"),
    Rule("a sliding window is a little longer", SLIDING, "MARGIN: Final = 0.01", "MARGIN: Final = 0.0"),
    Rule("its count is learned from a refusal", SLIDING, "self._calls = min(self._most, len(self._taken))", "pass"),
    Rule("its period is learned from what is told", SLIDING, "if retry_after is not None:", "if False:"),
    Rule("what was learned is tried to be raised", SLIDING, "self._calls = min(self._most, self._calls + self._step)", "pass"),
    Rule("a first window is begun gently", SLIDING, "if now < self._whole_at and in_flight >= MOST_IN_FIRST_WINDOW:", "if False:"),
    Rule("few calls tell nothing", SLIDING, "if len(self._taken) < LEAST_TO_LEARN:", "if False:"),
]  # fmt: skip


def without(rule: Rule, root: Path) -> str:
    """Return the source of a rule's file without it.

    Raises:
        ValueError: what stands for the rule is not there exactly once.
    """
    text = (root / rule.file).read_text(encoding="utf-8")
    if text.count(rule.old) != 1:
        raise ValueError(f"{rule.name}: {rule.old!r} stands {text.count(rule.old)} times in {rule.file}")
    return text.replace(rule.old, rule.new)


@contextmanager
def off(rule: Rule, copy: Path) -> Iterator[None]:
    """Switch a rule off in a copy of the project for a while."""
    with changed(copy / rule.file, without(rule, copy).encode()):
        yield


def missed_by(copy: Path, rule: Rule) -> str | None:
    """Return the first test that fails in a copy of the project without a rule; None if none does."""
    with off(rule, copy):
        return first_failure(copy, [*NEAREST.get(rule.file, ()), *TESTS], profile="examples")


def chosen(names: Sequence[str]) -> list[Rule]:
    """Return the rules whose name has one of some words; all of them without any."""
    return [rule for rule in RULES if not names or any(word in rule.name for word in names)]


def main() -> None:
    """Switch each rule off, and print which test misses it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only the rules whose name has one of these words")
    rules = chosen(parser.parse_args().names)
    if (failure := first_failure(ROOT, TESTS, profile="examples")) is not None:
        sys.exit(f"with all rules on, this fails already: {failure}")
    found = list(on_copies(ROOT, missed_by, rules, workers=os.cpu_count() or 1))
    for rule, test in zip(rules, found, strict=True):
        print(f"{rule.name:55} {test or 'MISSED BY NOBODY'}")  # noqa: T201
    sys.exit(None in found)


if __name__ == "__main__":
    main()

"""Mutation testing: change one thing in the source, and see whether some test minds.

`python -m tests.mutants` draws a seeded sample of the changes that can be made to the parts of the package where a
mistake costs most, tries each on a copy of the project, and prints a line for each and the sum. What no test minds is
a fact that no test holds: write that test, or delete the rule.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import cache_from_source
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Item = TypeVar("Item")
Found = TypeVar("Found")

ROOT: Final = Path(__file__).parent.parent
CALLS: Final = [
    *("tests/datadog/test_retry_table.py", "tests/datadog/test_limits.py", "tests/datadog/test_lifecycle.py"),
    *("tests/datadog/test_pages.py", "tests/datadog/test_operations.py", "tests/grafana/test_gf_failures.py"),
    *("tests/grafana/test_gf_crashes.py", "tests/grafana/test_gf_limits.py", "tests/test_errors.py"),
]
NEAREST: Final = {
    "aiooncall/limits": ["tests/limits", "tests/grafana/test_gf_limits.py"],
    "aiooncall/transport": ["tests/transport", *CALLS],
    "aiooncall/fanout.py": ["tests/datadog/test_fanout.py", "tests/datadog/test_fanout_proving.py", "tests/bulk"],
    "aiooncall/codec": [
        "tests/test_codec.py",
        "tests/test_codec_values.py",
        "tests/test_codec_compiled.py",
        "tests/jsonapi",
    ],
    "aiooncall/jsonapi": ["tests/jsonapi", "tests/datadog/test_edits.py", "tests/datadog/test_hydrate.py"],
    "aiooncall/bulk": ["tests/bulk"],
}
"""The parts to change, each with the tests that are most likely to mind, the likeliest first."""
SLOWEST: Final = 600.0
"""Seconds after which the tests of a change have not ended. A test that never does is stopped long before."""
COMPARISONS: Final[dict[type[ast.cmpop], str]] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}
OPERATORS: Final[dict[type[ast.operator], str]] = {
    ast.Add: "-",
    ast.Sub: "+",
    ast.Mult: "/",
    ast.Div: "*",
    ast.FloorDiv: "*",
    ast.Mod: "*",
    ast.BitOr: "&",
    ast.BitAnd: "|",
}


class Mutant(NamedTuple):
    """One change: the text between two places of a file becomes another."""

    file: str
    line: int
    start: int
    end: int
    new: str
    old: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {' '.join(self.old.split())[:60]} -> {' '.join(self.new.split())[:60]}"


class _Finder(ast.NodeVisitor):
    """Collects the changes that can be made to a file."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._text = text.encode()
        self._starts = [0]
        for line in self._text.splitlines(keepends=True):
            self._starts.append(self._starts[-1] + len(line))
        self.found: list[Mutant] = []

    def _place(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return self._starts[node.lineno - 1] + node.col_offset, self._starts[node.end_lineno - 1] + node.end_col_offset

    def _source(self, node: ast.expr | ast.stmt) -> str:
        start, end = self._place(node)
        return self._text[start:end].decode()

    def _change(self, node: ast.expr | ast.stmt, new: str) -> None:
        self.found.append(Mutant(self._file, node.lineno, *self._place(node), new, self._source(node)))

    def visit_If(self, node: ast.If) -> None:
        """Skip what only type checkers see; take every other condition for the opposite."""
        if isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            return
        self._change(node.test, f"not ({self._source(node.test)})")
        self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        """Leave annotations alone."""
        if node.value is not None:
            self.visit(node.value)

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        """Leave annotations alone."""
        for part in (*node.args.defaults, *node.args.kw_defaults, *node.decorator_list, *node.body):
            if part is not None:
                self.visit(part)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Leave annotations alone."""
        self.visit_FunctionDef(node)

    def visit_Compare(self, node: ast.Compare) -> None:
        """Move a bound by one step, or turn a question around."""
        if len(node.ops) == 1 and (new := COMPARISONS.get(type(node.ops[0]))):
            self._change(node, f"({self._source(node.left)} {new} {self._source(node.comparators[0])})")
        self.generic_visit(node)

    def visit_BoolOp(self, node: ast.BoolOp) -> None:
        """Make `and` of `or`, and the other way round."""
        new = " or " if isinstance(node.op, ast.And) else " and "
        self._change(node, f"({new.join(f'({self._source(value)})' for value in node.values)})")
        self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Calculate otherwise."""
        if new := OPERATORS.get(type(node.op)):
            self._change(node, f"({self._source(node.left)} {new} {self._source(node.right)})")
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """Turn truth around, and count one more."""
        if isinstance(node.value, bool):
            self._change(node, str(not node.value))
        elif isinstance(node.value, int | float):
            self._change(node, str(node.value + 1))

    def visit_Expr(self, node: ast.Expr) -> None:
        """Do not do what is done for its effect."""
        if not isinstance(node.value, ast.Constant | ast.Yield | ast.YieldFrom):
            self._change(node, "pass")
            self.generic_visit(node)

    def visit_Raise(self, node: ast.Raise) -> None:
        """Do not look into how errors are worded."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        """Do not look into texts."""

    def visit_Return(self, node: ast.Return) -> None:
        """Return nothing."""
        if node.value is not None and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            self._change(node, "return None")
            self.generic_visit(node)

    def visit_Break(self, node: ast.Break) -> None:
        """Go on instead."""
        self._change(node, "continue")

    def visit_Continue(self, node: ast.Continue) -> None:
        """Stop instead."""
        self._change(node, "break")


def mutants_of(root: Path, part: str) -> list[Mutant]:
    """Return all the changes that can be made to a file or folder below `root`, in a settled order."""
    place = root / part
    files = [place] if place.is_file() else sorted(place.rglob("*.py"))
    found: list[Mutant] = []
    for path in files:
        text = path.read_text(encoding="utf-8")
        finder = _Finder(path.relative_to(root).as_posix(), text)
        finder.visit(ast.parse(text))
        found += finder.found
    return found


def sample(root: Path, parts: Sequence[str], *, count: int, seed: int) -> list[Mutant]:
    """Return `count` changes drawn from those of all parts; the same ones for the same seed and source."""
    every = [mutant for part in parts for mutant in mutants_of(root, part)]
    return random.Random(seed).sample(every, min(count, len(every)))


def nearest(mutant: Mutant) -> list[str]:
    """Return the tests that run first for a change."""
    return next(tests for part, tests in NEAREST.items() if mutant.file.startswith(part))


@contextmanager
def changed(path: Path, source: bytes) -> Iterator[None]:
    """Give a file another source for a while."""
    compiled = Path(cache_from_source(str(path)))
    original = path.read_bytes()
    path.write_bytes(source)
    compiled.unlink(missing_ok=True)  # what was compiled within the same second might be taken for this
    try:
        yield
    finally:
        path.write_bytes(original)
        compiled.unlink(missing_ok=True)


def is_minded(copy: Path, mutant: Mutant) -> str | None:
    """Return what in a copy of the project fails with a change made to it; None if nothing does."""
    path = copy / mutant.file
    original = path.read_bytes()
    with changed(path, original[: mutant.start] + mutant.new.encode() + original[mutant.end :]):
        return first_failure(copy, ["-m", "not slow", *nearest(mutant)])


def first_failure(copy: Path, tests: Sequence[str], *, profile: str = "steady") -> str | None:
    """Return the name of the first of some tests that fails, or never ends; None if none does.

    Args:
        copy: the project.
        tests: the tests, and more for pytest's command line.
        profile: the examples that hypothesis draws.
    """
    own = [
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.support.hang_guard",
        "-n",
        "0",
        f"--basetemp={copy.with_suffix('.tmp')}",
    ]
    command = [sys.executable, "-m", "pytest", "-x", "-q", *own, *tests]
    environment = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "", "HYPOTHESIS_PROFILE": profile}
    try:
        done = subprocess.run(
            command, cwd=copy, env=environment, capture_output=True, text=True, timeout=SLOWEST, check=False
        )
    except subprocess.TimeoutExpired:
        return "it never ended"
    if done.returncode in {0, 5}:  # 5: there are no such tests
        return None
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].split(" - ")[0] if failed else "nothing could be imported"


def on_copies(
    root: Path, work: Callable[[Path, Item], Found], items: Iterable[Item], *, workers: int
) -> Iterator[Found]:
    """Yield what some work on a copy of the project comes to for each item, as many at once as there are workers."""
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(workers) as crew:
        copies: SimpleQueue[Path] = SimpleQueue()
        for number in range(workers):
            copy = Path(folder, str(number))
            shutil.copytree(root, copy, ignore=shutil.ignore_patterns(".*", "_build", "dist", "__pycache__"))
            copies.put(copy)

        def on_one(item: Item) -> Found:
            copy = copies.get()
            try:
                return work(copy, item)
            finally:
                copies.put(copy)

        yield from crew.map(on_one, items)


def main() -> None:
    """Try a sample and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=10)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--root", type=Path, default=ROOT, help="the project to change")
    parser.add_argument("--only", type=Path, help="a file of lines that this has printed: try those changes only")
    parser.add_argument("parts", nargs="*", default=list(NEAREST), help="files or folders to change")
    told = parser.parse_args()
    mutants = sample(told.root, told.parts, count=told.count, seed=told.seed)
    if told.only is not None:
        wanted = told.only.read_text(encoding="utf-8")
        mutants = [mutant for mutant in mutants if f" {mutant}  [" in wanted]
    minded = 0
    tries = on_copies(told.root, is_minded, mutants, workers=told.workers)
    for mutant, failure in zip(mutants, tries, strict=True):
        minded += failure is not None
        print(f"{'killed  ' if failure else 'SURVIVED'} {mutant}  [{failure or 'no test minds'}]", flush=True)  # noqa: T201
    print(f"{minded} of {len(mutants)} killed")  # noqa: T201


if __name__ == "__main__":
    main()

"""The examples of the README and the documentation have the types that they should: mypy and pyright read them.

`python -m tests.typed_examples` writes each `python` block into a module of its own, with the three names that the
pages take for given, and has both checkers read all of them in strict mode, in one run each. What they say is printed
with the page and the line of the page.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tests.support.examples import EXAMPLES, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tests.support.examples import Example

GIVEN: Final = """\
from aiooncall import DatadogOnCall, GrafanaOnCall; from aiooncall.simulator import Simulator
async def example(sim: Simulator, dd: DatadogOnCall, gf: GrafanaOnCall) -> None:
"""
"""What stands before a block that is no program; it has to fit above the first block of a page."""
PYRIGHT: Final = {
    "typeCheckingMode": "strict",
    "pythonVersion": "3.11",
    "reportUnusedVariable": "none",  # a block stands at the top level, where a name may be for what follows
}


def module_of(example: Example) -> str:
    """Return a block as a module in which each line has the number that it has on its page."""
    if example.is_program or example.is_suite:
        return "\n" * (example.line - 1) + example.code
    indented = re.sub(r"(?m)^(?=.)", "    ", example.code)
    return GIVEN + "\n" * (example.line - 1 - GIVEN.count("\n")) + indented


def name_of(example: Example) -> str:
    """Return what to call the module of a block."""
    return re.sub(r"\W", "_", example.place) + ".py"


def on_pages(said: str, folder: Path, examples: Iterable[Example]) -> str:
    """Return what a checker said of the modules in `folder` as said of the pages that they come from."""
    for example in examples:
        page = example.page.relative_to(ROOT).as_posix()
        said = re.sub(rf"[^\s:]*\b{re.escape(name_of(example))}\b", page, said)
    return said.replace(f"{folder}/", "")


def write(folder: Path, examples: Iterable[Example]) -> list[str]:
    """Write the modules of blocks and the configuration for pyright, and return the modules' paths."""
    (folder / "pyrightconfig.json").write_text(json.dumps(PYRIGHT), encoding="utf-8")
    paths = [(folder / name_of(example), module_of(example)) for example in examples]
    for path, module in paths:
        path.write_text(module, encoding="utf-8")
    return [str(path) for path, _ in paths]


def complaints(examples: Iterable[Example]) -> Iterator[str]:
    """Yield what each of both checkers minds about examples; nothing if they are as they should be."""
    found = list(examples)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        modules = write(folder, found)
        for checker in (["mypy", *modules], ["pyright", "-p", str(folder), "--pythonpath", sys.executable]):
            command = [sys.executable, "-m", *checker]
            done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
            if done.returncode:
                yield on_pages(done.stdout + done.stderr, folder, found)


def main() -> None:
    """Have both checkers read all examples, and print what they mind."""
    found = list(complaints(EXAMPLES))
    print("\n".join(found) or f"{len(EXAMPLES)} examples have the types that they should")  # noqa: T201
    sys.exit(bool(found))


if __name__ == "__main__":
    main()

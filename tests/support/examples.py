"""The examples of the README and the documentation: the `python` blocks, as they stand there.

A block that begins with a comment such as `# Tests of the program above` is one example with the block before it.
"""

from __future__ import annotations

import ast
import builtins
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from types import CodeType

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted(page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts)]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)
CONTINUES = re.compile(r"# .* of the program above\n")


class Example(NamedTuple):
    """A block of code, and where it stands."""

    page: Path
    line: int
    code: str

    @property
    def place(self) -> str:
        """Return file and line."""
        return f"{self.page.relative_to(ROOT).as_posix()}:{self.line}"

    @property
    def is_program(self) -> bool:
        """Whether it brings its own event loop."""
        return "asyncio.run(" in self.code

    @property
    def is_suite(self) -> bool:
        """Whether it is a module of tests, for pytest to run."""
        return re.search(r"^(async )?def test_", self.code, re.MULTILINE) is not None

    def continued_by(self, block: Example) -> Example:
        """Return this example with a block of the same page after it, each line with its number on the page."""
        gap = block.line - self.line - self.code.count("\n")
        return self._replace(code=self.code + "\n" * gap + block.code)

    def compile(self) -> CodeType:
        """Return the code, so that a traceback shows the page's own lines."""
        padding = "\n" * (self.line - 1)
        flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
        code: CodeType = compile(padding + self.code, str(self.page), "exec", flags=flags, dont_inherit=True)
        return code


def examples(page: Path) -> list[Example]:
    """Return the examples of a page."""
    text, found = page.read_text(encoding="utf-8"), list[Example]()
    for match in BLOCK.finditer(text):
        block = Example(page, text.count("\n", 0, match.start(1)) + 1, match[1])
        if found and CONTINUES.match(block.code):
            found[-1] = found[-1].continued_by(block)
        else:
            found.append(block)
    return found


def names_for(sim: Any, dd: Any, gf: Any) -> dict[str, Any]:
    """Return what an example finds: a simulator, a client of each provider, and what any module has."""
    return {"sim": sim, "dd": dd, "gf": gf, "__name__": "example", "__builtins__": builtins}


EXAMPLES = [example for page in PAGES for example in examples(page)]

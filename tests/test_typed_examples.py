"""What type checkers read of the documentation's examples is what stands there, line for line."""

from __future__ import annotations

import ast
import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.support.examples import BLOCK, EXAMPLES, ROOT, Example, examples
from tests.typed_examples import complaints, module_of, name_of, on_pages

GREETING = Example(ROOT / "docs" / "editing.md", 40, 'name = "Ann"\n\nprint(name)\n')


def lines_of_code(page: Path) -> list[str]:
    """Return the lines of a page, without white space around them and with nothing in those that are no code."""
    text = page.read_text(encoding="utf-8")
    lines = [""] * len(text.splitlines())
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        shown = [line.strip() for line in block[1].splitlines()]
        lines[first : first + len(shown)] = shown
    return lines


def test_lines_keep_their_numbers() -> None:
    """Each line of an example has in its module the number that it has on its page, whatever stands before it."""
    for example in EXAMPLES:
        page = lines_of_code(example.page)
        module = module_of(example)
        ast.parse(module)
        for number, line in enumerate(module.splitlines()[example.line - 1 :], example.line):
            assert line.strip() == page[number - 1]


def test_block_that_continues_is_no_example(tmp_path: Path) -> None:
    """A block that says so is one example with the block before it, and what stands between is left out."""
    page = tmp_path / "page.md"
    program, rest, other = "x = 1\n", "# Tests of the program above\nassert x\n", "y = 2\n"
    page.write_text("".join(f"Words.\n\n```python\n{code}```\n" for code in (program, rest, other)), encoding="utf-8")
    assert [(one.line, one.code) for one in examples(page)] == [(4, program + "\n" * 4 + rest), (15, other)]


def test_each_example_has_a_module() -> None:
    """No two examples share a module, and each module can be imported by its name."""
    names = [name_of(example) for example in EXAMPLES]
    assert len(set(names)) == len(names)
    assert all(name.removesuffix(".py").isidentifier() for name in names)


def test_told_with_page_and_line() -> None:
    """What a checker minds is told with the page and the line, however the checker names the module."""
    folder, name = Path("/tmp/modules"), name_of(GREETING)
    for said in (f"{folder}/{name}:42: error: no\n", f"../modules/{name}:42: error: no\n"):
        assert on_pages(said, folder, [GREETING]) == "docs/editing.md:42: error: no\n"
    assert module_of(GREETING).splitlines()[41] == "    print(name)"


@pytest.mark.slow
@pytest.mark.skipif(not all(map(find_spec, ("mypy", "pyright"))), reason="pip install --group typing")
def test_wrong_example_is_told() -> None:
    """Both checkers mind an example that is wrong, at its page and line, and only that one."""
    code = 'page = await dd.pages.get("id")\n\nprint(page.titel)\n'
    wrong = Example(ROOT / "docs" / "pages.md", 70, code)
    by_mypy, by_pyright = complaints([GREETING, wrong])
    for said in (by_mypy, by_pyright):
        assert set(re.findall(r"[\w./-]+\.\w+:\d+", said)) == {"docs/pages.md:72"}
        assert '"titel"' in said

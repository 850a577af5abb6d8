"""What CONTRIBUTING.md says of the code is so."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Final

from tests.support.examples import BLOCK, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from aiooncall import DatadogOnCall
    from aiooncall.simulator import Simulator

TEXT: Final = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
WALK: Final = re.findall(r"^\d+\. `([\w/]+\.py)`", TEXT, re.MULTILINE)
NAME: Final = re.compile(r"[\w/]+(?:/|\.py)(?= |$)")


def drawn_paths() -> Iterator[str]:
    """Yield the files and folders of the layout, as its indentation puts them together."""
    (layout,) = re.findall(r"^```text\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    above = [""]
    for line in layout.splitlines():
        depth = (len(line) - len(line.lstrip())) // 2
        for name in NAME.findall(line.strip().partition("   ")[0]):
            yield "".join(above[: depth + 1]) + name
            above[depth + 1 :] = [name]


def test_layout_is_there() -> None:
    """Each file and folder that the layout names is there, and each part of the package is named."""
    paths = [path for path in drawn_paths() if not (ROOT / path).exists()]
    assert paths == []
    parts = {path.parent.name for path in (ROOT / "aiooncall").glob("*/__init__.py")}
    assert {path.split("/")[1] for path in drawn_paths() if path.startswith("aiooncall/")} >= parts


async def test_walk_is_the_way_of_a_call(sim: Simulator, dd: DatadogOnCall) -> None:
    """A call enters the files of the walk in its order, the first time that it enters each."""
    first, second = sim.add_page(title="Disk full"), sim.add_page(title="Disk full")
    await dd.pages.acknowledge(first)
    entered: dict[str, None] = {}

    def enter(frame: FrameType, event: str, _: object) -> None:
        place = frame.f_code.co_filename.replace("\\", "/").rpartition("/aiooncall/")
        if event == "call" and place[1]:
            entered.setdefault(place[2])

    sys.setprofile(enter)
    try:
        await dd.pages.acknowledge(second)
    finally:
        sys.setprofile(None)
    assert 5 <= len(WALK) <= 10
    assert [file for file in entered if file in WALK] == WALK


def test_shown_code_is_in_the_source() -> None:
    """Each line that the example of an operation shows stands in the file that is named before it."""
    _, part = TEXT.split("## How to add an operation")
    place = ""
    for piece in re.split(r"(^```python\n.*?^```$)", part.partition("\n## ")[0], flags=re.DOTALL | re.MULTILINE):
        if shown := BLOCK.match(piece):
            source = {line.strip() for line in (ROOT / place).read_text(encoding="utf-8").splitlines()}
            assert [line for line in shown[1].splitlines() if line.strip() not in source] == []
        else:
            place = (re.findall(r"`((?:aiooncall|tests)/[\w/]+\.py)`", piece) or [place])[-1]
    assert place.startswith("tests/")


def test_pages_that_are_named_are_there() -> None:
    """Each page and module that CONTRIBUTING.md names is there."""
    links = re.findall(r"\]\((docs/[\w-]+\.md)\)", TEXT)
    modules = re.findall(r"python -m ((?:tests|benchmarks)[\w.]*)", TEXT)
    assert links
    assert modules
    missing = [name for name in links if not (ROOT / name).exists()]
    places = [ROOT.joinpath(*name.split(".")) for name in modules]
    missing += [str(place) for place in places if not (place.with_suffix(".py").exists() or place.is_dir())]
    assert missing == []

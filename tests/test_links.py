"""Links from one text of the project to another lead to a file that is there, and to a heading that it has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import pytest

from hatch_build import TARGET as LINK
from tests.support.examples import PAGES, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXTS: Final = sorted({*ROOT.glob("*.md"), *(ROOT / ".github").rglob("*.md"), *PAGES})
FENCED: Final = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
TARGET: Final = re.compile(r"^\((.+)\)=$", re.MULTILINE)


def anchors(text: str) -> set[str]:
    """Return what can be linked to in a text: its headings, as GitHub and MyST name them, and MyST's targets."""
    plain = FENCED.sub("", text)
    headings = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in HEADING.findall(plain))
    return {heading.replace(" ", "-") for heading in headings} | set(TARGET.findall(plain))


def dead_links(page: Path, text: str) -> Iterator[str]:
    """Yield the links of a page that lead nowhere; those to other sites are not looked at."""
    for _, link in LINK.findall(FENCED.sub("", text)):
        name, _, heading = link.partition("#")
        target = page.parent / name if name else page
        if re.match(r"[a-z]+:", link):
            continue
        if not target.exists() or (heading and heading not in anchors(target.read_text(encoding="utf-8"))):
            yield link


@pytest.mark.parametrize("page", TEXTS, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Each link to a file of the project finds the file, and each to a heading finds the heading."""
    assert list(dead_links(page, page.read_text(encoding="utf-8"))) == []


def test_dead_links_are_found(tmp_path: Path) -> None:
    """A link to no file, one to no heading, and a picture that is not there are found, and nothing else."""
    page = tmp_path / "page.md"
    text = "# The page\n[a](#the-page) [b](#none) [c](none.md) [d](page.md#the-page) [e](https://example.com/#x)\n"
    text += '<img src="none.png">\n'
    page.write_text(text, encoding="utf-8")
    assert list(dead_links(page, text)) == ["#none", "none.md", "none.png"]

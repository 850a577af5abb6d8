"""The built documentation, as files: where its links lead, what its pages have, and what is written beside them."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

import pytest

from tests.support.examples import EXAMPLES, PAGES, ROOT
from tests.support.html_pages import HtmlPage

if TYPE_CHECKING:
    from pathlib import Path

GUIDES: Final = [page for page in PAGES if page.name != "README.md"]
GIVEN: Final = re.compile(r"\b(sim|dd|gf)\b")
read = cache(HtmlPage)


def leads_nowhere(page: Path, link: str) -> bool:
    """Return whether a link within the documentation has no target."""
    parts = urlsplit(link)
    if parts.scheme:
        return False
    target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
    if not target.exists():
        return True
    return target.suffix == ".html" and bool(parts.fragment) and unquote(parts.fragment) not in read(target).ids


def test_links_lead_somewhere(built: Path) -> None:
    """Each link to a page of the documentation, or to a place on it, has its target."""
    pages = sorted(built.rglob("*.html"))
    assert [(page.name, link) for page in pages for link, _ in read(page).links if leads_nowhere(page, link)] == []


def test_pages_say_how_to_get_the_given_names(built: Path) -> None:
    """A page has the box that says how to get `sim`, `dd` and `gf` once if its examples take one of them, else not."""
    taking = {
        example.page
        for example in EXAMPLES
        if GIVEN.search(example.code) and not example.is_program and not example.is_suite
    }
    boxes = {
        page: read(built / page.relative_to(ROOT / "docs").with_suffix(".html")).classes.count("given-names")
        for page in GUIDES
    }
    home = ROOT / "docs" / "quickstart.md"
    assert {page for page, count in boxes.items() if count} == {page for page in taking if page.name != "README.md"}
    assert {count for page, count in boxes.items() if page != home} == {0, 2}  # the box, and what it holds
    assert boxes[home] == 1


def targets(built: Path, page: str) -> dict[str, str]:
    """Return where the texts of a page's links lead."""
    return {text: link.rpartition("#")[2] for link, text in read(built / page).links}


@pytest.mark.parametrize(
    ("page", "code", "target"),
    [
        ("alerts.html", "pages.create", "aiooncall.datadog.resources.pages.Pages.create"),
        ("pages.html", "escalate", "aiooncall.datadog.resources.pages.Pages.escalate"),
        ("errors.html", "AmbiguousOutcome", "aiooncall.AmbiguousOutcome"),
        ("grafana-people.html", "users", "aiooncall.grafana.resources.people.Users"),
    ],
)
def test_code_leads_to_the_reference(built: Path, page: str, code: str, target: str) -> None:
    """What a guide names as code, plainly or as an example would, is a link to it in the reference."""
    assert targets(built, page)[code] == target


def test_code_that_may_be_two_things_is_no_link(built: Path) -> None:
    """What both vendors have leads to neither on a page that is for both."""
    assert "`User`" in (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert "User" not in targets(built, "coverage.html")


def test_reference_is_in_parts(built: Path) -> None:
    """No page of the reference is so large that it is slow to load."""
    sizes = {page.name: page.stat().st_size for page in (built / "api").glob("*.html")}
    assert len(sizes) > 20
    assert {name: size for name, size in sizes.items() if size > 400_000} == {}


def test_scripts_of_mermaid_are_where_they_are_needed(built: Path) -> None:
    """The script that draws Mermaid is loaded by the pages that have some, and by no other."""
    loading = {page.name for page in built.rglob("*.html") if "mermaid.tiny.js" in page.read_text(encoding="utf-8")}
    assert loading == {page.name for page in built.rglob("*.html") if "mermaid" in read(page).classes} != set()


LISTED: Final = re.compile(r"^- \[(?P<title>[^]]+)\]\((?P<path>[^)]+)\)(?P<about>: .+)?$")


def test_llms_txt_lists_every_page(built: Path) -> None:
    """`llms.txt` has a title, a summary, and each page once, with where to read it; the guides as Markdown."""
    title, blank, summary, *lines = (built / "llms.txt").read_text(encoding="utf-8").splitlines()
    assert (title, blank) == ("# aiooncall", "")
    assert summary.startswith("> Async Python SDK")
    found = [LISTED.fullmatch(line) for line in lines if line and not line.startswith("## ")]
    paths = [one["path"] if one else "not a link" for one in found]
    assert [path for path in paths if not (built / path).exists()] == []
    pages = {page.relative_to(ROOT / "docs").with_suffix("").as_posix() for page in GUIDES}
    assert sorted(path.rpartition(".")[0] for path in paths) == sorted(pages - {"index"})
    assert {path for path in paths if path.endswith(".html")} == {path for path in paths if path.startswith("api/")}

"""The built documentation, looked at in Chromium: light and dark, on a desk and on a phone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.support.browser import browser
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.browser import Tab

DESK: Final = 1280
PHONE: Final = 390
"""Widths of windows in CSS pixels."""
HEIGHT: Final = 300
"""Of a window: enough, as what is not in it is laid out as well."""
KINDS: Final = ("index", "genindex", "search", "escalation-policies", "benchmarks", "api/datadog-schedules")
"""A page of each kind: with a program, without text, with a drawing, with wide tables, of the reference."""
FAULTS: Final = (ROOT / "tests" / "docs" / "faults.js").read_text(encoding="utf-8")


def complaints(events: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the errors on the console, and the requests that leave the documentation, among what a page told."""
    for event in events:
        told = event.get("params", {})
        match event["method"]:
            case "Runtime.exceptionThrown":
                yield told["exceptionDetails"]["exception"]["description"]
            case "Runtime.consoleAPICalled" if told["type"] in {"error", "assert", "warning"}:
                yield str([argument.get("value", argument.get("description")) for argument in told["args"]])
            case "Log.entryAdded" if told["entry"]["level"] == "error":
                yield told["entry"]["text"]
            case "Network.requestWillBeSent" if not told["request"]["url"].startswith(("file:", "data:", "blob:")):
                yield f"asked for {told['request']['url']}"


async def faults_of(tab: Tab, page: Path) -> list[str]:
    """Return what is wrong with a page."""
    await tab.open(page.as_uri())
    faults = await tab.evaluate(FAULTS)
    return [f"{page.name}: {fault}" for fault in (*faults, *complaints(tab.take_events()))]


async def all_faults(profile: Path, looks: dict[tuple[int, str], list[Path]]) -> list[str]:
    """Return what is wrong with pages, by the width and the colour scheme in which each is looked at."""
    found = []
    async with browser(profile) as tab:
        for (width, scheme), pages in looks.items():
            await tab.look(width, scheme, height=HEIGHT)
            found += [f"{width} px, {scheme}: {fault}" for page in pages for fault in await faults_of(tab, page)]
    return found


def test_pages_are_shown_well(built: Path, tmp_path: Path) -> None:
    """No page is too wide, faint, lacks a drawing or a copy button, logs an error, or asks another host.

    All are looked at on a phone, each other one in the dark, and one of each kind on a desk too, light and dark.
    """
    pages, kinds = sorted(built.rglob("*.html")), [built / f"{kind}.html" for kind in KINDS]
    assert len(pages) > len(list(built.glob("*.html"))) > 40
    looks = {
        (PHONE, "light"): pages[::2],
        (PHONE, "dark"): pages[1::2],
        (DESK, "light"): kinds,
        (DESK, "dark"): kinds,
    }
    assert asyncio.run(all_faults(tmp_path, looks)) == []


BEHIND_A_LABEL: Final = """
(async () => {
  document.body.dataset.theme = "THEME";
  await new Promise((resolve) => setTimeout(resolve));
  await drawn;
  return getComputedStyle(document.querySelector(".mermaid .edgeLabel p")).backgroundColor
    === getComputedStyle(document.body).backgroundColor;
})()
"""
"""A script that chooses a theme, and returns whether what is behind a label of a drawing is what is behind the page."""


async def followed_themes(profile: Path, page: Path) -> list[bool]:
    """Return whether the drawings on a page follow each theme that a reader, who prefers light, chooses."""
    async with browser(profile) as tab:
        await tab.look(DESK, "light")
        await tab.open(page.as_uri())
        themes = ("dark", "light", "dark", "auto")
        return [await tab.evaluate(BEHIND_A_LABEL.replace("THEME", theme)) for theme in themes]


def test_drawings_follow_the_chosen_theme(built: Path, tmp_path: Path) -> None:
    """Mermaid is drawn anew in the colours of the theme that a reader chooses, whatever the system prefers."""
    page = built / "escalation-policies.html"
    assert asyncio.run(followed_themes(tmp_path, page)) == [True, True, True, True]


WRONG: Final = {
    "<pre style='width: 2000px'>wide</pre>": "728 px too wide",
    "<pre class='mermaid'>flowchart TD</pre>": "not drawn: flowchart TD",
    "<p style='color: #888'>grey</p>": "too faint: P: grey",
    "<img src='none.png'>": "no picture",
    "<div class='highlight-python'><div class='highlight'><pre>1 + 1</pre></div></div>": "no copy button: 1 + 1",
    "<script>console.error('bad')</script>": "['bad']",
    "<script>undefined_name</script>": "ReferenceError: undefined_name is not defined",
    "<script src='https://cdn.example.com/a.js'></script>": "asked for https://cdn.example.com/a.js",
}
"""Pages with a fault, and how it is told."""


@pytest.mark.slow
def test_faults_are_found(tmp_path: Path) -> None:
    """Each fault that the test above looks for is found on a page that has it, and none on one that has none."""
    pages = []
    for number, body in enumerate([*WRONG, "fine"]):
        page = tmp_path / f"{number}.html"
        page.write_text(f"<!doctype html><meta charset=utf-8><body>{body}", encoding="utf-8")
        pages.append(page)
    found = asyncio.run(all_faults(tmp_path / "profile", {(DESK, "light"): pages}))
    expected = [f"{number}.html: {fault}" for number, fault in enumerate(WRONG.values())]
    assert [fault for fault in expected if not any(fault in one for one in found)] == []
    assert not any(f"{len(WRONG)}.html" in one for one in found)

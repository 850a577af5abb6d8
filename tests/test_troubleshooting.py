"""What the page of troubleshooting quotes is what is said, and whatever a section is about is among its quotes."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.examples import ROOT
from tests.support.library_messages import LIBRARY
from tests.support.terminal_messages import TERMINAL
from tests.support.virtual_time import VirtualTimeLoop

if TYPE_CHECKING:
    from tests.support.situations import Situation

PAGE: Final = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
SECTION: Final = re.compile(r"(?ms)^### (.+?)\n\n```text\n(.*?)^```$")
QUOTED: Final = {heading: block.splitlines() for heading, block in SECTION.findall(PAGE)}
"""The messages, by the heading under which they stand."""


def provoke(situation: Situation, request: pytest.FixtureRequest) -> str:
    """Return what the library says in a situation."""

    async def run() -> str:
        return await situation(request)

    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(run())


def is_said(quoted: str, text: str) -> bool:
    """Return whether a line of a text is what is quoted, with anything in the place of each ellipsis."""
    pattern = ".+".join(map(re.escape, quoted.split("…")))
    return any(re.fullmatch(pattern, line.strip()) for line in text.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("heading", QUOTED)
def test_messages_are_said(heading: str, request: pytest.FixtureRequest) -> None:
    """Each message under a heading is said in a situation of that heading, and each of these says one of them."""
    texts = [provoke(situation, request) for situation in LIBRARY.get(heading, ())]
    texts += [situation(request) for situation in TERMINAL.get(heading, ())]
    assert [line for line in QUOTED[heading] if not any(is_said(line, text) for text in texts)] == [], texts
    assert [text for text in texts if not any(is_said(line, text) for line in QUOTED[heading])] == []


def test_each_heading_has_its_situations() -> None:
    """The page has a section for each heading that has situations, and each section of it has messages."""
    assert {*LIBRARY, *TERMINAL} == {*QUOTED} == {*re.findall(r"(?m)^### (.+)$", PAGE)}

"""The pictures of the terminal and of a report in the README are of what the package shows now."""

from __future__ import annotations

import re
import struct
from html import unescape

import pytest

from tests.screenshots import HEIGHT, REPORT, TERMINAL, WIDTH, terminal_svg


def said(svg: str) -> str:
    """Return what a picture says, however it is coloured."""
    return "".join(unescape(text) for text in re.findall(r"<text[^>]*>([^<]*)</text>", svg)).replace("\xa0", " ")


@pytest.mark.slow
def test_terminal_shows_what_the_commands_show() -> None:
    """The picture of the terminal says, word for word, what its commands show."""
    shown = said(TERMINAL.read_text(encoding="utf-8"))
    assert shown == said(terminal_svg())
    assert "Disk full on db-4" in shown


def test_terminal_asks_no_other_host() -> None:
    """The picture of the terminal takes nothing, such as fonts, from another host."""
    assert "url(http" not in TERMINAL.read_text(encoding="utf-8")


@pytest.mark.parametrize("scheme", REPORT)
def test_report_is_small_to_load(scheme: str) -> None:
    """The picture of a report has the size in pixels that it is made with, and less than 150 kB."""
    png = REPORT[scheme].read_bytes()
    assert struct.unpack(">II", png[16:24]) == (WIDTH, HEIGHT)
    assert len(png) < 150_000

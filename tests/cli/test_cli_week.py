"""`schedule week`: readable at any width, with and without colours, on a terminal and in a pipe."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import fromstring

import pytest

from aiooncall.drawing.measure import cells
from tests.support.command_line import Terminal
from tests.support.coverage_world import OF_THE_WEEK, coverage_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.coverage_world import World

WEEK: Final = ("schedule", "week", *OF_THE_WEEK)
COLOUR: Final = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")
ESCAPE: Final = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Return a world."""
    with coverage_world() as made:
        yield made


def lines(text: str) -> list[str]:
    """Return lines without what colours them."""
    return ESCAPE.sub("", text).splitlines()


@pytest.mark.parametrize(("width", "tables"), [(60, 3), (80, 2), (120, 1)])
def test_widths(world: World, width: int, tables: int) -> None:
    """At 60, 80 and 120 columns each line fits, and all days, handovers and gaps are there."""
    done = world.datadog(*WEEK, COLUMNS=str(width))
    assert (done.code, done.err) == (0, "")
    assert max(map(cells, done.out.splitlines())) <= width
    assert done.out.count("Primary ") == tables
    assert done.out.count("00:00 Ann Lee") == 3
    assert done.out.count("00:00 Ben Roth") == 4
    assert done.out.count("20:00 Ann Lee") == 1
    assert "Nobody is on call for 6 d 12 h:\n  Nights\n    Mon 6 Jan 00:00 to 20:00 (20 h)\n" in done.out


def test_pipe_has_no_colours(world: World) -> None:
    """In a pipe there is nothing but text, the gaps in capitals."""
    done = world.datadog(*WEEK)
    assert "\x1b" not in done.out
    assert "NOBODY" in done.out


@pytest.fixture(autouse=True)
def colours_are_welcome(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no wish of whoever runs the tests count."""
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({"FORCE_COLOR": "1", "TERM": "xterm-256color"}, True),
        ({"FORCE_COLOR": "1", "TERM": "xterm-256color", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "1", "TERM": "dumb"}, False),
    ],
)
def test_colours(world: World, env: dict[str, str], coloured: bool) -> None:
    """Gaps are red where colours are wanted and can be shown; without, the text is the same."""
    done = world.datadog(*WEEK, COLUMNS="120", **env)
    assert bool(COLOUR.search(done.out)) is coloured
    assert lines(done.out) == lines(world.datadog(*WEEK, COLUMNS="120").out)


@pytest.mark.slow
@pytest.mark.parametrize("term", ["xterm-256color", "dumb"])
def test_terminal(world: World, term: str) -> None:
    """On a terminal, also a dumb one, the week is a table with its gaps."""
    env = {"TERM": term, "COLUMNS": "120"}
    terminal = Terminal(*WEEK, "--url", world.datadog.url(), whole=True, env=env)
    code, _ = terminal.finish()
    assert (code, bool(COLOUR.search(terminal.shown))) == (0, term != "dumb")
    assert "│Mon 6 Jan" in ESCAPE.sub("", terminal.shown)


def test_picture(world: World, tmp_path: Path) -> None:
    """The picture has all schedules, on standard output and in a file, for both providers."""
    file = tmp_path / "week.svg"
    for run in world.both():
        words = (*WEEK, "--svg", "-p", run.provider, "--zone", "Europe/Berlin")
        printed = run(*words)
        assert run(*words, "-o", file)[:2] == (0, "")
        assert file.read_text(encoding="utf-8") == printed.out
        titles = {title.text for title in fromstring(printed.out).iter("{http://www.w3.org/2000/svg}title")}
        assert {"Primary", "Nights"} <= titles or {"Whole", "Half"} <= titles


def test_days_of_a_zone(world: World) -> None:
    """Days and hours are those of the zone that was asked for."""
    done = world.datadog(*WEEK, world.ids["PRIMARY"], "--days", "1", "--zone", "Asia/Kathmandu")
    assert done.out.startswith("Mon 6 Jan to Tue 7 Jan 2031, Asia/Kathmandu\n")
    assert "05:45 Ben Roth" in done.out


def test_today(world: World) -> None:
    """Without a start the week begins with the day that it is; JSON has the shifts."""
    rows = world.datadog("schedule", "week", "--zone", "Europe/Berlin", "--json", world.ids["PRIMARY"])
    assert (rows.code, rows.out) == (0, "")
    assert world.datadog("schedule", "week", world.ids["PRIMARY"]).out.count("NOBODY") == 7
    assert {row["name"] for row in world.datadog(*WEEK, "--json").lines} == {"Ann Lee", "Ben Roth"}


def test_wrong_week(world: World) -> None:
    """An unknown zone, and a file without a format, are wrong usage; no schedule is a failure."""
    world.requests()
    unknown = world.datadog(*WEEK, "--zone", "Mars/Base")
    assert (unknown.code, "--zone" in unknown.err, world.requests()) == (2, True, [])
    assert world.datadog(*WEEK, "-o", "x").code == 2
    assert world.datadog(*WEEK, "--svg", "--json").code == 2
    idle = world.grafana(*WEEK, "--team", world.ids["IDLE"], "-p", "grafana")
    assert (idle.code, idle.out, idle.err) == (1, "", "there is no schedule\n")


def test_plain_encoding(world: World) -> None:
    """Where standard output can write no lines, the table has none."""
    done = Terminal(
        *WEEK, "--url", world.datadog.url(), whole=True, env={"PYTHONIOENCODING": "ascii", "COLUMNS": "120"}
    )
    assert done.finish()[0] == 0
    assert "|Mon 6 Jan" in ESCAPE.sub("", done.shown)

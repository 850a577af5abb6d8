"""`audit`: what it prints, what it writes, and the exit code that pipelines go by."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Final

import pytest

from tests.support.command_line import ran
from tests.support.coverage_world import OF_THE_WEEK, coverage_world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.coverage_world import World

AUDIT: Final = ("audit", *OF_THE_WEEK, "--days", "2")
GAPS: Final = (*AUDIT, "--kind", "gap")


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Return a world."""
    with coverage_world() as made:
        yield made


def test_audit(world: World) -> None:
    """What is wrong is told for people, and is 4 if it is critical."""
    done = world.datadog(*GAPS)
    assert (done.code, done.err) == (4, "")
    first, _, second = done.out.splitlines()[:3]
    assert first == "On-call audit, 2031-01-06 00:00 UTC to 2031-01-08 00:00 UTC: 1 critical"
    assert second.startswith("critical: schedule Nights: nobody is on call (2 times, 1 d 12 h in all) from 2031-01-06")


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--kind", "gap"), 4),
        (("--kind", "gap", "--fail-on", "gap"), 4),
        (("--kind", "gap", "--fail-on", "warning"), 4),
        (("--kind", "gap", "--fail-on", "schedule_ends"), 0),
        (("--kind", "gap", "--fail-on", "schedule_ends", "--fail-on", "gap"), 4),
        (("--kind", "gap", "--fail-on", "never"), 0),
        (("--kind", "schedule_ends"), 0),
        (("--kind", "gap", "--team", "pay"), 0),
        (("--kind", "gap", "--team", "pay", "--team", "web"), 4),
        (("--kind", "no_catch_all", "--fail-on", "info"), 4),
        (("--kind", "long_stretch", "--fail-on", "info"), 0),
        (("--kind", "long_stretch", "--fail-on", "info", "--max-stretch", "23h"), 4),
    ],
)  # fmt: skip
def test_exit_codes(world: World, more: tuple[str, ...], code: int) -> None:
    """An audit fails for what it was told to fail for: a severity and what is worse, a kind, or nothing."""
    assert world.datadog(*AUDIT, *more).code == code


def test_for_programs(world: World) -> None:
    """JSON has a line for each finding, CSV a row, both the same ones; nothing found is nothing printed."""
    lines = world.datadog(*AUDIT, "--json").lines
    rows = [*csv.DictReader(io.StringIO(world.datadog(*AUDIT, "--csv").out))]
    assert [(row["kind"], row["severity"], row["name"], row["summary"]) for row in rows] == [
        (line["kind"], line["severity"], line["where"]["name"], line["summary"]) for line in lines
    ]
    assert {"gap", "no_notification_rule"} <= {line["kind"] for line in lines}
    nothing = world.datadog(*AUDIT, "--kind", "schedule_ends", "--json")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "")


def test_page(world: World, tmp_path: Path) -> None:
    """The page has the findings, and draws the schedules that something is wrong with and no other."""
    file = tmp_path / "audit.html"
    done = world.datadog(*AUDIT, "--html", file, "--json")
    assert (done.code, len(done.lines) > 1, done.err) == (4, True, "")
    page = file.read_text(encoding="utf-8")
    assert "schedule Nights" in page
    assert "<title>Nights</title>" in page
    assert "<title>Primary</title>" not in page
    assert file.stat().st_mode & 0o777 == 0o600
    assert world.datadog(*AUDIT, "--kind", "schedule_ends", "--html", file).code == 0
    assert "<svg" not in file.read_text(encoding="utf-8")


def test_audit_of_grafana(world: World, tmp_path: Path) -> None:
    """Grafana is audited in the same way."""
    file = tmp_path / "audit.html"
    done = world.grafana(*GAPS, "-p", "grafana", "--html", file)
    assert (done.code, done.err) == (4, "")
    assert "critical: schedule Half: nobody is on call (2 times, 1 d in all)" in done.out
    assert "<title>Half</title>" in file.read_text(encoding="utf-8")
    for crew in (world.ids["CREW"], "crew"):
        assert world.grafana(*GAPS, "-p", "grafana", "--team", crew).code == 0


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--fail-on", "gaps"), "--fail-on: got 'gaps'; expected never, critical, warning, info, gap, "),
        (("--json", "--csv"), "expected one of them at most"),
        (("-o", "x"), "--output"),
        (("--days", "367"), "--days"),
    ],
)
def test_wrong_usage(world: World, more: tuple[str, ...], told: str) -> None:
    """What is wrong is 2, before anything is sent."""
    world.requests()
    done = world.datadog(*AUDIT, *more)
    assert (done.code, done.out, world.requests()) == (2, "", [])
    assert told in done.err


def test_default_of_the_stretch_is_told_as_it_is_given() -> None:
    """The help says how long one person may be on call in days, as the option takes it, and not in seconds."""
    told = ran("audit", "--help", COLUMNS="200").out
    assert "without a break; 8d unless given" in told
    assert "691200" not in told

"""Lists of teams, policies and schedules, and who is on call over a time: what commands print, and how they exit."""

from __future__ import annotations

import csv
import io
import re
import sys
from typing import TYPE_CHECKING, Final

import pytest
from icalendar import Calendar

from tests.support.coverage_world import OF_THE_WEEK, coverage_world
from tests.support.examples import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.coverage_world import World


RECIPES: Final = (ROOT / "docs" / "on-call-recipes.md").read_text(encoding="utf-8")
COMMANDS: Final = re.findall(r"(?m)(?:^|`)aiooncall ([^`\n]+)", RECIPES)
"""The commands of the recipes."""


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Return a world."""
    with coverage_world() as made:
        yield made


def test_lists(world: World) -> None:
    """Teams, policies and schedules are listed with their ids, for both providers in one shape."""
    ids = world.ids
    expected = {
        (world.datadog, "team"): [(ids["PAY"], "Payments"), (ids["WEB"], "Web")],
        (world.grafana, "team"): [(ids["CREW"], "crew"), (ids["IDLE"], "idle")],
        (world.datadog, "policy"): [(ids["POLICY"], "Checkout")],
        (world.grafana, "policy"): [(ids["CHAIN"], "Chain")],
        (world.datadog, "schedule"): [(ids["NIGHTS"], "Nights"), (ids["PRIMARY"], "Primary")],
        (world.grafana, "schedule"): [(ids["HALF"], "Half"), (ids["WHOLE"], "Whole")],
    }
    for (run, kind), rows in expected.items():
        told = run(kind, "list", "-p", run.provider)
        cells = [line.split("\t") for line in told.out.splitlines()]
        assert sorted((row[0], row[-1]) for row in cells) == sorted(rows), told
        lines = run(kind, "list", "-p", run.provider, "--json").lines
        assert sorted((row["id"], row["name"]) for row in lines) == sorted(rows)
    row = world.datadog("schedule", "list", "--team", "pay", "--json").json
    assert row == {"id": ids["PRIMARY"], "name": "Primary", "time_zone": "UTC", "teams": [ids["PAY"]]}


def test_list_stops(world: World) -> None:
    """A list stops at its limit and says so."""
    done = world.datadog("team", "list", "--limit", "1")
    assert (done.code, len(done.out.splitlines()), done.err) == (0, 1, "there are more than these 1: --limit\n")


@pytest.mark.parametrize(
    ("team", "found"),
    [("pay", ["PRIMARY"]), ("{WEB}", ["NIGHTS"]), ("{IDLE}", []), ("{CREW}", ["WHOLE"]), ("crew", ["WHOLE"])],
)
def test_schedules_of_a_team(world: World, team: str, found: list[str]) -> None:
    """Schedules are listed for a team, by its id or its handle, in Grafana its name; none is told."""
    run = world.grafana if team in {"{IDLE}", "{CREW}", "crew"} else world.datadog
    done = run("schedule", "list", "-p", run.provider, "--team", team.format(**world.ids))
    assert [line.split("\t")[0] for line in done.out.splitlines()] == [world.ids[name] for name in found]
    assert (done.code, done.err) == (0, "" if found else "nothing found\n")


@pytest.mark.parametrize("command", ["list", "shifts", "gaps", "week"])
def test_no_such_team(world: World, command: str) -> None:
    """A handle that no team has is wrong usage: 2, and says what would be right."""
    done = world.datadog("schedule", command, "--team", "no-such")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith(": --team: got 'no-such'; expected the id or the handle of a team\n")


def test_shifts(world: World) -> None:
    """Shifts are told for people by schedule, with who is on call by what, for the days that were asked for."""
    done = world.datadog("schedule", "shifts", world.ids["PRIMARY"], *OF_THE_WEEK, "--days", "2", "--check", "4")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        "Primary\t2031-01-06 00:00\t2031-01-07 00:00\tBen Roth\tDays",
        "Primary\t2031-01-07 00:00\t2031-01-08 00:00\tAnn Lee\tDays",
    ]
    grafana = world.grafana("schedule", "shifts", world.ids["HALF"], *OF_THE_WEEK, "--days", "1", "-p", "grafana")
    assert grafana.out == "Half\t2031-01-06 00:00\t2031-01-06 12:00\tben\t\n"


def test_shifts_of_all(world: World) -> None:
    """Without an id all schedules are read, each of Datadog's once, its overrides once."""
    world.requests()
    done = world.datadog("schedule", "shifts", *OF_THE_WEEK, "--days", "1")
    assert [line.split("\t")[0] for line in done.out.splitlines()] == ["Primary", "Nights"]
    assert len(world.requests()) == 1 + 2 * 2


def test_formats(world: World, tmp_path: Path) -> None:
    """JSON lines, CSV and a calendar have the same shifts, on standard output and in a file."""
    words = ("schedule", "shifts", world.ids["PRIMARY"], *OF_THE_WEEK, "--days", "2")
    lines = world.datadog(*words, "--json").lines
    assert [row["name"] for row in lines] == ["Ben Roth", "Ann Lee"]
    table = [*csv.DictReader(io.StringIO(world.datadog(*words, "--csv").out))]
    assert [{name: value or None for name, value in row.items()} for row in table] == lines
    calendar = Calendar.from_ical(world.datadog(*words, "--ical").out)
    assert [str(event["summary"]) for event in calendar.subcomponents] == ["Ben Roth", "Ann Lee"]
    assert str(calendar["x-wr-calname"]) == "On call: Primary"
    for form in ("--json", "--csv", "--ical"):
        file = tmp_path / "found"
        done = world.datadog(*words, form, "-o", file)
        assert (done.code, done.out, done.err) == (0, "", "")
        without_stamp = [line for line in file.read_text().splitlines() if not line.startswith("DTSTAMP")]
        plain = world.datadog(*words, form).out.splitlines()
        assert without_stamp == [line for line in plain if not line.startswith("DTSTAMP")]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--csv", "--ical"), "--json, --csv, --ical: got ['csv', 'ical']; expected one of them at most"),
        (("--json", "--csv"), "--json, --csv, --ical: got ['json', 'csv']; expected one of them at most"),
        (("-o", "x"), "--output: got 'x'; expected with it one of --json, --csv, --ical"),
        (("s-1", "--team", "pay"), "--team: got 'pay'; expected either ids of schedules or a team"),
    ],
)
@pytest.mark.parametrize("command", ["shifts", "gaps"])
def test_wrong_usage(world: World, command: str, more: tuple[str, ...], told: str) -> None:
    """What contradicts itself is 2 with one line, and nothing is sent."""
    world.requests()
    done = world.datadog("schedule", command, *more)
    assert (done.code, done.out, world.requests()) == (2, "", [])
    assert told in done.err


def test_check_is_for_datadog(world: World) -> None:
    """Grafana's shifts need no check: it is wrong usage."""
    done = world.grafana("schedule", "shifts", "--check", "1", "-p", "grafana")
    assert (done.code, "expected 0: Grafana itself says" in done.err) == (2, True)


def test_calendar_without_the_library(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the library a calendar is 2, with what to install, before anything is sent."""
    monkeypatch.setitem(sys.modules, "icalendar", None)
    world.requests()
    done = world.datadog("schedule", "gaps", "--ical")
    assert (done.code, world.requests()) == (2, [])
    assert done.err == "error: --ical: expected the library icalendar; in a clone: pip install '.[calendar]'\n"


def test_gaps(world: World) -> None:
    """Gaps are 4 and told for people; none are 0; a schedule that is not there is 1."""
    words = ("schedule", "gaps", *OF_THE_WEEK, "--days", "2")
    done = world.datadog(*words)
    assert (done.code, done.err) == (4, "")
    assert done.out.splitlines() == [
        "Nights\t2031-01-06 00:00\t2031-01-06 20:00\t20 h",
        "Nights\t2031-01-07 08:00\t2031-01-08 00:00\t16 h",
    ]
    none = world.datadog(*words, world.ids["PRIMARY"])
    assert (none.code, none.out, none.err) == (0, "", "nothing found\n")
    missing = world.datadog(*words, "no-such")
    assert (missing.code, missing.out, "404" in missing.err) == (1, "", True)
    idle = world.grafana(*words, "--team", world.ids["IDLE"], "-p", "grafana")
    assert (idle.code, idle.out, idle.err) == (1, "", "there is no schedule\n")


def test_gaps_for_programs(world: World) -> None:
    """Gaps have the shape of shifts, without a person, in each format; the exit code is the same."""
    words = ("schedule", "gaps", *OF_THE_WEEK, "--days", "1", "-p", "grafana")
    done = world.grafana(*words, "--json")
    assert (done.code, done.json["schedule"], done.json["person"]) == (4, world.ids["HALF"], None)
    assert (done.json["start"], done.json["end"]) == ("2031-01-06T12:00:00+00:00", "2031-01-07T00:00:00+00:00")
    assert len(world.grafana(*words, "--csv").out.splitlines()) == 2
    assert "SUMMARY:nobody" in world.grafana(*words, "--ical").out


def test_who_of_all_teams(world: World) -> None:
    """Without an id `who` has a line for each team, with one request for each team of Datadog."""
    world.requests()
    done = world.datadog("who", "--at", "2031-01-06T12:00")
    assert done.out == f"{world.ids['PAY']}\tPayments\tBen Roth\n{world.ids['WEB']}\tWeb\tnobody\n"
    world.requests()
    now = world.datadog("who", "--json").lines
    assert [(row["team"], row["name"]) for row in now] == [(world.ids["PAY"], "Payments"), (world.ids["WEB"], "Web")]
    assert all(row["current"] == [] for row in now)
    assert len(world.requests()) == 1 + 2


def test_who_of_all_teams_of_grafana(world: World) -> None:
    """For Grafana each schedule is asked for once, and those without a team have a line of their own."""
    world.requests()
    done = world.grafana("who", "-p", "grafana", "--at", "2031-01-06T13:00")
    ids = world.ids
    assert sorted(done.out.splitlines()) == sorted(
        [f"{ids['CREW']}\tcrew\tben", f"{ids['IDLE']}\tidle\tnobody", "\t(no team)\tnobody"]
    )
    assert len(world.requests()) == 1 + 1 + 2


@pytest.mark.parametrize("line", COMMANDS)
def test_recipes_run(world: World, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each command of the recipes runs as it stands there, and finds something or nothing."""
    monkeypatch.chdir(tmp_path)
    typed = line.replace("payments", "pay").replace("SCHEDULE_ID", world.ids["PRIMARY"])
    words = typed.replace("USER_ID", world.datadog.sim.add_user("Cem Ak")).split()
    run = world.grafana if "grafana" in words else world.datadog
    done = run(*words)
    assert (done.code in {0, 4}, done.err in {"", "nothing found\n"}) == (True, True), done
    assert [path.name for path in tmp_path.iterdir()] == [word for word in words if "." in word]

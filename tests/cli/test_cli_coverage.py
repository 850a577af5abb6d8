"""Lists of teams, policies and schedules, and who is on call over a time: what commands print, and how they exit."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest
from icalendar import Calendar

from aiooncall import DatadogOnCall, GrafanaOnCall
from aiooncall.datadog import (
    EscalationPolicy,
    EscalationPolicyAction,
    EscalationStep,
    Layer,
    RoutingRule,
    Schedule,
    Team,
    TimeRestriction,
    User,
)
from aiooncall.grafana import CalendarSchedule, EscalationChain, OnCallShift
from tests.support.command_line import SECRETS, Shell, shell

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MONDAY: Final = datetime(2031, 1, 6, tzinfo=UTC)
DAY: Final = timedelta(days=1)
NIGHTS: Final = TimeRestriction(start_day="monday", start_time="20:00:00", end_day="tuesday", end_time="08:00:00")
OF_THE_WEEK: Final = ("--from", "2031-01-06")


@attrs.frozen
class World:
    """Shells on both halves of a simulator; each half has two schedules, of which the second one has gaps."""

    datadog: Shell
    grafana: Shell
    ids: dict[str, str]

    def both(self) -> tuple[Shell, Shell]:
        """Return the shells."""
        return self.datadog, self.grafana

    def requests(self) -> list[str]:
        """Return the paths that were asked for since this was asked last."""
        paths = [request.path for request in self.datadog.sim.ledger.requests]
        self.datadog.sim.ledger.requests.clear()
        return paths


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Return a world."""
    with shell() as datadog:
        ids = asyncio.run(_of_datadog(datadog)) | asyncio.run(_of_grafana(datadog))
        yield World(datadog, Shell(datadog.sim, "grafana"), ids)


async def _of_datadog(run: Shell) -> dict[str, str]:
    sim = run.sim
    ann, ben = (User(id=sim.add_user(name)) for name in ("Ann Lee", "Ben Roth"))
    pay, web = Team(id=sim.add_team("pay", "Payments")), Team(id=sim.add_team("web", "Web"))
    always: dict[str, Any] = {"effective_date": MONDAY - DAY, "rotation_start": MONDAY - DAY, "interval": DAY}
    async with DatadogOnCall("k", "a", api_url=run.url(), paging_url=run.url()) as dd:
        days = Layer(name="Days", members=[ann, ben], **always)
        nights = Layer(name="Nights", members=[ann], restrictions=[NIGHTS], **always)
        primary = await dd.schedules.create(Schedule(name="Primary", time_zone="UTC", layers=[days], teams=[pay]))
        second = await dd.schedules.create(Schedule(name="Nights", time_zone="UTC", layers=[nights], teams=[web]))
        steps = [EscalationStep(targets=[primary], escalate_after=300)]
        policy = await dd.escalation_policies.create(EscalationPolicy(name="Checkout", steps=steps))
        await dd.routing_rules.set(pay.id, [RoutingRule(actions=[EscalationPolicyAction(policy_id=policy.id)])])
    return {"PRIMARY": primary.id, "NIGHTS": second.id, "POLICY": policy.id, "PAY": pay.id, "WEB": web.id}


async def _of_grafana(run: Shell) -> dict[str, str]:
    sim = run.sim.grafana
    ben, crew = sim.add_user("ben"), sim.add_team("crew")
    idle = sim.add_team("idle")
    async with GrafanaOnCall(run.sim.grafana_url, SECRETS["GRAFANA_ONCALL_ACCESS_TOKEN"]) as gf:

        async def schedule(name: str, hours: int, team: str | None) -> str:
            shift = await gf.on_call_shifts.create(
                OnCallShift(
                    name=name, type="rolling_users", start=MONDAY.replace(tzinfo=None), time_zone="UTC",
                    duration=timedelta(hours=hours), frequency="daily", interval=1, rolling_users=[[ben]],
                    start_rotation_from_user_index=0,
                )
            )  # fmt: skip
            new = CalendarSchedule(name=name, time_zone="UTC", shifts=[shift.id], team_id=team)
            return (await gf.schedules.create(new)).id

        whole, half = await schedule("Whole", 24, crew), await schedule("Half", 12, None)
        chain = await gf.escalation_chains.create(EscalationChain(name="Chain"))
    return {"WHOLE": whole, "HALF": half, "CHAIN": chain.id, "CREW": crew, "IDLE": idle}


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
    ("team", "found"), [("pay", ["PRIMARY"]), ("{WEB}", ["NIGHTS"]), ("{IDLE}", []), ("{CREW}", ["WHOLE"])]
)
def test_schedules_of_a_team(world: World, team: str, found: list[str]) -> None:
    """Schedules are listed for a team, by its id or, in Datadog, its handle; none is told."""
    run = world.grafana if team in {"{IDLE}", "{CREW}"} else world.datadog
    done = run("schedule", "list", "-p", run.provider, "--team", team.format(**world.ids))
    assert [line.split("\t")[0] for line in done.out.splitlines()] == [world.ids[name] for name in found]
    assert (done.code, done.err) == (0, "" if found else "nothing found\n")


@pytest.mark.parametrize("command", ["list", "shifts", "gaps"])
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
        (("-o", "x"), "--output: got 'x'; expected --json, --csv or --ical with it"),
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
    assert "pip install 'aiooncall[calendar]'" in done.err


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

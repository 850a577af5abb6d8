"""Every command once: what it does, and what it prints for people and for programs."""

from __future__ import annotations

import asyncio
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import attrs
import pytest

from aiooncall import DatadogOnCall, GrafanaOnCall
from aiooncall.datadog import EscalationPolicy, EscalationStep, Interval, Layer, Member, Schedule, User
from aiooncall.grafana import EscalationChain, NotifyPersonsStep, OnCallShift, WaitStep, WebSchedule
from aiooncall.simulator import Fault, FaultKind
from tests.support.command_line import SECRETS, Shell, commands, ran, shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.command_line import Ran

PAGE: Final = Path(__file__).parents[2] / "docs" / "command-line.md"
BEGUN: Final = datetime(2026, 1, 1, tzinfo=UTC)


@attrs.frozen
class World:
    """Shells on both halves of a simulator, and ids of what is there; `ids` are by the names in the table below."""

    datadog: Shell
    grafana: Shell
    ids: dict[str, str]

    def run(self, line: str, *more: str, **env: Any) -> Ran:
        """Run a line of the table; pages and alert groups in it are new ones."""
        target = self.grafana if line.startswith("group") or "-p grafana" in line else self.datadog
        sim = target.sim
        fresh = {"PAGE": sim.add_page(title="Disk full"), "GROUP": sim.grafana.add_alert_group("Disk full")}
        words = line.format(**self.ids, **fresh).split()
        return target(*words, *more, **env)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """Return a world in which there is one of everything."""
    with shell() as datadog:
        sim = datadog.sim
        ids = {"ANN": sim.add_user("Ann"), "TEAM": sim.add_team("storage"), "BEN": sim.grafana.add_user("ben")}
        ids["CREW"] = sim.grafana.add_team("crew")
        ids |= asyncio.run(_schedules(datadog, ids["ANN"], ids["BEN"]))
        sim.grafana.add_alert_group("Resolved", state="resolved")
        yield World(datadog, Shell(sim, "grafana"), ids)


async def _schedules(datadog: Shell, ann: str, ben: str) -> dict[str, str]:
    url, sim = datadog.url(), datadog.sim
    keys = SECRETS["DD_API_KEY"], SECRETS["DD_APP_KEY"]
    async with DatadogOnCall(*keys, api_url=url, paging_url=url) as dd:
        layer = Layer(
            name="Days", effective_date=BEGUN, rotation_start=BEGUN,
            interval=Interval(days=1), members=[Member(user=User(id=ann))],
        )  # fmt: skip
        schedule = await dd.schedules.create(Schedule(name="Days of storage", time_zone="Etc/UTC", layers=[layer]))
        steps = [EscalationStep(targets=[User(id=ann)], escalate_after=300)]
        policy = await dd.escalation_policies.create(EscalationPolicy(name="Checkout", steps=steps))
    async with GrafanaOnCall(sim.grafana_url, SECRETS["GRAFANA_ONCALL_ACCESS_TOKEN"]) as gf:
        calendar = await gf.schedules.create(WebSchedule(name="Primary", time_zone="UTC"))
        chain = await gf.escalation_chains.create(EscalationChain(name="Checkout chain"))
        await gf.escalation_policies.create(WaitStep(escalation_chain_id=chain.id, duration=300))
        await gf.escalation_policies.create(NotifyPersonsStep(escalation_chain_id=chain.id, persons_to_notify=[ben]))
    return {"SCHEDULE": schedule.id, "POLICY": policy.id, "CALENDAR": calendar.id, "CHAIN": chain.id}


TABLE: Final = {
    "doctor": ("doctor", r"(?m)^ok +keys +DD_API_KEY and DD_APP_KEY, from the environment$(\n.*)*^ok +pages"),
    "doctor of Grafana": ("doctor -p grafana", r"(?m)^ok +alert groups +127.0.0.1:\d+ answered in .* s$"),
    "page create": ("page create Down --team storage --tag a:b --dedup-key k --urgency low", r"paged: [0-9a-f-]{36}\n"),
    "page create of a team by its id": ("page create Down --team {TEAM}", r"paged: [0-9a-f-]{36}\n"),
    "page list": ("page list status:triggered --limit 1000 --since 2026-01-01", r"(?m)\ttriggered\t.*\tDisk full$"),
    "page get": ("page get {PAGE}", r"status +triggered"),
    "page ack": ("page ack {PAGE}", r"accepted: acknowledge [0-9a-f-]{36}\n"),
    "page escalate": ("page escalate {PAGE}", r"accepted: escalate [0-9a-f-]{36}\n"),
    "page reroute": ("page reroute {PAGE} --team {TEAM}", r"accepted: reroute [0-9a-f-]{36}\n"),
    "page resolve": ("page resolve {PAGE}", r"accepted: resolve [0-9a-f-]{36}\n"),
    "alert trigger": (
        "alert trigger Down --team storage --key k-1 --message Look --priority 2 --tag a:b --runbook https://x/{PAGE}",
        r"^accepted: trigger k-1\n$",
    ),
    "alert recover": ("alert recover k-1 --team storage --title Up --message Over", r"^accepted: recover k-1\n$"),
    "group page": ("group page Down --user {BEN} --important", r"paged: I\w+\n"),
    "group list": ("group list --state firing", r"(?m)^I\w+\tfiring\t.*\tDisk full$"),
    "group get": ("group get {GROUP}", r"title +Disk full\n"),
    "group ack": ("group ack {GROUP}", r"done: acknowledge I\w+\n"),
    "group resolve": ("group resolve {GROUP}", r"done: resolve I\w+\n"),
    "group silence": ("group silence {GROUP} --for 60", r"done: silence I\w+\n"),
    "group delete": ("group delete {GROUP} --mode delete", r"done: delete I\w+\n"),
    "policy show": ("policy show {POLICY}", r"Checkout\n(.*\n)*.*Ann"),
    "policy show of Grafana": ("policy show {CHAIN} -p grafana", r"Checkout chain\n.*At once\n.*nobody\n.*\n.*ben"),
    "schedule show": ("schedule show {SCHEDULE}", r"Days of storage\n(.*\n) +now +Ann"),
    "schedule show of Grafana": ("schedule show {CALENDAR} -p grafana", r"Primary\n(.*\n) +now +nobody"),
    "who": ("who --schedule {SCHEDULE} --at 2026-06-01T12:00:00+02:00", r"2026-06-01 10:00 UTC\n +now +Ann"),
    "who of a team by its handle": ("who --team storage", r"now +nobody"),
    "who of a team": ("who --team {TEAM}", r"UTC\n +now +nobody: the team has no routing rules\n$"),
    "who of a team of Grafana": ("who --team {CREW} -p grafana", r"UTC\n +now +nobody: the team has no schedules\n$"),
    "who of Grafana": ("who --schedule {CALENDAR} -p grafana", r"now +nobody"),
}  # fmt: skip
"""Commands that can be run on their own, and what they print."""
PAIRS: Final = {
    "group unack": ("group ack {0}", "group unack {0}"),
    "group unresolve": ("group resolve {0}", "group unresolve {0}"),
    "group unsilence": ("group silence {0}", "group unsilence {0}"),
}
"""Commands that take another one back."""
ELSEWHERE: Final = {
    "audit",
    "bulk work",
    "demo",
    "exporter",
    "simulator",
    "pagerduty create",
    "pagerduty get",
    "pagerduty update",
    "pagerduty delete",
    "page find",
    "team list",
    "policy list",
    "schedule list",
    "schedule shifts",
    "schedule gaps",
    "schedule week",
    "schedule preview",
} | {f"bulk {name}" for name in ("plan", "preview", "run", "resume", "verify", "undo", "report")}
"""Commands with tests of their own."""


def test_people_on_call_at_once_are_all_shown(world: World) -> None:
    """A schedule of Grafana shows everybody who is on call over the same time."""
    ben, cy = world.ids["BEN"], world.grafana.sim.grafana.add_user("cy")

    async def scheduled() -> str:
        async with GrafanaOnCall(world.grafana.url(), SECRETS["GRAFANA_ONCALL_ACCESS_TOKEN"]) as gf:
            start, length = datetime(2031, 1, 1, 9), timedelta(hours=1)  # noqa: DTZ001 (on the wall)
            night = OnCallShift(
                name="s", type="single_event", start=start, time_zone="UTC", duration=length, users=[ben, cy]
            )
            shift = await gf.on_call_shifts.create(night)
            return (await gf.schedules.create(WebSchedule(name="Both", time_zone="UTC", shifts=[shift.id]))).id

    shown = world.grafana("schedule", "show", asyncio.run(scheduled()), "-p", "grafana", "--at", "2031-01-01")
    assert re.search(r"2031-01-01T09:00:00Z to .*(ben, cy|cy, ben)\n", shown.out), shown


def test_every_command_is_tested() -> None:
    """There is no command without a test of its success."""
    tested = {name.partition(" of ")[0] for name in TABLE} | set(PAIRS) | ELSEWHERE
    assert {name for name, command in commands() if not hasattr(command, "commands")} == tested


OWNERS: Final = {"page": "datadog", "alert": "datadog", "pagerduty": "datadog", "group": "grafana"}
"""Groups of commands that are one provider's."""
LINES: Final = [
    *(line for line, _ in TABLE.values() if line.partition(" ")[0] in OWNERS),
    *(line.format("{GROUP}") for pair in PAIRS.values() for line in pair),
    *(f"pagerduty {verb} web" for verb in ("create", "get", "update", "delete")),
    "page find k-1",
]


@pytest.mark.parametrize("line", LINES)
def test_the_other_provider_is_refused(world: World, line: str) -> None:
    """A command of one provider that is told `-p` with the other is wrong usage: 2, one line, and nothing is sent."""
    owner = OWNERS[line.partition(" ")[0]]
    (other,) = {"datadog", "grafana"} - {owner}
    sent = len(world.datadog.sim.ledger.requests)
    done = world.run(line, "-p", other)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"error: --provider: got '{other}'; expected {owner} or nothing: this is {owner}'s\n"
    assert len(world.datadog.sim.ledger.requests) == sent


def test_page_with_a_key(world: World) -> None:
    """A page is found by its key, and is not made again while it is open; a key that no page has is told, with 1."""
    line = "page create Down --team storage --dedup-key k-1"
    first = world.run(line).out.removeprefix("paged: ").strip()
    found = world.run("page find k-1", "--json")
    assert (found.code, json.loads(found.out)["id"]) == (0, first)
    again = world.run(f"{line} --unless-open")
    assert (again.code, again.out) == (0, f"already open, nobody was paged: {first}\n")
    missing = world.run("page find k-2")
    assert (missing.code, missing.out, missing.err) == (1, "", "nothing found\n")


def test_alert(world: World) -> None:
    """An alert pages once for its key, whatever provider is usual; its recovery ends that, and paging begins anew."""
    ledger = world.datadog.sim.ledger
    trigger, before = "alert trigger Down --team web --key k-2", ledger.count("create")
    doubled = ledger.doubled()  # by other tests, which are run before this one or after it
    again = world.run(trigger, AIOONCALL_PROVIDER="grafana"), world.run(trigger, "--json")
    assert (ledger.count("create") - before, again[1].json) == (1, {"key": "k-2", "accepted": "trigger"})
    assert world.run("alert recover k-2 --team web").code == 0
    assert world.run(f"{trigger} --dashboard https://x --dashboard https://y --tag a:b --tag c:d").code == 0
    assert (ledger.count("create") - before, ledger.doubled()) == (2, doubled)


@pytest.mark.parametrize("wrong", ["--key \t", "--priority 6", "--team @web", "--runbook \t", "--tag \t"])
def test_alert_that_is_wrong(world: World, wrong: str) -> None:
    """An alert that Datadog would refuse, or that would page nobody, is wrong usage: 2, and nothing is sent."""
    before = world.datadog.posts()
    words = ["alert", "trigger", "Down", "--team", "web", "--key", "k-3", *wrong.split(" ")]
    done = world.datadog(*words)
    assert (done.code, done.out, done.err.partition(":")[0]) == (2, "", "error")
    assert world.datadog.posts() == before


def test_alert_in_doubt(world: World) -> None:
    """An alert in doubt is 3, with the command to look by."""
    world.datadog.sim.faults.script("POST", "/api/v2/events", Fault(FaultKind.REDIRECT))
    done = world.run("alert trigger Down --team web --key k-4")
    assert (done.code, done.out, done.err.partition(":")[0]) == (3, "", "error")
    assert f"; to look: aiooncall page list --url {world.datadog.url()}" in done.err


@pytest.mark.parametrize("name", TABLE)
def test_for_people(world: World, name: str) -> None:
    """A command prints what it did in words, nothing else, and exits with 0."""
    line, expected = TABLE[name]
    done = world.run(line)
    assert (done.code, done.err) == (0, "")
    assert re.search(expected, done.out), done.out


@pytest.mark.parametrize("name", TABLE)
def test_for_programs(world: World, name: str) -> None:
    """With --json a command prints JSON, a line for each row of a list, and nothing else."""
    done = world.run(TABLE[name][0], "--json")
    assert (done.code, done.err) == (0, "")
    if name.endswith(" list"):
        assert {"id", "title", "state", "created_at"} <= set(done.lines[0])
    else:
        assert isinstance(done.json, dict)


@pytest.mark.parametrize("name", PAIRS)
def test_taking_back(world: World, name: str) -> None:
    """Grafana's actions are taken back by their opposites, and the ledger shows both."""
    group = world.grafana.sim.grafana.add_alert_group("Disk full")
    for line in PAIRS[name]:
        done = world.run(line.format(group), "--json")
        assert done.code == 0
        assert world.grafana.sim.ledger.count(done.json["done"], group) == 1


def test_pagerduty(world: World) -> None:
    """A PagerDuty service is made, found, changed and deleted, and is gone then."""
    for command, status in {"create": "created", "get": "found", "update": "updated", "delete": "deleted"}.items():
        assert world.run(f"pagerduty {command} pay") == (0, f"{status}: pay\n", "")
    assert world.run("pagerduty get pay", "--json").code == 1
    assert world.run("pagerduty create web", "--json").json == {"service_name": "web", "status": "created"}
    assert world.run("pagerduty create db -p grafana").code == 2


def test_demo_for_programs() -> None:
    """`demo --json` prints its result as one object and nothing else."""
    done = ran("demo", "--pages", "5", "--json")
    assert (done.code, done.err) == (0, "")
    assert done.json["items"] == 5
    assert done.json["clean"]


@pytest.mark.parametrize("name", [name for name, command in commands() if not hasattr(command, "commands")])
def test_the_page_has_it(name: str) -> None:
    """The documentation of the command line has every command with each of its options."""
    text = PAGE.read_text(encoding="utf-8")
    assert re.search(rf"(?m)^\|.*`{name}\b", text)
    options = {option for parameter in dict(commands())[name].params for option in parameter.opts}
    assert [option for option in options if option.startswith("-") and not re.search(rf"`[^`]*{option}\b", text)] == []

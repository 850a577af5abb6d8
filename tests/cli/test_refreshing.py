"""What the exporter keeps and shows of who is on call, on virtual time and over a real socket."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from aiooncall import DatadogOnCall, OptionsError
from aiooncall.cli.metrics_server import serving
from aiooncall.cli.on_call_gauges import OnCallGauges
from aiooncall.cli.refreshing import Refresher
from aiooncall.datadog import (
    EscalationPolicy,
    EscalationPolicyAction,
    EscalationStep,
    Interval,
    Layer,
    Member,
    RoutingRule,
    Schedule,
    Team,
    User,
)  # fmt: skip
from aiooncall.grafana import OnCallShift, WebSchedule
from aiooncall.instrumentation import PrometheusHook
from aiooncall.simulator import Fault, FaultKind
from tests.support.metrics import Scraped

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall import GrafanaOnCall, OnCallError
    from aiooncall.simulator import Simulator
    from tests.support.virtual_time import VirtualClock

REFUSED: Final = Fault(FaultKind.ERROR_BEFORE, status=403)
DAY: Final = 86400.0
INTERVAL: Final = 300.0


class Exporter:
    """An exporter of one client, with what it told of errors.

    Args:
        client: what it reads by.
        teams: what teams it was asked for.
        days: how far ahead it reads.
    """

    def __init__(self, client: DatadogOnCall | GrafanaOnCall, teams: list[str] | None = None, days: int = 7) -> None:
        self.told: list[tuple[str, str]] = []
        self.refresher: Refresher = Refresher(client, teams=teams, days=days, tell=self._note)
        provider = "datadog" if isinstance(client, DatadogOnCall) else "grafana"
        self.registry: CollectorRegistry = CollectorRegistry()
        self.registry.register(OnCallGauges(self.refresher.readings, provider, client.options.clock.time))

    def _note(self, about: str, error: OnCallError) -> None:
        self.told.append((about, type(error).__name__))

    @asynccontextmanager
    async def running(self, interval: float = INTERVAL) -> AsyncIterator[str]:
        """Refresh and serve, and yield the URL."""
        async with serving(self.registry, "127.0.0.1", 0) as url:
            refreshing = asyncio.create_task(self.refresher.run(interval))
            try:
                yield url
            finally:
                refreshing.cancel()


async def scrape(url: str) -> Scraped:
    """Scrape as Prometheus does."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"].startswith("text/plain; version=")
        return Scraped(await answer.text())


def today(clock: VirtualClock) -> datetime:
    """Return the midnight before now."""
    return datetime.fromtimestamp(clock.time(), UTC).replace(hour=0, minute=0, second=0, microsecond=0)


async def add_team(sim: Simulator, dd: DatadogOnCall, handle: str, *people: str | None, begun: datetime) -> str:
    """Put in a team whose people are on call in turns of a day, None for nobody, and return its id."""
    team = sim.add_team(handle)
    users = [None if name is None else User(id=sim.add_user(name)) for name in people]
    layer = Layer(
        name="Days", effective_date=begun, rotation_start=begun, interval=Interval(days=1),
        members=[Member(user=user) for user in users],
    )  # fmt: skip
    rota = await dd.schedules.create(
        Schedule(name=f"Rota of {handle}", time_zone="Etc/UTC", layers=[layer], teams=[Team(id=team)])
    )
    steps = [EscalationStep(targets=[rota], escalate_after=300)]
    steps += [EscalationStep(targets=[user], escalate_after=300) for user in users[-1:] if user]
    policy = await dd.escalation_policies.create(EscalationPolicy(name=f"Pages of {handle}", steps=steps))
    await dd.routing_rules.set(
        team, [RoutingRule(actions=[EscalationPolicyAction(policy_id=policy.id, urgency="high")])]
    )
    return team


async def test_teams_and_levels(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """Each person on call for a team is a series by level; teams without on-call are left out, unless asked for."""
    begun = today(clock)
    storage = await add_team(sim, dd, "storage", "Ann", "Ben", begun=begun)
    sim.add_team("guild")
    async with Exporter(dd).running() as url:
        await asyncio.sleep(1.0)
        shown = await scrape(url)
    assert shown.values("on_call", "person", level="1") == {"Ann": 1}
    assert shown.values("on_call", "person", level="2") == {"Ben": 1}
    assert shown.values("on_call_people", "team", level="1") == {"storage": 1}
    assert {one.labels["team_id"] for one in shown.of("on_call")} == {storage}
    assert shown.values("schedule_on_call", "person", schedule="Rota of storage", team="storage") == {"Ann": 1}
    async with Exporter(dd, ["guild"]).running() as url:
        await asyncio.sleep(1.0)
        asked = await scrape(url)
    assert asked.values("on_call_people", "team") == {"guild": 0}
    assert asked.of("schedule_on_call_people") == []


async def test_nobody_and_gaps(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """Nobody on call is a 0, and the gaps of the days ahead are told by their length and the start of the next."""
    begun = today(clock)
    await add_team(sim, dd, "storage", "Ann", None, begun=begun)
    exporter = Exporter(dd)
    async with exporter.running(DAY / 8) as url:
        await asyncio.sleep(1.0)
        now = clock.time()
        before = await scrape(url)
        await asyncio.sleep((begun + timedelta(days=1)).timestamp() + DAY / 8 - now)
        after = await scrape(url)
    assert before.total("on_call_people", level="1") == 1
    assert before.total("next_gap_timestamp_seconds") == (begun + timedelta(days=1)).timestamp()
    assert 3 * DAY < before.total("gap_seconds") <= 4 * DAY
    assert (after.total("on_call_people"), after.total("schedule_on_call_people")) == (0, 0)
    assert after.total("next_gap_timestamp_seconds") <= clock.time()
    assert exporter.told == []


async def test_no_gap(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """A schedule without gaps has a length of 0, and no next one."""
    await add_team(sim, dd, "storage", "Ann", begun=today(clock))
    async with Exporter(dd).running() as url:
        await asyncio.sleep(1.0)
        shown = await scrape(url)
    assert [one.value for one in shown.of("gap_seconds")] == [0]
    assert shown.of("next_gap_timestamp_seconds") == []


async def test_failing_and_recovering(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """A team that cannot be read keeps its last values and their age, and hides no other; then it is well again."""
    begun = today(clock)
    failing = await add_team(sim, dd, "storage", "Ann", "Ben", begun=begun)
    await add_team(sim, dd, "checkout", "Cy", begun=begun)
    exporter = Exporter(dd)
    async with exporter.running() as url:
        await asyncio.sleep(1.0)
        first = await scrape(url)
        sim.faults.script("GET", f"*/teams/{failing}/on-call", REFUSED)
        await asyncio.sleep(INTERVAL)
        second = await scrape(url)
        await asyncio.sleep(INTERVAL)
        third = await scrape(url)
    assert [one.total("up") for one in (first, second, third)] == [1, 0, 1]
    assert [one.total("refresh_errors_total", kind="team") for one in (first, second, third)] == [0, 1, 1]
    assert exporter.told == [("team storage", "Forbidden")]
    for shown in (first, second, third):
        assert shown.values("on_call", "person", level="1") == {"Ann": 1, "Cy": 1}
    ages = [one.values("last_read_timestamp_seconds", "name", kind="team") for one in (first, second, third)]
    assert ages[0]["storage"] == ages[1]["storage"] < ages[2]["storage"]
    assert ages[0]["checkout"] < ages[1]["checkout"] < ages[2]["checkout"]
    whole = [one.total("last_refresh_timestamp_seconds") for one in (first, second, third)]
    assert whole[0] == whole[1] < whole[2]


async def test_the_server_away(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """While nothing can be read all is kept; who is on call by a schedule is told by its shifts, until they end."""
    begun = today(clock)
    await add_team(sim, dd, "storage", "Ann", "Ben", begun=begun)
    exporter = Exporter(dd, days=2)
    async with exporter.running(DAY / 8) as url:
        await asyncio.sleep(1.0)
        sim.faults.script("GET", "*/team", *[REFUSED] * 100)
        await asyncio.sleep((begun + timedelta(days=1)).timestamp() + DAY / 8 - clock.time())
        shown = await scrape(url)
        assert shown.values("schedule_on_call", "person") == {"Ben": 1}
        assert shown.values("on_call", "person", level="1") == {"Ann": 1}
        assert shown.total("up") == 0
        await asyncio.sleep(1.5 * DAY)
        late = await scrape(url)
    assert (late.of("schedule_on_call_people"), late.of("gap_seconds")) == ([], [])
    assert set(exporter.told) == {("teams and schedules", "Forbidden")}


async def test_before_the_first_refresh(sim: Simulator, dd: DatadogOnCall) -> None:
    """A scrape waits for nothing: before anything is read it is answered, without a word on how it went."""
    sim.faults.script("GET", "*/team", Fault(FaultKind.SLOW, delay=5.0))
    async with Exporter(dd).running() as url:
        assert (await scrape(url)).of("up") == []
        await asyncio.sleep(6.0)
        assert (await scrape(url)).total("up") == 1


async def test_teams_that_are_asked_for(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """Teams are asked for by handles or ids; another name is refused; one that goes away later hides no other."""
    begun = today(clock)
    storage = await add_team(sim, dd, "storage", "Ann", begun=begun)
    await add_team(sim, dd, "checkout", "Cy", begun=begun)
    await add_team(sim, dd, "web", "Di", begun=begun)
    exporter = Exporter(dd, [storage, "checkout"])
    await exporter.refresher.refresh()
    assert {team.name for team in exporter.refresher.readings.teams.values()} == {"storage", "checkout"}
    assert {one.name for one in exporter.refresher.readings.schedules.values()} == {
        "Rota of storage",
        "Rota of checkout",
    }
    with pytest.raises(OptionsError, match=r"--team.*stroage"):
        await Exporter(dd, ["storage", "stroage"]).refresher.refresh()


async def test_names_that_would_steer(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """Names of teams and people break no format and steer no terminal; two people of one name are two series."""
    begun = today(clock)
    await add_team(sim, dd, "storage", 'A"n\\n\n\x1b[31m', begun=begun)
    await add_team(sim, dd, "checkout", 'A"n\\n\n\x1b[31m', begun=begun)
    async with Exporter(dd).running() as url:
        await asyncio.sleep(1.0)
        shown = await scrape(url)
    assert [one.labels["person"] for one in shown.of("schedule_on_call")] == ['A"n\\n [31m'] * 2
    assert "\x1b" not in shown.text


async def test_grafana(sim: Simulator, gf: GrafanaOnCall, clock: VirtualClock) -> None:
    """With Grafana a team's people are those of its schedules; a schedule that was never read leaves its team out."""
    crew, ben, cy = sim.grafana.add_team("crew"), sim.grafana.add_user("ben"), sim.grafana.add_user("cy")
    sim.grafana.add_team("guild")
    start = today(clock).replace(tzinfo=None)
    rotas = []
    for name, user in (("Primary", ben), ("Secondary", cy)):
        shift = await gf.on_call_shifts.create(
            OnCallShift(
                name=name, type="single_event", start=start, time_zone="UTC", duration=timedelta(days=3), users=[user]
            )
        )
        rotas.append(
            await gf.schedules.create(WebSchedule(name=name, time_zone="UTC", shifts=[shift.id], team_id=crew))
        )
    exporter = Exporter(gf)
    sim.faults.script("GET", f"*/schedules/{rotas[0].id}/final_shifts/", REFUSED)
    async with exporter.running() as url:
        await asyncio.sleep(1.0)
        first = await scrape(url)
        await asyncio.sleep(INTERVAL)
        second = await scrape(url)
    assert first.of("on_call_people") == []
    assert first.values("schedule_on_call", "person") == {"cy": 1}
    assert second.values("on_call", "person", team="crew", level="1") == {"ben": 1, "cy": 1}
    assert second.values("on_call_people", "team") == {"crew": 2}
    assert 4 * DAY < second.total("gap_seconds", schedule="Primary") < 5 * DAY
    assert second.of("up", provider="datadog") == []
    assert exporter.told == [("schedule Primary", "Forbidden")]


async def test_the_server_of_metrics(dd: DatadogOnCall) -> None:
    """It speaks the format that is asked for, compresses, tells people where to look, and has nothing else."""
    registry = Exporter(dd).registry
    PrometheusHook(registry=registry)
    async with serving(registry, "127.0.0.1", 0) as url, aiohttp.ClientSession() as session:
        asked = {"Accept": "application/openmetrics-text; version=1.0.0"}
        async with session.get(url, headers=asked) as answer:
            assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
            names = {family.name for family in text_string_to_metric_families(await answer.text())}  # type: ignore[no-untyped-call]
            assert {"aiooncall_on_call", "aiooncall_refresh_errors", "aiooncall_job_pauses"} <= names
        async with session.get(url, headers={"Accept-Encoding": "gzip"}) as answer:
            assert answer.headers["Content-Encoding"] == "gzip"
        async with session.get(url.removesuffix("metrics")) as answer:
            assert "/metrics" in await answer.text()
        for method, path, status in (("GET", "x", 404), ("POST", "metrics", 405)):
            async with session.request(method, url.replace("metrics", path)) as answer:
                assert answer.status == status
        with pytest.raises(OptionsError, match=r"--address, --port: .*Address already in use"):
            async with serving(CollectorRegistry(), "127.0.0.1", int(url.split(":")[2].partition("/")[0])):
                pass

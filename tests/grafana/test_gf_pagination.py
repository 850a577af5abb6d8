"""Lists of Grafana OnCall: every row once, a page ahead, and never a step off to another host."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import OptionsError, ServerError
from aiooncall.simulator import Fault, FaultKind, GrafanaOptions
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall import GrafanaOnCall
    from aiooncall.simulator import Simulator
    from tests.support.grafana_client import GrafanaWorld

TEAMS = "teams/"
GROUPS = "alert_groups/"


async def titles(rows: AsyncIterator[Any]) -> list[str]:
    """Return the titles of all rows."""
    return [row.title async for row in rows]


def teams(world: GrafanaWorld, count: int) -> list[str]:
    """Put teams in and return their ids."""
    return [world.sim.grafana.add_team(f"team {number}") for number in range(count)]


@pytest.mark.parametrize(("size", "requests"), [(1, 25), (7, 4), (24, 2), (25, 1), (26, 1), (100, 1)])
async def test_every_row_once_whatever_the_size(size: int, requests: int) -> None:
    """A list yields each row once, with as many requests as pages of the size that was asked for, and then stops."""
    async with grafana_world() as world:
        ids = teams(world, 25)
        assert [team.id async for team in world.client.teams.list(page_size=size)] == ids
        assert len(world.requests("GET", TEAMS)) == requests


async def test_pages_are_large_unless_told() -> None:
    """Without a size, pages have a hundred rows."""
    async with grafana_world() as world:
        teams(world, 201)
        assert len([team async for team in world.client.teams.list()]) == 201
        assert len(world.requests()) == 3


async def test_empty_list_is_one_request() -> None:
    """A list without rows is over after one request."""
    async with grafana_world() as world:
        assert [team async for team in world.client.teams.list()] == []
        assert len(world.requests()) == 1


@pytest.mark.parametrize("bad", [0, -1, 101, "10", 2.5, None, True])
async def test_bad_size_is_refused_locally(sim: Simulator, gf: GrafanaOnCall, bad: Any) -> None:
    """A page size that is no number from 1 to 100 is an OptionsError, and nothing is sent."""
    with pytest.raises(OptionsError, match="page_size"):
        gf.teams.list(page_size=bad)
    assert sim.ledger.requests == []


async def test_filters_hold_on_every_page() -> None:
    """Filters go along with every page, whatever letters are in them, also where one name comes twice."""
    async with grafana_world() as world:
        odd = [("team", "a&b=c d+é%2F?#"), ("env", "prod;x,y")]
        for number in range(5):
            world.sim.grafana.add_alert_group(f"match {number}", labels=odd)
            world.sim.grafana.add_alert_group(f"half {number}", labels=odd[:1])
            world.sim.grafana.add_alert_group(f"resolved {number}", labels=odd, state="resolved")
        found = await titles(world.client.alert_groups.list(labels=dict(odd), state="firing", page_size=2))
        assert sorted(found) == [f"match {number}" for number in range(5)]
        assert len(world.requests()) == 3


@pytest.mark.parametrize(
    "rules",
    [
        GrafanaOptions(links_elsewhere=True),
        GrafanaOptions(engine_url="https://oncall.example.com/oncall/"),
        GrafanaOptions(engine_url="http://127.0.0.1:1"),
        GrafanaOptions(engine_url="http://user:secret@[::1]:99/x"),
    ],
    ids=["elsewhere", "prefix", "closed port", "odd"],
)
async def test_links_are_not_followed(rules: GrafanaOptions) -> None:
    """Links between pages that lead to another host are read for their query only: no request goes there, no token."""
    async with grafana_world(rules) as world:
        ids = teams(world, 25)
        assert [team.id async for team in world.client.teams.list(page_size=10)] == ids
        assert world.sim.elsewhere == []
        assert [record.path for record in world.requests()] == ["/api/v1/teams/"] * 3


async def test_next_page_is_asked_for_while_this_one_is_used() -> None:
    """The request of the next page leaves with the first row of this one, and the one after that waits."""
    async with grafana_world() as world:
        teams(world, 30)
        seen: list[int] = []
        async for _ in world.client.teams.list(page_size=10):
            await asyncio.sleep(0.1)
            seen.append(len(world.requests()))
        assert seen == [2] * 10 + [3] * 20


async def test_waiting_for_pages_is_hidden() -> None:
    """Reading slow pages takes no longer than using the rows, but for the first one."""
    async with grafana_world() as world:
        teams(world, 30)
        world.fail("GET", TEAMS, *[Fault(FaultKind.SLOW, delay=5.0)] * 3)
        async for _ in world.client.teams.list(page_size=10):
            await asyncio.sleep(1.0)
        assert world.clock.monotonic() == pytest.approx(35.0, abs=0.5)


@pytest.mark.parametrize("pause", [0.0, 0.1])
async def test_new_rows_do_not_repeat_old_ones(pause: float) -> None:
    """Groups that come while older ones are listed, the newest first, push rows to the next page; none comes twice."""
    async with grafana_world() as world:
        old = world.groups(f"old {number}" for number in range(30))
        seen: list[str] = []
        async for group in world.client.alert_groups.list(page_size=10):
            seen.append(group.id)
            await asyncio.sleep(pause)
            if len(seen) % 4 == 1:
                world.sim.grafana.add_alert_group(f"new {len(seen)}")
        assert seen == old[::-1]
        assert len(world.requests()) > 3


async def test_page_of_nothing_new_does_not_end_a_list() -> None:
    """Though so many new groups come that a whole page is known already, the list goes on to the end."""
    async with grafana_world() as world:
        old = world.groups(f"old {number}" for number in range(9))
        seen: list[str] = []
        async for group in world.client.alert_groups.list(page_size=3):
            seen.append(group.id)
            await asyncio.sleep(0.1)
            if len(seen) == 1:
                for number in range(6):
                    world.sim.grafana.add_alert_group(f"new {number}")
        assert seen == old[::-1]
        assert len(world.requests()) == 5


async def test_resolving_meanwhile_skips_but_never_repeats() -> None:
    """Who resolves what a list of firing groups yields misses some and sees none twice; a job over it misses none."""
    async with grafana_world() as world:
        ids = world.groups(f"g{number}" for number in range(25))
        seen: list[str] = []
        async for group in world.client.alert_groups.list(state="firing", page_size=5):
            seen.append(group.id)
            await world.client.alert_groups.resolve(group.id)
        assert len(seen) == len(set(seen)) < 25
        report = await world.client.alert_groups.resolve_many(
            world.client.alert_groups.list(state="firing", page_size=5)
        )
        assert (report.succeeded, report.failed) == (25 - len(seen), 0)
        assert [world.sim.ledger.count("resolve", group) for group in ids] == [1] * 25
        assert world.sim.ledger.unfinished() == []


async def take_one(world: GrafanaWorld, complaints: list[dict[str, Any]], *, wait: float) -> None:
    """Read one row of a list in small pages, wait, and leave."""
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async for _ in world.client.teams.list(page_size=1):
        await asyncio.sleep(wait)
        break
    await asyncio.sleep(0.01)
    gc.collect()


async def test_leaving_early_stops_the_next_page(complaints: list[dict[str, Any]]) -> None:
    """A list that is left early cancels the page under way, and its place in the budget comes back."""
    async with grafana_world() as world:
        teams(world, 5)
        world.fail("GET", TEAMS, None, Fault(FaultKind.SLOW, delay=5.0))
        await take_one(world, complaints, wait=1.0)
        assert [(budget.in_flight, budget.waiting) for budget in world.client.budgets()] == [(0, 0)]
        assert world.clock.monotonic() < 2.0
        assert len([team async for team in world.client.teams.list()]) == 5


@pytest.mark.parametrize("wait", [0.0, 100.0])
async def test_failed_page_that_nobody_wanted(wait: float, complaints: list[dict[str, Any]]) -> None:
    """An error of a page that was read ahead in vain is nobody's, and makes no warning."""
    async with grafana_world() as world:
        teams(world, 5)
        world.fail("GET", TEAMS, None, *[Fault(FaultKind.ERROR_BEFORE, status=500)] * 9)
        await take_one(world, complaints, wait=wait)


async def test_closing_with_a_list_open(complaints: list[dict[str, Any]]) -> None:
    """A client that is closed while a page is under way makes no noise either."""
    async with grafana_world() as world:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
        teams(world, 5)
        world.fail("GET", TEAMS, None, Fault(FaultKind.SLOW, delay=5.0))
        rows = world.client.teams.list(page_size=1)
        await anext(rows)
        await asyncio.sleep(1.0)
        await world.client.close()
        del rows
        await asyncio.sleep(10.0)


async def test_failed_page_that_is_wanted() -> None:
    """The rows before a page that cannot be read are all yielded before the error."""
    async with grafana_world() as world:
        ids, seen = teams(world, 30), list[str]()
        world.fail("GET", TEAMS, None, None, *[Fault(FaultKind.ERROR_BEFORE, status=502)] * 9)
        with pytest.raises(ServerError):
            async for team in world.client.teams.list(page_size=10):
                seen.append(team.id)
        assert seen == ids[:20]

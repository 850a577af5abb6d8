"""Lists of the fake Grafana OnCall: pages by offset over rows that live."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from aiooncall.simulator import GrafanaOptions
from tests.support.grafana_http import API, grafana


async def test_page_says_where_it_is() -> None:
    """A page has the count, the links to its neighbours, and its number and size."""
    async with grafana() as (sim, caller):
        for number in range(5):
            sim.grafana.add_team(f"team {number}")
        page = await caller.ask("GET", "teams/", query={"page": "2", "perpage": "2"})
        base = f"{sim.grafana_url}{API}/teams/"
    results = page.pop("results")
    assert [team["name"] for team in results] == ["team 2", "team 3"]
    assert page == {
        "count": 5,
        "next": f"{base}?perpage=2&page=3",
        "previous": f"{base}?perpage=2",
        "current_page_number": 2,
        "page_size": 2,
        "total_pages": 3,
    }


async def test_past_the_end_is_the_last_page() -> None:
    """A page past the end is the last one with 200, and only `next` tells that it is over."""
    async with grafana() as (sim, caller):
        for number in range(5):
            sim.grafana.add_team(f"team {number}")
        last = await caller.ask("GET", "teams/", query={"page": "3", "perpage": "2"})
        beyond = await caller.ask("GET", "teams/", query={"page": "99", "perpage": "2"})
    assert beyond == last
    assert (last["next"], last["current_page_number"], len(last["results"])) == (None, 3, 1)


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "9" * 5000])
async def test_odd_page_numbers(page: str) -> None:
    """A page below 1 or no number is the first one."""
    async with grafana() as (_, caller):
        answer = await caller.ask("GET", "teams/", query={"page": page})
    assert (answer["current_page_number"], answer["total_pages"], answer["results"]) == (1, 1, [])


@pytest.mark.parametrize(
    ("kind", "size"), [("users", 100), ("routes", 25), ("teams", 50), ("alert_groups", 50), ("webhooks", 50)]
)
async def test_each_list_has_its_size(kind: str, size: int) -> None:
    """Users come by 100, routes by 25, all else by 50; a larger size works but is shown as 100."""
    async with grafana() as (_, caller):
        usual = await caller.ask("GET", f"{kind}/")
        large = await caller.ask("GET", f"{kind}/", query={"perpage": "250"})
        odd = await caller.ask("GET", f"{kind}/", query={"perpage": "-3"})
    assert [page["page_size"] for page in (usual, large, odd)] == [size, 100, size]


async def test_large_page_is_not_capped() -> None:
    """More than 100 rows fit on a page on request, whatever its size says."""
    async with grafana() as (sim, caller):
        for number in range(120):
            sim.grafana.add_team(f"team {number}")
        page = await caller.ask("GET", "teams/", query={"perpage": "120"})
    assert (len(page["results"]), page["page_size"], page["total_pages"]) == (120, 100, 1)


async def test_links_can_lead_elsewhere() -> None:
    """Links are built from the engine's own idea of its URL, which can be another origin; filters stay in them."""
    async with grafana(GrafanaOptions(links_elsewhere=True)) as (sim, caller):
        for number in range(3):
            sim.grafana.add_alert_group(f"group {number}", labels=[("a", "b"), ("c", "d")])
        query = [("perpage", "1"), ("label", "a:b"), ("label", "c:d")]
        page = await caller.ask("GET", "alert_groups/", query=query)
        parts = urlsplit(page["next"])
        assert f"{parts.scheme}://{parts.netloc}" == sim.elsewhere_url
    assert parse_qs(parts.query) == {"perpage": ["1"], "label": ["a:b", "c:d"], "page": ["2"]}


async def test_links_can_have_any_base() -> None:
    """The base URL of the links can be given, path and all."""
    async with grafana(GrafanaOptions(engine_url="https://oncall.example.com/oncall/")) as (sim, caller):
        sim.grafana.add_team("a")
        sim.grafana.add_team("b")
        page = await caller.ask("GET", "teams/", query={"perpage": "1"})
    assert page["next"] == "https://oncall.example.com/oncall/api/v1/teams/?perpage=1&page=2"


async def all_pages(caller: Any, between: Any, **query: str) -> list[str]:
    """Return the titles on all pages of a list of alert groups; `between` is awaited after each page."""
    titles: list[str] = []
    number = 1
    while True:
        page = await caller.ask("GET", "alert_groups/", query={**query, "perpage": "2", "page": str(number)})
        titles += [group["title"] for group in page["results"]]
        await between(page["results"])
        if page["next"] is None:
            return titles
        number += 1


async def test_new_rows_shift_the_old_ones() -> None:
    """A group that comes while somebody pages makes the next page repeat the last row."""
    async with grafana() as (sim, caller):
        for number in range(4):
            sim.grafana.add_alert_group(f"old {number}", created_at=number)
        came: list[str] = []

        async def another(_: object) -> None:
            if not came:
                came.append(sim.grafana.add_alert_group("new"))

        titles = await all_pages(caller, another)
    assert titles == ["old 3", "old 2", "old 2", "old 1", "old 0"]


async def test_resolving_while_listing_skips() -> None:
    """Who resolves what a list of new groups showed misses every second page."""
    async with grafana() as (sim, caller):
        for number in range(6):
            sim.grafana.add_alert_group(f"group {number}", created_at=number)

        async def resolve(groups: list[Any]) -> None:
            for group in groups:
                await caller.ask("POST", f"alert_groups/{group['id']}/resolve/")

        titles = await all_pages(caller, resolve, state="new")
    assert titles == ["group 5", "group 4", "group 1", "group 0"]

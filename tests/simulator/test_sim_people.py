"""The simulator's lists of teams and users: what rows look like, filters, slices, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from datadog_api_client.v2.api.teams_api import TeamsApi
from datadog_api_client.v2.api.users_api import UsersApi

from tests.support.datadog_http import simulated
from tests.support.published_client import published_api_client, simulator_in_a_thread, unread

TEAMS = "/api/v2/team"
USERS = "/api/v2/users"


async def test_rows_are_in_the_lists_own_words() -> None:
    """Teams are of the type `team`, and statuses have capitals; a user without a name has null."""
    async with simulated() as (sim, caller):
        ann = sim.add_user("", "ann@x.io", status="deactivated")
        web = sim.add_team("web", "Front end", members=[ann])
        (team,) = (await caller.ask("GET", TEAMS))["data"]
        (user,) = (await caller.ask("GET", USERS))["data"]
    said = {"handle": "web", "name": "Front end", "user_count": 1, "summary": "", "avatar": "", "description": ""}
    assert team == {"id": web, "type": "team", "attributes": said}
    assert (user["id"], user["type"], user["attributes"]["name"]) == (ann, "users", None)
    assert (user["attributes"]["status"], user["attributes"]["disabled"]) == ("Disabled", True)


async def test_slices() -> None:
    """Both lists come in slices, ten rows unless asked otherwise, and say how many rows there are."""
    async with simulated() as (sim, caller):
        for number in range(25):
            sim.add_team(f"team-{number:02}")
            sim.add_user(f"User {number:02}")
        sizes = []
        for number in range(4):
            teams = await caller.ask("GET", TEAMS, query={"page[number]": str(number)})
            users = await caller.ask("GET", USERS, query={"page[number]": str(number)})
            sizes.append((len(teams["data"]), len(users["data"])))
            assert teams["meta"]["pagination"]["total"] == 25
            assert users["meta"]["page"] == {"total_count": 25, "total_filtered_count": 25}
            assert ("next" in teams["links"]) is (number < 2)
            assert ("next_offset" in teams["meta"]["pagination"]) is (number < 2)
    assert sizes == [(10, 10), (10, 10), (5, 5), (0, 0)]


async def test_users_in_order() -> None:
    """Users are sorted by name, either way."""
    async with simulated() as (sim, caller):
        for name in ("Cem", "Ann", "Ben"):
            sim.add_user(name)

        async def names(**query: str) -> list[str]:
            return [row["attributes"]["name"] for row in (await caller.ask("GET", USERS, query=query))["data"]]

        assert await names() == await names(sort="name") == ["Ann", "Ben", "Cem"]
        assert await names(sort="-name") == ["Cem", "Ben", "Ann"]
        assert await names(sort="modified_at") == ["Cem", "Ann", "Ben"]


@pytest.mark.parametrize(
    ("path", "query", "said"),
    [
        (TEAMS, {"page[size]": "101"}, "page[size]"),
        (TEAMS, {"page[number]": "-1"}, "page[number]"),
        (TEAMS, {"page[number]": "one"}, "page[number]"),
        (TEAMS, {"filter[me]": "yes"}, "filter[me]"),
        (USERS, {"page[size]": "0"}, "page[size]"),
        (USERS, {"filter[status]": "active"}, "filter[status]"),
        (USERS, {"sort": "email"}, "sort"),
    ],
)
async def test_what_the_lists_do_not_know_is_refused(path: str, query: dict[str, Any], said: str) -> None:
    """A slice, a filter or an order that there is not is a 400 that names it."""
    async with simulated() as (_, caller):
        assert said in await caller.refusal("GET", path, query=query)


@pytest.mark.slow
def test_published_client_reads_all_of_it() -> None:
    """Datadog's own client understands every row of both lists, and goes through all slices."""
    with simulator_in_a_thread() as sim, published_api_client(sim) as client:
        for number in range(5):
            sim.add_team(f"team-{number}")
            sim.add_user(f"User {number}", status=("active", "pending", "deactivated")[number % 3])
        teams = TeamsApi(client)  # type: ignore[no-untyped-call]
        assert list(unread(teams.list_teams(page_size=2))) == []
        assert len(list(teams.list_teams_with_pagination(page_size=2))) == 5
        users = UsersApi(client)  # type: ignore[no-untyped-call]
        assert list(unread(users.list_users(page_size=2))) == []
        assert len(list(users.list_users_with_pagination(page_size=2))) == 5

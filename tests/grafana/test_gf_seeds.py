"""The three examples of the vendor's page on direct paging, sent by the client.

https://grafana.com/docs/oncall/latest/oncall-api-reference/direct_paging/
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import PagedUser
from aiooncall.simulator import GrafanaOptions
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from tests.support.grafana_client import GrafanaWorld

PATHS: Final = ["escalation", "direct_paging"]
CONTENT: Final[dict[str, Any]] = {
    "title": "We are seeing a network outage in the datacenter",
    "message": "I need help investigating, can you join the investigation?",
    "source_url": "https://github.com/myorg/myrepo/issues/123",
}


def responders(world: GrafanaWorld) -> list[PagedUser]:
    """Put two users in, the second one to be paged by the important rules."""
    return [
        PagedUser(world.sim.grafana.add_user(name), important=important)
        for name, important in (("ann", False), ("bob", True))
    ]


def told(world: GrafanaWorld) -> list[tuple[str, str | None, bool | None]]:
    """Return by what, who and how people were told."""
    return [(one.cause, one.user_id, one.important) for one in world.sim.ledger.notifications]


@pytest.mark.parametrize("path", PATHS)
async def test_users_are_paged(path: Any) -> None:
    """A set of users is paged, each by the rules that fit, and the id of the new group comes back."""
    async with grafana_world(GrafanaOptions(paging=path)) as world:
        ann, bob = responders(world)
        group = await world.client.paging.page(users=[ann, bob], **CONTENT)
        users = [{"id": ann.id, "important": False}, {"id": bob.id, "important": True}]
        assert world.body() == {**CONTENT, "team": None, "users": users}
        assert world.sim.ledger.pages_by_title(CONTENT["title"]) == [group.id]
        assert told(world) == [("page", ann.id, False), ("page", bob.id, True)]
        payload = world.sim.grafana.stored("alerts", world.sim.grafana.stored("alert_groups", group.id)["_alerts"][0])
        assert payload["payload"]["oncall"]["permalink"] == CONTENT["source_url"]


@pytest.mark.parametrize("path", PATHS)
async def test_team_is_paged(path: Any) -> None:
    """A team is paged, and the new group is the team's."""
    async with grafana_world(GrafanaOptions(paging=path)) as world:
        team = world.sim.grafana.add_team("SRE")
        ann = world.sim.grafana.add_user("ann", teams=[team])
        group = await world.client.paging.page(team=team, **CONTENT)
        assert world.body() == {**CONTENT, "team": team}
        assert told(world) == [("page", ann, False)]
        assert (await world.client.alert_groups.get(group.id)).team_id == team


@pytest.mark.parametrize("path", PATHS)
async def test_users_are_paged_for_a_group(path: Any) -> None:
    """Users are paged for a group that is there, whose id comes back."""
    async with grafana_world(GrafanaOptions(paging=path)) as world:
        ann, bob = responders(world)
        (group_id,) = world.groups(["Down"])
        group = await world.client.paging.add_responders(group_id, [ann, bob])
        assert group.id == group_id
        assert world.body()["alert_group_id"] == group_id
        assert not world.body().keys() & CONTENT.keys()
        assert told(world) == [("add_responders", ann.id, False), ("add_responders", bob.id, True)]
        assert (world.sim.ledger.count("page"), world.sim.ledger.count("add_responders")) == (0, 1)


@pytest.mark.parametrize("path", PATHS)
async def test_team_first_and_users_then(path: Any) -> None:
    """A team and users are paged in two steps, for one group."""
    async with grafana_world(GrafanaOptions(paging=path)) as world:
        team = world.sim.grafana.add_team("SRE")
        member = world.sim.grafana.add_user("mel", teams=[team])
        ann, bob = responders(world)
        first = await world.client.paging.page(team=team, **CONTENT)
        second = await world.client.paging.add_responders(first.id, [ann, bob])
        assert first.id == second.id
        assert world.paged() == [member, ann.id, bob.id]

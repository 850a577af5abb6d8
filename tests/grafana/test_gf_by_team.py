"""The things of one team, picked out of lists that the engine cannot filter by team."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import GrafanaOnCall, OptionsError, evolve
from tests.support.grafana_calls import KINDS, NEW, furnished

if TYPE_CHECKING:
    from tests.support.grafana_calls import Ids
    from tests.support.grafana_client import GrafanaWorld

TEAM_FIELDS: Final = {
    "escalation_chains": "team_id",
    "schedules": "team_id",
    "integrations": "team_id",
    "on_call_shifts": "team_id",
    "webhooks": "team",
    "actions": "team_id",
}
"""What belongs to a team, and the field that says to which."""


async def by_team(w: GrafanaWorld, ids: Ids, kind: str) -> dict[str | None, set[str]]:
    """Make a thing of one team, of another one, and of none; return the ids of all that there are, by team."""
    field = TEAM_FIELDS[kind]
    for team in (ids.team, w.sim.grafana.add_team("SRE"), None):
        await getattr(w.client, kind).create(evolve(NEW[kind](ids), name=f"of {team}", **{field: team}))
    there: dict[str | None, set[str]] = {}
    for one in w.sim.grafana._world[kind]:
        there.setdefault(one[field], set()).add(one["id"])
    return there


@pytest.mark.parametrize("kind", TEAM_FIELDS)
async def test_list_of_a_team(kind: str) -> None:
    """A list yields what belongs to a team, or to none, or everything; a name narrows it; the server sees no team."""
    async with furnished() as (w, ids):
        there, service = await by_team(w, ids, kind), getattr(w.client, kind)
        assert len(there) == 3
        for team, wanted in there.items():
            assert {row.id async for row in service.list(team_id=team, page_size=1)} == wanted
            assert len([row async for row in service.list(team_id=team, name=f"of {team}")]) == 1
            assert [row async for row in service.list(team_id=team, name="of nobody")] == []
        assert {row.id async for row in service.list()} == set.union(*there.values())
        assert [row async for row in service.list(team_id="T0")] == []
        assert not [call for call in w.calls if "team_id" in call.query]


@pytest.mark.parametrize("bad", ["", " ", 7])
@pytest.mark.parametrize("kind", TEAM_FIELDS)
async def test_list_of_what_is_no_team(kind: str, bad: Any) -> None:
    """What cannot be the id of a team is refused by its name, and not taken for a team that has nothing."""
    async with furnished() as (w, _):
        service: Any = getattr(w.client, kind)
        with pytest.raises(OptionsError) as raised:
            _ = [row async for row in service.list(team_id=bad)]
        assert (raised.value.field, w.sent()) == ("team_id", [])


def test_every_list_that_takes_a_team_is_here() -> None:
    """There is no other kind of thing whose list can be asked for by team."""
    client: Any = GrafanaOnCall("https://oncall.example.com", "token")
    lists = {kind: getattr(client, kind).list for kind in KINDS}
    assert {kind for kind, found in lists.items() if "team_id" in found.__kwdefaults__} == set(TEAM_FIELDS)

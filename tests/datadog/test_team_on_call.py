"""Who is on call for a team, in the server's own words."""

from __future__ import annotations

from typing import Any

import pytest

from aiooncall import NotFound, OptionsError, ResourceRef
from aiooncall.datadog import Escalation, TeamOnCall, TeamOnCallInclude, User
from tests.support.datadog_http import NOBODY, ON_CALL
from tests.support.datadog_world import linked_paths, on_the_way, subsets, world


async def test_team_is_its_first_step_and_its_escalations() -> None:
    """Who is reached at once comes first, then whom each later step reaches; all with their names."""
    async with world() as w:
        found = await w.client.teams.on_call(w.storage)
        assert isinstance(found, TeamOnCall)
        assert [user.name for user in found.responders] == ["Cy"]
        (later,) = found.escalations
        assert isinstance(later, Escalation)
        assert [user.name for user in later.responders] == ["Bob Roy"]
        assert w.sent() == [f"GET {ON_CALL}/teams/{w.storage}/on-call"]


async def test_user_of_several_steps_is_one_object() -> None:
    """A user whom several steps reach is the same object everywhere."""
    async with world() as w:
        found = await w.client.teams.on_call(w.payments)
        ann, bob = found.responders
        assert (ann.id, bob.id) == (w.ann, w.bob)
        before_or_bob, storage = found.escalations
        assert before_or_bob.responders[0] is ann
        assert before_or_bob.responders[1] is bob
        assert [user.id for user in storage.responders] == [w.cy]


async def test_team_without_a_policy_has_nobody() -> None:
    """A team without rules has neither responders nor escalations."""
    async with world() as w:
        found = await w.client.teams.on_call(w.sim.add_team("new"))
        assert (found.responders, found.escalations) == ((), ())


async def test_only_what_was_asked_for_comes_along() -> None:
    """For every choice of includes exactly what was asked for is objects, and the rest are references."""
    async with world() as w:
        for include in subsets(TeamOnCallInclude):
            found = await w.client.teams.on_call(w.storage, include=include)
            assert linked_paths(found, TeamOnCallInclude) == on_the_way(include)
        bare = await w.client.teams.on_call(w.storage, include=())
        assert bare.responders == (ResourceRef("users", w.cy),)


async def test_users_without_attributes_are_users_all_the_same() -> None:
    """A server that includes bare users gives users of whom only the id is known."""
    async with world({"bare_included": True}) as w:
        (cy,) = (await w.client.teams.on_call(w.storage)).responders
        assert isinstance(cy, User)
        assert (cy.label, cy) == (w.cy, User(id=w.cy))


@pytest.mark.parametrize("include", ["responders", ("escalation",), ("responders.shifts",), None, 5])
async def test_wrong_include_is_refused_locally(include: Any) -> None:
    """A text instead of a tuple, or a value that a team does not have, is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match=r"'escalations\.responders'") as raised:
            await w.client.teams.on_call(w.storage, include=include)
        assert raised.value.field == "include"
        assert w.sent() == []


async def test_unknown_team() -> None:
    """An unknown team is NotFound, in the server's words."""
    async with world() as w:
        with pytest.raises(NotFound, match=rf"team\[{NOBODY}\] not found"):
            await w.client.teams.on_call(NOBODY)

"""The list of escalation policies: slices, order, includes, and servers that say little."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import LinkError, OptionsError, ResourceRef
from aiooncall.datadog import EscalationPolicy, PolicyInclude
from tests.support.datadog_http import POLICIES, policy_body
from tests.support.datadog_world import answering, everything, target, world

if TYPE_CHECKING:
    from tests.support.datadog_world import World


async def make_policies(w: World, *names: str) -> None:
    """Create policies with these names; each tells Ann."""
    for name in names:
        await w.caller.make(POLICIES, policy_body([target("users", w.ann)], name=name, teams=(w.storage,)))
    w.sent()


@pytest.mark.parametrize("size", [1, 4, 6, 100])
async def test_list_yields_everything_once_by_name(size: int) -> None:
    """A list yields each policy once, by name, in as few requests as the page size allows."""
    async with world() as w:
        await make_policies(w, "zeta", "Alpha", "Mu", "Alpha 2")
        rows = await everything(w.client.escalation_policies.list(page_size=size))
        assert [row.name for row in rows] == ["Alpha", "Alpha 2", "Backup", "Checkout", "Mu", "zeta"]
        assert w.sent() == [f"GET {POLICIES}"] * -(-6 // size)


async def test_list_reads_no_further_than_needed() -> None:
    """Who stops early has asked for no page beyond the one that was being read."""
    async with world() as w:
        await make_policies(w, "Alpha", "Beta", "Gamma")
        rows = w.client.escalation_policies.list(page_size=2)
        assert (await anext(rows)).name == "Alpha"
        await rows.aclose()
        assert len(w.sent()) == 1


@pytest.mark.parametrize("include", [(), PolicyInclude])
async def test_row_is_what_get_returns(include: Any) -> None:
    """A row of the list is the policy as `get` returns it with the same includes."""
    async with world() as w:
        rows = await everything(w.client.escalation_policies.list(include=include))
        assert [row.id for row in rows] == [w.backup, w.policy]
        for row in rows:
            assert isinstance(row, EscalationPolicy)
            alone = await w.client.escalation_policies.get(row.id, include=include)
            assert (row, row.steps, row.teams) == (alone, alone.steps, alone.teams)
        assert isinstance(rows[0].steps[0], ResourceRef) is not include


async def test_row_can_be_written_back() -> None:
    """A row with all that belongs to it is good for an update; one without is refused rather than lossy."""
    async with world() as w:
        before = w.sim.stored("policies", w.policy)
        whole = [row async for row in w.client.escalation_policies.list(include=PolicyInclude)][1]
        await w.client.escalation_policies.update(whole)
        bare = [row async for row in w.client.escalation_policies.list()][1]
        with pytest.raises(LinkError):
            await w.client.escalation_policies.update(bare)
        assert w.sim.stored("policies", w.policy) == before


@pytest.mark.parametrize("said", [{}, {"meta": None}, {"meta": {"page": None}}, {"meta": {"page": {"total": 2}}}])
async def test_list_without_a_word_of_more_reads_until_nothing_comes(said: dict[str, Any]) -> None:
    """Where the server says nothing of further pages, only one that brings nothing new ends the list."""
    first, second = ({"type": "policies", "id": f"p{number}", "attributes": {"name": "x"}} for number in (1, 2))
    async with answering({"data": [first], **said}, {"data": [second], **said}, {"data": []}) as (recorder, client):
        assert [row.id for row in await everything(client.escalation_policies.list())] == ["p1", "p2"]
        assert len(recorder.bodies) == 3
    async with answering({"data": [first], **said}) as (recorder, client):
        assert [row.id for row in await everything(client.escalation_policies.list())] == ["p1"]
        assert len(recorder.bodies) == 2


@pytest.mark.parametrize(("field", "value"), [("page_size", 101), ("page_size", 0), ("include", "steps")])
async def test_bad_argument_is_refused_locally(field: str, value: Any) -> None:
    """A page size or an include that the list does not have is an OptionsError that names it; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError) as raised:
            await everything(w.client.escalation_policies.list(**{field: value}))
        assert raised.value.field == field
        assert w.sent() == []

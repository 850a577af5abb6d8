"""Deleting alert groups: what they say, or all of it; the server does it a moment later."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import BadRequest, NotFound, OptionsError
from aiooncall.grafana import AlertGroupState, DeleteMode
from aiooncall.simulator import FaultKind, GrafanaOptions
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from aiooncall import GrafanaOnCall
    from aiooncall.simulator import Simulator


@pytest.mark.parametrize("mode", [DeleteMode.WIPE, "wipe", None])
async def test_wiped_group_stays(mode: Any) -> None:
    """Wiping, which is what happens unless asked otherwise, clears a group and resolves it a moment later."""
    async with grafana_world(GrafanaOptions(delete_delay=5.0)) as world:
        (group_id,) = world.groups(["Down"])
        await world.client.alert_groups.delete(group_id, **({} if mode is None else {"mode": mode}))
        assert world.body() == {"mode": "wipe"}
        assert (await world.client.alert_groups.get(group_id)).title == "Down"
        await world.clock.sleep(6.0)
        group = await world.client.alert_groups.get(group_id)
        assert (group.title, group.state) == (None, AlertGroupState.RESOLVED)


@pytest.mark.parametrize("mode", [DeleteMode.DELETE, "delete"])
async def test_deleted_group_goes(mode: Any) -> None:
    """Deleting takes a group away a moment later; deleting it then is NotFound."""
    async with grafana_world(GrafanaOptions(delete_delay=5.0)) as world:
        (group_id,) = world.groups(["Down"])
        await world.client.alert_groups.delete(group_id, mode=mode)
        assert world.body() == {"mode": "delete"}
        assert (await world.client.alert_groups.get(group_id)).title == "Down"
        await world.clock.sleep(6.0)
        for call in (world.client.alert_groups.get(group_id), world.client.alert_groups.delete(group_id, mode=mode)):
            with pytest.raises(NotFound):
                await call


@pytest.mark.parametrize("kind", [FaultKind.DROP_AFTER, FaultKind.ERROR_AFTER, FaultKind.DROP_BEFORE])
@pytest.mark.parametrize("mode", list(DeleteMode))
async def test_delete_is_repeated(mode: DeleteMode, kind: FaultKind) -> None:
    """A delete whose answer was lost is sent again; that the group is gone by then is a success."""
    async with grafana_world(GrafanaOptions(delete_delay=0.0)) as world:
        (group_id,) = world.groups(["Down"])
        world.fail("DELETE", f"alert_groups/{group_id}/", kind)
        await world.client.alert_groups.delete(group_id, mode=mode)
        assert len(world.requests("DELETE")) == 2
        assert world.sim.ledger.unfinished() == []


@pytest.mark.parametrize("mode", ["", "Wipe", "all", None, 7])
async def test_bad_mode_is_refused_here(sim: Simulator, gf: GrafanaOnCall, mode: Any) -> None:
    """A mode that is neither of the two is an OptionsError, for one group and for many; nothing is sent."""
    with pytest.raises(OptionsError, match="mode"):
        await gf.alert_groups.delete("I1", mode=mode)
    with pytest.raises(OptionsError, match="mode"):
        gf.alert_groups.delete_many(["I1"], mode=mode)
    assert sim.ledger.requests == []


async def test_very_old_group_can_only_be_wiped(sim: Simulator, gf: GrafanaOnCall) -> None:
    """The server's refusal to delete a group of long ago is a BadRequest; wiping it works."""
    old = sim.grafana.add_alert_group("Down", created_at=datetime(2020, 7, 1, tzinfo=UTC).timestamp())
    with pytest.raises(BadRequest, match="wiped"):
        await gf.alert_groups.delete(old, mode="delete")
    await gf.alert_groups.delete(old)
    assert sim.ledger.count("wipe", old) == 1

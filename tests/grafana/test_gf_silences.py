"""How long alert groups are silenced, and when one counts as silenced just now."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import AmbiguousOutcome, OptionsError
from aiooncall.simulator import FaultKind
from tests.support.grafana_client import grafana_world
from tests.support.virtual_time import EPOCH

if TYPE_CHECKING:
    from aiooncall import GrafanaOnCall
    from aiooncall.simulator import Simulator

DURATIONS: Final[list[tuple[Any, int]]] = [
    (1, 1), (90.0, 90), (86_400 * 400, 34_560_000), (timedelta(hours=2), 7200), (timedelta(seconds=1), 1), (None, -1),
]  # fmt: skip


@pytest.mark.parametrize(("duration", "delay"), DURATIONS)
async def test_silence_lasts(duration: Any, delay: int) -> None:
    """A silence travels as whole seconds, as -1 for ever, and ends in time, for one group and for many."""
    async with grafana_world() as world:
        one, other = world.groups(["one", "other"])
        await world.client.alert_groups.silence(one, duration)
        assert world.body() == {"delay": delay}
        await world.client.alert_groups.silence_many([other], duration)
        assert world.body() == {"delay": delay}
        wait, after = (86_400.0 * 30, "silenced") if duration is None else (delay + 1.0, "firing")
        await world.clock.sleep(wait)
        assert {(await world.client.alert_groups.get(group)).state for group in (one, other)} == {after}


@pytest.mark.parametrize(
    "bad",
    [
        *(0, -1, -60, 0.5, 1.5, float("nan"), float("inf"), 1e10, True, "60", b"60", [60]),
        *(timedelta(0), timedelta(seconds=-60), timedelta(milliseconds=1500)),
    ],
    ids=repr,
)
async def test_bad_duration_is_refused_here(sim: Simulator, gf: GrafanaOnCall, bad: Any) -> None:
    """A silence of nothing, less, a part of a second or no number is an OptionsError; nothing is sent."""
    with pytest.raises(OptionsError, match="duration"):
        await gf.alert_groups.silence("I1", bad)
    with pytest.raises(OptionsError, match="duration"):
        gf.alert_groups.silence_many(["I1"], bad)
    assert sim.ledger.requests == []


@pytest.mark.parametrize("kind", [FaultKind.DROP_BEFORE, FaultKind.DROP_AFTER])
@pytest.mark.parametrize("age", [120.0, 86_400.0])
async def test_old_silence_is_not_taken_for_the_new_one(kind: FaultKind, age: float) -> None:
    """A group that was silenced long before does not show that it was silenced now; one silenced anew does."""
    async with grafana_world() as world:
        group = world.sim.grafana.add_alert_group("Down", state="silenced", created_at=EPOCH - age)
        world.fail("POST", f"alert_groups/{group}/silence/", kind)
        if kind is FaultKind.DROP_BEFORE:
            with pytest.raises(AmbiguousOutcome):
                await world.client.alert_groups.silence(group, 60)
        else:
            await world.client.alert_groups.silence(group, 60)
        assert len(world.requests("POST")) == 1
        assert world.sim.ledger.count("silence", group) == (kind is FaultKind.DROP_AFTER)

"""Pages whose answer was lost: how the new alert group is told from others, and what a failed look means."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import AmbiguousOutcome
from aiooncall.grafana import Alert, AlertGroup
from aiooncall.grafana.resources.paging import _says
from aiooncall.simulator import Fault, FaultKind
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from aiooncall import GrafanaOnCall
    from aiooncall.simulator import Simulator

SAID: Final[list[dict[str, str]]] = [
    {"title": "<b>It's & down</b>"},
    {"title": 'the "disk" is > 90 % & rising', "message": "a < b"},
    {"title": "R&D's database is down", "message": """File '<stdin>', line 1\n  raise Error("a" > 'b')\n"""},
    {"title": "&lt;already escaped&gt;"},
    {"title": " spaces around\n"},
    {"title": "überlauf 火事"},
    {"source_url": "https://example.com/?a=1&b=<2>"},
    {"title": "Down", "message": "m", "source_url": "https://github.com/myorg/myrepo/issues/123#x"},
]


texts = st.text(st.sampled_from(" \n\"'&<>;ax\u00a0é"), min_size=1).filter(str.strip)


def kept_by_engine(text: str) -> str:
    """Return a text as the engine keeps it."""
    return text.strip().replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@pytest.mark.parametrize("said", SAID)
async def test_lost_page_is_found_by_what_it_said(said: dict[str, Any]) -> None:
    """A lost page is found by its title, message and source whatever signs they have, and no similar one is taken."""
    async with grafana_world() as world:
        team = world.sim.grafana.add_team("SRE")
        for key, value in said.items():
            await world.client.paging.page(team=team, **{**said, key: f"{value.strip()}-similar"})
        world.fail("POST", "escalation/", FaultKind.DROP_AFTER)
        group = await world.client.paging.page(team=team, **said, reconcile=True)
        assert group.reconciled
        assert group.id == world.sim.ledger.effects[-1].page_id
        assert len(world.requests("POST")) == len(said) + 1


@given(title=texts, message=texts)
def test_any_text_is_found_again(title: str, message: str) -> None:
    """Whatever texts a page had, its group has them as the engine keeps them, and is known by them."""
    said = {"title": title, "message": message, "source_url": None}
    kept = {name: kept_by_engine(text) for name, text in (("title", title), ("message", message))}
    alert = Alert(id="A1", payload={"oncall": {**kept, "permalink": None}})
    assert _says(AlertGroup(id="I1", state="firing", last_alert=alert), said)
    assert not _says(AlertGroup(id="I1", state="firing", last_alert=alert), {**said, "title": f"{title}'"})


async def test_server_may_trim_what_was_said(sim: Simulator, gf: GrafanaOnCall) -> None:
    """A group whose title the server trimmed is still the one."""
    group = await gf.paging.page(team=sim.grafana.add_team("SRE"), title="a & b")
    assert group.alert_group is not None
    assert _says(group.alert_group, {"title": " a & b\n", "message": None, "source_url": None})
    assert not _says(group.alert_group, {"title": "a &", "message": None, "source_url": None})


@pytest.mark.parametrize("age", [90.0, 3600.0, 86_400.0])
async def test_older_equal_group_is_not_taken(age: float) -> None:
    """An equal page from before is not the result of one that never happened."""
    async with grafana_world() as world:
        ann = world.sim.grafana.add_user("ann")
        await world.client.paging.page(users=[ann], title="Down", message="m")
        await asyncio.sleep(age)
        world.fail("POST", "escalation/", FaultKind.DROP_BEFORE)
        with pytest.raises(AmbiguousOutcome):
            await world.client.paging.page(users=[ann], title="Down", message="m", reconcile=True)
        assert world.paged() == [ann]


async def test_newer_one_of_two_equal_groups_is_taken() -> None:
    """When an equal group is there from before, the new one is found."""
    async with grafana_world() as world:
        ann = world.sim.grafana.add_user("ann")
        first = await world.client.paging.page(users=[ann], title="Down")
        await asyncio.sleep(5.0)
        world.fail("POST", "escalation/", FaultKind.DROP_AFTER)
        second = await world.client.paging.page(users=[ann], title="Down", reconcile=True)
        assert world.sim.ledger.pages_by_title("Down") == [first.id, second.id]


@pytest.mark.parametrize("skew", [-30.0, 600.0])
async def test_lost_page_is_found_by_a_wrong_clock(skew: float) -> None:
    """A server whose clock is half a minute behind ours, or ten minutes ahead, does not hide the new group."""
    async with grafana_world(clock_skew=skew) as world:
        world.fail("POST", "escalation/", FaultKind.DROP_AFTER)
        ann = world.sim.grafana.add_user("ann")
        group = await world.client.paging.page(users=[ann], title="Down", reconcile=True)
        assert world.sim.ledger.pages_by_title("Down") == [group.id]


async def test_lost_page_is_found_among_many() -> None:
    """The new group is found on whatever page of the list it stands."""
    async with grafana_world() as world:
        world.fail("POST", "escalation/", FaultKind.SLOW)
        for number in range(130):
            world.sim.grafana.add_alert_group(f"other {number}", created_at=world.clock.time() + 5.0)
        ann = world.sim.grafana.add_user("ann")
        group = await world.client.paging.page(users=[ann], title="Down", reconcile=True)
        assert world.sim.ledger.pages_by_title("Down") == [group.id]
        assert len(world.requests("GET", "alert_groups/")) == 2


@pytest.mark.parametrize(
    "fault", [Fault(FaultKind.ERROR_BEFORE, status=403), Fault(FaultKind.EMPTY_OK)], ids=lambda fault: fault.kind
)
async def test_look_that_fails_proves_nothing(fault: Fault) -> None:
    """A list that is refused or unreadable is asked for again; the page is found, or in doubt, and sent once."""
    async with grafana_world() as world:
        ann = world.sim.grafana.add_user("ann")
        for looks in ([fault] * 2, [fault] * 99):
            world.fail("POST", "escalation/", FaultKind.DROP_AFTER)
            world.fail("GET", "alert_groups/", *looks)
            if len(looks) == 2:
                assert (await world.client.paging.page(users=[ann], title="a", reconcile=True)).reconciled
            else:
                with pytest.raises(AmbiguousOutcome):
                    await world.client.paging.page(users=[ann], title="b", reconcile=True)
        assert world.paged() == [ann, ann]
        assert world.sim.ledger.doubled() == []

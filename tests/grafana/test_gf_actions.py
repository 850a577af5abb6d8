"""What can be done to alert groups, in every state and through every fault, with the ledger as judge."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import pytest

from aiooncall import AmbiguousOutcome, ApiError, Conflict, NotFound, TransportError
from aiooncall.grafana import AlertGroupState
from aiooncall.simulator import Fault, FaultKind
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from tests.support.grafana_client import GrafanaWorld

# For each action: what it takes besides the group, a state that it changes, and into which.
VERBS: Final[dict[str, tuple[dict[str, Any], Any, str]]] = {
    "acknowledge": ({}, "firing", "acknowledged"),
    "unacknowledge": ({}, "acknowledged", "firing"),
    "resolve": ({}, "firing", "resolved"),
    "unresolve": ({}, "resolved", "firing"),
    "silence": ({"duration": 60}, "firing", "silenced"),
    "unsilence": ({}, "silenced", "firing"),
}
DONE, FINE, CONFLICT = "done", "fine already", "conflict"
# For each action: what comes of it in each state, and the state then, as the vendor's page and the docstrings have it.
TABLE: Final[dict[str, dict[str, tuple[str, str]]]] = {
    "acknowledge": {
        "firing": (DONE, "acknowledged"),
        "acknowledged": (FINE, "acknowledged"),
        "silenced": (DONE, "acknowledged"),
        "resolved": (CONFLICT, "resolved"),
    },
    "unacknowledge": {
        "firing": (FINE, "firing"),
        "acknowledged": (DONE, "firing"),
        "silenced": (FINE, "silenced"),
        "resolved": (CONFLICT, "resolved"),
    },
    "resolve": {
        "firing": (DONE, "resolved"),
        "acknowledged": (DONE, "resolved"),
        "silenced": (DONE, "resolved"),
        "resolved": (FINE, "resolved"),
    },
    "unresolve": {
        "firing": (FINE, "firing"),
        "acknowledged": (FINE, "acknowledged"),
        "silenced": (FINE, "silenced"),
        "resolved": (DONE, "firing"),
    },
    "silence": {
        "firing": (DONE, "silenced"),
        "acknowledged": (CONFLICT, "acknowledged"),
        "silenced": (DONE, "silenced"),
        "resolved": (CONFLICT, "resolved"),
    },
    "unsilence": {
        "firing": (FINE, "firing"),
        "acknowledged": (CONFLICT, "acknowledged"),
        "silenced": (DONE, "firing"),
        "resolved": (CONFLICT, "resolved"),
    },
}
ROWS: Final = [(verb, state, *end) for verb, ends in TABLE.items() for state, end in ends.items()]
UNDONE: Final = [
    Fault(FaultKind.ERROR_BEFORE, status=502),
    Fault(FaultKind.ERROR_BEFORE, status=500, html=True),
    Fault(FaultKind.DROP_BEFORE),
]
UNHEARD: Final = [
    Fault(FaultKind.ERROR_AFTER, status=504),
    Fault(FaultKind.ERROR_AFTER, status=500, html=True),
    Fault(FaultKind.DROP_AFTER),
    Fault(FaultKind.SLOW, delay=60.0),
]
REFUSED: Final = [
    Fault(FaultKind.THROTTLE),
    Fault(FaultKind.THROTTLE_BARE),
    Fault(FaultKind.THROTTLE_HTML),
]
STRANGE: Final = [
    Fault(FaultKind.EMPTY_OK),
    Fault(FaultKind.GARBAGE_HEADERS),
    Fault(FaultKind.HUGE_BODY, size=300_000),
    Fault(FaultKind.SLOW_BODY, delay=60.0),
    Fault(FaultKind.TRUNCATED_BODY),
]


def name(fault: Fault) -> str:
    """Return a readable test id."""
    return f"{fault.kind}-{fault.status or ''}{'-html' if fault.html else ''}".strip("-")


async def act(world: GrafanaWorld, verb: str, group: str) -> None:
    """Carry out an action."""
    await getattr(world.client.alert_groups, verb)(group, **VERBS[verb][0])


def sends(world: GrafanaWorld, verb: str) -> int:
    """Return how often an action was sent."""
    return sum(record.path.endswith(f"/{verb}/") for record in world.requests("POST"))


def reads(world: GrafanaWorld) -> int:
    """Return how often a group was read."""
    return len(world.requests("GET"))


async def state(world: GrafanaWorld, group: str) -> str:
    """Return the state of a group."""
    return str((await world.client.alert_groups.get(group)).state)


def test_table_is_whole() -> None:
    """The table below has every action in every state."""
    assert len(ROWS) == len(VERBS) * len(AlertGroupState) == 24


@pytest.mark.parametrize(("verb", "before", "end", "after"), ROWS)
async def test_every_action_in_every_state(verb: Any, before: Any, end: str, after: str) -> None:
    """An action works, or the group is as wanted already, or it is a Conflict that tells the state; it is sent once."""
    async with grafana_world() as world:
        group = world.sim.grafana.add_alert_group("Down", state=before)
        if end == CONFLICT:
            with pytest.raises(Conflict, match=f"the alert group is {before}") as raised:
                await act(world, verb, group)
            assert (raised.value.status, raised.value.method, raised.value.attempts) == (400, "POST", 1)
            assert raised.value.route.endswith(f"{verb}/")
            assert len(raised.value.errors) == 2
        else:
            await act(world, verb, group)
        assert (sends(world, verb), reads(world)) == (1, 0 if end == DONE else 1)
        assert world.sim.ledger.count(verb, group) == (1 if end == DONE else 0)
        assert await state(world, group) == after


async def test_life_of_a_group() -> None:
    """A group goes through all its states and back, and each action is done once."""
    async with grafana_world() as world:
        (group,) = world.groups(["Down"])
        steps = ["silence", "unsilence", "silence", "acknowledge", "unacknowledge", "acknowledge", "resolve"]
        for verb in (*steps, "unresolve"):
            await act(world, verb, group)
        assert [effect.action for effect in world.sim.ledger.effects] == [*steps, "unresolve"]
        fresh = await world.client.alert_groups.get(group)
        assert fresh.state is AlertGroupState.FIRING
        assert (fresh.acknowledged_at, fresh.silenced_at, fresh.resolved_at) == (None, None, None)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", STRANGE, ids=name)
async def test_answer_without_a_meaning_is_a_success(verb: Any, fault: Fault) -> None:
    """A success is one whatever its body and headers are: nothing is read, and nothing repeated."""
    async with grafana_world(client={"max_response_bytes": 200_000}) as world:
        _, before, after = VERBS[verb]
        group = world.sim.grafana.add_alert_group("Down", state=before)
        world.fail("POST", f"alert_groups/{group}/{verb}/", fault)
        await act(world, verb, group)
        assert (sends(world, verb), reads(world)) == (1, 0)
        assert await state(world, group) == after


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", REFUSED, ids=name)
async def test_refused_action_is_sent_again(verb: Any, fault: Fault) -> None:
    """An action that the server surely refused is sent again, and done once."""
    async with grafana_world() as world:
        group = world.sim.grafana.add_alert_group("Down", state=VERBS[verb][1])
        world.fail("POST", f"alert_groups/{group}/{verb}/", fault)
        await act(world, verb, group)
        assert (sends(world, verb), world.sim.ledger.count(verb, group)) == (2, 1)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", UNHEARD, ids=name)
async def test_action_that_was_done_is_seen(verb: Any, fault: Fault) -> None:
    """When the answer is lost, the group tells that the action was done; it is sent once."""
    async with grafana_world() as world:
        group = world.sim.grafana.add_alert_group("Down", state=VERBS[verb][1])
        world.fail("POST", f"alert_groups/{group}/{verb}/", fault)
        await act(world, verb, group)
        assert (sends(world, verb), reads(world)) == (1, 1)
        assert world.sim.ledger.count(verb, group) == 1


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("fault", UNDONE, ids=name)
async def test_action_that_was_not_done_stays_in_doubt(verb: Any, fault: Fault) -> None:
    """When the group does not show the action within the settle time, it stays in doubt; it is sent once."""
    async with grafana_world(client={"reconcile_timeout": 5.0}) as world:
        before = VERBS[verb][1]
        group = world.sim.grafana.add_alert_group("Down", state=before)
        world.fail("POST", f"alert_groups/{group}/{verb}/", fault)
        with pytest.raises(AmbiguousOutcome) as raised:
            await act(world, verb, group)
        assert isinstance(raised.value.__cause__, (ApiError, TransportError))
        assert (sends(world, verb), world.sim.ledger.count(verb, group)) == (1, 0)
        assert reads(world) > 2
        assert 3.0 < world.requests()[-1].at - world.requests()[0].at <= 5.5
        assert await state(world, group) == before


@pytest.mark.parametrize(("verb", "before", "end", "after"), [row for row in ROWS if row[2] == FINE])
async def test_doubt_does_not_matter_when_all_is_well(verb: Any, before: Any, end: str, after: str) -> None:
    """A group that is as wanted makes an action in doubt a success, whoever brought it there."""
    async with grafana_world() as world:
        group = world.sim.grafana.add_alert_group("Down", state=before)
        world.fail("POST", f"alert_groups/{group}/{verb}/", FaultKind.DROP_BEFORE)
        await act(world, verb, group)
        assert (sends(world, verb), await state(world, group)) == (1, after)


@pytest.mark.parametrize("looks", [1, 99])
async def test_look_that_fails_proves_nothing(looks: int) -> None:
    """A group that cannot be read does not settle a doubt: it is read again, or the action stays in doubt."""
    async with grafana_world() as world:
        (group,) = world.groups(["Down"])
        world.fail("POST", f"alert_groups/{group}/acknowledge/", FaultKind.DROP_AFTER)
        world.fail("GET", f"alert_groups/{group}/", *[Fault(FaultKind.ERROR_BEFORE, status=403)] * looks)
        if looks == 1:
            await act(world, "acknowledge", group)
        else:
            with pytest.raises(AmbiguousOutcome):
                await act(world, "acknowledge", group)
        assert (sends(world, "acknowledge"), world.sim.ledger.count("acknowledge", group)) == (1, 1)


async def test_group_that_is_gone_meanwhile() -> None:
    """A refusal of a group that is gone when it is read is NotFound."""
    async with grafana_world() as world:
        group = world.sim.grafana.add_alert_group("Down", state="resolved")
        world.fail("GET", f"alert_groups/{group}/", Fault(FaultKind.ERROR_BEFORE, status=404))
        with pytest.raises(NotFound):
            await act(world, "acknowledge", group)


@pytest.mark.parametrize("verb", VERBS)
async def test_same_action_from_many_sides(verb: Any) -> None:
    """Eight at once who want the same all succeed, and it is done once, a silence once for each."""
    async with grafana_world() as world:
        group = world.sim.grafana.add_alert_group("Down", state=VERBS[verb][1])
        await asyncio.gather(*(act(world, verb, group) for _ in range(8)))
        assert world.sim.ledger.count(verb, group) == (8 if verb == "silence" else 1)
        assert await state(world, group) == VERBS[verb][2]


async def test_redirected_action_is_refused() -> None:
    """A redirect is not followed, and leaves a doubt that the group does not take away."""
    async with grafana_world() as world:
        (group,) = world.groups(["Down"])
        world.fail("POST", f"alert_groups/{group}/resolve/", FaultKind.REDIRECT)
        with pytest.raises(AmbiguousOutcome, match="redirects are not followed"):
            await act(world, "resolve", group)
        assert world.sim.elsewhere == []
        assert (len(world.requests("POST")), world.sim.ledger.count("resolve")) == (1, 0)

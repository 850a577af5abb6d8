"""Failures of Grafana OnCall: a page of HTML with a 500 is a crash that comes again, all else passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import AmbiguousOutcome, RetryPolicy, ServerError
from aiooncall.grafana import EscalationChain
from aiooncall.simulator import Fault, FaultKind
from tests.support.grafana_client import grafana_world

if TYPE_CHECKING:
    from tests.support.grafana_client import GrafanaWorld

CRASH = Fault(FaultKind.ERROR_BEFORE, status=500, html=True)
ERROR = Fault(FaultKind.ERROR_BEFORE, status=500)


def error(status: int, *, html: bool = False) -> Fault:
    """Return an error that nothing came of."""
    return Fault(FaultKind.ERROR_BEFORE, status=status, html=html)


async def get(world: GrafanaWorld) -> object:
    """Read something."""
    return await world.client.users.get("current")


async def fail(world: GrafanaWorld, *faults: Fault | None) -> ServerError:
    """Return what becomes of reading through `faults`."""
    world.fail("GET", "users/current/", *faults)
    with pytest.raises(ServerError) as raised:
        await get(world)
    return raised.value


async def test_a_crash_is_tried_once_more() -> None:
    """A read that makes the server crash is sent twice, and no more."""
    async with grafana_world() as world:
        failed = await fail(world, *[CRASH] * 9)
        assert (failed.status, failed.attempts, len(world.requests())) == (500, 2, 2)


@pytest.mark.parametrize("between", [[], [error(503)], [ERROR], [error(502, html=True)]])
async def test_a_crash_that_passes(between: list[Fault]) -> None:
    """One crash, alone or among other failures, is got over."""
    async with grafana_world() as world:
        world.fail("GET", "users/current/", CRASH, *between)
        await get(world)
        assert len(world.requests()) == 2 + len(between)


async def test_crashes_are_counted_among_other_failures() -> None:
    """The second crash is the last, whatever came between."""
    async with grafana_world() as world:
        assert (await fail(world, CRASH, error(503), CRASH, None)).attempts == 3


@pytest.mark.parametrize(
    "fault", [ERROR, *[error(status, html=html) for status in (502, 503, 504) for html in (False, True)]]
)
@pytest.mark.parametrize("most", [1, 4, 6])
async def test_other_failures_are_tried_as_told(fault: Fault, most: int) -> None:
    """A 500 in JSON, and 502 to 504 in any form, are repeated as often as the policy says."""
    async with grafana_world(client={"retry": RetryPolicy(max_attempts=most)}) as world:
        failed = await fail(world, *[fault] * 9)
        assert (failed.status, failed.attempts, len(world.requests())) == (fault.status, most, most)


async def test_policy_of_one_attempt_holds_for_crashes() -> None:
    """Who wants one attempt gets one."""
    async with grafana_world(client={"retry": RetryPolicy(max_attempts=1)}) as world:
        assert (await fail(world, CRASH, None)).attempts == 1


@pytest.mark.parametrize("status", [400, 404, 405, 501])
@pytest.mark.parametrize("html", [True, False])
async def test_what_is_no_failure_in_passing_is_not_repeated(status: int, html: bool) -> None:
    """A refusal is final, in HTML or JSON."""
    async with grafana_world() as world:
        world.fail("GET", "users/current/", error(status, html=html))
        with pytest.raises(Exception, match=str(status)):
            await get(world)
        assert len(world.requests()) == 1


@pytest.mark.parametrize("fault", [CRASH, ERROR, error(503), error(504, html=True)])
async def test_what_must_not_be_repeated_is_sent_once(fault: Fault) -> None:
    """A creation that ends in any of these is in doubt after one request, and its cause says why."""
    async with grafana_world() as world:
        world.fail("POST", "escalation_chains/", fault)
        with pytest.raises(AmbiguousOutcome) as raised:
            await world.client.escalation_chains.create(EscalationChain(name="c"))
        cause: Any = raised.value.__cause__
        assert (type(cause), cause.status, len(world.requests())) == (ServerError, fault.status, 1)


@pytest.mark.parametrize("repeat", ["update", "patch", "delete"])
async def test_writes_that_may_be_repeated(repeat: str) -> None:
    """Changing and deleting are repeated once after a crash, and once is enough if it passes."""
    async with grafana_world() as world:
        chain: Any = await world.client.escalation_chains.create(EscalationChain(name="c"))
        method = {"update": "PUT", "patch": "PATCH", "delete": "DELETE"}[repeat]
        world.fail(method, f"escalation_chains/{chain.id}/", CRASH, CRASH)
        call = getattr(world.client.escalation_chains, repeat)
        with pytest.raises(ServerError):
            await call(chain.id if repeat == "delete" else chain)
        assert len(world.requests(method)) == 2
        world.fail(method, f"escalation_chains/{chain.id}/", CRASH)
        await call(chain.id if repeat == "delete" else chain)
        assert len(world.requests(method)) == 4


async def test_a_crash_in_a_list() -> None:
    """A list whose page crashes twice raises that after what was read before."""
    async with grafana_world() as world:
        for number in range(30):
            world.sim.grafana.add_team(f"team {number}")
        world.fail("GET", "teams/", None, None, CRASH, CRASH)
        seen: list[str] = []
        with pytest.raises(ServerError):
            async for team in world.client.teams.list(page_size=10):
                seen.append(team.id)  # noqa: PERF401 (what came before the error is what counts)
        assert (len(seen), len(world.requests())) == (20, 4)

"""One deadline over everything that one call of the user's does: waits, look-ups, and calls that follow from it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest

from aiooncall import (
    AmbiguousOutcome,
    ApiError,
    ClientClosed,
    ClientOptions,
    DatadogOnCall,
    DeadlineExceeded,
    GraphTooLarge,
    OptionsError,
    RetryPolicy,
    TeamHandle,
)
from aiooncall.client.composite import MOST_LEVELS, MOST_READS
from aiooncall.datadog import EscalationPolicy, EscalationStep, Schedule
from aiooncall.grafana import MaintenanceMode, Webhook
from aiooncall.simulator import Fault, FaultKind
from aiooncall.transport.deadline_scope import current_deadline, one_deadline
from tests.support.datadog_world import world
from tests.support.grafana_calls import furnished
from tests.support.raw_server import RawServer, answer
from tests.support.virtual_time import VirtualClock

if TYPE_CHECKING:
    from aiooncall import GrafanaOnCall
    from aiooncall.simulator import Simulator
    from tests.support.raw_server import RawConnection

SILENT = [Fault(FaultKind.SLOW, delay=10_000.0)] * 99
UNDONE = Fault(FaultKind.DROP_BEFORE)


def fail_all(sim: Simulator, *faults: Fault) -> None:
    """Give all requests to come these faults."""
    for method in ("GET", "POST", "PUT"):
        sim.faults.script(method, "*", *faults)


@pytest.mark.parametrize("deadline", [2.0, 7.0, 40.0])
async def test_silent_server_and_a_create(
    sim: Simulator, dd: DatadogOnCall, clock: VirtualClock, deadline: float
) -> None:
    """Sending and looking together take no longer than the deadline, even if the looks are not answered either."""
    fail_all(sim, *SILENT)
    with pytest.raises(AmbiguousOutcome):
        await dd.with_options(deadline=deadline).pages.create("x", target=TeamHandle("storage"), dedup_key="k")
    assert clock.monotonic() <= deadline + 0.01


@pytest.mark.parametrize("deadline", [2.0, 7.0])
async def test_looking_ends_with_the_deadline(
    sim: Simulator, dd: DatadogOnCall, gf: GrafanaOnCall, clock: VirtualClock, deadline: float
) -> None:
    """A doubt that comes early is looked into until the deadline, and not for the whole `reconcile_timeout`."""
    sim.faults.script("POST", "*", *[UNDONE] * 9)
    group = sim.grafana.add_alert_group("Down")
    dd, gf = dd.with_options(deadline=deadline), gf.with_options(deadline=deadline)
    calls: list[Any] = [
        lambda: dd.pages.create("x", target=TeamHandle("storage"), dedup_key="k"),
        lambda: gf.alert_groups.resolve(group),
        lambda: gf.paging.page(users=["U1"], title="x", reconcile=True),
    ]
    for call in calls:
        started, looked = clock.monotonic(), len(sim.ledger.requests)
        with pytest.raises(AmbiguousOutcome):
            await call()
        assert deadline - 0.01 <= clock.monotonic() - started <= deadline + 0.01
        assert len(sim.ledger.requests) - looked > 3


async def test_reconcile_timeout_is_the_shorter_one(sim: Simulator, dd: DatadogOnCall, clock: VirtualClock) -> None:
    """With time enough it is `reconcile_timeout` that ends the looking."""
    sim.faults.script("POST", "*", UNDONE)
    with pytest.raises(AmbiguousOutcome):
        await dd.pages.create("x", target=TeamHandle("storage"), dedup_key="k")
    assert 15.0 <= clock.monotonic() <= 15.1


async def test_answers_of_several_calls_share_the_deadline() -> None:
    """A question that takes several calls takes no longer than the deadline of one, however slow each is."""
    async with world() as w:
        w.sim.faults.script("GET", "*", *[Fault(FaultKind.SLOW, delay=3.0)] * 99)
        clock = w.client.options.clock
        hasty = w.client.with_options(deadline=5.0)
        policy = await w.client.escalation_policies.get(w.policy)
        questions: list[Any] = [lambda: hasty.who_is_on_call(team=w.payments), lambda: hasty.hydrate(policy)]
        for ask in questions:
            started = clock.monotonic()
            with pytest.raises(DeadlineExceeded):
                await ask()
            assert clock.monotonic() - started <= 5.01


@pytest.mark.parametrize(
    "name", ["who", "act that was refused", "maintenance that was done", "webhook without its filter"]
)
async def test_grafana_calls_that_are_followed_by_another(name: str) -> None:
    """What reads before it writes, or after, has one deadline for both."""
    async with furnished() as (w, ids):
        hasty = w.client.with_options(deadline=5.0, timeout=4.0)
        slow = [Fault(FaultKind.SLOW, delay=3.0)]
        calls: dict[str, Any] = {
            "who": lambda: hasty.who_is_on_call(team=ids.team),
            "act that was refused": lambda: hasty.alert_groups.acknowledge(ids.resolved),
            "maintenance that was done": lambda: hasty.integrations.start_maintenance(
                ids.integrations, mode=MaintenanceMode.DEBUG, duration=60
            ),
            "webhook without its filter": lambda: hasty.webhooks.update(
                Webhook(
                    id=ids.webhooks, name="n", url="https://example.com", http_method="POST", trigger_type="resolve"
                )
            ),
        }
        first = [Fault(FaultKind.DROP_AFTER)] if name.startswith("maintenance") else slow
        w.sim.faults.script("POST", "*", *first)
        fail_all(w.sim, *slow * 99)
        with pytest.raises(DeadlineExceeded):
            await calls[name]()
        assert w.clock.monotonic() <= 5.01


async def test_bulk_work_has_no_deadline(sim: Simulator, gf: GrafanaOnCall, clock: VirtualClock) -> None:
    """A job's calls wait as long as they must, and what is in doubt is looked into for the whole time."""
    sim.faults.script("POST", "*", UNDONE)
    group = sim.grafana.add_alert_group("Down")
    report = await gf.with_options(deadline=2.0).alert_groups.resolve_many([group])
    assert report.ambiguous == 1
    assert clock.monotonic() >= 15.0


async def test_view_shares_everything_but_its_bounds(sim: Simulator, dd: DatadogOnCall) -> None:
    """A view uses the client's connections and budget, leaves its bounds alone, and has its own services."""
    page = sim.add_page(title="x")
    view = dd.with_options(deadline=1.0, timeout=0.5, retry=RetryPolicy(max_attempts=1))
    await dd.pages.acknowledge(page)
    assert (view.options.deadline, view.options.timeout, view.options.retry.max_attempts) == (1.0, 0.5, 1)
    assert (dd.options.deadline, dd.options.timeout) == (120.0, 10.0)
    assert view.budgets() == dd.budgets()
    await view.pages.resolve(page)
    assert view.pages is not dd.pages
    assert view.pages is view.pages
    assert view.with_options(timeout=3.0).options.deadline == 1.0
    sim.faults.script("GET", "*", Fault(FaultKind.ERROR_BEFORE, status=502))
    with pytest.raises(ApiError) as raised:
        await view.pages.get(page)
    assert raised.value.attempts == 1


async def test_view_lives_as_long_as_its_client(sim: Simulator, clock: VirtualClock) -> None:
    """A view that was made before its client was opened can be used then, and no longer once either is closed."""
    url = sim.datadog_url
    client = DatadogOnCall("key-0123", "app-0123", api_url=url, paging_url=url, options=ClientOptions(clock=clock))
    view = client.with_options(deadline=None)
    with pytest.raises(ClientClosed):
        await view.pages.get("p")
    async with client:
        await view.pages.get(sim.add_page(title="x"))
        assert view.options.deadline is None
    with pytest.raises(ClientClosed):
        await view.pages.get("p")


async def test_pages_of_one_client_are_told_apart_by_all_its_views(sim: Simulator, gf: GrafanaOnCall) -> None:
    """A group that answered a page of one view is not taken for what came of a lost page of another."""
    ann = sim.grafana.add_user("ann")
    first = await gf.paging.page(users=[ann], title="Down")
    sim.faults.script("POST", "*", UNDONE)
    with pytest.raises(AmbiguousOutcome):
        await gf.with_options(deadline=5.0).paging.page(users=[ann], title="Down", reconcile=True)
    assert sim.ledger.pages_by_title("Down") == [first.id]


@pytest.mark.parametrize("bad", [{"deadline": 0}, {"timeout": -1}, {"timeout": None}, {"retry": 3}, {"deadline": "5"}])
async def test_bad_bound_of_a_view(dd: DatadogOnCall, bad: dict[str, Any]) -> None:
    """A wrong bound is refused where the view is made, by its name."""
    with pytest.raises(OptionsError) as raised:
        dd.with_options(**bad)
    assert raised.value.field in bad


async def test_deadline_binds_no_longer_than_its_block() -> None:
    """What was begun inside and goes on is not held to a deadline that is over; inside, the outer one rules."""
    clock = VirtualClock()
    seen: list[float | None] = []

    async def look_later() -> None:
        await asyncio.sleep(1.0)
        seen.append(None if current_deadline() is None else 0.0)

    with one_deadline(clock, 10.0) as outer:
        later = asyncio.ensure_future(look_later())
        with one_deadline(clock, 99.0) as inner:
            assert inner is outer
        assert current_deadline() is outer
        assert outer.left == pytest.approx(10.0, abs=0.01)
    assert current_deadline() is None
    await later
    assert seen == [None]


async def endless(connection: RawConnection) -> None:
    """Answer each question with a team that leads to a new one."""
    while True:
        request = await connection.read()
        number = len(connection.server.requests)
        if "routing-rules" in request.path:
            action = {"type": "escalation_policy", "policy_id": f"p{number}"}
            rule = {"type": "team_routing_rules", "id": f"r{number}", "attributes": {"actions": [action]}}
            rules = [{"type": "team_routing_rules", "id": f"r{number}"}]
            data = {"type": "team_routing_rules", "id": "t", "relationships": {"rules": {"data": rules}}}
            await connection.write(answer(200, {"data": data, "included": [rule]}))
        else:
            targets = [{"type": "teams", "id": str(UUID(int=2 * number + one))} for one in range(2)]
            step = {"type": "steps", "id": "s", "attributes": {}, "relationships": {"targets": {"data": targets}}}
            steps = {"steps": {"data": [{"type": "steps", "id": "s"}]}}
            data = {"type": "policies", "id": "p", "attributes": {"name": "n"}, "relationships": steps}
            await connection.write(answer(200, {"data": data, "included": [step]}))


async def test_teams_that_lead_to_new_teams_end() -> None:
    """A server that invents new teams with each answer is asked for some levels; then it is an error that says so."""
    options = ClientOptions(clock=VirtualClock(), deadline=None)
    async with RawServer(endless) as server, DatadogOnCall("k", "a", api_url=server.url, options=options) as dd:
        with pytest.raises(GraphTooLarge, match=f"{MOST_LEVELS} levels|things would have to be read"):
            await dd.who_is_on_call(team=str(UUID(int=1)))
        assert 20 < len(server.requests) < 3000


async def test_too_many_things_are_not_begun_with(sim: Simulator, dd: DatadogOnCall) -> None:
    """When too many things would have to be read, none of them is."""
    schedules: list[Any] = [Schedule(id=f"schedule-{number}") for number in range(MOST_READS + 1)]
    policy = EscalationPolicy(name="n", steps=[EscalationStep(targets=schedules)])
    with pytest.raises(GraphTooLarge, match=f"more than {MOST_READS} things"):
        await dd.hydrate(policy)
    assert sim.ledger.requests == []

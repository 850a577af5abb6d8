"""Every way in which the simulator can fail."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
import pytest

from aiooncall.simulator import Fault, FaultKind, FaultPlan, RateRule
from tests.support.datadog_http import PAGES, page_body, simulated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.datadog_http import Caller, Reply

RULE = RateRule("on-call", 10, 60)
RATE_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.fixture
def plan() -> FaultPlan:
    """Return an empty plan."""
    return FaultPlan()


@pytest.fixture
async def caller(plan: FaultPlan) -> AsyncIterator[Caller]:
    """Return a client of a limited simulator that follows the plan."""
    async with simulated(faults=plan, rate_rules=(RULE,)) as (_, caller):
        yield caller


async def test_plan_tells_what_is_pending(plan: FaultPlan, caller: Caller) -> None:
    """A plan lists the scripted faults that have not struck yet; steps without one are no faults."""
    first, second = Fault(FaultKind.ERROR_BEFORE), Fault(FaultKind.EMPTY_OK)
    plan.script("POST", PAGES, first, None, second)
    assert plan.pending() == [("POST", PAGES, first), ("POST", PAGES, second)]
    for left in ([second], [second], []):
        await caller.send("POST", PAGES, json=page_body())
        assert [fault for _, _, fault in plan.pending()] == left


async def create_with(plan: FaultPlan, caller: Caller, fault: Fault) -> Reply:
    """Send a create request that meets a fault."""
    plan.script("POST", PAGES, fault)
    return await caller.send("POST", PAGES, json=page_body())


def created(caller: Caller) -> int:
    """Return how many pages were really created."""
    return caller.sim.ledger.count("create")


async def test_throttle_claims_that_nothing_remains(plan: FaultPlan, caller: Caller) -> None:
    """THROTTLE answers 429 with the rule's headers and remaining 0, commits nothing and uses up nothing."""
    reply = await create_with(plan, caller, Fault(FaultKind.THROTTLE, retry_after="7"))
    after = await caller.send("GET", PAGES)
    assert (reply.status, reply.headers["X-RateLimit-Remaining"], reply.headers["Retry-After"]) == (429, "0", "7")
    assert reply.json == {"errors": ["Too many requests"]}
    assert after.headers["X-RateLimit-Remaining"] == "9"
    assert created(caller) == 0


async def test_throttle_without_a_rule_has_no_headers(plan: FaultPlan) -> None:
    """THROTTLE has nothing to claim where no rule covers the request."""
    async with simulated(faults=plan) as (_, caller):
        reply = await create_with(plan, caller, Fault(FaultKind.THROTTLE))
    assert reply.status == 429
    assert not set(RATE_HEADERS) & set(reply.headers)


async def test_bare_throttle_has_no_headers(plan: FaultPlan, caller: Caller) -> None:
    """THROTTLE_BARE answers 429 and tells nothing more."""
    reply = await create_with(plan, caller, Fault(FaultKind.THROTTLE_BARE))
    assert reply.status == 429
    assert not {*RATE_HEADERS, "Retry-After"} & set(reply.headers)


async def test_html_throttle_is_chunked(plan: FaultPlan, caller: Caller) -> None:
    """THROTTLE_HTML answers 429 with a chunked HTML page and no rate headers."""
    reply = await create_with(plan, caller, Fault(FaultKind.THROTTLE_HTML))
    assert (reply.status, reply.headers["Transfer-Encoding"]) == (429, "chunked")
    assert reply.headers["Content-Type"].startswith("text/html")
    assert reply.body.startswith(b"<!DOCTYPE html>")
    assert not set(RATE_HEADERS) & set(reply.headers)
    assert created(caller) == 0


async def test_error_before_commits_nothing(plan: FaultPlan, caller: Caller) -> None:
    """ERROR_BEFORE answers 503, counts in the window and creates no page."""
    reply = await create_with(plan, caller, Fault(FaultKind.ERROR_BEFORE, retry_after="3"))
    assert (reply.status, reply.headers["Retry-After"]) == (503, "3")
    assert reply.headers["X-RateLimit-Remaining"] == "9"
    assert reply.json == {"errors": ["Service Unavailable"]}
    assert created(caller) == 0


async def test_error_after_commits(plan: FaultPlan, caller: Caller) -> None:
    """ERROR_AFTER answers 504 although the page exists and people were told."""
    reply = await create_with(plan, caller, Fault(FaultKind.ERROR_AFTER))
    assert reply.status == 504
    assert created(caller) == len(caller.sim.ledger.notifications) == 1


async def test_error_bodies_come_in_three_forms(plan: FaultPlan, caller: Caller) -> None:
    """An error's status is free, and its body is text in JSON, objects in JSON or HTML."""
    html = await create_with(plan, caller, Fault(FaultKind.ERROR_BEFORE, status=403, html=True))
    objects = await create_with(plan, caller, Fault(FaultKind.ERROR_BEFORE, status=500, object_errors=True))
    odd = await create_with(plan, caller, Fault(FaultKind.ERROR_BEFORE, status=599))
    assert (html.status, html.body[:15]) == (403, b"<!DOCTYPE html>")
    assert objects.json["errors"][0]["title"] == "Internal Server Error"
    assert (odd.status, odd.json) == (599, {"errors": ["Error"]})


@pytest.mark.parametrize(("kind", "pages"), [(FaultKind.DROP_BEFORE, 0), (FaultKind.DROP_AFTER, 1)])
async def test_drop_gives_no_answer(plan: FaultPlan, caller: Caller, kind: FaultKind, pages: int) -> None:
    """A dropped connection brings no status; only DROP_AFTER has committed."""
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await create_with(plan, caller, Fault(kind))
    record = caller.sim.ledger.requests[-1]
    assert (record.status, record.fault) == (None, kind)
    assert caller.sim.ledger.statuses == {None: 1}
    assert created(caller) == pages
    assert (await caller.send("GET", PAGES)).status == 200


async def test_slow_answer_is_committed_at_once(plan: FaultPlan, caller: Caller) -> None:
    """SLOW answers after the delay; a client that gave up earlier has created the page all the same."""
    loop = asyncio.get_running_loop()
    start = loop.time()
    reply = await create_with(plan, caller, Fault(FaultKind.SLOW, delay=20))
    assert reply.status == 200
    assert loop.time() - start == pytest.approx(20, abs=0.1)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await create_with(plan, caller, Fault(FaultKind.SLOW, delay=20))
    assert created(caller) == 2


async def test_slow_changes_take_effect_all_the_same() -> None:
    """With `slow` a change takes its time, and a read does not; whoever leaves meanwhile has made the change."""
    loop = asyncio.get_running_loop()
    async with simulated(slow=(10.0, 30.0)) as (sim, caller):
        start = loop.time()
        assert (await caller.send("GET", PAGES)).status == 200
        assert loop.time() - start < 1
        took: list[float] = []
        for _ in range(10):
            start = loop.time()
            assert (await caller.send("POST", PAGES, json=page_body())).status == 200
            took.append(loop.time() - start)
        assert 10 <= min(took) < max(took) <= 31
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await caller.send("POST", PAGES, json=page_body())
        assert sim.ledger.count("create") == 10
        await asyncio.sleep(30)
        assert sim.ledger.count("create") == 11


async def test_slow_body_sends_headers_first(plan: FaultPlan, caller: Caller) -> None:
    """SLOW_BODY shows status and headers at once and the body after the delay."""
    plan.script("GET", PAGES, Fault(FaultKind.SLOW_BODY, delay=20))
    loop = asyncio.get_running_loop()
    start = loop.time()
    headers = {"DD-API-KEY": "a", "DD-APPLICATION-KEY": "b"}
    async with caller.session.get(caller.sim.datadog_url + PAGES, headers=headers) as response:
        assert (response.status, loop.time() - start < 1) == (200, True)
        assert (await response.json(content_type=None))["data"] == []
    assert loop.time() - start == pytest.approx(20, abs=0.1)


async def test_truncated_body_ends_early(plan: FaultPlan, caller: Caller) -> None:
    """TRUNCATED_BODY promises more bytes than it sends, for an empty body too; the effect is committed."""
    with pytest.raises(aiohttp.ClientPayloadError):
        await create_with(plan, caller, Fault(FaultKind.TRUNCATED_BODY))
    page_id = caller.sim.ledger.pages_by_title("Down")[0]
    plan.script("POST", "*/resolve", Fault(FaultKind.TRUNCATED_BODY))
    with pytest.raises(aiohttp.ClientPayloadError):
        await caller.act(page_id, "resolve")
    assert caller.sim.ledger.unfinished() == []
    assert caller.sim.ledger.statuses == {200: 1, 202: 1}


async def test_empty_ok_has_no_body(plan: FaultPlan, caller: Caller) -> None:
    """EMPTY_OK commits and answers 200 with nothing in it."""
    reply = await create_with(plan, caller, Fault(FaultKind.EMPTY_OK))
    assert (reply.status, reply.body) == (200, b"")
    assert created(caller) == 1


async def test_redirect_points_elsewhere(plan: FaultPlan, caller: Caller) -> None:
    """REDIRECT answers 307 to the same path at the second origin, which records whoever follows."""
    reply = await create_with(plan, caller, Fault(FaultKind.REDIRECT))
    assert (reply.status, reply.headers["Location"]) == (307, caller.sim.elsewhere_url + PAGES)
    assert (created(caller), caller.sim.elsewhere) == (0, [])
    async with caller.session.get(reply.headers["Location"]) as followed:
        assert followed.status == 200
    assert [(record.method, record.path) for record in caller.sim.elsewhere] == [("GET", PAGES)]


async def test_huge_body_has_the_size_asked_for(plan: FaultPlan, caller: Caller) -> None:
    """HUGE_BODY commits and sends exactly so many bytes of JSON."""
    reply = await create_with(plan, caller, Fault(FaultKind.HUGE_BODY, size=1_000_000))
    assert len(reply.body) == 1_000_000
    assert set(reply.json) == {"padding"}
    assert created(caller) == 1


async def test_huge_body_may_be_abandoned(plan: FaultPlan, caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    """A client that hangs up on a huge body leaves a request without an answer, and a server that goes on quietly."""
    plan.script("GET", PAGES, Fault(FaultKind.HUGE_BODY))
    headers = {"DD-API-KEY": "a", "DD-APPLICATION-KEY": "b"}
    async with caller.session.get(caller.sim.datadog_url + PAGES, headers=headers) as response:
        await response.content.readexactly(10)
        response.close()
    assert (await caller.send("GET", PAGES)).status == 200
    assert caller.sim.ledger.statuses == {None: 1, 200: 1}
    assert caplog.messages == []


async def test_garbage_headers_vary(plan: FaultPlan, caller: Caller) -> None:
    """GARBAGE_HEADERS answers normally with rate headers that make no sense and are not always the same."""
    replies = [await create_with(plan, caller, Fault(FaultKind.GARBAGE_HEADERS)) for _ in range(8)]
    assert {reply.status for reply in replies} == {200}
    seen = {reply.headers["X-RateLimit-Reset"] for reply in replies}
    assert len(seen) > 2
    assert seen <= {"soon", "-5", "1e400", "", "1800000000", "NaN"}
    assert created(caller) == 8


async def test_script_goes_in_order_and_lets_none_through(plan: FaultPlan, caller: Caller) -> None:
    """Scripted faults strike matching requests one after the other; None is a request unharmed, the rest too."""
    error = Fault(FaultKind.ERROR_BEFORE)
    plan.script("POST", f"{PAGES}/*/acknowledge", error, None, error)
    page_id = await caller.create()
    assert (await caller.act(page_id, "resolve")).status == 202
    statuses = [(await caller.act(page_id, "acknowledge")).status for _ in range(4)]
    assert statuses == [503, 202, 503, 202]
    assert plan.injected == {FaultKind.ERROR_BEFORE: 2}
    assert [record.fault for record in caller.sim.ledger.requests].count(FaultKind.ERROR_BEFORE) == 2


async def test_real_refusals_keep_the_script(plan: FaultPlan) -> None:
    """A request that the rate limit or authentication refuses uses up no scripted fault."""
    plan.script("GET", PAGES, None, Fault(FaultKind.ERROR_BEFORE))
    async with simulated(faults=plan, rate_rules=(RateRule("r", 1, 10),)) as (_, caller):
        statuses = [(await caller.send("GET", PAGES)).status for _ in range(2)]
        await asyncio.sleep(10)
        statuses.append((await caller.send("GET", PAGES, headers={})).status)
        statuses.append((await caller.send("GET", PAGES)).status)
    assert statuses == [200, 429, 401, 503]


async def seeded_statuses(seed: int, limit: int | None) -> list[int]:
    """Return what a hundred requests meet under a seeded plan."""
    plan = FaultPlan()
    rates = {Fault(FaultKind.ERROR_BEFORE): 0.1, Fault(FaultKind.THROTTLE_BARE): 0.2}
    plan.seed(seed=seed, rates=rates, methods={"GET"}, path=f"{PAGES}*", limit=limit)
    async with simulated(faults=plan) as (_, caller):
        assert (await caller.act("nobody", "resolve")).status == 404
        statuses = [(await caller.send("GET", PAGES)).status for _ in range(100)]
    assert sum(plan.injected.values()) == sum(status != 200 for status in statuses)
    return statuses


async def test_seeded_faults_repeat_and_stop_at_their_limit() -> None:
    """The same seed gives the same faults at about the asked rates, and no more than the limit."""
    first, again = await seeded_statuses(7, None), await seeded_statuses(7, None)
    assert first == again != await seeded_statuses(8, None)
    assert 2 <= first.count(503) <= 20
    assert 8 <= first.count(429) <= 35
    assert 100 - (await seeded_statuses(7, 3)).count(200) == 3

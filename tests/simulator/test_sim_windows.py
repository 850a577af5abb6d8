"""The calendar windows of the simulator."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from typing import TYPE_CHECKING, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiooncall.simulator import RateRule
from tests.support.datadog_http import PAGES, simulated
from tests.support.virtual_time import EPOCH

if TYPE_CHECKING:
    from tests.support.datadog_http import Reply

RULE = RateRule("on-call", 2, 10)


def rate(reply: Reply, name: str) -> str | None:
    """Return one of the rate headers."""
    return reply.headers.get(f"X-RateLimit-{name}")


@settings(max_examples=40, deadline=None)
@given(
    gaps=st.lists(st.floats(0, 9), min_size=1, max_size=25),
    limit=st.integers(1, 4),
    period=st.sampled_from([1, 2.5, 7, 10]),
    skew=st.floats(-100, 100),
    rounding=st.sampled_from(["floor", "ceil"]),
)
async def test_no_window_lets_too_many_through(
    gaps: list[float], limit: int, period: float, skew: float, rounding: Literal["floor", "ceil"]
) -> None:
    """No schedule gets more than the limit in a calendar window, and none is refused before that."""
    rule = RateRule("r", limit, period, rounding=rounding)
    async with simulated(rate_rules=(rule,), clock_skew=skew) as (sim, caller):
        passed: Counter[int] = Counter()
        for gap in gaps:
            await asyncio.sleep(gap)
            reply = await caller.send("GET", PAGES)
            wall = EPOCH + sim.ledger.requests[-1].at + skew
            window = math.floor(wall / period)
            assert (reply.status == 429) == (passed[window] == limit)
            passed[window] += reply.status == 200
            left = (window + 1) * period - wall
            expected = math.floor(left) if rounding == "floor" else math.ceil(left)
            assert rate(reply, "Reset") == str(expected)
            assert rate(reply, "Remaining") == str(limit - passed[window])
        assert max(passed.values()) <= limit


async def test_rate_headers_name_the_rule() -> None:
    """An answer carries limit, whole period, remaining, seconds to reset and the rule's name."""
    async with simulated(rate_rules=(RULE,)) as (_, caller):
        reply = await caller.send("GET", PAGES)
    found = {name: rate(reply, name) for name in ("Limit", "Period", "Remaining", "Reset", "Name")}
    assert found == {"Limit": "2", "Period": "10", "Remaining": "1", "Reset": "9", "Name": "on-call"}


@pytest.mark.parametrize(("rounding", "reset"), [("floor", "0"), ("ceil", "1")])
async def test_reset_can_be_zero_when_floored(rounding: Literal["floor", "ceil"], reset: str) -> None:
    """In the last second of a window a floored reset says 0 and a rounded up one says 1."""
    async with simulated(rate_rules=(RateRule("r", 2, 10, rounding=rounding),)) as (_, caller):
        await asyncio.sleep(9.3)
        assert rate(await caller.send("GET", PAGES), "Reset") == reset


async def test_refusal_is_not_counted_and_other_errors_are() -> None:
    """A 404 uses up the window, a 429 says so in the documented body."""
    async with simulated(rate_rules=(RULE,)) as (sim, caller):
        statuses = [(await caller.act("nobody", "acknowledge")).status for _ in range(4)]
        reply = await caller.send("GET", PAGES)
        await asyncio.sleep(10)
        assert (await caller.send("GET", PAGES)).status == 200
    assert statuses == [404, 404, 429, 429]
    assert reply.json == {"errors": ["Too many requests"]}
    assert sim.ledger.statuses == {404: 2, 429: 3, 200: 1}


async def test_unauthenticated_requests_are_not_counted() -> None:
    """A 401 takes nothing from a window and carries no rate headers."""
    async with simulated(rate_rules=(RULE,)) as (_, caller):
        for _ in range(3):
            refused = await caller.send("GET", PAGES, headers={})
        reply = await caller.send("GET", PAGES)
    assert (refused.status, rate(refused, "Limit")) == (401, None)
    assert rate(reply, "Remaining") == "1"


@pytest.mark.parametrize(("per_key", "status"), [(True, 200), (False, 429)])
async def test_keys_share_a_window_only_when_told(per_key: bool, status: int) -> None:
    """A second API key has a window of its own unless the rule is for all."""
    async with simulated(rate_rules=(RateRule("r", 1, 10, per_key=per_key),)) as (_, caller):
        await caller.send("GET", PAGES, key="one")
        assert (await caller.send("GET", PAGES, key="two")).status == status


async def test_first_covering_rule_counts() -> None:
    """Rules are tried in order by method and path; an uncovered request has no limit and no headers."""
    writes = RateRule("writes", 5, 10, methods=frozenset({"POST"}))
    pages = RateRule("pages", 7, 10, path_prefix=f"{PAGES}/")
    async with simulated(rate_rules=(writes, pages)) as (_, caller):
        page_id = await caller.create()
        acted = await caller.act(page_id, "resolve")
        read = await caller.send("GET", f"{PAGES}/{page_id}")
        listed = await caller.send("GET", PAGES)
    assert [rate(acted, "Name"), rate(read, "Name"), rate(listed, "Name")] == ["writes", "pages", None]


@pytest.mark.parametrize(
    ("headers", "expected"), [("always", ["0", "0"]), ("on_429", [None, "0"]), ("never", [None, None])]
)
async def test_headers_can_be_withheld(
    headers: Literal["always", "on_429", "never"], expected: list[str | None]
) -> None:
    """Rate headers come always, on refusals only, or never."""
    async with simulated(rate_rules=(RateRule("r", 1, 10, headers=headers),)) as (_, caller):
        replies = [await caller.send("GET", PAGES) for _ in range(2)]
    assert [reply.status for reply in replies] == [200, 429]
    assert [rate(reply, "Remaining") for reply in replies] == expected


async def test_waiting_for_retry_after_is_enough() -> None:
    """The optional Retry-After is rounded up, so that the next request after it passes."""
    async with simulated(rate_rules=(RateRule("r", 1, 10, retry_after=True),)) as (_, caller):
        first = await caller.send("GET", PAGES)
        refused = await caller.send("GET", PAGES)
        await asyncio.sleep(int(refused.headers["Retry-After"]))
        assert (await caller.send("GET", PAGES)).status == 200
    assert "Retry-After" not in first.headers


async def test_skew_moves_the_windows_and_the_date() -> None:
    """A server whose clock is 5 s ahead starts its windows 5 s earlier and dates its answers by its own clock."""
    async with simulated(rate_rules=(RULE,), clock_skew=5) as (_, caller):
        reply = await caller.send("GET", PAGES)
    assert rate(reply, "Reset") == "4"
    assert reply.headers["Date"] == "Fri, 15 Jan 2027 08:00:05 GMT"

"""The pages of the simulator: their states, what shows them, and what is refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall.simulator.datadog.pages import timestamp
from aiooncall.simulator.datadog.tags import normalise_tag
from tests.support.datadog_http import PAGES, page_body, simulated


async def test_page_goes_through_its_life() -> None:
    """A page is triggered, acknowledged and resolved; each change shows after the settle delay only."""
    async with simulated(settle_delay=0.5) as (_, caller):
        page_id = await caller.create()
        seen = [await caller.status(page_id)]
        for action in ("acknowledge", "resolve"):
            reply = await caller.act(page_id, action)
            assert (reply.status, reply.body) == (202, b"")
            seen.append(await caller.status(page_id))
            await asyncio.sleep(0.5)
            seen.append(await caller.status(page_id))
    assert seen == ["triggered", "triggered", "acknowledged", "acknowledged", "resolved"]


async def test_list_lags_behind() -> None:
    """The list shows a new page, and then its new state, one search lag after a read by id does."""
    async with simulated(settle_delay=0.1, search_lag=1) as (_, caller):
        page_id = await caller.create()
        assert (await caller.status(page_id), await caller.found()) == ("triggered", [])
        await asyncio.sleep(1)
        await caller.act(page_id, "resolve")
        await asyncio.sleep(0.2)
        assert await caller.status(page_id) == "resolved"
        assert await caller.found("status:triggered") == ["Down"]
        await asyncio.sleep(1)
        assert await caller.found("status:triggered") == []


async def test_needless_actions_are_accepted_without_effect() -> None:
    """Acknowledging twice or after the end, and resolving twice, answer 202 and change nothing."""
    async with simulated() as (sim, caller):
        page_id = await caller.create()
        for action in ("acknowledge", "acknowledge", "resolve", "resolve", "acknowledge"):
            assert (await caller.act(page_id, action)).status == 202
    assert [effect.action for effect in sim.ledger.effects] == ["create", "acknowledge", "resolve"]


async def test_escalate_and_reroute_always_notify() -> None:
    """Each escalation and each rerouting tells people; rerouting also changes the target."""
    body = page_body(target={"type": "user_id", "identifier": "u-1"})
    async with simulated() as (sim, caller):
        page_id = await caller.create()
        for action in ("escalate", "escalate", "reroute"):
            assert (await caller.act(page_id, action, json=body)).status == 202
        await asyncio.sleep(1)
        page = (await caller.send("GET", f"{PAGES}/{page_id}")).json["data"]
    assert [note.cause for note in sim.ledger.notifications] == ["create", "escalate", "escalate", "reroute"]
    assert page["relationships"]["target"]["data"] == {"id": "u-1", "type": "users"}


async def test_page_reads_as_documented() -> None:
    """A page shows the documented attributes, and each resource that it refers to is included or is itself."""
    async with simulated() as (_, caller):
        page_id = await caller.create("Disk full", description="d", tags=["Service:Test one"], urgency="low")
        reply = await caller.send("GET", f"{PAGES}/{page_id}")
    page, included = reply.json["data"], {(item["type"], item["id"]) for item in reply.json["included"]}
    assert reply.headers["Content-Type"] == "application/vnd.api+json"
    assert page["attributes"].items() >= {
        "title": "Disk full", "description": "d", "key": "1", "status": "triggered", "urgency": "low",
        "tags": ["service:test_one"], "comment_count": 0,
    }.items()  # fmt: skip
    refs = [ref["data"] for ref in page["relationships"].values()]
    flat = [ref for item in refs for ref in (item if isinstance(item, list) else [item])]
    assert {(ref["type"], ref["id"]) for ref in flat} == included
    assert ("scheduled_actions", page_id) in included


async def test_resolved_page_has_times_and_a_closer() -> None:
    """A resolved page says when it was acknowledged and closed and by whom, and has no action due."""
    async with simulated(settle_delay=0) as (_, caller):
        page_id = await caller.create()
        for action in ("acknowledge", "resolve"):
            await asyncio.sleep(1)
            await caller.act(page_id, action)
        page = (await caller.send("GET", f"{PAGES}/{page_id}")).json["data"]
    assert page["attributes"]["created_at"].startswith("2027-01-15T08:00:00.25")
    assert page["attributes"]["acknowledged_at"].startswith("2027-01-15T08:00:01.25")
    assert page["attributes"]["closed_at"].startswith("2027-01-15T08:00:02.25")
    assert {"closed_by"} <= set(page["relationships"])
    assert "scheduled_action" not in page["relationships"]


@pytest.mark.parametrize(("digits", "text"), [(0, "01Z"), (6, "01.500000Z"), (9, "01.500000000Z")])
def test_timestamps_have_fractions_of_many_lengths(digits: int, text: str) -> None:
    """A time is written with no fraction, microseconds or nanoseconds."""
    assert timestamp(1.5, digits) == f"1970-01-01T00:00:{text}"


BAD_CREATES: list[dict[str, Any]] = [
    {"title": None}, {"title": ""}, {"title": 7}, {"urgency": None}, {"urgency": "medium"}, {"target": None},
    {"target": {"type": "pigeon", "identifier": "x"}}, {"target": {"type": "team_id"}}, {"tags": "a:b"},
    {"tags": [1]}, {"description": 5},
]  # fmt: skip


@pytest.mark.parametrize("attributes", BAD_CREATES, ids=str)
async def test_bad_create_is_refused(attributes: dict[str, Any]) -> None:
    """A page that lacks or misspells something is 400 with errors, and nobody is notified."""
    async with simulated() as (sim, caller):
        reply = await caller.send("POST", PAGES, json=page_body(**attributes))
    assert reply.status == 400
    assert reply.json["errors"]
    assert sim.ledger.effects == []


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"data": 1}', b'{"data": {"type": "page"}}', b"\xff"])
async def test_bad_body_is_refused(body: bytes) -> None:
    """A body that isn't a page document is 400 with errors."""
    async with simulated() as (_, caller):
        reply = await caller.send("POST", PAGES, data=body)
    assert (reply.status, list(reply.json)) == (400, ["errors"])


async def test_unknown_page_is_404() -> None:
    """Every way to name an unknown page ends in 404 with an error object; a reroute needs a target."""
    async with simulated() as (_, caller):
        for action in ("acknowledge", "escalate", "resolve", "reroute"):
            reply = await caller.act("nobody", action)
            assert (reply.status, reply.json["errors"][0]["title"]) == (404, "Not Found")
        assert (await caller.send("GET", f"{PAGES}/nobody")).status == 404
        assert (await caller.act(await caller.create(), "reroute", json={"data": {"type": "pages"}})).status == 400


async def test_unknown_route_is_an_html_404() -> None:
    """A path that nobody serves gets an HTML page."""
    async with simulated() as (_, caller):
        reply = await caller.send("DELETE", PAGES)
    assert (reply.status, reply.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"DD-API-KEY": "one"}, 401),
        ({"Authorization": "Basic abc"}, 401),
        ({"Authorization": "Bearer "}, 401),
        ({"Authorization": "Bearer abc"}, 403),
        ({"DD-API-KEY": "one", "DD-APPLICATION-KEY": "two"}, 403),
        ({"DD-API-KEY": "one", "DD-APPLICATION-KEY": "one-app"}, 200),
    ],
)
async def test_only_known_credentials_pass(headers: dict[str, str], status: int) -> None:
    """Missing credentials are 401, wrong ones 403."""
    async with simulated(credentials={"one": "one-app"}) as (_, caller):
        assert (await caller.send("GET", PAGES, headers=headers)).status == status


async def test_any_credentials_pass_unless_told() -> None:
    """Without a list of credentials any bearer token will do."""
    async with simulated() as (_, caller):
        assert (await caller.send("GET", PAGES, headers={"Authorization": "Bearer abc"})).status == 200


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("", ["Disk full", "Disk slow", "Fan"]),
        ("disk", ["Disk full", "Disk slow"]),
        ('"disk full"', ["Disk full"]),
        ("status:triggered disk", ["Disk full"]),
        ("urgency:low", ["Fan"]),
        ("team:my-team fan", ["Fan"]),
        ("team:others", []),
        ('tags:"dedup_key:a-1"', ["Disk slow"]),
        ("dedup_key:a-1", ["Disk slow"]),
        ("dedup_key:A-1", ["Disk slow"]),
        ("dedup_key:a", []),
        ("status:resolved dedup_key:a-1", []),
    ],
)
async def test_query_terms_must_all_hold(query: str, titles: list[str]) -> None:
    """A query finds pages by status, urgency, team, tag and words of the title, all of them together."""
    async with simulated() as (sim, caller):
        sim.add_page(title="Disk full")
        sim.add_page(title="Disk slow", status="acknowledged", tags=["Dedup_Key:A-1"])
        sim.add_page(title="Fan", urgency="low", status="resolved", tags=["other:a-1"])
        assert await caller.found(query) == titles


async def test_search_modes_make_searching_useless() -> None:
    """One mode answers the list without a body, the other finds nothing by tag."""
    async with simulated(search_mode="empty_body") as (_, caller):
        reply = await caller.send("GET", PAGES)
        assert (reply.status, reply.body) == (200, b"")
    async with simulated(search_mode="ignores_tags") as (sim, caller):
        sim.add_page(title="Disk", tags=["a:b"])
        assert [await caller.found(query) for query in ("disk", "a:b", 'tags:"a:b"')] == [["Disk"], [], []]


async def test_list_is_cut_in_numbered_pages() -> None:
    """Slices are numbered from zero and say where they stand."""
    async with simulated() as (sim, caller):
        for number in range(5):
            sim.add_page(title=str(number), created_at=1_700_000_000 - number)
        reply = await caller.send("GET", PAGES, params={"page[number]": "1", "page[size]": "2", "sort": "-created_at"})
    assert [page["attributes"]["title"] for page in reply.json["data"]] == ["2", "3"]
    assert reply.json["meta"]["page"] == {
        "first_number": 0, "last_number": 2, "next_number": 2, "number": 1, "prev_number": 0, "size": 2, "total": 5,
        "type": "number_size",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("params", "status"),
    [
        ({"page[number]": "50", "page[size]": "1000"}, 400),
        ({"page[number]": "49", "page[size]": "1000"}, 200),
        ({"page[size]": "1001"}, 400),
        ({"page[size]": "0"}, 400),
        ({"page[size]": "x"}, 400),
        ({"page[number]": "-1"}, 400),
        ({"sort": "title"}, 400),
        ({"sort": "-priority"}, 200),
    ],
)
async def test_list_has_bounds(params: dict[str, str], status: int) -> None:
    """A list past the vendor's bounds, or sorted by what it can't sort by, is 400."""
    async with simulated() as (_, caller):
        assert (await caller.send("GET", PAGES, params=params)).status == status


async def test_drift_adds_what_nobody_knows() -> None:
    """With drift an answer has unknown fields, relationships, resource types and a status."""
    async with simulated(drift=True) as (sim, caller):
        created = (await caller.send("POST", PAGES, json=page_body())).json["data"]
        one = (await caller.send("GET", f"{PAGES}/{created['id']}")).json
        sim.add_page(title="Old", status="resolved")
        many = (await caller.send("GET", PAGES)).json["data"]
    assert created["robot"] is True
    assert one["data"]["attributes"]["status"] == "snoozed_by_robot"
    assert "robot" in one["data"]["relationships"]
    assert {"users", "teams", "robots"} <= {item["type"] for item in one["included"]}
    assert [page["attributes"]["status"] for page in many] == ["resolved"]


@given(st.text(max_size=300))
def test_tags_become_normal(tag: str) -> None:
    """A stored tag is short, free of odd characters, and stays as it is when normalised again."""
    normal = normalise_tag(tag)
    assert len(normal) <= 200
    assert not set(normal) & set(" ,;#")
    assert normalise_tag(normal) == normal


async def test_same_start_gives_the_same_ids() -> None:
    """Page ids repeat from run to run, so that a failing test can be repeated."""
    ids: list[str] = []
    for _ in range(2):
        async with simulated() as (sim, _caller):
            ids.append(sim.add_page(title="x"))
    assert ids[0] == ids[1]

"""Lists of schedules: pages, filters, includes, and servers that count oddly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from aiooncall import CodecError, OptionsError, ResourceRef
from aiooncall.datadog import ScheduleInclude
from tests.support.datadog_http import NOBODY, SCHEDULES, schedule_body
from tests.support.datadog_world import answering, everything, world

if TYPE_CHECKING:
    from tests.support.datadog_world import World


async def make_schedules(w: World, count: int, **body: Any) -> list[str]:
    """Create schedules `s0`, `s1` and so on, oldest first."""
    made = [schedule_body(w.ann, name=f"s{number}", **body) for number in range(count)]
    return [await w.caller.make(SCHEDULES, one) for one in made]


@pytest.mark.parametrize("size", [1, 4, 11, 100])
async def test_list_yields_everything_once(size: int) -> None:
    """A list yields each schedule once, in the server's order, in as few requests as the page size allows."""
    async with world() as w:
        ids = [w.schedule, *await make_schedules(w, 11)]
        w.sent()
        rows = await everything(w.client.schedules.list(page_size=size))
        assert [row.id for row in rows] == ids
        assert w.sent() == [f"GET {SCHEDULES}"] * -(-12 // size)


async def test_list_reads_no_further_than_needed() -> None:
    """Who stops early has asked for no page beyond the one that was being read."""
    async with world() as w:
        await make_schedules(w, 8)
        w.sent()
        rows = w.client.schedules.list(page_size=2)
        assert [(await anext(rows)).name for _ in range(3)] == ["Primary", "s0", "s1"]
        await rows.aclose()
        assert len(w.sent()) == 2


async def test_rows_do_not_say_which_layers_they_have() -> None:
    """What a list does not tell is UNSET, so that writing a row back is refused rather than lossy."""
    async with world() as w:
        (row,) = await everything(w.client.schedules.list())
        assert not row.layers
        with pytest.raises(OptionsError, match="layers"):
            await w.client.schedules.update(row)
        assert len(w.sent()) == 1


@pytest.mark.parametrize("include", [(), ("teams",), (ScheduleInclude.TEAMS,)])
async def test_list_brings_teams_if_asked(include: Any) -> None:
    """A list brings the teams of its schedules only if asked for, and shares them within a page."""
    async with world() as w:
        await make_schedules(w, 2, teams=(w.payments,))
        rows = await everything(w.client.schedules.list(include=include))
        teams = [row.teams[0] for row in rows]
        if include:
            assert {team.name for team in teams} == {"Payments"}
            assert teams[0] is teams[1] is teams[2]
        else:
            assert teams == [ResourceRef("teams", w.payments)] * 3


async def test_list_filters() -> None:
    """A query finds by a part of the name, a pattern, a team, users, and all of that at once."""
    async with world() as w:
        await make_schedules(w, 3, teams=(w.storage,))
        await w.caller.make(SCHEDULES, schedule_body(w.cy, name="Secondary & más"))

        async def found(query: str | None) -> list[str]:
            return [row.name for row in await everything(w.client.schedules.list(query))]

        assert await found(None) == await found("") == ["Primary", "s0", "s1", "s2", "Secondary & más"]
        assert await found("prim") == ["Primary"]
        assert await found("s*") == ["s0", "s1", "s2", "Secondary & más"]
        assert await found("& más") == ["Secondary & más"]
        assert await found(f"team.id:{w.storage}") == ["s0", "s1", "s2"]
        assert await found(f"user.id:({w.cy} OR {NOBODY})") == ["Primary", "Secondary & más"]
        assert await found(f"s1 AND team.id:{w.storage}") == ["s1"]
        assert await found(f"team.id:{NOBODY}") == []


async def test_list_survives_rows_that_move() -> None:
    """A schedule that is deleted while a list is read shifts the rows; none is yielded twice."""
    async with world() as w:
        ids = await make_schedules(w, 9)
        seen: list[str] = []
        async for row in w.client.schedules.list("s*", page_size=3):
            seen.append(row.id)
            if len(seen) == 2:
                await w.caller.ask("DELETE", f"{SCHEDULES}/{ids[0]}", status=204)
            if len(seen) == 4:
                late = await w.caller.make(SCHEDULES, schedule_body(w.ann, name="s-late"))
        assert len(seen) == len(set(seen))
        assert set(seen) == {*ids, late} - {ids[3]}


ROWS = [{"type": "schedules", "id": f"s{number}", "attributes": {"name": "x"}} for number in range(4)]


async def test_list_of_a_server_that_ignores_page_numbers_ends() -> None:
    """The same page again and again ends the list instead of looping."""
    page = {"data": ROWS, "meta": {"page": {"next_number": 1}}}
    async with answering(page) as (recorder, client):
        assert [row.id for row in await everything(client.schedules.list())] == ["s0", "s1", "s2", "s3"]
        assert len(recorder.bodies) == 2


@pytest.mark.parametrize("meta", [None, {}, {"page": None}, {"page": {}}, {"page": {"next_number": None}}, 5])
async def test_list_without_a_next_page_ends(meta: Any) -> None:
    """Whatever the meta data look like, a list without the number of a next page is over."""
    async with answering({"data": ROWS[:1], "meta": meta}) as (recorder, client):
        assert [row.id for row in await everything(client.schedules.list())] == ["s0"]
        assert len(recorder.bodies) == 1


async def test_list_answered_by_one_resource_is_a_codec_error() -> None:
    """One resource where a list was promised is an error, not a list of one."""
    async with answering({"data": ROWS[0]}) as (_, client):
        with pytest.raises(CodecError, match="expected a list"):
            await everything(client.schedules.list())


@pytest.mark.parametrize("size", [0, -1, 101, "10", None, True, 2.0])
async def test_bad_page_size_is_refused_locally(size: Any) -> None:
    """A page size outside 1 to 100 is an OptionsError; nothing is sent."""
    async with world() as w:
        with pytest.raises(OptionsError, match="page_size"):
            await everything(w.client.schedules.list(page_size=size))
        assert w.sent() == []

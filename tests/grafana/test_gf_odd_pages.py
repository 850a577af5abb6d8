"""Lists whose pages are not what they should be: a clear error, an end in every case, and no step off the path."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import orjson
import pytest
from aiohttp import web
from hypothesis import given
from hypothesis import strategies as st

from aiooncall import CodecError
from aiooncall.grafana.resources.base import read_page
from aiooncall.simulator.http.server import HttpServer
from tests.support.grafana_client import TOKEN, grafana_client

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall import GrafanaOnCall


class OddServer:
    """Answers one request after the other with what it was given, the last answer for ever."""

    def __init__(self, *answers: Any) -> None:
        self.answers = [answer if isinstance(answer, bytes) else orjson.dumps(answer) for answer in answers]
        self.paths: list[str] = []
        self.queries: list[str] = []
        self.tokens: list[str | None] = []

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        self.paths.append(request.path)
        self.queries.append(request.query_string)
        self.tokens.append(request.headers.get("Authorization"))
        body = self.answers[min(len(self.paths), len(self.answers)) - 1]
        return web.Response(body=body, content_type="application/json")


@asynccontextmanager
async def odd_server(*answers: Any, prefix: str = "") -> AsyncIterator[tuple[OddServer, GrafanaOnCall]]:
    """Yield a server that answers with `answers` in turn, and a client on it."""
    server = OddServer(*answers)
    origin = HttpServer(server.answer)
    await origin.start("127.0.0.1", 0)
    try:
        async with grafana_client(origin.url + prefix) as client:
            yield server, client
    finally:
        await origin.close()


def team(number: int) -> dict[str, Any]:
    """Return a team as the server has it."""
    return {"id": f"T{number}", "grafana_id": number, "name": f"team {number}", "email": None, "avatar_url": ""}


def page(*numbers: int, then: object = None) -> dict[str, Any]:
    """Return a page of teams, and where the next one is."""
    return {"count": 99, "next": then, "previous": None, "results": [team(number) for number in numbers]}


async def ids(client: GrafanaOnCall) -> list[str]:
    """Return the ids of all teams."""
    return [row.id async for row in client.teams.list(page_size=2)]


@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere.example.com/api/v1/teams/?perpage=2&page=2&name=a%26b+c",
        "/api/v1/teams/?perpage=2&page=2&name=a%26b+c",
        "?perpage=2&page=2&name=a%26b+c#part",
        "//elsewhere.example.com/?perpage=2&page=2&name=a%26b+c",
        "javascript:alert(1)?perpage=2&page=2&name=a%26b+c",
        "https://user:secret@elsewhere.example.com:1/oncall/?perpage=2&page=2&name=a%26b+c",
    ],
)
@pytest.mark.parametrize("prefix", ["", "/oncall"])
async def test_only_the_query_of_a_link_counts(link: str, prefix: str) -> None:
    """Whatever leads to the next page, it is asked for where the first one was, with the link's query."""
    async with odd_server(page(1, 2, then=link), page(3), prefix=prefix) as (server, client):
        assert await ids(client) == ["T1", "T2", "T3"]
        assert server.paths == [f"{prefix}/api/v1/teams/"] * 2
        assert parse_qsl(server.queries[1]) == [("perpage", "2"), ("page", "2"), ("name", "a&b c")]
        assert server.tokens == [TOKEN] * 2


async def test_repeated_and_empty_parameters_survive() -> None:
    """A name that comes twice in the link comes twice in the request, in that order, and a value may be empty."""
    link = "https://x/?label=a:b&page=2&label=c:d&search="
    async with odd_server(page(1, then=link), page(2)) as (server, client):
        await ids(client)
        query = parse_qsl(server.queries[1], keep_blank_values=True)
        assert query == [("label", "a:b"), ("page", "2"), ("label", "c:d"), ("search", "")]


async def failing(*answers: Any) -> tuple[list[str], CodecError, OddServer]:
    """Return the ids that were read before the error, the error, and the server."""
    seen: list[str] = []
    async with odd_server(*answers) as (server, client):
        with pytest.raises(CodecError) as raised:
            async for row in client.teams.list(page_size=2):
                seen.append(row.id)  # noqa: PERF401 (what came before the error is what counts)
    return seen, raised.value, server


CIRCLES: dict[str, tuple[list[Any], int]] = {
    "itself": ([page(1, 2, then="https://x/?page=1&perpage=2")], 1),
    "itself later": ([page(1, 2, then="https://x/?page=2"), page(3, 4, then="https://x/?page=2")], 2),
    "back": (
        [page(1, then="https://x/?page=2"), page(2, then="https://x/?page=3"), page(3, then="https://x/?page=2")], 3
    ),
    "back to the first": ([page(1, then="https://x/?page=2"), page(2, then="https://x/?page=1&perpage=2")], 2),
}  # fmt: skip


@pytest.mark.parametrize(("answers", "requests"), CIRCLES.values(), ids=CIRCLES)
async def test_circles_are_no_endless_loops(answers: list[Any], requests: int) -> None:
    """A link to a page that was read before is an error that says so, at the first such link."""
    _, error, server = await failing(*answers)
    assert (error.path, len(server.paths)) == ("$.next", requests)
    assert "before" in str(error)


@given(links=st.lists(st.integers(0, 5), min_size=6, max_size=6), start=st.integers(0, 5))
async def test_any_circle_ends(links: list[int], start: int) -> None:
    """However pages lead to each other, a list asks for each at most once more than it should, and ends."""

    class Maze(OddServer):
        async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
            at = int(request.query.get("at", start))
            self.answers = [orjson.dumps(page(at, then=f"https://x/?at={links[at]}" if links[at] else None))]
            return await super().answer(request)

    server = Maze(page())
    origin = HttpServer(server.answer)
    await origin.start("127.0.0.1", 0)
    async with grafana_client(origin.url) as client:
        with suppress(CodecError):
            assert len(await ids(client)) <= 6
    await origin.close()
    assert len(server.paths) <= 7


@pytest.mark.parametrize(
    "link",
    [5, True, 0, False, [], {}, ["https://x/?page=2"], "", "https://x/", "page two", "https://x/?", "http://[x?page=2"],
)
async def test_link_of_a_wrong_kind(link: object) -> None:
    """A link that is no address with a query, nor null, is an error at `$.next`."""
    seen, error, server = await failing(page(1, then="https://x/?page=2"), page(2, then=link))
    assert (seen, error.path, len(server.paths)) == (["T1"], "$.next", 2)


async def test_link_that_lacks() -> None:
    """A page that says nothing of a next one is an error: a list that ends too early would not be noticed."""
    seen, error, _ = await failing(page(1, then="https://x/?page=2"), {"results": [team(2)]})
    assert (seen, error.path) == (["T1"], "$.next")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"results": None},
        {"results": {}},
        {"results": "x"},
        {"results": 5, "next": None},
        [],
        [team(1)],
        "x",
        5,
        None,
    ],
)
async def test_rows_of_a_wrong_kind(answer: Any) -> None:
    """An answer whose rows are no array is an error at `$.results`."""
    seen, error, _ = await failing(page(1, then="https://x/?page=2"), answer)
    assert (seen, error.path) == (["T1"], "$.results")


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff"])
async def test_answer_that_is_no_json(body: bytes) -> None:
    """An answer that cannot be read at all is an error at `$`."""
    _, error, _ = await failing(body)
    assert error.path == "$"


@pytest.mark.parametrize(
    ("row", "path"),
    [
        ({"id": "A", "state": 5}, "$.results[3].state"),
        ({"id": "A"}, "$.results[3].state"),
        ({"id": 7, "state": "firing"}, "$.results[3].id"),
        ({"state": "firing"}, "$.results[3].id"),
        ({"id": "A", "state": "firing", "created_at": "noon"}, "$.results[3].created_at"),
        ({"id": "A", "state": "firing", "permalinks": {"web": 5}}, "$.results[3].permalinks.web"),
        ({"id": "A", "state": "firing", "labels": [{"key": 5, "value": {}}]}, "$.results[3].labels[0].key"),
        ("A", "$.results[3]"),
        (None, "$.results[3]"),
    ],
)
async def test_broken_row_is_named(row: object, path: str) -> None:
    """A row that is not what it should be is an error that says which one, and what of it."""
    good = [{"id": f"G{number}", "state": "firing"} for number in range(5)]
    answer = {"next": None, "results": [*good[:3], row, *good[3:]]}
    async with odd_server(answer) as (_, client):
        with pytest.raises(CodecError) as raised:
            _ = [group async for group in client.alert_groups.list()]
    assert raised.value.path == path


async def test_broken_row_while_the_next_page_is_under_way() -> None:
    """A row that cannot be read ends the list, and the page that was asked for meanwhile is given up."""
    async with odd_server(page(1, then="https://x/?page=2") | {"results": [team(1), 5]}, page(2)) as (_, client):
        with pytest.raises(CodecError) as raised:
            await ids(client)
        await asyncio.sleep(1.0)
        assert [(budget.in_flight, budget.waiting) for budget in client.budgets()] == [(0, 0)]
    assert raised.value.path == "$.results[1]"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["next", "results", "x"]), inner),
    max_leaves=8,
)


@given(answer=JSON)
def test_any_json_is_a_page_or_an_error(answer: object) -> None:
    """Whatever JSON is read as a page, it is one, or a CodecError."""
    with suppress(CodecError):
        rows, following = read_page(orjson.dumps(answer), dict[str, Any])
        assert isinstance(answer, dict)
        assert (list(rows), following is None) == (answer["results"], answer["next"] is None)

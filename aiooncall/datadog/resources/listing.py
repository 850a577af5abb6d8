"""Lists that come in numbered pages, from 0 on (https://docs.datadoghq.com/api/latest/)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, TypeVar

from aiooncall._base.json import as_object
from aiooncall._base.validation import count
from aiooncall.client.pagination import paginate
from aiooncall.datadog.resources.base import read_many
from aiooncall.jsonapi import Resource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from aiooncall.client.core import ApiCore
    from aiooncall.jsonapi import Graph
    from aiooncall.transport.endpoint import Endpoint

R = TypeVar("R", bound=Resource)


def numbered(
    core: ApiCore,
    endpoint: Endpoint,
    *ids: str,
    kind: type[R],
    query: Mapping[str, str],
    size: int,
    most: int,
    alias: str = "",
) -> AsyncIterator[R]:
    """Yield the rows of a list once each, request by request.

    Args:
        core: makes the calls.
        endpoint: the list.
        ids: what its path names.
        kind: the class of its rows.
        query: query parameters of every request.
        size: rows in one request.
        most: how many that can be.
        alias: another type by which the list calls its rows.

    Raises:
        OptionsError: there cannot be so many rows in one request.
    """
    fixed = {**query, "page[size]": str(count("page_size", size, most=most))}
    read = partial(read_many, kind=kind, alias=alias)

    async def fetch(place: tuple[int, int] | None) -> tuple[list[R], tuple[int, int] | None]:
        number, seen = place or (0, 0)
        graph = await core.fetch(endpoint, *ids, query={**fixed, "page[number]": str(number)}, read=read)
        seen += len(graph.data)
        return graph.data, (number + 1, seen) if may_have_more(graph, seen) else None

    return paginate(fetch, lambda row: row.id)


def may_have_more(graph: Graph[R], seen: int) -> bool:
    """Return whether a list may go on after a page.

    The lists say so in several ways, and some perhaps not at all. Without a word only an empty page is the end, since
    the server may give fewer rows than it was asked for.

    Args:
        graph: the page.
        seen: how many rows there were so far.
    """
    if not graph.data:
        return False
    page, pagination = (as_object(graph.meta.get(name)) or {} for name in ("page", "pagination"))
    if "next_number" in page:
        return page["next_number"] is not None
    total = page.get("total_filtered_count", pagination.get("total"))
    if isinstance(total, int):
        return seen < total
    links = as_object(graph.extra.get("links")) or {}
    return bool(links["next"]) if "next" in links else True

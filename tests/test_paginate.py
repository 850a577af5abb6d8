"""Walking through the pages of a list: each item once, an end in every case, one page ahead if wanted."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall._base.seen_keys import REMEMBERED
from aiooncall.client.pagination import paginate

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

pytestmark = pytest.mark.slow

Place = int | None


class Pages:
    """A list in pages; the place of a page is its number, from 1."""

    def __init__(self, *pages: list[int], takes: float = 0.0) -> None:
        self.pages = pages
        self.takes = takes
        self.asked: list[Place] = []
        self.running = 0

    async def __call__(self, place: Place) -> tuple[list[int], Place]:
        """Return the items of a page, and the place of the next one."""
        self.asked.append(place)
        self.running += 1
        try:
            await asyncio.sleep(self.takes)
        finally:
            self.running -= 1
        number = place or 1
        return self.pages[number - 1], number + 1 if number < len(self.pages) else None


def itself(item: int) -> int:
    """Return the item, which is its own key."""
    return item


def walk(pages: Callable[[Place], Any], **options: Any) -> AsyncIterator[int]:
    """Return the items of all pages."""
    return paginate(pages, itself, **options)


async def listed(rows: AsyncIterator[int]) -> list[int]:
    """Return all items."""
    return [row async for row in rows]


CONTENTS = st.lists(st.lists(st.integers(0, 30), max_size=6), min_size=1, max_size=8)


@given(pages=CONTENTS, ahead=st.booleans())
async def test_everything_once_in_order(pages: list[list[int]], ahead: bool) -> None:
    """A bounded list yields all items of all pages, each where it stood first, and asks for each page once."""
    source = Pages(*pages)
    found = await listed(walk(source, ahead=ahead, bounded=True))
    assert found == list(dict.fromkeys(item for page in pages for item in page))
    assert source.asked == [None, *range(2, len(pages) + 1)]


@given(pages=CONTENTS, ahead=st.booleans())
async def test_page_with_nothing_new_ends_a_list(pages: list[list[int]], ahead: bool) -> None:
    """A list without a bound of its own ends with the first page that brings nothing new."""
    expected: list[int] = []
    for page in pages:
        fresh = [item for item in dict.fromkeys(page) if item not in expected]
        expected += fresh
        if not fresh:
            break
    assert await listed(walk(Pages(*pages), ahead=ahead)) == expected


@pytest.mark.parametrize("ahead", [True, False])
async def test_server_that_never_ends_ends(ahead: bool) -> None:
    """A server that answers every place with the same page and one more place does not loop."""
    asked: list[Place] = []

    async def same(place: Place) -> tuple[list[int], Place]:
        asked.append(place)
        return [1, 2], (place or 1) + 1

    assert await listed(walk(same, ahead=ahead)) == [1, 2]
    assert len(asked) <= 3


async def test_first_place_is_passed_on() -> None:
    """The place to begin at is what the first page is asked for by."""
    source = Pages([1], [2], [3])
    assert await listed(walk(source, first=2)) == [2, 3]


async def test_next_page_is_read_meanwhile() -> None:
    """One page is read while another is worked on, and no more than one: half the time, and never far ahead."""
    loop, source = asyncio.get_running_loop(), Pages([1, 2], [3, 4], [5, 6], takes=2.0)
    at: list[tuple[int, float, int]] = []
    async for item in walk(source, ahead=True, bounded=True):
        await asyncio.sleep(1.0)
        at.append((item, round(loop.time(), 3), len(source.asked)))
    assert at == [(1, 3.0, 2), (2, 4.0, 2), (3, 5.0, 3), (4, 6.0, 3), (5, 7.0, 3), (6, 8.0, 3)]


async def test_next_request_leaves_before_the_first_item() -> None:
    """The next page is under way when a page's items are made, and when the first of them is yielded."""
    at: list[str] = []

    async def lazy(place: Place) -> tuple[Iterator[int], Place]:
        at.append(f"ask {place}")
        return make(place), 2 if place is None else None

    def make(place: Place) -> Iterator[int]:
        at.append(f"make {place}")
        yield place or 1

    async for item in walk(lazy, ahead=True, bounded=True):
        at.append(f"use {item}")  # noqa: PERF401 (the order among other events is what counts)
    assert at == ["ask None", "ask 2", "make None", "use 1", "make 2", "use 2"]


async def test_nothing_is_read_ahead_unasked() -> None:
    """Without it the next page is asked for when this one has been used up."""
    source = Pages([1, 2], [3, 4])
    rows = walk(source)
    seen = []
    async for item in rows:
        seen.append((item, len(source.asked)))
        await asyncio.sleep(1.0)
    assert seen == [(1, 1), (2, 1), (3, 2), (4, 2)]


async def test_nothing_is_read_before_it_is_wanted() -> None:
    """A list that nobody iterates over asks for nothing."""
    source = Pages([1])
    rows = walk(source, ahead=True)
    await asyncio.sleep(1.0)
    assert source.asked == []
    await listed(rows)


async def leave(source: Callable[[Place], Any], complaints: list[dict[str, Any]], *, after: float) -> None:
    """Read one item of a list with a page ahead, and leave it `after` seconds later."""
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    async with aclosing(walk(source, ahead=True, bounded=True)) as rows:  # type: ignore[type-var]  # (a generator)
        assert await anext(rows) == 1
        await asyncio.sleep(after)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gc.collect()


async def test_leaving_cancels_what_is_read_ahead(complaints: list[dict[str, Any]]) -> None:
    """Whoever leaves a list early stops the page that is under way, without a warning."""
    source = Pages([1], [2], takes=5.0)
    await leave(source, complaints, after=1.0)
    assert (source.asked, source.running) == ([None, 2], 0)


async def test_leaving_a_page_that_nobody_wanted(complaints: list[dict[str, Any]]) -> None:
    """A page that was read ahead in vain is dropped without a warning."""
    source = Pages([1], [2], takes=1.0)
    await leave(source, complaints, after=9.0)
    assert (source.asked, source.running) == ([None, 2], 0)


async def broken(place: Place) -> tuple[list[int], Place]:
    """Return one page; the next one cannot be read."""
    if place is not None:
        raise LookupError("no such page")
    return [1, 2], 2


@pytest.mark.parametrize("after", [0.0, 1.0])
async def test_error_that_nobody_asked_for(after: float, complaints: list[dict[str, Any]]) -> None:
    """An error of a page that was read ahead in vain is nobody's, and no warning of the loop's either."""
    await leave(broken, complaints, after=after)


@pytest.mark.parametrize("ahead", [True, False])
async def test_error_comes_after_what_was_read(ahead: bool) -> None:
    """The items before a page that can't be read are all yielded before its error is raised."""
    seen: list[int] = []

    async def collect() -> None:
        async for item in walk(broken, ahead=ahead):
            seen.append(item)  # noqa: PERF401 (what came before the error is what counts)

    with pytest.raises(LookupError):
        await collect()
    assert seen == [1, 2]


async def test_cancelled_while_it_waits_for_a_page() -> None:
    """Cancelling the reader cancels the request that it waits for."""
    source = Pages([1], [2], takes=5.0)
    task = asyncio.create_task(listed(walk(source, ahead=True)))
    await asyncio.sleep(7.0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert (source.asked, source.running) == ([None, 2], 0)


async def test_memory_is_bounded() -> None:
    """An item that comes again after ten thousand others counts as new: the memory does not grow with the list."""
    source = Pages([0], list(range(1, REMEMBERED + 1)), [0, REMEMBERED])
    found = Counter(await listed(walk(source)))
    assert (found[0], found[REMEMBERED]) == (2, 1)


async def test_key_tells_what_is_the_same() -> None:
    """Items are told apart by their key."""

    async def two(place: Place) -> tuple[list[tuple[str, int]], Place]:
        return ([("a", 1), ("b", 1)], 2) if place is None else ([("a", 2), ("c", 2)], None)

    rows = paginate(two, lambda row: row[0])
    assert [row async for row in rows] == [("a", 1), ("b", 1), ("c", 2)]

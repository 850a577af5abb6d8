"""Lists that come page by page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from aiooncall._base.seen_keys import SeenKeys

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Iterable

P = TypeVar("P")
T = TypeVar("T")


async def paginate(
    fetch: Callable[[P | None], Coroutine[Any, Any, tuple[Iterable[T], P | None]]],
    key: Callable[[T], Hashable],
    first: P | None = None,
    *,
    ahead: bool = False,
    bounded: bool = False,
) -> AsyncIterator[T]:
    """Yield the items of a list's pages once each.

    Rows move between pages when the list changes meanwhile, so an item that came lately is not repeated. A page that
    brings nothing new ends the list, so that a server which ignores page numbers cannot loop.

    Args:
        fetch: takes a page's place and returns its items, and the place of the next page, None at the end. Items that
            are made when they are wanted, one by one, are made while the next page is on its way.
        key: what makes an item the same.
        first: the place of the first page; None asks for no page in particular.
        ahead: whether the next page is asked for while the items of one are yielded.
        bounded: whether `fetch` sees to an end by itself, so that a page may bring nothing new.
    """
    recent = SeenKeys()
    coming = asyncio.ensure_future(fetch(first))
    try:
        while True:
            items, place = await coming
            if ahead and place is not None:
                coming = asyncio.ensure_future(fetch(place))
                await asyncio.sleep(0)  # the request leaves now, not when the caller happens to wait for something
            goes_on = bounded
            for item in items:
                if recent.is_new(key(item)):
                    goes_on = True
                    yield item
            if place is None or not goes_on:
                return
            if not ahead:
                coming = asyncio.ensure_future(fetch(place))
    finally:
        if not coming.cancel() and not coming.cancelled():
            coming.exception()  # nobody else will ask for it

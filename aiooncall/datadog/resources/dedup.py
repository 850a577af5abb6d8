"""Finding a page again by its `dedup_key`, when the answer to its creation was lost.

The key travels as the tag `dedup_key:<key>`. Neither the search syntax for tags nor how soon a new page can be found
is documented, so a search is only a hint: what counts is the tag on a page that was read, and the newest pages are
read as well.
"""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final

from aiooncall.client.reconcile import CLOCK_TOLERANCE, reconciled
from aiooncall.datadog.models.page import PageSort, PageStatus
from aiooncall.errors import ApiError, BadRequest, CodecError, NotFound, OptionsError, TransportError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from aiooncall.client.connection import Connection
    from aiooncall.datadog.models.page import Page
    from aiooncall.options import ClientOptions

    ListPages = Callable[..., AsyncIterator[Page]]
    GetPage = Callable[[str], Awaitable[Page]]

PREFIX: Final = "dedup_key:"
LONGEST_TAG: Final = 200
"""A longer tag is cut off by Datadog (https://docs.datadoghq.com/getting_started/tagging/)."""
_KEY = re.compile(r"[a-z0-9_\-:./]*[a-z0-9_\-./]")
OPEN: Final = frozenset({PageStatus.TRIGGERED, PageStatus.ACKNOWLEDGED})
"""The states of a page that is not over."""
NEWEST: Final = 100
"""How many rows of an answer are looked through."""


def tag(key: str) -> str:
    """Return the tag for `key`.

    Raises:
        OptionsError: Datadog would store it as another text (it lower-cases, replaces and cuts).
    """
    longest = LONGEST_TAG - len(PREFIX)
    if not isinstance(key, str) or not _KEY.fullmatch(key) or len(key) > longest:
        wanted = f"1 to {longest} lower-case letters, digits and _ - : . / (no colon at the end)"
        raise OptionsError("dedup_key", key, wanted)
    return PREFIX + key


async def find_newest(
    list_pages: ListPages, get_page: GetPage, key: str, known: str | None, fits: Callable[[Page], bool] = bool
) -> Page | None:
    """Return the newest page with `key` that `fits`, or None.

    Args:
        list_pages: lists pages, as `Pages.list` does.
        get_page: reads one.
        key: the dedup key.
        known: the id of one that this client has made: lists show a page a moment after it was made.
        fits: tells which pages count; all do without it.

    Raises:
        ApiError, TransportError, CodecError: the pages cannot be read.
    """
    wanted, order = tag(key), PageSort.CREATED_AT_DESCENDING
    found: Page | None = None
    with suppress(BadRequest):  # how tags are searched for is not documented
        found = await _newest(list_pages(f'tags:"{wanted}"', page_size=NEWEST, sort=order), wanted, fits)
    found = found or await _newest(list_pages(page_size=NEWEST, sort=order), wanted, fits)
    with suppress(NotFound):
        made = None if known is None else await get_page(known)
        if made is not None and fits(made) and (found is None or made.created_at > found.created_at):
            return made
    return found


async def find_open(list_pages: ListPages, get_page: GetPage, key: str, connection: Connection) -> Page | None:
    """Return the newest open page with `key`, or None. Pages that are over are noted, as they cannot be the new one."""

    def is_open(page: Page) -> bool:
        if page.status in OPEN:
            return True
        connection.made.is_new(page.id)
        return False

    return await find_newest(list_pages, get_page, key, connection.by_key.get(key), is_open)


async def _newest(rows: AsyncIterator[Page], wanted: str, fits: Callable[[Page], bool]) -> Page | None:
    """Return the page with the tag `wanted` that fits and comes first among the first rows."""
    read = 0
    async for page in rows:
        if wanted in page.tags and fits(page):
            return page
        read += 1
        if read >= NEWEST:
            break
    return None


async def find(
    list_pages: ListPages, key: str, started: float, is_new: Callable[[str], bool], options: ClientOptions
) -> str | None:
    """Return the id of the page with `key` that was created since `started`, or None if it does not show up in time.

    Args:
        list_pages: lists pages, as `Pages.list` does.
        key: the dedup key.
        started: wall time at which the creation began, in seconds since the epoch.
        is_new: takes an id, keeps it, and tells whether it is of no earlier call.
        options: the clock, and `reconcile_timeout`.
    """
    since = datetime.fromtimestamp(started, UTC) - timedelta(seconds=CLOCK_TOLERANCE)

    def fits(page: Page) -> bool:
        return page.created_at >= since and is_new(page.id)

    return await reconciled(partial(_look, list_pages, tag(key), since, fits), options)


async def _look(list_pages: ListPages, wanted: str, since: datetime, fits: Callable[[Page], bool]) -> str | None:
    # Two ways that fail apart: one may not know the query, the other not the order.
    for found in (list_pages(f'tags:"{wanted}"', page_size=NEWEST), list_pages(since=since, page_size=NEWEST)):
        with suppress(ApiError, TransportError, CodecError):  # a search that does not work proves nothing
            if (page := await _newest(found, wanted, fits)) is not None:
                return page.id
    return None

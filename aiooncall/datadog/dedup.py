"""Finding a page again by its `dedup_key`, when the answer to its creation was lost.

The key travels as the tag `dedup_key:<key>`. Neither the search syntax for tags nor how soon a new page can be found
is documented, so a search is only a hint: what counts is the tag on a page that was read, and the newest pages are
read as well.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import TYPE_CHECKING, Final

from aiooncall.errors import ApiError, CodecError, OptionsError, TransportError
from aiooncall.transport.retry import backoff_wait

if TYPE_CHECKING:
    from aiooncall.datadog.pages import Pages
    from aiooncall.options import ClientOptions

PREFIX: Final = "dedup_key:"
LONGEST_TAG: Final = 200
"""A longer tag is cut off by Datadog (https://docs.datadoghq.com/getting_started/tagging/)."""
_KEY = re.compile(r"[a-z0-9_\-:./]*[a-z0-9_\-./]")
CLOCK_TOLERANCE: Final = 60.0
"""How far, in seconds, the server's clock may be behind ours when a page is told from an older one of the same key."""
NEWEST: Final = 100
"""How many of the newest pages are read when the search finds nothing."""


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


async def find(pages: Pages, key: str, started: float, options: ClientOptions) -> str | None:
    """Return the id of the page with `key` that was created since `started`, or None if it does not show up in time.

    Args:
        pages: where to look.
        key: the dedup key.
        started: wall time at which the creation began, in seconds since the epoch.
        options: the clock, and `settle_time`.
    """
    since = datetime.fromtimestamp(started, UTC) - timedelta(seconds=CLOCK_TOLERANCE)
    with suppress(TimeoutError):
        async with asyncio.timeout(options.settle_time):
            for attempt in count(1):
                for query in (f'tags:"{tag(key)}"', None):
                    if (found := await _look(pages, key, query, since)) is not None:
                        return found
                await options.clock.sleep(backoff_wait(attempt, base=0.25, cap=2.0))
    return None


async def _look(pages: Pages, key: str, query: str | None, since: datetime) -> str | None:
    wanted, seen = tag(key), 0
    try:
        async for page in pages.list(query, page_size=NEWEST, since=since):
            if wanted in page.tags:
                return page.id
            seen += 1
            if seen >= NEWEST:
                break
    except (ApiError, TransportError, CodecError):
        return None  # a search that does not work proves nothing
    return None

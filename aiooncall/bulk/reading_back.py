"""Reading the states of items back: in lists where that takes fewer requests, and one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from aiooncall.errors import ApiError, NotFound, OnCallError
from aiooncall.fanout import DEFAULT_CONCURRENCY, FanOut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from aiooncall.bulk.models import Item
    from aiooncall.bulk.providers import Provider

GONE: Final = "gone"
"""What stands for the state of an item that is not there any more."""

States = dict[str, str]
"""By id."""


async def read_states(provider: Provider, items: Sequence[Item], *, most: int | None = None) -> States:
    """Return the states that the server shows now; what it does not tell is left out.

    A list is read if all items say when they were created and that takes fewer requests.

    Args:
        provider: where.
        items: of which items.
        most: how many to look at one by one at most; the rest is left out.

    Raises:
        Unauthorized, Forbidden: the credentials may not look.
    """
    times = [item.created_at for item in items if item.created_at is not None]
    found: States = {}
    if len(times) == len(items) > provider.rows_in_request // 10:
        wanted = {item.id for item in items}
        found = await _from_list(provider, wanted, min(times) - timedelta(seconds=1), max(times) + timedelta(seconds=1))
    left = [item.id for item in items if item.id not in found]
    return found | await _one_by_one(provider, left[:most])


async def _from_list(provider: Provider, wanted: set[str], since: datetime, until: datetime) -> States:
    """Read a list, and give up on it when it has taken as many requests as single looks would."""
    found: States = {}
    rows = len(wanted) * provider.rows_in_request
    try:
        async for item in provider.sweep(since, until):
            rows -= 1
            if item.id in wanted:
                found[item.id] = item.state or ""
            if len(found) == len(wanted) or rows <= 0:
                break
    except OnCallError:  # what the list does not tell is looked at one by one
        pass
    return found


async def _one_by_one(provider: Provider, ids: Iterable[str]) -> States:
    found: States = {}

    async def look(item_id: str) -> None:
        try:
            found[item_id] = (await provider.look(item_id)).state or ""
        except NotFound:
            found[item_id] = GONE

    report = await FanOut(ids, look, concurrency=DEFAULT_CONCURRENCY)
    for outcome in report.outcomes:
        if isinstance(outcome.error, ApiError) and outcome.error.status in {401, 403}:
            raise outcome.error
    return found

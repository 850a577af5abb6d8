"""Reading the states of items back: from a list where that takes fewer requests, else one by one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from aiooncall.errors import Forbidden, NotFound, OnCallError, Unauthorized
from aiooncall.fanout import DEFAULT_CONCURRENCY, FanOut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from aiooncall.bulk.models import Item
    from aiooncall.bulk.providers import Provider

GONE: Final = "gone"
"""The state that is written for an item that does not exist any more."""

States = dict[str, str]
"""The state of each item, by id."""


async def read_states(provider: Provider, items: Sequence[Item], *, most: int | None = None) -> States:
    """Read the states that the server shows now. An item that could not be read is left out.

    A list is read if the creation times of all items are known and a list takes fewer requests.

    Args:
        provider: the provider.
        items: the items.
        most: the most items to read one by one; the others are left out.

    Raises:
        Unauthorized, Forbidden: the credentials may not read the items.
    """
    times = [item.created_at for item in items if item.created_at is not None]
    found: States = {}
    if len(times) == len(items) > provider.rows_in_request // 10:
        wanted = {item.id for item in items}
        found = await _from_list(provider, wanted, min(times) - timedelta(seconds=1), max(times) + timedelta(seconds=1))
    left = [item.id for item in items if item.id not in found]
    return found | await _one_by_one(provider, left[:most])


async def _from_list(provider: Provider, wanted: set[str], since: datetime, until: datetime) -> States:
    """Read a list, and stop when it has taken as many requests as reading one by one would."""
    found: States = {}
    rows = len(wanted) * provider.rows_in_request
    try:
        async for item in provider.list_created(since, until):
            rows -= 1
            if item.id in wanted:
                found[item.id] = item.state or ""
            if len(found) == len(wanted) or rows <= 0:
                break
    except OnCallError:  # items that the list does not have are read one by one
        pass
    return found


async def _one_by_one(provider: Provider, ids: Iterable[str]) -> States:
    found: States = {}

    async def look(item_id: str) -> None:
        try:
            found[item_id] = (await provider.get(item_id)).state or ""
        except NotFound:
            found[item_id] = GONE

    report = await FanOut(ids, look, concurrency=DEFAULT_CONCURRENCY)
    for outcome in report.outcomes:
        if isinstance(outcome.error, (Unauthorized, Forbidden)):
            raise outcome.error
    return found

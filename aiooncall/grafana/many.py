"""Jobs over many alert groups, given as ids or as groups."""

from __future__ import annotations

from collections.abc import AsyncIterable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from aiooncall.fanout import FanOut
from aiooncall.grafana.models.alert_group import AlertGroup

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aiooncall.fanout import Action

Targets = Iterable[str] | AsyncIterable[str] | Iterable[AlertGroup] | AsyncIterable[AlertGroup]


def job(targets: Targets, action: Action, concurrency: int) -> FanOut:
    """Return the job that does `action` to each of `targets`; its first one goes alone."""
    ids: Any = targets  # whatever else it is: the job says what is wrong with it
    if isinstance(targets, AsyncIterable):
        ids = _snapshot(targets)
    elif isinstance(targets, Iterable) and not isinstance(targets, (str, bytes, Mapping)):
        found = map(_id, targets)
        ids = list(found) if isinstance(targets, Collection) else found
    return FanOut(ids, action, concurrency=concurrency, proving=True)


def _id(target: Any) -> Any:  # noqa: ANN401 (an id, unless the caller made a mistake)
    return target.id if isinstance(target, AlertGroup) else target


async def _snapshot(targets: AsyncIterable[str | AlertGroup]) -> AsyncIterator[str]:
    """Yield ids, once all of them are known: rows move when what is listed changes."""
    ids = [_id(target) async for target in targets]
    for one in ids:
        yield one

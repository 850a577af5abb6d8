"""Telling of a doubt when the task that looks into it is cancelled, so that the doubt is not lost."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

from aiooncall.events import CallCancelled, tell_cancelled

if TYPE_CHECKING:
    from collections.abc import Generator

    from aiooncall.client.core import ApiCore
    from aiooncall.errors import AmbiguousOutcome
    from aiooncall.transport.watch import CallWatch


@contextmanager
def looking_into(doubt: AmbiguousOutcome | None, core: ApiCore, watch: CallWatch | None = None) -> Generator[None]:
    """Tell the hooks of a doubt, if there is one, when the block is cancelled that looks into it or sends again."""
    try:
        yield
    except asyncio.CancelledError:
        if doubt is None:
            raise
        if watch is not None:
            watch.in_doubt = True
        cancelled = CallCancelled(
            call=None if watch is None else watch.call,
            method=doubt.method,
            route=doubt.route,
            attempt=doubt.attempts,
            named=doubt.named,
            left=True,
            repeatable=False,
        )
        tell_cancelled((*core.options.hooks, *core.connection.trouble_hooks), cancelled)
        raise

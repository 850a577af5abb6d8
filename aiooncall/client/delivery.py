"""Sending what pages people: at most once, or at least once where a lost page is worse than a second one."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar

import attrs

from aiooncall._base.validation import one_of
from aiooncall.client.doubt import looking_into
from aiooncall.errors import AmbiguousOutcome, OnCallError
from aiooncall.transport.outcome import Outcome
from aiooncall.transport.retry import delay_before_retry
from aiooncall.transport.watch import note_reconciled, watched

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiooncall.client.core import ApiCore
    from aiooncall.transport.deadline_scope import DeadlineScope
    from aiooncall.transport.watch import CallWatch

T = TypeVar("T")


class Delivery(StrEnum):
    """What to do when it is unknown whether somebody was paged, and looking did not tell."""

    AT_MOST_ONCE = "at_most_once"
    """Nobody is paged twice, and a page may be lost, as AmbiguousOutcome tells."""
    AT_LEAST_ONCE = "at_least_once"
    """No page is lost, as it is sent again, and somebody may be paged twice."""


@attrs.frozen
class Delivered(Generic[T]):
    """The result of a delivery.

    Attributes:
        result: what was made.
        reconciled: whether the answer was lost and it was found by looking.
        maybe_twice: whether it was sent again after a doubt, so that it may be there twice.
    """

    result: T
    reconciled: bool = False
    maybe_twice: bool = False


def check_delivery(delivery: object) -> None:
    """Raise OptionsError if there is no such way of delivery."""
    one_of("delivery", delivery, Delivery)


async def look(find: Callable[[], Awaitable[T | None]], delivery: Delivery | str, deadline: DeadlineScope) -> T | None:
    """Return what `find` finds, or None.

    With `at_least_once` it has half of the time that is left; the other half is for sending.
    """
    bounded = delivery == Delivery.AT_LEAST_ONCE and deadline.left < inf
    bound = asyncio.timeout(deadline.left / 2 if bounded else None)
    try:
        async with bound:
            return await find()
    except TimeoutError:
        if not bound.expired():
            raise
        return None


async def _settled(
    doubt: AmbiguousOutcome,
    find: Callable[[], Awaitable[T | None]] | None,
    delivery: Delivery | str,
    deadline: DeadlineScope,
) -> T | None:
    """Return what a look has found, or None; a look that fails, such as on a closed client, settles nothing."""
    try:
        return None if find is None else await look(find, delivery, deadline)
    except OnCallError as failed:
        raise doubt from failed


async def deliver(
    core: ApiCore,
    send: Callable[[], Awaitable[T]],
    find: Callable[[], Awaitable[T | None]] | None,
    delivery: Delivery | str,
    watch: CallWatch | None = None,
) -> Delivered[T]:
    """Send something, and in doubt look for it; send it again only if the caller wants that, within the deadline.

    Args:
        core: whose deadline and retry policy bound it.
        send: sends it once.
        find: looks for what a send may have made; None where it could not be told from other things.
        delivery: what to do when looking did not tell.
        watch: tells of the call that all sends are part of.

    Raises:
        OptionsError: there is no such way of delivery; nothing was sent.
        AmbiguousOutcome: whether it happened is unknown. It is raised as well where sending it again was refused or
            failed: that tells nothing of the first time.
    """
    check_delivery(delivery)
    return await watched(watch, _deliver(core, send, find, delivery, watch))


async def _deliver(
    core: ApiCore,
    send: Callable[[], Awaitable[T]],
    find: Callable[[], Awaitable[T | None]] | None,
    delivery: Delivery | str,
    watch: CallWatch | None,
) -> Delivered[T]:
    doubt: AmbiguousOutcome | None = None
    with core.one_deadline() as deadline:
        for sends in count(1):
            try:
                with looking_into(doubt, core, watch):
                    return Delivered(await send(), maybe_twice=doubt is not None)
            except AmbiguousOutcome as unknown:
                unknown.attempts += doubt.attempts if doubt is not None else 0
                doubt = unknown
            except OnCallError as failed:
                if doubt is None:
                    raise
                raise doubt from failed
            with looking_into(doubt, core, watch):
                if (found := await _settled(doubt, find, delivery, deadline)) is not None:
                    note_reconciled(watch)
                    return Delivered(found, reconciled=True, maybe_twice=sends > 1)
                delay = delay_before_retry(core.options.retry, Outcome.TRANSIENT, failures=sends, refusals=0)
                if delivery == Delivery.AT_MOST_ONCE or delay is None or delay >= deadline.left:
                    raise doubt
                await core.options.clock.sleep(delay)
    raise AssertionError("unreachable: the loop ends by returning or raising")

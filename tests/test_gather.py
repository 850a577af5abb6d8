"""Many reads at once: each once, in order, and one plain error."""

from __future__ import annotations

import asyncio

import pytest

from aiooncall import NotFound, OnCallError, ServerError
from aiooncall.client.gather import read_all


def missing() -> NotFound:
    """Return the error of what is not there."""
    return NotFound(status=404, errors=(), method="GET", route="/things/{id}")


async def test_reads_run_at_once_and_keep_their_order() -> None:
    """All reads are under way at the same time, and the result has the order of the keys."""
    started, go = asyncio.Semaphore(0), asyncio.Event()

    async def read(key: int) -> int:
        started.release()
        await go.wait()
        return key * key

    reads = asyncio.ensure_future(read_all([3, 1, 2], read))
    for _ in range(3):
        await started.acquire()
    go.set()
    assert list((await reads).items()) == [(3, 9), (1, 1), (2, 4)]


async def test_first_error_is_raised_as_it_is_and_ends_the_others() -> None:
    """Where several reads fail, the caller gets one `OnCallError` and no group; reads under way are cancelled."""
    ended: list[int] = []

    async def read(key: int) -> int:
        if key < 2:
            raise ServerError(status=500, errors=(str(key),), method="GET", route="/things/{id}")
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(key)
        return key

    with pytest.raises(OnCallError) as raised:
        await read_all([5, 0, 1], read)
    assert isinstance(raised.value, ServerError)
    assert raised.value.errors == ("0",)
    assert ended == [5]


async def test_what_is_missing_can_be_left_out() -> None:
    """With `skip_missing` only what is there is returned; without, what is not there is an error."""

    async def read(key: str) -> str:
        if key == "gone":
            raise missing()
        return key.upper()

    assert await read_all(["gone", "a"], read, skip_missing=True) == {"a": "A"}
    with pytest.raises(NotFound):
        await read_all(["gone", "a"], read)


async def test_read_that_is_cancelled_is_not_left_out() -> None:
    """Should one read be cancelled, so is the whole: its result is never one that lacks it without a word."""

    async def read(key: int) -> int:
        if key == 1:
            raise asyncio.CancelledError
        return key

    with pytest.raises(asyncio.CancelledError):
        await read_all([0, 1, 2], read, skip_missing=True)

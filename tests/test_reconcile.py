"""Looking again and again for what the server may have done."""

from __future__ import annotations

import asyncio
from math import inf
from typing import Any

import pytest

from aiooncall import ClientOptions, NotFound
from aiooncall.client.reconcile import reconciled
from tests.support.virtual_time import VirtualClock

NOT_FOUND = NotFound(status=404, method="GET", route="/")


class Looker:
    """Looks, and finds something at `there_at`; each look takes `takes` seconds."""

    def __init__(self, there_at: float, *, takes: float = 0.0, nothing: Any = None) -> None:
        self.there_at = there_at
        self.takes = takes
        self.nothing = nothing
        self.looks: list[float] = []

    async def __call__(self) -> Any:
        """Look once."""
        now = VirtualClock().monotonic()
        self.looks.append(round(now, 3))
        if self.takes:
            await asyncio.sleep(self.takes)
        return "found" if now >= self.there_at else self.nothing


def options(reconcile_timeout: float = 15.0) -> ClientOptions:
    """Return options on virtual time."""
    return ClientOptions(clock=VirtualClock(), reconcile_timeout=reconcile_timeout)


async def test_what_is_there_is_found_at_once() -> None:
    """What the first look finds is returned without waiting."""
    looker = Looker(0.0)
    assert await reconciled(looker, options()) == "found"
    assert looker.looks == [0.0]


async def test_looks_ever_less_often() -> None:
    """Looks are a quarter of a second apart at first, twice that each time, and 2 s in the end."""
    looker = Looker(9.0)
    assert await reconciled(looker, options()) == "found"
    assert looker.looks == pytest.approx([0.0, 0.25, 0.75, 1.75, 3.75, 5.75, 7.75, 9.75], abs=0.01)


@pytest.mark.parametrize("nothing", [None, False, "", 0, []])
async def test_nothing_in_time(nothing: Any) -> None:
    """What stays away, or stays false, is None once the time is over, and not much sooner or later."""
    looker = Looker(16.0, nothing=nothing)
    assert await reconciled(looker, options()) is None
    assert VirtualClock().monotonic() == pytest.approx(15.0, abs=0.01)
    assert looker.looks[-1] == pytest.approx(13.75, abs=0.01)


async def test_first_look_takes_its_time() -> None:
    """The first look may take longer than `reconcile_timeout`, which begins when it has ended; later ones may not."""
    assert await reconciled(Looker(0.0, takes=100.0), options(3.0)) == "found"
    started = VirtualClock().monotonic()
    looker = Looker(inf, takes=2.0)
    assert await reconciled(looker, options(3.0)) is None
    assert VirtualClock().monotonic() - started == pytest.approx(2.0 + 3.0, abs=0.01)
    assert len(looker.looks) == 3


async def test_no_time_is_one_look() -> None:
    """Without any time there is one look."""
    assert await reconciled(Looker(0.0, takes=0.1), options(0.0)) == "found"
    looker = Looker(inf)
    assert await reconciled(looker, options(0.0)) is None
    assert len(looker.looks) == 1


async def test_trouble_while_looking_is_raised() -> None:
    """An error of a look ends the search; whoever wants to go on catches it."""

    async def look() -> None:
        raise NOT_FOUND

    with pytest.raises(NotFound):
        await reconciled(look, options())


async def test_cancellation_ends_the_search() -> None:
    """Cancelling whoever waits is not taken for the end of the time."""
    looker = Looker(1000.0)
    task = asyncio.create_task(reconciled(looker, options()))
    await asyncio.sleep(1.0)
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()
    assert len(looker.looks) == 3


async def test_a_timeout_outside_stays_outside() -> None:
    """A timeout that the caller has set is raised there, and not taken for the end of the time."""
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2.0):
            await reconciled(Looker(1000.0), options())
    assert VirtualClock().monotonic() == pytest.approx(2.0, abs=0.01)

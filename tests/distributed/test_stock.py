"""The turns that a process holds, and its part of a window while it cannot ask."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiooncall.distributed.stock import Alone, Stock, Unreported
from aiooncall.limits.lane import Lane

PEOPLE, BULK = Lane.INTERACTIVE, Lane.BULK


@given(people=st.integers(0, 5), anybody=st.integers(0, 5), lanes=st.lists(st.sampled_from(Lane), max_size=15))
def test_turns_are_used_once(people: int, anybody: int, lanes: list[Lane]) -> None:
    """No turn goes twice, those of people to people alone, and what is left comes back."""
    stock = Stock()
    stock.fill(people, anybody, until=1.0, probing=False)
    taken = [lane for lane in lanes if stock.take(lane, 0.5)]
    assert len(taken) <= people + anybody
    assert taken.count(BULK) <= anybody
    assert stock.take_back() == people + anybody - len(taken)
    assert stock.size == 0


def test_turns_expire() -> None:
    """A turn cannot be used at the moment in which it ends, and is still there to go back."""
    stock = Stock()
    stock.fill(1, 1, until=1.0, probing=False)
    assert not stock.take(PEOPLE, 1.0)
    assert stock.take_back() == 2


@given(limit=st.integers(1, 50), workers=st.integers(1, 60))
def test_part_of_a_window(limit: int, workers: int) -> None:
    """Alone, a process makes its part of the limit in a window, one call at least, and again in the next one."""
    alone = Alone()
    for window in (7, 8):
        went = sum(alone.may_go(window, limit, workers) for _ in range(limit + 1))
        assert went == alone.unreported == max(1, limit // workers)


def test_unknown_limit_is_not_parted() -> None:
    """While no limit is known there is nothing to part: the answers alone say how many calls may be under way."""
    alone = Alone()
    assert all(alone.may_go(1, None, 4) for _ in range(1000))


def test_what_could_not_be_told_is_kept() -> None:
    """What was to be told while Redis went away is told later, together with what came since."""
    older, newer = Unreported(), Unreported()
    older.answered, older.closed_until, older.found_open = 3, 50.0, False
    newer.answered, newer.closed_until, newer.found_open = 4, 20.0, True
    newer.put_back(older)
    assert (newer.answered, newer.closed_until, newer.found_open) == (7, 50.0, True)

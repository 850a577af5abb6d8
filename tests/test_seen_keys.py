"""A memory of bounded size."""

from __future__ import annotations

from collections import OrderedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiooncall._base.seen_keys import REMEMBERED, SeenKeys

KEYS = st.lists(st.integers(0, 15), max_size=200)


@given(keys=KEYS)
def test_everything_is_remembered_without_a_bound(keys: list[int]) -> None:
    """Without a bound each key is new once."""
    recent = SeenKeys(None)
    assert [key for key in keys if recent.is_new(key)] == list(dict.fromkeys(keys))


@given(keys=KEYS, most=st.integers(1, 10))
def test_oldest_goes_first(keys: list[int], most: int) -> None:
    """With a bound, the keys that are not new are exactly the `most` that were new last."""
    recent, newest = SeenKeys(most), OrderedDict[int, None]()
    for key in keys:
        assert recent.is_new(key) == (key not in newest)
        newest[key] = None
        while len(newest) > most:
            newest.popitem(last=False)


@pytest.mark.parametrize(("count", "remembered"), [(REMEMBERED, True), (REMEMBERED + 1, False)])
def test_usual_bound(count: int, remembered: bool) -> None:
    """Unless told otherwise the newest ten thousand keys are remembered, and no more."""
    recent = SeenKeys()
    assert all(recent.is_new(key) for key in range(count))
    assert recent.is_new(0) != remembered


def test_any_hashable_is_a_key() -> None:
    """Keys are told apart as Python does it."""
    recent = SeenKeys(10)
    assert [recent.is_new(key) for key in (None, "", (), ("a", 1), ("a", 1), 1, 1.0)] == [True] * 4 + [
        False,
        True,
        False,
    ]

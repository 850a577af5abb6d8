"""Fewer rows than all combinations, where the parts of a combination have nothing to do with each other."""

from __future__ import annotations

from itertools import cycle, islice
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence

_Name = TypeVar("_Name")
_Value = TypeVar("_Value")


def covering(names: Sequence[_Name], values: Sequence[_Value]) -> list[tuple[_Name, _Value]]:
    """Return pairs in which each name and each value is at least once, taking turns.

    All operations go through one transport, so what a fault does to one it does to all of its kind: an operation needs
    one fault to show of which kind it is, and a fault needs some operations, not all of them.
    """
    rows = max(len(names), len(values))
    return list(islice(zip(cycle(names), cycle(values)), rows))

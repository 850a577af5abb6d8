"""SeenKeys: the keys that came lately, in bounded memory, to find those that come twice."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Hashable

K = TypeVar("K")
V = TypeVar("V")
REMEMBERED: Final = 10_000
"""How many keys are remembered unless somebody wants another number."""


class SeenKeys:
    """Remembers keys: the newest `most`, or all of them if that is None."""

    def __init__(self, most: int | None = REMEMBERED) -> None:
        self._most = most
        self._seen: OrderedDict[Hashable, None] = OrderedDict()

    def is_new(self, key: Hashable) -> bool:
        """Return whether `key` was not here before, and remember it."""
        if key in self._seen:
            return False
        self._seen[key] = None
        if self._most is not None and len(self._seen) > self._most:
            self._seen.popitem(last=False)
        return True


class SeenValues(Generic[K, V]):
    """Remembers the values of keys: of the newest `most` keys."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._most = most
        self._values: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        """Return the value of `key`, if it is remembered."""
        return self._values.get(key)

    def put(self, key: K, value: V) -> None:
        """Remember the value of `key`."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._most:
            self._values.popitem(last=False)

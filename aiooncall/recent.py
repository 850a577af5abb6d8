"""What was there lately: a memory of bounded size, to find what comes twice."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Hashable

REMEMBERED: Final = 10_000
"""How many keys are remembered unless somebody wants another number."""


class Recent:
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

"""How much memory something takes, whatever else the process has in it."""

from __future__ import annotations

import gc
import tracemalloc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def peak_of_memory() -> Iterator[list[int]]:
    """Yield a list that gets the bytes of Python objects that the block took at most, over what there was before.

    What was there before is frozen: the collector's thresholds follow the number of old objects, and with those of
    a whole test run it would let the block's garbage lie for longer than a program would.
    """
    peak: list[int] = []
    gc.collect()
    gc.freeze()
    gc.collect()
    tracemalloc.start()
    try:
        yield peak
        peak.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()
        gc.unfreeze()

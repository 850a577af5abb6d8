"""How much work something is, counted and not timed: the same on any machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def operations(work: Callable[[], object]) -> int:
    """Return how many instructions of Python are executed."""
    executed = 0

    def count(frame: FrameType, event: str, argument: object) -> object:
        nonlocal executed
        executed += 1
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return count

    before = sys.gettrace()
    sys.settrace(count)  # type: ignore[arg-type]  # (it returns itself)
    try:
        work()
    finally:
        sys.settrace(before)
    return executed

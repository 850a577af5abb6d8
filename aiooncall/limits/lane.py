"""Who waits for an answer, and how much more of the same is wanted."""

from __future__ import annotations

import enum
from typing import Protocol


class Lane(enum.IntEnum):
    """Who waits for the answer: a person (INTERACTIVE passes) or a bulk job."""

    INTERACTIVE = 0
    BULK = 1


class Demand(Protocol):
    """A job that a call belongs to."""

    @property
    def left(self) -> int | None:
        """How many calls of the job have not asked to go; None if that is not known."""
        ...

    def asks(self) -> None:
        """Take in that one of them does."""
        ...

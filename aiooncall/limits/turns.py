"""What hands out turns of a limit that is not learned by the bucket itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from aiooncall.limits.lane import Lane
    from aiooncall.limits.snapshot import Held
    from aiooncall.ratelimit import RateLimit


class Turns(Protocol):
    """Turns of a limit. Whoever hands them out wakes the bucket when there are more."""

    @property
    def free_at(self) -> float:
        """When the next turn is there at the earliest, as far as is known (monotonic seconds); long ago if now."""
        ...

    def try_acquire(self, lane: Lane, in_flight: int) -> bool:
        """Return whether a turn is there for a lane, and use it."""
        ...

    def close(self) -> None:
        """Hand out no more."""
        ...


class KnownLimit(Turns, Protocol):
    """Turns of a limit that is known beforehand."""

    @property
    def workers(self) -> int | None:
        """How many processes share it; None where it is this one's own, or while that cannot be told."""
        ...

    def refused(self, retry_after: float | None) -> None:
        """Take in that the server refused a call that had a turn, and asked to wait so many seconds."""
        ...


class SharedTurns(Turns, Protocol):
    """Turns of a bucket that several processes share."""

    @property
    def workers(self) -> int | None:
        """How many processes share it; None while that cannot be told."""
        ...

    def held(self, now: float) -> Held:
        """Return why the next call waits that gets no turn, at `now` (monotonic seconds)."""
        ...

    def answered(self, said: RateLimit | None) -> None:
        """Take in an answer that was not a refusal."""
        ...

    def refused(self) -> None:
        """Take in that the server refused a call, and that the bucket is closed."""
        ...

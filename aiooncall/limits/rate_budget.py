"""What the transport needs of a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall.events import BudgetEvent
    from aiooncall.limits.bucket import Permit
    from aiooncall.limits.lane import Demand, Lane
    from aiooncall.ratelimit import BudgetSnapshot, RateLimit


class RateBudget(Protocol):
    """What the transport needs of a budget; nothing here says where it is kept.

    A permit, from `try_acquire` or `acquire`, is followed by exactly one of `answered`, `refused` and `abandoned`.
    """

    def try_acquire(self, route: str, lane: Lane, demand: Demand | None = None) -> Permit | None:
        """Return the right to send one request of `route` if it is there without waiting; see `acquire`."""
        ...

    async def acquire(
        self, route: str, lane: Lane, until: float, demand: Demand | None = None, *, in_front: bool = False
    ) -> Permit:
        """Return the right to send one request of `route`, when it is its turn.

        Args:
            route: method and path template.
            lane: who waits.
            until: monotonic seconds beyond which waiting makes no sense.
            demand: the job that the call belongs to.
            in_front: whether the call was refused before and takes its place at the head of the queue again.

        Raises:
            WontFit: the bucket is known to open only after `until`.
        """
        ...

    def answered(self, permit: Permit, route: str, said: RateLimit | None) -> None:
        """Take in an answer that was not a refusal."""
        ...

    def refused(self, permit: Permit, route: str, said: RateLimit | None) -> None:
        """Take in a refusal; the bucket is closed for everyone until the server's wait is over."""
        ...

    def abandoned(self, permit: Permit, *, sent: bool) -> None:
        """Take back the permit of a request without an answer."""
        ...

    def pause(self, route: str, until: float) -> None:
        """Close the bucket of `route` until `until` (monotonic seconds)."""
        ...

    def snapshot(self) -> tuple[BudgetSnapshot, ...]:
        """Return what is known of every bucket."""
        ...

    def watch(self, tell: Callable[[BudgetEvent], None]) -> None:
        """Give `tell` an event whenever something of a bucket became known or changed, or its calls begin to wait."""
        ...

    def unwatch(self, tell: Callable[[BudgetEvent], None]) -> None:
        """Call `tell` no longer."""
        ...

    def close(self) -> None:
        """Fail everybody who waits and release what is held."""
        ...

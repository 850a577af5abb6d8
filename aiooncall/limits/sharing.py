"""What a budget needs of whatever lets several processes share its limits; nothing here says how that is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall._base.clock import Clock
    from aiooncall.limits.bucket import Bucket
    from aiooncall.limits.turns import KnownLimit, SharedTurns
    from aiooncall.options import CallRate


class SharedLimits(Protocol):
    """The limits of one host and credential."""

    def window(self, bucket: Bucket, tell: Callable[[Bucket], None]) -> SharedTurns:
        """Return the turns of a bucket whose limit the server tells.

        Args:
            bucket: which.
            tell: told when something became known of it.
        """
        ...

    def sliding(
        self, name: str, rate: CallRate, reserve: int, bucket: Callable[[], Bucket | None], wake: Callable[[], None]
    ) -> KnownLimit:
        """Return the turns of a limit over a sliding window.

        Args:
            name: what the server counts.
            rate: the limit.
            reserve: calls of each window that bulk work leaves to people.
            bucket: returns the bucket whose calls wait for them.
            wake: called when there may be turns.
        """
        ...


class OpenSharedBudget(Protocol):
    """A shared budget while a pool uses it."""

    def limits_of(self, account: tuple[str, ...]) -> SharedLimits:
        """Return the limits of a host and a credential, which `account` names without telling a secret."""
        ...

    async def close(self) -> None:
        """Release what is held. Nothing is asked of it any more."""
        ...


class SharedBudget(Protocol):
    """One budget for all processes that are given the same one."""

    def open(self, clock: Clock) -> OpenSharedBudget:
        """Get ready, on the running loop; nothing is waited for."""
        ...

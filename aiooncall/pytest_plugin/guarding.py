"""The guard of a test run: what it tells whoever is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aiooncall._base.loopback import LOOPBACK_GUARD

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

WHY: Final = (
    "the tests' guard is on (aiooncall_guard or oncall_guard), so that no test pages a person; "
    "give clients the URLs of oncall_simulator, and a Redis and a broker of this machine"
)


def guarded() -> AbstractContextManager[None]:
    """Return a context in which clients, budgets and jobs of this process reach this machine only."""
    return LOOPBACK_GUARD.on(WHY)

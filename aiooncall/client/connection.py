"""What a client holds while it is open, and shares with all views of it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from aiooncall._base.redaction import Secrets
from aiooncall._base.seen_keys import SeenKeys, SeenValues
from aiooncall.transport.session_pool import Lifecycle

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import aiohttp

    from aiooncall.events import BudgetEvent, Hook
    from aiooncall.limits.rate_budget import RateBudget
    from aiooncall.limits.sharing import SharedLimits
    from aiooncall.transport.session_pool import SessionPool

    BudgetKey = tuple[str, ...]


class Connection:
    """Sessions on a pool, and the budgets of the hosts.

    Args:
        pool: where connections come from.
        own: whether the pool is the client's own, to be opened and closed with it.
        secrets: texts that never show up in an error.

    Attributes:
        budgets: by the name that endpoints use for a host.
        made: ids of what was created lately, so that none of it is taken for the result of another call.
        by_key: ids of what was created lately, by its key: lists show it only a moment later.
        by_handle: ids that were looked up, by handle, and until when they count, in monotonic seconds.
        trouble_hooks: hooks that get events of refusals and retries only.
    """

    def __init__(self, pool: SessionPool, *, own: bool, secrets: tuple[str, ...]) -> None:
        self.pool = pool
        self.lifecycle: Lifecycle = Lifecycle("client")
        self.secrets: Secrets = Secrets(secrets)
        self.budgets: dict[str, RateBudget] = {}
        self.made: SeenKeys = SeenKeys()
        self.by_key: SeenValues[str, str] = SeenValues()
        self.by_handle: SeenValues[str, tuple[str, float]] = SeenValues()
        self.trouble_hooks: list[Hook] = []
        self._own = own
        self._keys: dict[str, BudgetKey] = {}
        self._sessions: list[aiohttp.ClientSession] = []
        self._tell: Callable[[BudgetEvent], None] | None = None

    @property
    def session(self) -> aiohttp.ClientSession:
        """A session on kept connections."""
        return self._sessions[0]

    @property
    def fresh(self) -> aiohttp.ClientSession:
        """A session on connections that have carried no request."""
        return self._sessions[1]

    async def open(
        self,
        headers: Mapping[str, str],
        keys: Mapping[str, BudgetKey],
        make: Callable[[SharedLimits | None], RateBudget],
        tell: Callable[[BudgetEvent], None],
    ) -> None:
        """Get ready for calls, on the running loop.

        Args:
            headers: sent with every request.
            keys: the name of each host's budget in the pool.
            make: makes a budget that is not there yet, from the limits that other processes share.
            tell: gets the events of the limits.

        Raises:
            ClientClosed: it was opened before.
            OptionsError: the pool's CA file cannot be read.
        """
        self.lifecycle.open()
        try:
            if self._own:
                await self.pool.open()
            every = {"User-Agent": _user_agent(), **headers}
            self._sessions = [self.pool.session(every), self.pool.session(every, fresh=True)]
            for host, key in keys.items():
                self.budgets[host] = self.pool.budget(key, make)
                self._keys[host] = key
            for budget in set(self.budgets.values()):  # two hosts can be one
                budget.watch(tell)
            self._tell = tell
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Release what was made: the sessions, and the pool unless it was given. Twice is fine."""
        if not self.lifecycle.close():
            return
        for budget in set(self.budgets.values()):
            if self._tell is not None:
                budget.unwatch(self._tell)
        for key in self._keys.values():
            self.pool.leave_budget(key)
        try:
            for session in self._sessions:
                await self.pool.release(session)
        finally:
            if self._own:
                await self.pool.close()


@cache
def _user_agent() -> str:
    from aiooncall._base.version import __version__  # noqa: PLC0415 (it brings the whole email package: not on import)

    return f"aiooncall/{__version__}"

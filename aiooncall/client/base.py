"""The base of all clients: opening, closing, options and budgets. The core makes the calls."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

import attrs

from aiooncall._base.unset import UNSET
from aiooncall.client.connection import Connection
from aiooncall.client.core import ApiCore
from aiooncall.client.services import ServiceOf
from aiooncall.errors import OptionsError
from aiooncall.options import ClientOptions, PoolOptions
from aiooncall.transport.session_pool import SessionPool

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from aiooncall._base.unset import UnsetType
    from aiooncall._base.validation import Seconds
    from aiooncall.client.profile import ApiProfile
    from aiooncall.options import RetryPolicy
    from aiooncall.ratelimit import BudgetSnapshot


class BaseClient:
    """A client of one provider. Open it with `async with`, or with `open()` and `close()`.

    Args:
        profile: what differs from provider to provider.
        options: how the client behaves.
        pool: connections to share with other clients; without one the client makes its own.
    """

    def __init__(
        self, profile: ApiProfile, *, options: ClientOptions | None = None, pool: SessionPool | None = None
    ) -> None:
        options = options if options is not None else ClientOptions()
        if not isinstance(options, ClientOptions):
            raise OptionsError("options", options, "a ClientOptions")
        if pool is not None and not isinstance(pool, SessionPool):
            raise OptionsError("pool", pool, "a SessionPool; for options of its own pool use options.pool")
        if pool is not None and options.pool != PoolOptions():
            raise OptionsError("options.pool", options.pool, "nothing here: the given pool has its own options")
        shared = pool or SessionPool(options.pool, clock=options.clock)
        self._core = ApiCore(profile, options, Connection(shared, own=pool is None, secrets=profile.secrets))

    def __repr__(self) -> str:
        hosts = ", ".join(f"{name}={url!r}" for name, url in self._core.profile.hosts.items())
        return f"<{type(self).__name__} {hosts} {self._core.connection.lifecycle.state.name.lower()}>"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def options(self) -> ClientOptions:
        """How the client behaves."""
        return self._core.options

    async def open(self) -> None:
        """Get ready for calls, on the running loop.

        Raises:
            ClientClosed: it was opened before.
            OptionsError: the pool's CA file cannot be read.
        """
        await self._core.open()

    async def close(self) -> None:
        """Release what the client made: its sessions, and its pool unless it was given one. Twice is fine."""
        await self._core.connection.close()

    def with_options(
        self,
        *,
        deadline: Seconds | UnsetType | None = UNSET,
        timeout: Seconds | UnsetType = UNSET,
        retry: RetryPolicy | UnsetType = UNSET,
    ) -> Self:
        """Return a view of this client with other bounds: same connections, same budget, open and closed together.

        Args:
            deadline: seconds for a whole call; None for no bound.
            timeout: seconds for one attempt.
            retry: when to stop trying.

        Raises:
            OptionsError: a bound is wrong.
        """
        given: dict[str, Any] = {"deadline": deadline, "timeout": timeout, "retry": retry}
        changed = {name: value for name, value in given.items() if value is not UNSET}
        view = copy(self)
        view._core = self._core.with_options(attrs.evolve(self.options, **changed))  # noqa: SLF001 (of the same class)
        for name in [name for name in vars(view) if isinstance(getattr(type(view), name, None), ServiceOf)]:
            delattr(view, name)  # a service holds on to the core that it was made for
        return view

    def budgets(self) -> tuple[BudgetSnapshot, ...]:
        """Return what is known of the rate limits that this client runs into."""
        return self._core.budgets()


def core_of(client: BaseClient) -> ApiCore:
    """Return what makes the calls of a client, for those parts of the package that work beside its services."""
    return client._core  # noqa: SLF001 (the one place that shows it)

"""One pool of connections for any number of clients."""

from __future__ import annotations

import asyncio
import enum
from collections import Counter
from inspect import signature
from typing import TYPE_CHECKING, Any, Final
from urllib.request import getproxies, proxy_bypass

import aiohttp

from aiooncall._base.clock import SYSTEM_CLOCK
from aiooncall._base.loopback import LOOPBACK_GUARD
from aiooncall._base.redaction import Secrets
from aiooncall._base.validation import proxy_url
from aiooncall.errors import ClientClosed, OptionsError
from aiooncall.options import PoolOptions
from aiooncall.transport.connections import CleanConnector
from aiooncall.transport.deadline import DeadlineTimer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType
    from typing import Self

    from yarl import URL

    from aiooncall._base.clock import Clock
    from aiooncall.limits.rate_budget import RateBudget
    from aiooncall.limits.sharing import OpenSharedBudget, SharedBudget, SharedLimits

MOST_UNUSED: Final = 32
"""How many budgets are kept that no open client has. One that the server has closed is kept anyway."""
ONE_REQUEST: Final = {"Connection": "close"}
"""Tells the server that a connection is for one request, so that the server closes it first, and not we."""


class State(enum.Enum):
    """Where something that is opened and closed is in its life."""

    UNOPENED = "not opened yet: use `async with` or `await open()` first"
    OPEN = "open"
    CLOSED = "closed: make a new one"


class Lifecycle:
    """The three states, and the loop in which something was opened.

    Args:
        what: its name, for errors.
    """

    __slots__ = ("_loop", "_what", "state")

    def __init__(self, what: str) -> None:
        self._what = what
        self._loop: asyncio.AbstractEventLoop | None = None
        self.state: State = State.UNOPENED

    def open(self) -> None:
        """Enter the open state on the running loop."""
        if self.state is not State.UNOPENED:
            raise ClientClosed(f"the {self._what} can be opened once; it is {self.state.value}")
        self._loop = asyncio.get_running_loop()
        self.state = State.OPEN

    def check(self) -> None:
        """Raise ClientClosed unless open, and open on the running loop."""
        if self.state is not State.OPEN:
            raise ClientClosed(f"the {self._what} is {self.state.value}")
        if asyncio.get_running_loop() is not self._loop:
            raise ClientClosed(f"the {self._what} was opened on another event loop: open one on each loop")

    def close(self) -> bool:
        """Enter the closed state; return whether there is something to release."""
        was_open = self.state is State.OPEN
        self.state = State.CLOSED
        return was_open


class SessionPool:
    """A pool of connections, shared by the clients that are given it.

    Args:
        options: how connections are made.
        shared: lets other processes share the rate budget, such as `aiooncall.distributed.RedisBudget`.
        clock: what time it is.

    Raises:
        OptionsError: `shared` is no shared budget.
    """

    def __init__(
        self,
        options: PoolOptions | None = None,
        *,
        shared: SharedBudget | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self.options: PoolOptions = options or PoolOptions()
        self.clock = clock
        if shared is not None and not callable(getattr(shared, "open", None)):
            raise OptionsError("shared", type(shared).__name__, "a RedisBudget of aiooncall.distributed, or None")
        self._shared = shared
        self._open_shared: OpenSharedBudget | None = None
        self.deadline_timer: DeadlineTimer = DeadlineTimer(clock)
        self._lifecycle = Lifecycle("session pool")
        self._kept: aiohttp.TCPConnector | None = None
        self._fresh: aiohttp.TCPConnector | None = None
        self._sessions: list[aiohttp.ClientSession] = []
        self._budgets: dict[tuple[str, ...], RateBudget] = {}
        self._users: Counter[tuple[str, ...]] = Counter()
        self.may_use_proxy: bool = self.options.proxy is not None or self.options.trust_env
        self._proxies: dict[str, str | None] = {}
        self.secrets: Secrets = Secrets()
        """Passwords of proxies."""
        if self.options.proxy is not None:
            self.secrets.add_proxy(self.options.proxy)

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def is_open(self) -> bool:
        """Whether the pool can be used."""
        return self._lifecycle.state is State.OPEN

    async def open(self) -> None:
        """Get ready to connect, on the running loop."""
        options, tls = self.options, self.options.tls()
        self._lifecycle.open()
        limits: dict[str, Any] = {
            "limit": options.max_connections,
            # 0 is no bound of its own: cheaper where the total is the tighter one anyway
            "limit_per_host": options.max_connections_per_host
            if options.max_connections_per_host < options.max_connections
            else 0,
            "ssl": tls,
        }
        self._kept = CleanConnector(keepalive_timeout=options.keepalive, **limits)
        self._fresh = aiohttp.TCPConnector(force_close=True, **limits)
        if self._shared is not None:
            self._open_shared = self._shared.open(self.clock)

    async def close(self) -> None:
        """Close every connection, session and budget of the pool. Closing twice is fine."""
        if not self._lifecycle.close():
            return
        for budget in self._budgets.values():
            budget.close()
        if self._open_shared is not None:
            await self._open_shared.close()
        self.deadline_timer.close()
        for session in self._sessions:
            await session.close()
        for connector in (self._kept, self._fresh):
            if connector is not None:
                await connector.close()

    def session(self, headers: Mapping[str, str], *, fresh: bool = False) -> aiohttp.ClientSession:
        """Return a new session on the pool's connections that sends `headers` with every request.

        Args:
            headers: what every request has.
            fresh: whether each request gets a connection that has carried none before. A server may close a kept
                connection at any moment, and then it is unknown whether it has seen the request.
        """
        self._lifecycle.check()
        session = aiohttp.ClientSession(
            connector=self._fresh if fresh else self._kept,
            connector_owner=False,
            headers={**headers, **ONE_REQUEST} if fresh else headers,
            skip_auto_headers=("Content-Type",),  # else aiohttp makes one up where there is no body
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=self.options.connect_timeout),
            **_header_limits(self.options),
        )
        self._sessions.append(session)
        return session

    async def release(self, session: aiohttp.ClientSession) -> None:
        """Close a session that `session` returned; the connections stay."""
        if session in self._sessions:
            self._sessions.remove(session)
        await session.close()

    def budget(self, key: tuple[str, ...], make: Callable[[SharedLimits | None], RateBudget]) -> RateBudget:
        """Return the budget of `key`, made once for all clients of the pool that are open.

        Args:
            key: the host, what the server counts by there, and what else tells budgets apart in this process.
            make: makes a budget that is not there yet, from the limits that other processes share.
        """
        if key not in self._budgets:
            self._budgets[key] = make(None if self._open_shared is None else self._open_shared.limits_of(key[:2]))
        self._users[key] += 1
        return self._budgets[key]

    def leave_budget(self, key: tuple[str, ...]) -> None:
        """Note that a client is closed. Its budget is kept for the next client; only so many unused ones are kept."""
        self._users[key] -= 1
        unused = [known for known in self._budgets if not self._users[known]]
        for known in unused[: max(0, len(unused) - MOST_UNUSED)]:
            if not any(bucket.closed_for or bucket.in_flight for bucket in self._budgets[known].snapshot()):
                self._budgets.pop(known).close()
                del self._users[known]

    def proxy_for(self, url: URL) -> str | None:
        """Return the proxy for `url`: the option, or with `trust_env` the environment's. Read once a host and port.

        Raises:
            OptionsError: what the environment has is no URL of a proxy.
        """
        if self.options.proxy is not None or not self.options.trust_env:
            return self.options.proxy
        key = f"{url.scheme}://{url.host}:{url.port}"
        if key not in self._proxies:
            found = None if proxy_bypass(f"{url.host}:{url.port}") else getproxies().get(url.scheme)
            if found is not None:
                self.secrets.add_proxy(proxy_url(f"{url.scheme}_proxy".upper(), found))
            self._proxies[key] = found
        return self._proxies[key]

    def stay_local(self, url: URL) -> None:
        """Refuse a request to another machine, or by way of one as the proxy, while the guard of the tests is on.

        Raises:
            OptionsError: its host, or the proxy's, is not this machine.
        """
        LOOPBACK_GUARD.check("host", str(url))
        if (proxy := self.proxy_for(url)) is not None:
            LOOPBACK_GUARD.check("proxy", proxy)


def _header_limits(options: PoolOptions) -> dict[str, Any]:
    """Return how much of an answer's head is read, as far as this version of aiohttp lets it be said."""
    size = options.max_header_size
    limits = {"max_line_size": size, "max_field_size": size, "max_headers": options.max_headers}
    known = signature(aiohttp.ClientSession).parameters
    return {name: limit for name, limit in limits.items() if name in known}

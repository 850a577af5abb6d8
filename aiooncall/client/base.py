"""What the clients of all providers share: life cycle and calls. Knows no endpoint and no model."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from copy import copy
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import attrs

from aiooncall._base.unset import UNSET
from aiooncall._base.validation import base_url
from aiooncall.client.connection import Connection
from aiooncall.errors import CodecError, NotFound, OptionsError
from aiooncall.events import BudgetHeld, emit
from aiooncall.limits.budget import LocalBudget
from aiooncall.limits.lane import Lane
from aiooncall.options import ClientOptions, PoolOptions
from aiooncall.transport.deadline_scope import current_deadline, one_deadline
from aiooncall.transport.endpoint import Request, UrlTemplate
from aiooncall.transport.outcome import Outcome, outcome_of_unreadable
from aiooncall.transport.session_pool import SessionPool
from aiooncall.transport.transport import Transport, in_doubt

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Mapping
    from contextlib import AbstractContextManager
    from types import TracebackType
    from typing import Self

    from aiooncall._base.unset import UnsetType
    from aiooncall._base.validation import Seconds
    from aiooncall.events import BudgetEvent, Hook
    from aiooncall.limits.budget import RateBudget
    from aiooncall.options import CallRate, RetryPolicy
    from aiooncall.ratelimit import BudgetSnapshot
    from aiooncall.transport.attempt import Attempt
    from aiooncall.transport.deadline_scope import DeadlineScope
    from aiooncall.transport.endpoint import About, Endpoint, Query
    from aiooncall.transport.transport import Classify

T = TypeVar("T")


class BaseClient:
    """A client of one provider. Open it with `async with`, or with `open()` and `close()`.

    Args:
        hosts: base URL by the name that endpoints use; None where calls are refused, with `unavailable` saying why.
        headers: sent with every request; they carry the credentials.
        secrets: texts that never show up in an error.
        options: how the client behaves.
        pool: connections to share with other clients; without one the client makes its own.
    """

    _crash_retries: float = inf
    _reserve = 0

    def __init__(
        self,
        hosts: Mapping[str, str | None],
        headers: Mapping[str, str],
        *,
        secrets: tuple[str, ...],
        options: ClientOptions | None = None,
        pool: SessionPool | None = None,
    ) -> None:
        self.options = options if options is not None else ClientOptions()
        if not isinstance(self.options, ClientOptions):
            raise OptionsError("options", options, "a ClientOptions")
        if pool is not None and not isinstance(pool, SessionPool):
            raise OptionsError("pool", pool, "a SessionPool; for options of its own pool use options.pool")
        if pool is not None and self.options.pool != PoolOptions():
            raise OptionsError("options.pool", self.options.pool, "nothing here: the given pool has its own options")
        self._hosts = {name: url and base_url(f"{name}_url", url) for name, url in hosts.items()}
        self._headers = dict(headers)
        self._credentials = secrets
        shared = pool or SessionPool(self.options.pool, clock=self.options.clock)
        self.connection = Connection(shared, own=pool is None, secrets=secrets)
        self._transports: dict[str, Transport] = {}
        self._routes: dict[Endpoint, tuple[UrlTemplate, Transport]] = {}

    def __repr__(self) -> str:
        hosts = ", ".join(f"{name}={url!r}" for name, url in self._hosts.items())
        return f"<{type(self).__name__} {hosts} {self.connection.lifecycle.state.name.lower()}>"

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def open(self) -> None:
        """Get ready for calls, on the running loop.

        Raises:
            ClientClosed: it was opened before.
            OptionsError: the pool's CA file cannot be read.
        """
        caller, rate = self._limited_as(), repr(self.options.rate_limit)
        keys = {name: (url, caller, rate) for name, url in self._hosts.items() if url is not None}
        await self.connection.open(self._headers, keys, self._make_budget, self._tell_of_budget)

    async def close(self) -> None:
        """Release what the client made: its sessions, and its pool unless it was given one. Twice is fine."""
        await self.connection.close()

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
        view = copy(self)
        view.options = attrs.evolve(
            self.options, **{name: value for name, value in given.items() if value is not UNSET}
        )
        view._transports, view._routes = {}, {}  # noqa: SLF001 (of the same class)
        for name in [name for name in vars(view) if isinstance(getattr(type(view), name, None), cached_property)]:
            delattr(view, name)  # a service holds on to the client that it was made for
        return view

    def budgets(self) -> tuple[BudgetSnapshot, ...]:
        """Return what is known of the rate limits that this client runs into."""
        budgets = dict.fromkeys(self.connection.budgets.values())
        return tuple(snapshot for budget in budgets for snapshot in budget.snapshot())

    def call(
        self,
        endpoint: Endpoint,
        *values: str,
        query: Query | None = None,
        body: bytes | None = None,
        lane: Lane = Lane.INTERACTIVE,
        about: About | None = None,
    ) -> Coroutine[Any, Any, Attempt]:
        """Make one call; await it for its answer.

        Args:
            endpoint: what to call.
            values: ids for the endpoint's path, in order.
            query: query parameters.
            body: JSON.
            lane: who waits. A bulk call has no deadline: its job has one, if any.
            about: what the call is about, for errors; the ids in its path unless given.
        """
        self.connection.lifecycle.check()
        template, transport = self._routes.get(endpoint) or self._route(endpoint)
        until = inf if lane is Lane.BULK else self._until()
        return transport.send(Request(endpoint, template.fill(values, query), body, lane, until, values, about))

    def one_deadline(self, lane: Lane = Lane.INTERACTIVE) -> AbstractContextManager[DeadlineScope]:
        """Return a context in which all calls together have the deadline of one; bulk calls have none."""
        return one_deadline(self.options.clock, None if lane is Lane.BULK else self.options.deadline)

    def _until(self) -> float:
        """Return when a call that begins now has to be over, in monotonic seconds."""
        if (deadline := current_deadline()) is not None:
            return deadline.until
        return inf if self.options.deadline is None else self.options.clock.monotonic() + self.options.deadline

    async def fetch(
        self,
        endpoint: Endpoint,
        *values: str,
        read: Callable[[bytes], T],
        query: Query | None = None,
        body: bytes | None = None,
        lane: Lane = Lane.INTERACTIVE,
        about: About | None = None,
    ) -> T:
        """Make one call and return what `read` makes of its answer.

        Raises:
            CodecError: the answer is not what it should be.
            AmbiguousOutcome: so it is, and the call is one that must not be repeated: it may have happened.
        """
        attempt = await self.call(endpoint, *values, query=query, body=body, lane=lane, about=about)
        try:
            return read(attempt.body)
        except CodecError as unreadable:
            self.connection.secrets.hide_in(unreadable)
            if outcome_of_unreadable(endpoint.idempotency) is not Outcome.AMBIGUOUS:
                raise
            told = about or endpoint.about(values)
            raise in_doubt(endpoint, told, attempts=attempt.number, cause=unreadable) from unreadable

    async def delete(
        self, endpoint: Endpoint, *ids: str, body: bytes | None = None, lane: Lane = Lane.INTERACTIVE
    ) -> None:
        """Delete something; that it is gone already is no error if an earlier attempt can have done it."""
        try:
            await self.call(endpoint, *ids, body=body, lane=lane)
        except NotFound as gone:
            if gone.attempts == 1:
                raise

    @property
    def account(self) -> str:
        """A name for where the client goes and as whom, which tells no secret; the same for the same credentials."""
        host = next(filter(None, self._hosts.values()), "")
        return f"{urlsplit(host).netloc} {hashlib.sha256(self._limited_as().encode()).hexdigest()[:12]}"

    @property
    def attempts(self) -> int:
        """How many requests have come to an end so far, whatever came of them."""
        return sum(transport.attempts for transport in self._transports.values())

    @contextmanager
    def listen_for_trouble(self, hook: Hook) -> Generator[None]:
        """Give events of refusals and retries to one more hook as long as the context is open."""
        self.connection.troubled.append(hook)
        try:
            yield
        finally:
            self.connection.troubled.remove(hook)

    def hide(self, secret: str) -> None:
        """Never show `secret`, which a call is about to send, in an error."""
        self.connection.secrets.add(secret)

    def _route(self, endpoint: Endpoint) -> tuple[UrlTemplate, Transport]:
        base = self._hosts.get(endpoint.host)
        if base is None:
            raise self._unavailable(endpoint)
        route = UrlTemplate(base, endpoint.template), self._transport(endpoint.host)
        self._routes[endpoint] = route
        return route

    def _transport(self, host: str) -> Transport:
        connection = self.connection
        if host not in self._transports:
            self._transports[host] = Transport(
                connection.pool,
                connection.session,
                connection.fresh,
                connection.budgets[host],
                self.options,
                classify=self._classify(),
                redact=self._redact,
                crash_retries=self._crash_retries,
                hooks=self.options.hooks,
                troubled=connection.troubled,
            )
        return self._transports[host]

    def _unavailable(self, endpoint: Endpoint) -> Exception:
        return OptionsError(f"{endpoint.host}_url", None, f"a base URL: {endpoint.route} needs one")

    def _classify(self) -> Classify | None:
        return None

    def _limited_as(self) -> str:
        """Return what the server counts calls by, without telling a credential."""
        return hashlib.sha256("\0".join(self._credentials).encode()).hexdigest()

    def _windows(self) -> Mapping[str, CallRate]:
        """Return the sliding limits that the server is known to have, by bucket."""
        return {}

    def _redact(self, text: str) -> str:
        return self.connection.pool.secrets.redact(self.connection.secrets.redact(text))

    def _make_budget(self) -> RateBudget:
        connections = self.connection.pool.options
        return LocalBudget(
            self.options.clock,
            max_in_flight=min(connections.max_connections, connections.max_connections_per_host),
            rate=self.options.rate_limit,
            sliding=self._windows(),
            reserve=self._reserve,
        )

    def _tell_of_budget(self, event: BudgetEvent) -> None:
        more = self.connection.troubled if isinstance(event, BudgetHeld) else ()
        emit((*self.options.hooks, *more), event)

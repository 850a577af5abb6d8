"""The core of a client, which makes its calls. Services, bulk jobs and composite calls have it; users do not see it."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial
from math import inf
from typing import TYPE_CHECKING, TypeVar

from aiooncall._base.loopback import LOOPBACK_GUARD
from aiooncall._base.validation import aware
from aiooncall._text import one_line
from aiooncall.client.profile import server_of
from aiooncall.errors import CodecError, NotFound
from aiooncall.events import BudgetHeld, CallStarted, emit
from aiooncall.limits.budget import LocalBudget
from aiooncall.limits.lane import Lane
from aiooncall.transport.deadline_scope import current_deadline, one_deadline
from aiooncall.transport.endpoint import About, Request, UrlTemplate
from aiooncall.transport.outcome import Outcome, outcome_of_unreadable
from aiooncall.transport.transport import Transport, in_doubt
from aiooncall.transport.watch import NUMBERS, CallWatch, watched

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator
    from contextlib import AbstractContextManager

    from aiooncall.client.connection import Connection
    from aiooncall.client.profile import ApiProfile
    from aiooncall.events import BudgetEvent, Hook
    from aiooncall.limits.rate_budget import RateBudget
    from aiooncall.limits.sharing import SharedLimits
    from aiooncall.options import ClientOptions
    from aiooncall.ratelimit import BudgetSnapshot
    from aiooncall.transport.attempt import Attempt
    from aiooncall.transport.deadline_scope import DeadlineScope
    from aiooncall.transport.endpoint import Endpoint, Query

T = TypeVar("T")


class ApiCore:
    """The calls of one client, or of one view of it. Knows no endpoint and no model.

    Args:
        profile: what is called, and as whom.
        options: how the client behaves.
        connection: what is shared by all views of the client.
        lane: who waits for calls that do not say so.
    """

    def __init__(
        self, profile: ApiProfile, options: ClientOptions, connection: Connection, lane: Lane = Lane.INTERACTIVE
    ) -> None:
        self.profile = profile
        self.options = options
        self.connection = connection
        self._lane = lane
        self._transports: dict[str, Transport] = {}
        self._routes: dict[Endpoint, tuple[UrlTemplate, Transport]] = {}

    async def open(self) -> None:
        """Get ready for calls, on the running loop.

        Raises:
            ClientClosed: it was opened before.
            OptionsError: the pool's CA file cannot be read.
        """
        profile, rate = self.profile, repr(self.options.rate_limit)
        keys = {name: (url, profile.rate_limit_key, rate) for name, url in profile.hosts.items() if url is not None}
        await self.connection.open(profile.headers, keys, self._make_budget, self._tell_of_budget)

    def with_options(self, options: ClientOptions) -> ApiCore:
        """Return a core with other options on the same connection."""
        return ApiCore(self.profile, options, self.connection)

    def in_bulk(self) -> ApiCore:
        """Return one for a job of many calls: nobody waits for any of them, and its `attempts` are those of the job."""
        return ApiCore(self.profile, self.options, self.connection, Lane.BULK)

    def budgets(self) -> tuple[BudgetSnapshot, ...]:
        """Return what is known of the rate limits that calls run into."""
        budgets = dict.fromkeys(self.connection.budgets.values())
        return tuple(snapshot for budget in budgets for snapshot in budget.snapshot())

    def call(
        self,
        endpoint: Endpoint,
        *values: str,
        query: Query | None = None,
        body: bytes | None = None,
        lane: Lane | None = None,
        about: About | None = None,
        watch: CallWatch | None = None,
    ) -> Awaitable[Attempt]:
        """Make one call; await it for its answer.

        Args:
            endpoint: what to call.
            values: ids for the endpoint's path, in order.
            query: query parameters.
            body: JSON.
            lane: who waits; a person, unless the core is one for a job. A bulk call has no deadline: its job has one,
                if any.
            about: what the call is about, for errors; the ids in its path unless given.
            watch: tells of a call that this one is a part of.
        """
        request, transport = self._prepare(endpoint, values, body, lane, query=query, about=about)
        if watch is not None or not self.options.hooks:
            request.watch = watch
            return transport.send(request)
        request.watch = watch = self.watch(endpoint, *values, lane=lane, about=about)
        return watched(watch, transport.send(request))

    def watch(
        self, endpoint: Endpoint, *values: str, lane: Lane | None = None, about: About | None = None
    ) -> CallWatch | None:
        """Return what tells the hooks of a call, which may send more than one request; None if there are no hooks.

        Args:
            endpoint: what is called.
            values: ids for the endpoint's path, in order.
            lane: who waits, as for `call`.
            about: what the call is about; the ids in its path unless given.
        """
        hooks = self.options.hooks
        if not hooks:
            return None
        scheme, host, port = server_of(self.profile.hosts.get(endpoint.host) or "")
        told = self._redacted(about or endpoint.about(values))
        started = CallStarted(
            number=next(NUMBERS),
            provider=self.profile.provider,
            scheme=scheme,
            host=host,
            port=port,
            method=endpoint.method,
            route=endpoint.template,
            lane=(self._lane if lane is None else lane).name.lower(),
            named={name: one_line(value) for name, value in told.named.items()},
        )
        return CallWatch(started, hooks, self.options.clock.monotonic, self._redact)

    def _prepare(
        self,
        endpoint: Endpoint,
        values: tuple[str, ...],
        body: bytes | None,
        lane: Lane | None,
        *,
        query: Query | None = None,
        about: About | None = None,
    ) -> tuple[Request, Transport]:
        """Return a request that was checked, with what sends it. Every request of a client is made here."""
        self.connection.lifecycle.check()
        template, transport = self._routes.get(endpoint) or self._route(endpoint)
        lane = self._lane if lane is None else lane
        until = inf if lane is Lane.BULK else self._until()
        told = about and self._redacted(about)
        request = Request(endpoint, template.fill(values, query), body, lane, until, values, told)
        if LOOPBACK_GUARD.is_on:
            self.connection.pool.stay_local(request.url)
        return request, transport

    def one_deadline(self, lane: Lane | None = None) -> AbstractContextManager[DeadlineScope]:
        """Return a context in which all calls together have the deadline of one; bulk calls have none."""
        lane = self._lane if lane is None else lane
        return one_deadline(self.options.clock, None if lane is Lane.BULK else self.options.deadline)

    def instant(self, field: str, at: datetime | None) -> datetime:
        """Return an instant that a call is about: now, unless one is given; OptionsError for one that is not aware."""
        return datetime.fromtimestamp(self.options.clock.time(), UTC) if at is None else aware(field, at)

    def _until(self) -> float:
        """Return when a call that begins now has to be over, in monotonic seconds."""
        if (deadline := current_deadline()) is not None:
            return deadline.until
        return inf if self.options.deadline is None else self.options.clock.monotonic() + self.options.deadline

    def fetch(
        self,
        endpoint: Endpoint,
        *values: str,
        read: Callable[[bytes], T],
        query: Query | None = None,
        body: bytes | None = None,
        lane: Lane | None = None,
        about: About | None = None,
        watch: CallWatch | None = None,
    ) -> Awaitable[T]:
        """Make one call; await it for what `read` makes of its answer.

        Raises:
            CodecError: the answer is not what it should be.
            AmbiguousOutcome: the answer is not what it should be, and the call, which must not be repeated, may have
                had its effect.
        """
        own = None if watch is not None else self.watch(endpoint, *values, lane=lane, about=about)
        call = partial(self.call, endpoint, *values, query=query, body=body, lane=lane, about=about, watch=watch or own)
        return watched(own, self._read(call, read, endpoint, values, about))

    async def _read(
        self,
        call: Callable[[], Awaitable[Attempt]],
        read: Callable[[bytes], T],
        endpoint: Endpoint,
        values: tuple[str, ...],
        about: About | None,
    ) -> T:
        attempt = await call()
        try:
            return read(attempt.body)
        except CodecError as unreadable:
            self.connection.secrets.hide_in(unreadable)
            if outcome_of_unreadable(endpoint.idempotency) is not Outcome.AMBIGUOUS:
                raise
            told = self._redacted(about or endpoint.about(values))
            raise in_doubt(endpoint, told, attempts=attempt.number, cause=unreadable) from unreadable

    async def delete(self, endpoint: Endpoint, *ids: str, body: bytes | None = None, lane: Lane | None = None) -> None:
        """Delete something. If it is gone, that is no error where an earlier attempt may have deleted it."""
        request, transport = self._prepare(endpoint, ids, body, lane)
        request.watch = self.watch(endpoint, *ids, lane=lane)
        await watched(request.watch, _deleted(transport, request))

    @property
    def attempts(self) -> int:
        """How many requests have come to an end so far, whatever came of them."""
        return sum(transport.attempts for transport in self._transports.values())

    @contextmanager
    def add_trouble_hook(self, hook: Hook) -> Generator[None]:
        """Give events of refusals and retries to one more hook as long as the context is open."""
        self.connection.trouble_hooks.append(hook)
        try:
            yield
        finally:
            self.connection.trouble_hooks.remove(hook)

    def hide(self, secret: str) -> None:
        """Never show `secret`, which a call is about to send, in an error."""
        self.connection.secrets.add(secret)

    def _route(self, endpoint: Endpoint) -> tuple[UrlTemplate, Transport]:
        base = self.profile.hosts.get(endpoint.host)
        if base is None:
            raise self.profile.unavailable(endpoint)
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
                classify=self.profile.classify,
                redact=self._redact,
                unhandled_500_retries=self.profile.unhandled_500_retries,
                hooks=self.options.hooks,
                trouble_hooks=connection.trouble_hooks,
            )
        return self._transports[host]

    def _redacted(self, about: About) -> About:
        return About({name: self._redact(value) for name, value in about.named.items()}, about.look)

    def _redact(self, text: str) -> str:
        return self.connection.pool.secrets.redact(self.connection.secrets.redact(text))

    def _make_budget(self, shared: SharedLimits | None) -> RateBudget:
        connections = self.connection.pool.options
        return LocalBudget(
            self.options.clock,
            max_in_flight=min(connections.max_connections, connections.max_connections_per_host),
            rate=self.options.rate_limit,
            sliding=self.profile.known_limits(self.options.rate_limit),
            reserve=self.profile.reserve,
            shared=shared,
        )

    def _tell_of_budget(self, event: BudgetEvent) -> None:
        more = self.connection.trouble_hooks if isinstance(event, BudgetHeld) else ()
        emit((*self.options.hooks, *more), event)


async def _deleted(transport: Transport, request: Request) -> None:
    try:
        await transport.send(request)
    except NotFound:
        if not request.left:  # no earlier attempt can have deleted it
            raise

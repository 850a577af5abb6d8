"""Frozen option objects: checked once, when they are made, with errors that name the field."""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import attrs

from aiooncall._base.clock import SYSTEM_CLOCK, Clock
from aiooncall._base.validation import count, mask_url, proxy_url, seconds
from aiooncall.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiooncall._base.validation import Seconds
    from aiooncall.events import Hook


def _to_seconds(value: Seconds) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _to_optional_seconds(value: Seconds | None) -> float | None:
    return None if value is None else _to_seconds(value)


def _positive(_: object, field: attrs.Attribute[Any], value: float) -> None:
    seconds(field.name, value)


def _not_negative(_: object, field: attrs.Attribute[Any], value: float) -> None:
    seconds(field.name, value, positive=False)


def _positive_or_none(_: object, field: attrs.Attribute[Any], value: float | None) -> None:
    if value is not None:
        seconds(field.name, value)


def _at_least_one(_: object, field: attrs.Attribute[int], value: int) -> None:
    count(field.name, value)


def _not_below_zero(_: object, field: attrs.Attribute[int], value: int) -> None:
    count(field.name, value, least=0)


def _a(kind: type, *, optional: bool = False) -> Callable[[object, attrs.Attribute[Any], object], None]:
    def check(_: object, field: attrs.Attribute[Any], value: object) -> None:
        if not isinstance(value, kind) and not (optional and value is None):
            raise OptionsError(field.name, value, f"a {kind.__name__}" + (" or None" if optional else ""))

    return check


def _proxy_url(_: object, field: attrs.Attribute[Any], value: str | None) -> None:
    if value is not None:
        proxy_url(field.name, value)


def _callables(hooks: Iterable[Hook]) -> tuple[Hook, ...]:
    if isinstance(hooks, Iterable):
        listed = tuple(hooks)
        if all(callable(hook) for hook in listed):
            return listed
    raise OptionsError("hooks", hooks, "an iterable of callables that take an event")


@attrs.frozen(kw_only=True)
class CallRate:
    """A limit that the user sets: never more than `calls` in any `per` seconds."""

    calls: int = attrs.field(validator=_at_least_one)
    per: float = attrs.field(converter=_to_seconds, validator=_positive)


@attrs.frozen(kw_only=True)
class RetryPolicy:
    """When to stop trying.

    Attributes:
        max_attempts: how often a request is sent at most when attempts fail; refusals (429) count apart.
        max_refusals: how many refusals one call bears, each after the wait that the server asked for.
        base: ceiling of the first random wait, in seconds; it doubles with each failed attempt.
        cap: ceiling of any such wait, in seconds.
    """

    max_attempts: int = attrs.field(default=4, validator=_at_least_one)
    max_refusals: int = attrs.field(default=30, validator=_not_below_zero)
    base: float = attrs.field(default=0.2, converter=_to_seconds, validator=_positive)
    cap: float = attrs.field(default=8.0, converter=_to_seconds, validator=_positive)


@attrs.frozen(kw_only=True)
class PoolOptions:
    """How connections are made.

    Attributes:
        max_connections: open connections in all.
        max_connections_per_host: open connections to one host; also the most calls in flight in one bucket.
        connect_timeout: seconds for one connection to be made.
        keepalive: seconds that an idle connection is kept.
        proxy: URL of an HTTP proxy for every request.
        trust_env: take the proxy from `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
        max_header_size: length of the longest line of an answer's head, in bytes; a longer one is a broken answer.
        max_headers: most headers of an answer.
        ca_file: a PEM file with the certificate authorities to trust instead of the system's.
        ssl_context: your own context, instead of `ca_file`.
    """

    max_connections: int = attrs.field(default=100, validator=_at_least_one)
    max_connections_per_host: int = attrs.field(default=100, validator=_at_least_one)
    connect_timeout: float = attrs.field(default=5.0, converter=_to_seconds, validator=_positive)
    keepalive: float = attrs.field(default=15.0, converter=_to_seconds, validator=_positive)
    proxy: str | None = attrs.field(default=None, repr=mask_url, validator=_proxy_url)
    trust_env: bool = attrs.field(default=False, validator=_a(bool))
    max_header_size: int = attrs.field(default=64 * 1024, validator=_at_least_one)
    max_headers: int = attrs.field(default=1000, validator=_at_least_one)
    ca_file: str | None = attrs.field(default=None, validator=_a(str, optional=True))
    ssl_context: ssl.SSLContext | None = attrs.field(
        default=None, repr=False, validator=_a(ssl.SSLContext, optional=True)
    )

    def __attrs_post_init__(self) -> None:
        if self.ca_file is not None and self.ssl_context is not None:
            raise OptionsError("ca_file", self.ca_file, "either ca_file or ssl_context, not both")

    def tls(self) -> ssl.SSLContext | bool:
        """Return the TLS setting: verification is always on."""
        if self.ssl_context is not None:
            return self.ssl_context
        if self.ca_file is None:
            return True
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ssl.SSLError) as problem:
            raise OptionsError("ca_file", self.ca_file, f"a readable PEM file ({problem})") from None


@attrs.frozen(kw_only=True)
class ClientOptions:
    """How a client behaves.

    Attributes:
        timeout: seconds for one attempt, from sending to the end of the answer.
        deadline: seconds for a whole call, queueing and waits included; None for no bound.
        reconcile_timeout: seconds to look for a page whose creation is in doubt.
        max_response_bytes: size of the largest answer that is read.
        retry: when to stop trying.
        rate_limit: your own limit, on top of what the server says.
        pool: how connections are made, where the client makes its own pool.
        hooks: called with every event.
        clock: what time it is.
    """

    timeout: float = attrs.field(default=10.0, converter=_to_seconds, validator=_positive)
    deadline: float | None = attrs.field(default=120.0, converter=_to_optional_seconds, validator=_positive_or_none)
    reconcile_timeout: float = attrs.field(default=15.0, converter=_to_seconds, validator=_not_negative)
    max_response_bytes: int = attrs.field(default=32 * 1024 * 1024, validator=_at_least_one)
    retry: RetryPolicy = attrs.field(factory=RetryPolicy, validator=_a(RetryPolicy))
    rate_limit: CallRate | None = attrs.field(default=None, validator=_a(CallRate, optional=True))
    pool: PoolOptions = attrs.field(factory=PoolOptions, validator=_a(PoolOptions))
    hooks: tuple[Hook, ...] = attrs.field(default=(), converter=_callables, repr=False)
    clock: Clock = attrs.field(default=SYSTEM_CLOCK, repr=False, validator=_a(Clock))

"""Frozen option objects: checked once, when they are made, with errors that name the field."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import attrs

from aiooncall._clock import SYSTEM_CLOCK, Clock
from aiooncall.errors import OptionsError
from aiooncall.redaction import MASK

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiooncall.events import Hook

Seconds = float | timedelta
"""A duration: seconds, or a timedelta."""

MOST_SECONDS: Final = 1e9
"""A longer duration is taken for a mistake; this is some thirty years."""
_HEADER_SAFE = re.compile(r"[\x21-\x7e]+")


def seconds(field: str, value: Seconds | None, *, positive: bool = True) -> float:
    """Return the duration `value` in seconds.

    Args:
        field: its name, for the error.
        value: seconds or a timedelta.
        positive: whether 0 is refused.

    Raises:
        OptionsError: it is not a number, not finite, negative, or 0 where that makes no sense.
    """
    number = value.total_seconds() if isinstance(value, timedelta) else value
    wanted = f"a {'positive' if positive else 'non-negative'} number of seconds or a timedelta"
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not -MOST_SECONDS < number < MOST_SECONDS:
        raise OptionsError(field, value, wanted)
    if number < 0 or (positive and number == 0):
        raise OptionsError(field, value, wanted)
    return float(number)


def count(field: str, value: int, *, least: int = 1, most: int | None = None) -> int:
    """Return the whole number `value` if it lies between `least` and `most`, else raise OptionsError."""
    wanted = f"a whole number of at least {least}" + (f" and at most {most}" if most is not None else "")
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise OptionsError(field, value, wanted)
    if most is not None and value > most:
        raise OptionsError(field, value, wanted)
    return value


def secret(field: str, value: str | None) -> str:
    """Return the credential `value` if it can travel in a header; its text is never part of the error."""
    if not isinstance(value, str) or not value:
        raise OptionsError(field, None if value is None else MASK, "a non-empty string")
    if not _HEADER_SAFE.fullmatch(value):
        raise OptionsError(field, MASK, "printable ASCII without spaces or line breaks")
    return value


def required(env: Mapping[str, str], *names: str) -> list[str]:
    """Return the values of environment variables, or refuse the first one that is missing or empty."""
    for name in names:
        if not env.get(name):
            raise OptionsError(name, None, "a non-empty environment variable")
    return [env[name] for name in names]


def base_url(field: str, value: str) -> str:
    """Return the http(s) origin and path prefix `value` without a trailing slash, else raise OptionsError."""
    wanted = "an absolute http(s) URL without credentials, query or fragment"
    if not isinstance(value, str):
        raise OptionsError(field, value, wanted)
    try:
        parts = urlsplit(value)
        extras = (parts.query, parts.fragment, parts.username, parts.password)
        plain = bool(parts.hostname) and not any(extras) and parts.port != 0
    except ValueError:
        raise OptionsError(field, MASK, wanted) from None
    if parts.scheme not in {"http", "https"} or not plain or not _HEADER_SAFE.fullmatch(value):
        raise OptionsError(field, mask_url(value), wanted)
    return value.rstrip("/")


def mask_url(url: str | None) -> str:
    """Return `url` for printing, with a password masked."""
    if url is None:
        return "None"
    head, at, tail = url.rpartition("@")
    scheme = head[: head.find("//") + 2] if head.startswith(("http://", "https://")) else ""
    return f"{scheme}{MASK}@{tail}" if at else url


# Fields convert leniently and check afterwards, so that the error can name the field. The converters are named
# functions in the class bodies because that is what type checkers can read.


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


def proxy_url(field: str, value: str) -> str:
    """Return the http(s) URL of a proxy, else raise OptionsError, which does not show it: it may have a password."""
    try:
        url = urlsplit(value) if isinstance(value, str) and _HEADER_SAFE.fullmatch(value) else None
        usable = url is not None and url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise OptionsError(field, MASK, "an http(s) URL, with user and password if need be")
    return value


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
        ssl_context: a context of one's own, instead of `ca_file`.
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
        rate_limit: a limit of one's own on top of what the server says.
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

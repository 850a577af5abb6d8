"""What differs from provider to provider: hosts, credentials, and how answers are judged."""

from __future__ import annotations

import hashlib
from functools import cache
from math import inf
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import attrs

from aiooncall._base.validation import base_url
from aiooncall.errors import OptionsError
from aiooncall.transport.outcome import api_error_class

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiooncall.errors import ApiError
    from aiooncall.options import CallRate
    from aiooncall.transport.endpoint import Endpoint
    from aiooncall.transport.transport import Classify


def credential_key(*secrets: str) -> str:
    """Return a name for a set of credentials that tells none of them; the same for the same credentials."""
    return hashlib.sha256("\0".join(secrets).encode()).hexdigest()


@cache
def server_of(url: str) -> tuple[str, str, int | None]:
    """Return the scheme, host and port of a base URL."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def url_missing(endpoint: Endpoint) -> OptionsError:
    """Return the error for a call to a host that has no base URL."""
    return OptionsError(f"{endpoint.host}_url", None, f"a base URL: {endpoint.route} needs one")


def judged_by_status(
    endpoint: Endpoint, status: int, reasons: tuple[str, ...]
) -> tuple[type[ApiError], tuple[str, ...]]:
    """Return the class of an error by its status alone, and its reasons as they are."""
    del endpoint
    return api_error_class(status), reasons


def no_limits(rate: CallRate | None) -> Mapping[str, CallRate]:
    """Return no limits: the server tells them."""
    del rate
    return MappingProxyType({})


def _checked_urls(hosts: Mapping[str, str | None]) -> Mapping[str, str | None]:
    return {name: None if url is None else base_url(f"{name}_url", url) for name, url in hosts.items()}


@attrs.frozen(kw_only=True)
class ApiProfile:
    """What a client has to know of its provider.

    Attributes:
        provider: its name in events.
        hosts: base URL by the name that endpoints use; None where calls are refused, as `unavailable` says.
        headers: sent with every request; they carry the credentials.
        secrets: texts that never show up in an error.
        rate_limit_key: what the server counts calls by, without telling a credential.
        unavailable: returns the error for a call to a host without a base URL.
        classify: returns an error's class and reasons, from what was called, status and reasons.
        known_limits: returns the sliding limits that the server is known to have, by bucket, from the user's own rate.
        unhandled_500_retries: how often a request is repeated at most whose handler breaks down: the server answers
            500 and shows the page of its web framework.
        reserve: calls of each sliding window that bulk work leaves to people.

    Raises:
        OptionsError: a base URL is wrong.
    """

    provider: str
    hosts: Mapping[str, str | None] = attrs.field(converter=_checked_urls)
    headers: Mapping[str, str] = attrs.field(repr=False)
    secrets: tuple[str, ...] = attrs.field(repr=False)
    rate_limit_key: str
    unavailable: Callable[[Endpoint], OptionsError] = url_missing
    classify: Classify = judged_by_status
    known_limits: Callable[[CallRate | None], Mapping[str, CallRate]] = no_limits
    unhandled_500_retries: float = inf
    reserve: int = 0

    @property
    def account(self) -> str:
        """A name for where calls go and as whom, which tells no secret; the same for the same credentials."""
        host = next(filter(None, self.hosts.values()), "")
        return f"{urlsplit(host).netloc} {credential_key(self.rate_limit_key)[:12]}"

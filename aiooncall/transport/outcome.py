"""Pure: what an answer or a failure means for the call."""

from __future__ import annotations

import enum
from http import HTTPStatus
from typing import Final

from aiooncall.errors import (
    ApiError,
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    RateLimited,
    ServerError,
    Unauthorized,
)
from aiooncall.transport.endpoint import Idempotency


class Outcome(enum.StrEnum):
    """What one attempt came to."""

    SUCCESS = "success"
    THROTTLED = "throttled"
    """Refused for the rate limit: nothing happened, anything may be repeated."""
    TRANSIENT = "transient"
    """Failed in a way that may be repeated."""
    REJECTED = "rejected"
    """Refused for good."""
    AMBIGUOUS = "ambiguous"
    """It may have happened, and doing it again would do it twice."""


_GIVEN_UP: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, 499})
"""A proxy has stopped waiting (499 is nginx's own status); the server behind it may have gone on."""
_NOT_DONE: Final = frozenset(
    {
        HTTPStatus.NOT_IMPLEMENTED,
        HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
        HTTPStatus.NETWORK_AUTHENTICATION_REQUIRED,
    }
)
"""The 5xx that name a reason not to do it: not implemented, another HTTP version, log in to the network first."""


def is_success(status: int) -> bool:
    """Return whether a status is of the class that means success (https://www.rfc-editor.org/rfc/rfc9110#section-15)."""
    return HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES


def is_redirect(status: int) -> bool:
    """Return whether a status is of the class that leads elsewhere (same section)."""
    return HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST


def is_error(status: int) -> bool:
    """Return whether a status is of the classes that mean an error, whosever it is (same section)."""
    return status >= HTTPStatus.BAD_REQUEST


def outcome_of_status(status: int, idempotency: Idempotency, *, asked_to_wait: bool = False) -> Outcome:
    """Return what an answer with `status` means.

    For what may not be repeated at any time only 429 is proof that nothing happened. A 503 is no proof, with or without
    `Retry-After`: a cache in front also answers so when it has waited in vain for the server behind it. An unknown 5xx
    counts as a 500 (https://www.rfc-editor.org/rfc/rfc9110#section-15).

    Args:
        status: the HTTP status.
        idempotency: whether the request may be repeated.
        asked_to_wait: whether the answer has a `Retry-After`.
    """
    if is_success(status):
        return Outcome.SUCCESS
    if status == HTTPStatus.TOO_MANY_REQUESTS or (
        idempotency is Idempotency.IDEMPOTENT and closes_bucket(status, asked_to_wait=asked_to_wait)
    ):
        return Outcome.THROTTLED
    if status in _GIVEN_UP or (status >= HTTPStatus.INTERNAL_SERVER_ERROR and status not in _NOT_DONE):
        return outcome_of_failure(idempotency, sent=True)
    if not is_error(status):  # a redirect, or a protocol that nobody asked for
        return outcome_of_unreadable(idempotency)
    return Outcome.REJECTED


def closes_bucket(status: int, *, asked_to_wait: bool) -> bool:
    """Return whether an answer asks everybody to wait, whatever became of the request itself."""
    return status == HTTPStatus.TOO_MANY_REQUESTS or (status == HTTPStatus.SERVICE_UNAVAILABLE and asked_to_wait)


def outcome_of_failure(idempotency: Idempotency, *, sent: bool) -> Outcome:
    """Return what an attempt without an answer means; `sent` says whether the request may have left."""
    return Outcome.AMBIGUOUS if sent and idempotency is Idempotency.NON_IDEMPOTENT else Outcome.TRANSIENT


def outcome_of_unreadable(idempotency: Idempotency) -> Outcome:
    """Return what an answer means that is no error but cannot be used: asking again would bring the same one."""
    return Outcome.REJECTED if idempotency is Idempotency.IDEMPOTENT else Outcome.AMBIGUOUS


def ends_in_doubt(idempotency: Idempotency, *, left: bool) -> bool:
    """Return whether a call that failed may have happened, and must not simply be made again.

    Args:
        idempotency: whether the request may be repeated.
        left: whether bytes of any attempt may have left that are not known to have had no effect.
    """
    return left and idempotency is not Idempotency.IDEMPOTENT


_ERRORS: Final[dict[int, type[ApiError]]] = {
    HTTPStatus.BAD_REQUEST: BadRequest,
    HTTPStatus.UNAUTHORIZED: Unauthorized,
    HTTPStatus.FORBIDDEN: Forbidden,
    HTTPStatus.NOT_FOUND: NotFound,
    HTTPStatus.CONFLICT: Conflict,
    HTTPStatus.UNPROCESSABLE_ENTITY: BadRequest,
    HTTPStatus.TOO_MANY_REQUESTS: RateLimited,
}


def api_error_class(status: int) -> type[ApiError]:
    """Return the class of `ApiError` that stands for `status`."""
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ServerError
    return _ERRORS.get(status, ApiError)

"""Everything that can go wrong, as one tree.

OnCallError
├── OptionsError            an option or argument is wrong; nothing was sent
│   ├── NothingSelected     there is nothing to do
│   └── LossyWrite          a write would drop something that the request has no place for
├── ClientClosed            used before opening, after closing, or on another event loop
├── TransportError          no usable answer arrived
│   ├── ConnectError        refused before a byte was sent: DNS, connect, TLS, proxy
│   ├── AttemptTimeout      one attempt took longer than `timeout`
│   ├── DeadlineExceeded    the whole call took longer than `deadline`
│   ├── ConnectionDropped   the connection broke after the request was sent
│   └── ResponseTooLarge    the answer is larger than `max_response_bytes`
├── ApiError                the server said no
│   ├── BadRequest          400, 422
│   ├── Unauthorized        401
│   ├── Forbidden           403
│   ├── NotFound            404
│   ├── Conflict            409
│   ├── RateLimited         429, or a wait that cannot fit in the deadline
│   └── ServerError         5xx
├── AmbiguousOutcome        it may or may not have happened; look before doing it again
├── CodecError              the answer is not what the API promises; `path` says where
├── LinkError               the content of a reference was asked for and is not in the answer
├── ResultLimitReached      a list has more rows than the server is willing to give out
├── ShiftMismatch           shifts that were computed are not what the server says
├── GraphTooLarge           references lead on for too long, or to too many things
├── JournalError            the journal of a bulk job cannot be used
└── PlanRefused             a bulk job is not the one that was previewed, or breaks one of its limits

Every error pickles, and none carries a credential, a header or a whole body.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiooncall._text import one_line, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from aiooncall.ratelimit import RateLimit


class OnCallError(Exception):
    """Base of every error that this package raises on purpose. Its message is one line that steers no terminal."""

    def __init__(self, *args: object) -> None:
        super().__init__(*(one_line(text) if isinstance(text, str) else text for text in args))

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self.args, dict(self.__dict__))


def _restore(cls: type[OnCallError], args: tuple[Any, ...], state: dict[str, Any]) -> OnCallError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class OptionsError(OnCallError, ValueError):
    """An option or argument is wrong. Nothing was sent.

    Attributes:
        field: the option's or argument's name.
        value: what was given, shortened; `"***"` if it is a secret.
        expected: what would be right.
    """

    def __init__(self, field: str, value: object, expected: str) -> None:
        self.field = field
        self.value: str = shown(value)
        self.expected: str = one_line(expected)
        super().__init__(f"{field}: got {self.value}; expected {expected}")


class NothingSelected(OptionsError):
    """A selection has no item: nothing was planned, as there is nothing to do."""


class LossyWrite(OptionsError):
    """A write would drop something that was read and that the request has no place for. Nothing was sent."""


class ClientClosed(OnCallError, RuntimeError):
    """The client or pool cannot be used here and now; the message says why and what to do."""


class TransportError(OnCallError):
    """No usable answer arrived."""


class ConnectError(TransportError, ConnectionError):
    """The connection was refused before a byte of the request was sent: nothing happened on the server.

    Attributes:
        by_proxy: whether a proxy wants other credentials; to send the same again could lock an account.
    """

    by_proxy = False


class AttemptTimeout(TransportError, TimeoutError):
    """One attempt took longer than `timeout` seconds."""


class DeadlineExceeded(TransportError, TimeoutError):
    """The whole call, waits included, took longer than `deadline` seconds."""


class ConnectionDropped(TransportError, ConnectionError):
    """The connection broke after the request had been sent."""


class ResponseTooLarge(TransportError):
    """The answer is larger than `max_response_bytes`; it was not read."""


class ApiError(OnCallError):
    """The server said no.

    Attributes:
        status: the HTTP status.
        errors: the server's own words, one string an error, shortened.
        method: the HTTP method.
        route: the path template.
        request_id: the server's id of the request, if it sent one.
        attempts: how many times the request was sent.
        rate_limit: the answer's rate-limit headers, if it had any.
    """

    def __init__(
        self,
        *,
        status: int,
        errors: tuple[str, ...] = (),
        method: str,
        route: str,
        request_id: str | None = None,
        attempts: int = 1,
        rate_limit: RateLimit | None = None,
    ) -> None:
        self.status = status
        self.errors: tuple[str, ...] = tuple(map(one_line, errors))
        self.method = method
        self.route = route
        self.request_id: str | None = request_id and one_line(request_id)
        self.attempts = attempts
        self.rate_limit = rate_limit
        said = "; ".join(errors) or "no reason given"
        super().__init__(f"{method} {route}: {status}: {said} (attempts: {attempts})")


class BadRequest(ApiError):
    """The server refused the request's content (400, 422)."""


class Unauthorized(ApiError):
    """The credentials are missing or wrong."""


class Forbidden(ApiError):
    """The credentials do not allow this."""


class NotFound(ApiError):
    """There is no such thing, or it is hidden from these credentials."""


class Conflict(ApiError):
    """The thing is in a state that does not allow this (409)."""


class RateLimited(ApiError):
    """The rate limit does not leave room for the call within its deadline.

    If the server refused it, its words are in `errors`.

    Attributes:
        retry_at: when the server is expected to accept calls again (aware, UTC), if known.
    """

    def __init__(self, *, retry_at: datetime | None = None, **details: Any) -> None:  # noqa: ANN401 (ApiError's own)
        super().__init__(**details)
        self.retry_at = retry_at


class ServerError(ApiError):
    """The server failed (5xx)."""


class AmbiguousOutcome(OnCallError):
    """The request was sent and its effect is unknown: it may have happened, so it is not sent again.

    `__cause__` is what went wrong.

    Attributes:
        method: the HTTP method.
        route: the path template.
        attempts: how many times the request was sent; one of them is in doubt, the last one unless it may be repeated
            within the call.
        named: what it was about, by name: the `page_id` in the path, or the `title` and `dedup_key` of a new page.
        subject: the same in words.
        hint: how to find out whether it happened.
    """

    def __init__(
        self,
        *,
        method: str,
        route: str,
        attempts: int,
        named: Mapping[str, str] | None = None,
        hint: str = "",
        cause: BaseException | None = None,
    ) -> None:
        self.method = method
        self.route = route
        self.attempts = attempts
        self.named: dict[str, str] = {name: one_line(value) for name, value in (named or {}).items()}
        self.subject: str = subject_of(self.named)
        self.hint: str = one_line(hint) or "look at its state before doing it again"
        what = f"{method} {route}" + (f" ({self.subject})" if self.subject else "")
        why = "" if cause is None else f" ({_reason(cause)})"
        super().__init__(f"{what}: sent, but its effect is unknown{why}; {self.hint}")
        self.__cause__ = cause


class CodecError(OnCallError):
    """The answer is not what the API promises.

    Attributes:
        path: where, as a JSON path such as `$.data.attributes.created_at`.
        resource: which resource, as `type/id`, if it is known.
    """

    def __init__(self, message: str, *, path: str = "$", resource: str | None = None) -> None:
        self.path: str = one_line(path)
        self.resource: str | None = resource and one_line(resource)
        super().__init__(f"{path}: {message}" if resource is None else f"{path} ({resource}): {message}")


class LinkError(OnCallError, AttributeError):
    """The content of a reference was asked for, and it is not in the answer.

    It is an AttributeError too, so that `hasattr` and `getattr` with a default work on references.
    """


class ResultLimitReached(OnCallError):
    """A list has more rows than the server gives out; the rows up to the limit have been yielded.

    Attributes:
        limit: how many rows the server gives out.
    """

    def __init__(self, message: str, *, limit: int) -> None:
        self.limit = limit
        super().__init__(message)


class GraphTooLarge(OnCallError):
    """A question needs more to be read than makes sense: references that lead on and on, or to too many things."""


class JournalError(OnCallError):
    """The journal of a bulk job cannot be used.

    Attributes:
        path: the file.
    """

    def __init__(self, path: object, problem: str) -> None:
        self.path: str = str(path)
        super().__init__(f"{path} {problem}")


class PlanRefused(OnCallError):
    """A bulk job is not the one that was previewed, or breaks one of its limits. Nothing was sent."""


def subject_of(named: Mapping[str, str]) -> str:
    """Return in words what a call is about."""
    return ", ".join(f"{name} {value!r}" for name, value in named.items())


def _reason(cause: BaseException) -> str:
    """Return why something failed, without the call that the error around it names already."""
    if isinstance(cause, ApiError):
        return f"{cause.status}: {'; '.join(cause.errors) or 'no reason given'}"
    return f"{type(cause).__name__}: {cause}"

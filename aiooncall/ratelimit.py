"""What a server said about its rate limit: one value for all header dialects."""

from __future__ import annotations

import attrs


@attrs.define(slots=True)
class RateLimit:
    """The rate-limit headers of one answer. A field is None where the answer was silent or made no sense.

    Attributes:
        name: the bucket's name (`X-RateLimit-Name`).
        limit: calls allowed in a window.
        remaining: calls left in the window when the server answered.
        period: length of a window in seconds.
        reset_after: whole seconds from the answer to the window's end.
        retry_after: seconds that the server asks to wait before the next call.
    """

    name: str | None = None
    limit: int | None = None
    remaining: int | None = None
    period: float | None = None
    reset_after: float | None = None
    retry_after: float | None = None


@attrs.frozen(kw_only=True)
class BudgetSnapshot:
    """What is known of one rate-limit bucket right now.

    Attributes:
        name: the server's name of the bucket, or None until it has said one.
        routes: the routes that share the bucket, such as `POST /api/v2/on-call/pages`.
        limit: calls allowed in a window, or None if unknown.
        period: length of a window in seconds, or None if unknown.
        remaining: calls left in this window after those in flight, or None if unknown.
        resets_in: seconds until the window ends at the latest, or None if unknown.
        closed_for: seconds until the bucket opens again after a refusal; 0 when it is open.
        in_flight: calls sent and not yet answered.
        waiting: calls queued for the bucket.
    """

    name: str | None
    routes: tuple[str, ...]
    limit: int | None
    period: float | None
    remaining: int | None
    resets_in: float | None
    closed_for: float
    in_flight: int
    waiting: int
